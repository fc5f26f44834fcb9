//! The source against a camera that misbehaves: over real sockets, onto a real bus.

mod encrypted;
mod hostile;
mod logins;
mod refusals;
mod returns;
mod stills;
mod streams;

use std::time::{Duration, Instant};

use bushbaby_bus::{Frame, Subscriber};
use bushbaby_node::{Settings, Source, Step, image};
use bushbaby_pixels::jpeg::Encoder;
use bushbaby_pixels::{ColorSpace, Image, PixelFormat};
use bushbaby_testkit::http_camera::{Conduct, Gives, HttpCamera, Stream};

use super::{HttpSettings, HttpSource};
use crate::test_node::TestNode;

/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// A source at work, and somebody who looks at its pictures.
struct Viewer {
    node: TestNode,
    source: HttpSource,
    pictures: Subscriber,
}

impl Viewer {
    fn of(camera: &HttpCamera) -> Self {
        Self::with(settings(&camera.url()))
    }

    fn with(settings: HttpSettings) -> Self {
        assert_eq!(settings.check(std::path::Path::new(".")), []);
        let node = TestNode::new::<HttpSource>();
        let source = HttpSource::open(settings, &node.context).unwrap();
        let pictures = node.patient_reader("image");
        Self { node, source, pictures }
    }

    /// The next picture; what comes before it may be anything but an error.
    fn next(&mut self) -> Frame {
        let until = Instant::now() + LIMIT;
        loop {
            // A picture that was sent before the bus knew of this reader never comes here.
            if let Some(frame) = self.pictures.try_recv().unwrap() {
                return frame;
            }
            assert!(Instant::now() < until, "no picture comes over the bus");
            self.node.step_until(&mut self.source, |step| *step == Step::Sent);
        }
    }

    /// The bytes of the next picture.
    fn next_jpeg(&mut self) -> Vec<u8> {
        let frame = self.next();
        image::view(&frame).unwrap().jpeg_bytes().unwrap().to_vec()
    }

    /// Leaves out the pictures that came so far.
    fn forget(&mut self) {
        while self.pictures.try_recv().unwrap().is_some() {}
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

fn settings(http: &str) -> HttpSettings {
    HttpSettings {
        http: http.to_owned(),
        user: None,
        password: None,
        fps: 25.0,
        certificate: None,
        calibration: None,
    }
}

/// A small JPEG, another for each number.
fn jpeg(number: u8) -> Vec<u8> {
    let mut image = Image::new(PixelFormat::I420, 64, 48, ColorSpace::JPEG).unwrap();
    for plane in image.planes_mut() {
        plane
            .iter_mut()
            .enumerate()
            .for_each(|(at, byte)| *byte = (at * usize::from(number) * 7 % 256) as u8);
    }
    Encoder::new(80).unwrap().encode(&image.view()).unwrap().into_owned()
}

fn jpegs() -> Vec<Vec<u8>> {
    (1..=4).map(jpeg).collect()
}

fn camera(conduct: Conduct) -> HttpCamera {
    HttpCamera::start(conduct).unwrap()
}

/// A camera in good order.
fn good() -> Conduct {
    Conduct::stream(jpegs(), Stream::default())
}

fn giving(gives: Gives) -> Conduct {
    Conduct { gives, ..good() }
}
