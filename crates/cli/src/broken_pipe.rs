//! The end of a command whose output nobody reads any more, as in `bushbaby streams | head -1`: it ends in order, and without a word.
//!
//! Rust ignores SIGPIPE, so that a reader who leaves does not kill `bushbaby run` with its nodes half stopped; then printing panics,
//! and that is caught here, after everything on the way has been put in order.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

/// What the standard library says when printing fails because nobody reads.
const NOBODY_READS: &str = "failed printing to stdout: Broken pipe";

/// Runs `command`; an output that is closed before its end is no failure.
pub(crate) fn tolerate(command: impl FnOnce() -> ExitCode) -> ExitCode {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        // Only the thread that is waited for below: others end with their story.
        if std::thread::current().name() != Some("main") || !is_about_the_reader(panic.payload()) {
            usual(panic);
        }
    }));
    match panic::catch_unwind(AssertUnwindSafe(command)) {
        Ok(code) => code,
        Err(story) if is_about_the_reader(&*story) => ExitCode::SUCCESS,
        Err(story) => panic::resume_unwind(story),
    }
}

fn is_about_the_reader(story: &(dyn Any + Send)) -> bool {
    let said = story
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| story.downcast_ref::<&str>().copied());
    said.is_some_and(|said| said.starts_with(NOBODY_READS))
}
