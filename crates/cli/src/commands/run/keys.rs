//! Esc and q end a run, as Ctrl-C does.

use std::time::Duration;

use bushbaby_supervisor::run::StopHandle;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::commands::terminal::EachKey;

/// Listens to the keyboard until the program ends; `None` when no person is there: no terminal, or in the background.
pub(super) fn listen(stop: StopHandle) -> Option<EachKey> {
    let terminal = EachKey::begin()?;
    let press = move || {
        while let Some(key) = next_key(None) {
            let is_escape = key == 0x1b && next_key(Some(Duration::from_millis(30))).is_none();
            if is_escape || key == b'q' {
                stop.press();
            }
        }
    };
    std::thread::Builder::new().name("keys".into()).spawn(press).ok()?;
    Some(terminal)
}

/// Returns one byte of the keyboard; `None` when none came in time, or none can come any more.
///
/// An arrow key is Esc with more bytes right behind it, so an Esc alone is one that nothing follows.
fn next_key(timeout: Option<Duration>) -> Option<u8> {
    let stdin = rustix::stdio::stdin();
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
    let mut byte = [0];
    match poll(&mut ready, timeout.as_ref()) {
        Ok(1..) => matches!(rustix::io::read(stdin, &mut byte), Ok(1)).then_some(byte[0]),
        _ => None,
    }
}
