//! One file a command.

pub(crate) mod alert;
pub(crate) mod bench;
pub(crate) mod cameras;
pub(crate) mod check;
pub(crate) mod clean;
pub(crate) mod completions;
pub(crate) mod cry;
pub(crate) mod demo;
pub(crate) mod detect;
pub(crate) mod doctor;
pub(crate) mod echo;
pub(crate) mod expand;
pub(crate) mod export;
pub(crate) mod log;
pub(crate) mod node;
pub(crate) mod record;
pub(crate) mod reference;
pub(crate) mod replay;
pub(crate) mod restart;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod sound;
pub(crate) mod status;
pub(crate) mod stop;
pub(crate) mod streams;
pub(crate) mod top;
