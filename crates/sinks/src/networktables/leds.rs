//! LEDs beside the cameras, which a command of the user's switches. It runs in a thread of its own: results wait for no command.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use bushbaby_node::children::Spawner;

use super::wish::Leds;
use crate::shell;

/// A command that takes longer is ended: the next wish waits for it.
const LIMIT: Duration = Duration::from_secs(5);

/// Switches LEDs.
#[derive(Debug)]
pub(crate) struct LedSwitch {
    wishes: Sender<(Option<String>, Leds)>,
    failed: Receiver<String>,
    /// What was wished last, by camera; those of none are those of all.
    wished: BTreeMap<Option<String>, Leds>,
}

impl LedSwitch {
    /// - `command`: for a shell.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub(crate) fn start(command: String) -> io::Result<Self> {
        let spawner = Spawner::start()?;
        let (wishes, wanted) = channel::<(Option<String>, Leds)>();
        let (tell, failed) = channel();
        let serve = move || {
            while let Ok((camera, leds)) = wanted.recv() {
                // What was wished while the command ran is out of date where there is something newer.
                let mut newest = BTreeMap::from([(camera, leds)]);
                newest.extend(wanted.try_iter());
                for (camera, leds) in newest {
                    let camera = camera.as_deref().unwrap_or_default();
                    let told = [("BUSHBABY_LEDS", leds.as_str()), ("BUSHBABY_CAMERA", camera)];
                    let ended = shell::run(&command, &told, Vec::new(), LIMIT, &spawner);
                    if ended.is_err_and(|error| tell.send(error.to_string()).is_err()) {
                        return;
                    }
                }
            }
        };
        std::thread::Builder::new().name("leds".into()).spawn(serve)?;
        Ok(Self {
            wishes,
            failed,
            wished: BTreeMap::new(),
        })
    }

    /// Switches the LEDs of a camera, or of all. Returns whether they are to be otherwise than before: robot code says the same things
    /// all the time.
    pub(crate) fn wish(&mut self, camera: Option<&str>, leds: Leds) -> bool {
        let camera = camera.map(str::to_owned);
        let before = self.wished.insert(camera.clone(), leds).unwrap_or(Leds::AsThePipeline);
        if before == leds {
            return false;
        }
        // The thread lives as long as this.
        let _ = self.wishes.send((camera, leds));
        true
    }

    /// Why the command did not do it, in words.
    pub(crate) fn failed(&self) -> Option<String> {
        self.failed.try_recv().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_told_what_is_wished_of_whose_leds() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("told");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
        let command = format!("echo \"$BUSHBABY_CAMERA $BUSHBABY_LEDS\" > '{}'", pipe.display());
        let mut switch = LedSwitch::start(command).unwrap();
        let mut told = |camera, leds| {
            assert!(switch.wish(camera, leds));
            assert!(!switch.wish(camera, leds), "it is so already");
            std::fs::read_to_string(&pipe).unwrap()
        };
        assert_eq!(told(Some("front"), Leds::On), "front on\n");
        assert_eq!(told(Some("front"), Leds::AsThePipeline), "front pipeline\n");
        assert_eq!(told(None, Leds::Blink), " blink\n");
        assert!(
            !switch.wish(Some("back"), Leds::AsThePipeline),
            "nobody wished for anything else"
        );
    }

    #[test]
    fn a_command_that_fails_is_told() {
        let mut switch = LedSwitch::start("exit 4".to_owned()).unwrap();
        switch.wish(None, Leds::On);
        let why = switch.failed.recv_timeout(Duration::from_secs(60)).unwrap();
        assert_eq!(why, "the command failed with exit code 4");
    }
}
