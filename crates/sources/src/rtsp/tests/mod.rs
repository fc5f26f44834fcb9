//! The source against a real camera that misbehaves: over real sockets, through the real decoder, onto a real bus.

mod clocks;
mod damage;
mod listener;
mod refusals;
mod returns;
mod sound;
mod ways;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bushbaby_bus::{CaptureClock, Frame, MonoTime, Subscriber};
use bushbaby_node::{Source, Step, image};
use bushbaby_testkit::h264::{Claim, EncodedPicture, sequence_parameter_set};
use bushbaby_testkit::picture::{Stamp, read_stamp};
use bushbaby_testkit::rtsp::process::{CameraProcess, be_camera_if_asked};
use bushbaby_testkit::rtsp::sound::{Heard, SoundCodec, SoundMood, SoundOptions};
use bushbaby_testkit::rtsp::{CameraOptions, Login, Mood, Offer, RtspCamera, Scheme};

use super::{RtspSettings, RtspSource, SoundWish, Transport};
use crate::test_node::TestNode;

/// The test that turns a second process of this binary into a camera.
const CAMERA_TEST: &str = "rtsp::tests::this_binary_is_a_camera_when_asked";
/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// A source at work, and somebody who looks at its pictures.
struct Viewer {
    node: TestNode,
    source: RtspSource,
    pictures: Subscriber,
}

/// A picture as it came over the bus.
struct Seen {
    stamp: Stamp,
    frame: Frame,
}

impl Viewer {
    fn of(url: &str) -> Self {
        Self::with(settings(url.to_owned(), Transport::Auto))
    }

    fn with(settings: RtspSettings) -> Self {
        let node = TestNode::new::<RtspSource>();
        let source = RtspSource::open(settings, &node.context).unwrap();
        let pictures = node.reader("image");
        Self { node, source, pictures }
    }

    /// The next picture; what comes before it may be anything but an error.
    fn next(&mut self) -> Seen {
        let until = Instant::now() + LIMIT;
        loop {
            self.node.step_until(&mut self.source, |step| *step == Step::Sent);
            // A picture that was sent before the bus knew of this reader never comes here.
            if let Some(frame) = self.pictures.try_recv().unwrap() {
                let view = image::view(&frame).unwrap();
                let luma = view.planes()[0];
                let stamp = read_stamp(
                    luma.bytes,
                    luma.stride_bytes,
                    view.width() as usize,
                    view.height() as usize,
                )
                .unwrap();
                return Seen { stamp, frame };
            }
            assert!(Instant::now() < until, "no picture comes over the bus");
        }
    }

    /// Steps until it says that it waits, for a reason with these words; returns reason and hint.
    fn waits_because(&mut self, words: &str) -> (String, String) {
        let told = |step: &Step| matches!(step, Step::Waiting { reason, .. } if reason.contains(words));
        match self.node.step_until(&mut self.source, told) {
            Step::Waiting { reason, hint } => (reason, hint.unwrap_or_default()),
            other => panic!("{other:?}"),
        }
    }
}

fn settings(url: String, transport: Transport) -> RtspSettings {
    RtspSettings {
        url,
        user: None,
        password: None,
        transport,
        audio: SoundWish::Auto,
        calibration: None,
    }
}

fn camera(options: CameraOptions) -> RtspCamera {
    RtspCamera::start(options).unwrap()
}

fn login(scheme: Scheme) -> Option<Login> {
    Some(Login {
        user: "jo@home".into(),
        password: "p@ss/w%rd".into(),
        scheme,
    })
}

#[test]
fn this_binary_is_a_camera_when_asked() {
    be_camera_if_asked();
}
