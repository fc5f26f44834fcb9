//! Whether pictures and sound come: each is watched for itself, so that one that stands still is noticed while the other goes on.
//! Plain functions of time.

use std::time::{Duration, Instant};

use super::choice::SoundWish;
use super::line::Medium;
use crate::pace::{SilenceWatch, Verdict};

/// For sound alone, no connection is made anew more often: that costs pictures, and a microphone may just be off.
const BETWEEN_TRIES_FOR_SOUND: Duration = Duration::from_secs(60);
/// When a deadline is far away.
const LONG: Duration = Duration::from_secs(3600);

/// What is known of a camera's sound beyond one connection.
#[derive(Debug)]
pub(super) struct SoundMemory {
    /// Whether it must come: it did, or it was asked for.
    is_owed: bool,
    /// When a connection was last made anew for its sake.
    tried: Option<Instant>,
}

impl SoundMemory {
    pub(super) fn new(wish: SoundWish) -> Self {
        Self {
            is_owed: matches!(wish, SoundWish::Needed | SoundWish::Only),
            tried: None,
        }
    }
}

/// Watches one connection.
#[derive(Debug)]
pub(super) struct Watches {
    pictures: Option<SilenceWatch>,
    sound: Option<SilenceWatch>,
    /// Whether the silence of sound was told, so that only its return is news.
    is_sound_told: bool,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// Nothing.
    Nothing,
    /// Say that nothing comes any more, and wait on.
    Silent,
    /// Say that this does not come any more while the other does, and wait on.
    SilentAlone(Medium),
    /// Say that a camera that speaks of its sound sends none.
    NoSound,
    /// Make the connection anew: nothing comes any more.
    Lost,
    /// Make the connection anew: this does not come any more while the other does.
    LostAlone(Medium),
    /// Make the connection anew: this never came; whether anything did.
    NeverCame(Medium, bool),
}

impl Watches {
    /// Begins to watch what is played.
    pub(super) fn new(has_pictures: bool, has_sound: bool, now: Instant) -> Self {
        Self {
            pictures: has_pictures.then(|| SilenceWatch::new(now)),
            sound: has_sound.then(|| SilenceWatch::new(now)),
            is_sound_told: false,
        }
    }

    /// Something came.
    pub(super) fn came(&mut self, medium: Medium, now: Instant, memory: &mut SoundMemory) {
        let watch = match medium {
            Medium::Pictures => &mut self.pictures,
            Medium::Sound => {
                memory.is_owed = true;
                self.is_sound_told = false;
                &mut self.sound
            }
        };
        if let Some(watch) = watch {
            watch.came(now);
        }
    }

    /// When to look again, if nothing comes before.
    pub(super) fn deadline(&self, now: Instant, memory: &SoundMemory) -> Instant {
        let pictures = self.pictures.as_ref().map(SilenceWatch::deadline);
        let sound = self.sound_deadline(now, memory);
        [pictures, sound].into_iter().flatten().min().unwrap_or(now + LONG)
    }

    fn sound_deadline(&self, now: Instant, memory: &SoundMemory) -> Option<Instant> {
        let watch = self.sound.as_ref()?;
        if self.pictures.is_none() || !self.is_sound_told {
            return Some(watch.deadline());
        }
        let next_try = memory.tried.map_or(now, |tried| tried + BETWEEN_TRIES_FOR_SOUND);
        Some(watch.deadline().max(next_try)).filter(|_| watch.has_begun())
    }

    /// A deadline has passed.
    pub(super) fn look(&mut self, now: Instant, memory: &mut SoundMemory) -> Finding {
        let is_fresh = |watch: &Option<SilenceWatch>| watch.as_ref().is_some_and(|watch| watch.is_fresh(now));
        let has_begun = |watch: &Option<SilenceWatch>| watch.as_ref().is_some_and(SilenceWatch::has_begun);
        let comes = [is_fresh(&self.pictures), is_fresh(&self.sound)];
        let has_anything_come = has_begun(&self.pictures) || has_begun(&self.sound);
        if let Some(watch) = self.pictures.as_mut().filter(|watch| watch.deadline() <= now) {
            return match watch.verdict() {
                Verdict::Silent if comes[1] => Finding::SilentAlone(Medium::Pictures),
                Verdict::Silent => Finding::Silent,
                Verdict::Lost if !watch.has_begun() => Finding::NeverCame(Medium::Pictures, has_anything_come),
                Verdict::Lost if comes[1] => Finding::LostAlone(Medium::Pictures),
                Verdict::Lost => Finding::Lost,
            };
        }
        if self.sound_deadline(now, memory).is_none_or(|deadline| deadline > now) {
            return Finding::Nothing;
        }
        let Some(watch) = &mut self.sound else {
            return Finding::Nothing;
        };
        let is_alone = self.pictures.is_none();
        match watch.verdict() {
            Verdict::Silent if is_alone => Finding::Silent,
            Verdict::Lost if is_alone && watch.has_begun() => Finding::Lost,
            Verdict::Lost if is_alone => Finding::NeverCame(Medium::Sound, false),
            // All is silent: the pictures tell.
            _ if !comes[0] => {
                self.is_sound_told = true;
                Finding::Nothing
            }
            _ if !std::mem::replace(&mut self.is_sound_told, true) => {
                if watch.has_begun() || memory.is_owed {
                    Finding::SilentAlone(Medium::Sound)
                } else {
                    Finding::NoSound
                }
            }
            _ => {
                memory.tried = Some(now);
                Finding::LostAlone(Medium::Sound)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: Duration = Duration::from_millis(20);
    const PICTURE: Duration = Duration::from_millis(40);

    /// A camera whose pictures and sound come until they do not, and what is found within half a minute.
    struct Camera {
        pictures: Option<Duration>,
        sound: Option<Duration>,
    }

    impl Camera {
        fn findings(&self, memory: &mut SoundMemory) -> Vec<(Duration, Finding)> {
            let start = Instant::now();
            let mut watches = Watches::new(self.pictures.is_some(), self.sound.is_some(), start);
            let mut found = Vec::new();
            for ms in (0..30_000).step_by(20) {
                let at = Duration::from_millis(ms);
                let now = start + at;
                let is_due = |until: Option<Duration>, every: Duration| {
                    until.is_some_and(|until| at < until) && ms % every.as_millis() as u64 == 0
                };
                if is_due(self.pictures, PICTURE) {
                    watches.came(Medium::Pictures, now, memory);
                }
                if is_due(self.sound, PACKET) {
                    watches.came(Medium::Sound, now, memory);
                }
                while watches.deadline(now, memory) <= now {
                    match watches.look(now, memory) {
                        Finding::Nothing => {}
                        finding => found.push((at, finding)),
                    }
                    if let Some((_, Finding::Lost | Finding::LostAlone(_) | Finding::NeverCame(..))) = found.last() {
                        return found;
                    }
                }
            }
            found
        }
    }

    fn camera(pictures_s: Option<u64>, sound_s: Option<u64>) -> Camera {
        Camera {
            pictures: pictures_s.map(Duration::from_secs),
            sound: sound_s.map(Duration::from_secs),
        }
    }

    fn found(camera: &Camera, wish: SoundWish) -> Vec<(u64, Finding)> {
        let found = camera.findings(&mut SoundMemory::new(wish));
        found.into_iter().map(|(at, finding)| (at.as_secs(), finding)).collect()
    }

    #[test]
    fn a_camera_that_goes_on_is_not_disturbed() {
        for camera in [
            camera(Some(60), Some(60)),
            camera(Some(60), None),
            camera(None, Some(60)),
        ] {
            assert_eq!(found(&camera, SoundWish::Auto), []);
        }
    }

    #[test]
    fn pictures_that_stop_while_sound_goes_on_are_told_and_connected_to_anew() {
        use Finding::{LostAlone, SilentAlone};
        assert_eq!(
            found(&camera(Some(5), Some(60)), SoundWish::Auto),
            [(5, SilentAlone(Medium::Pictures)), (7, LostAlone(Medium::Pictures))]
        );
    }

    #[test]
    fn sound_that_stops_while_pictures_go_on_is_told_and_connected_to_anew_once_a_minute() {
        use Finding::{LostAlone, SilentAlone};
        let mut memory = SoundMemory::new(SoundWish::Auto);
        let lost = camera(Some(60), Some(5)).findings(&mut memory);
        let findings: Vec<Finding> = lost.iter().map(|(_, finding)| *finding).collect();
        assert_eq!(findings, [SilentAlone(Medium::Sound), LostAlone(Medium::Sound)]);
        // The next connection speaks of sound and has none: that is told, and costs no pictures.
        let again = camera(Some(60), Some(0)).findings(&mut memory);
        assert_eq!(again, [(Duration::from_secs(4), SilentAlone(Medium::Sound))]);
    }

    #[test]
    fn a_microphone_that_is_off_is_no_fault_unless_sound_is_needed() {
        let silent = camera(Some(60), Some(0));
        assert_eq!(found(&silent, SoundWish::Auto), [(4, Finding::NoSound)]);
        assert_eq!(
            found(&silent, SoundWish::Needed),
            [(4, Finding::SilentAlone(Medium::Sound))]
        );
    }

    #[test]
    fn a_camera_that_freezes_is_silent_once_and_lost_once() {
        for camera in [camera(Some(5), Some(5)), camera(Some(5), None), camera(None, Some(5))] {
            assert_eq!(
                found(&camera, SoundWish::Auto),
                [(5, Finding::Silent), (7, Finding::Lost)]
            );
        }
    }

    #[test]
    fn what_never_comes_is_tried_in_another_way() {
        for (camera, medium, has_anything_come) in [
            (camera(Some(0), None), Medium::Pictures, false),
            (camera(None, Some(0)), Medium::Sound, false),
            (camera(Some(0), Some(60)), Medium::Pictures, true),
        ] {
            assert_eq!(
                found(&camera, SoundWish::Auto),
                [(4, Finding::NeverCame(medium, has_anything_come))]
            );
        }
    }
}
