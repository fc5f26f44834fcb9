use super::*;
use std::path::Path;

use bushbaby_bus::{CaptureClock, CaptureTime, Instance, Origin, ReadOptions, ReadPolicy, Subscriber};
use bushbaby_node::Inputs;
use bushbaby_node::control::InputSpec;
use bushbaby_node::settings::Settings as _;
use bushbaby_node::testing;
use bushbaby_pixels::jpeg::Encoder;
use bushbaby_pixels::{ColorSpace, PixelFormat, to_rgb8};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);
const PICTURES: OutputSpec = OutputSpec {
    name: "image",
    carries: Carries::Image,
    owes_frames: true,
};
const RESULTS: OutputSpec = OutputSpec {
    name: "targets",
    carries: Carries::Results,
    owes_frames: false,
};
const SIZE: [u32; 2] = [320, 240];

fn settings(text: &str) -> Settings {
    serde_json::from_str(text).unwrap()
}

/// The stage on a real bus, between a camera, a detector and a reader.
struct Rig {
    instance: Instance,
    stage: Overlay,
    inputs: Inputs,
    out: Outputs,
    camera: Outputs,
    detector: Outputs,
}

impl Rig {
    fn new(test: &str, text: &str) -> Self {
        let instance = testing::instance(test);
        let input = |stream: &str| InputSpec {
            stream: stream.parse().unwrap(),
            queue: Some(8),
            every: None,
            max_fps: None,
            window: None,
        };
        let wires = vec![input("front/image"), input("goal/targets")];
        let context = testing::context(&instance, "driver", "overlay", wires).unwrap();
        let camera = testing::context(&instance, "front", "scene", vec![]).unwrap();
        let detector = testing::context(&instance, "goal", "colored_target", vec![]).unwrap();
        Self {
            stage: Overlay::open(settings(text), &context).unwrap(),
            inputs: Inputs::open(&context).unwrap(),
            out: Outputs::open(&context, Overlay::OUTPUTS).unwrap(),
            camera: Outputs::open(&camera, const { &[PICTURES] }).unwrap(),
            detector: Outputs::open(&detector, const { &[RESULTS] }).unwrap(),
            instance,
        }
    }

    /// Somebody who looks at the pictures.
    fn reader(&self) -> Subscriber {
        let context = testing::context(&self.instance, "looker", "web", vec![]).unwrap();
        let options = ReadOptions {
            policy: ReadPolicy::Queue(8),
            ..ReadOptions::default()
        };
        context
            .bus
            .subscriber(&"driver/image".parse().unwrap(), options)
            .unwrap()
    }

    fn take_picture(&mut self, view: &ImageView<'_>) -> Origin {
        let meta = ImageMeta::new("front", Some(&CameraModel::from_fov(SIZE[0], SIZE[1], 90.0).unwrap()));
        let captured = CaptureTime::now(CaptureClock::Rendered);
        image::send(&mut self.camera, "image", view, captured, None, &meta).unwrap();
        self.camera.last_sent("image").unwrap()
    }

    fn find(&mut self, found: &Value, origin: &Origin) {
        self.detector
            .send_result("targets", found, origin.captured, Some(origin))
            .unwrap();
    }

    /// Hands the stage the next frame.
    fn step(&mut self) {
        let frame = self.inputs.recv(PATIENCE).unwrap().expect("a frame comes");
        self.stage.process(frame, &mut self.out).unwrap();
    }

    /// Lets the stage wait for as long as it wants to.
    fn wait_out(&mut self) {
        while let Some(due_in) = self.stage.due_in() {
            assert!(self.inputs.recv(due_in).unwrap().is_none(), "nothing was sent");
            self.stage.on_time(&mut self.out).unwrap();
        }
    }
}

fn gray(level: u8) -> Image {
    let mut image = Image::new(PixelFormat::Gray8, SIZE[0], SIZE[1], ColorSpace::JPEG).unwrap();
    let [pixels, ..] = image.planes_mut();
    pixels.fill(level);
    image
}

fn target() -> Value {
    json!({"type": "results", "version": 1, "camera": "front", "items": [
        {"type": "target", "yaw": 1.0, "pitch": 2.0, "aim": [160, 160], "calibrated": true,
         "polygon": [[140, 180], [180, 180], [180, 140], [140, 140]],
         "pose": {"R": [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "t": [0.0, 0.5, 2.0]}}]})
}

/// Where a picture of one level was drawn on.
fn changed(frame: &Frame, level: u8) -> Vec<[u32; 2]> {
    let view = image::view(frame).unwrap();
    let rgb = to_rgb8(&view).unwrap();
    let pixels = rgb.bytes().chunks_exact(3).zip(0_u32..);
    let differs = |pixel: &[u8]| pixel.iter().any(|value| value.abs_diff(level) > 20);
    pixels
        .filter(|(pixel, _)| differs(pixel))
        .map(|(_, index)| [index % SIZE[0], index / SIZE[0]])
        .collect()
}

/// Whether a place was drawn on: with its shadow a line is some pixels wide, not each of which differs.
fn is_drawn_on(places: &[[u32; 2]], at: [u32; 2]) -> bool {
    let is_near = |place: &[u32; 2]| place.iter().zip(at).all(|(one, other)| one.abs_diff(other) <= 2);
    places.iter().any(is_near)
}

#[test]
fn what_was_found_in_a_picture_is_drawn_on_that_picture() {
    let mut rig = Rig::new("drawn", "{}");
    let reader = rig.reader();
    let first = rig.take_picture(&gray(120).view());
    rig.step();
    rig.wait_out();
    let plain = reader
        .recv(PATIENCE)
        .unwrap()
        .expect("the picture comes without results");
    assert!(changed(&plain, 120).is_empty());
    rig.find(&json!({"type": "results", "items": []}), &first);
    rig.step();

    let second = rig.take_picture(&gray(120).view());
    rig.step();
    assert!(
        rig.stage.due_in().is_some(),
        "now that results are known to come it waits for them"
    );
    rig.find(&target(), &second);
    rig.step();
    let drawn = reader.recv(PATIENCE).unwrap().expect("the picture comes");
    assert_eq!((drawn.origin(), drawn.captured()), (&second, second.captured));
    let body: Value = serde_json::from_slice(drawn.body()).unwrap();
    assert_eq!((&body["type"], &body["camera"]), (&json!("image"), &json!("front")));
    assert_eq!(body["calibration"]["width_px"], 320);
    let places = changed(&drawn, 120);
    for near in [[140, 160], [160, 140], [180, 160], [160, 160]] {
        assert!(is_drawn_on(&places, near), "{near:?} was not drawn on");
    }
    // Outline, axes and the label above; the rest is as it was.
    let far = |[x, y]: &&[u32; 2]| *x < 130 || *y < 120 || *y > 190;
    assert_eq!(places.iter().find(far), None);
    assert_eq!(image::view(&drawn).unwrap().format(), PixelFormat::Gray8);
}

#[test]
fn nothing_is_done_while_nobody_reads() {
    let mut rig = Rig::new("unread", "{}");
    for _ in 0..3 {
        rig.take_picture(&gray(9).view());
        rig.step();
    }
    assert_eq!((rig.stage.due_in(), rig.out.last_sent("image")), (None, None));
    let reader = rig.reader();
    rig.take_picture(&gray(9).view());
    rig.step();
    rig.wait_out();
    assert!(reader.recv(PATIENCE).unwrap().is_some());
}

#[test]
fn texts_have_the_values_of_another_cameras_results() {
    let text = r#"{"text":["{goal.count} targets","{goal.0.yaw:.1f}°","{nobody.x}"],"crosshair":true}"#;
    let mut rig = Rig::new("values", text);
    let reader = rig.reader();
    let elsewhere = Origin {
        stream: "ip/image".parse().unwrap(),
        generation: 7,
        seq: 1,
        captured: CaptureTime::now(CaptureClock::Received),
    };
    rig.find(&target(), &elsewhere);
    rig.step();
    rig.take_picture(&gray(120).view());
    rig.step();
    assert_eq!(rig.stage.due_in(), None, "another camera's results are not waited for");
    let drawn = reader.recv(PATIENCE).unwrap().expect("the picture comes");
    let places = changed(&drawn, 120);
    assert!(is_drawn_on(&places, [10, 10]), "text in the corner");
    assert!(
        is_drawn_on(&places, [150, 120]) && is_drawn_on(&places, [160, 130]),
        "the cross"
    );
    assert!(
        !is_drawn_on(&places, [140, 160]),
        "its outline has no place in this picture"
    );
}

#[test]
fn every_format_of_a_camera_is_drawn_on() {
    let mut rig = Rig::new("formats", r##"{"crosshair":{"color":"#ff0000","size":"20%"}}"##);
    let reader = rig.reader();
    for format in PixelFormat::ALL {
        let plain = gray(120);
        let image = match format {
            PixelFormat::Jpeg => Image::default(),
            _ => Image::new(format, SIZE[0], SIZE[1], ColorSpace::JPEG).unwrap(),
        };
        let mut encoder = Encoder::new(90).unwrap();
        let jpeg = encoder.encode(&plain.view()).unwrap();
        match format {
            PixelFormat::Jpeg => rig.take_picture(&ImageView::jpeg(&jpeg).unwrap()),
            _ => rig.take_picture(&image.view()),
        };
        rig.step();
        rig.wait_out();
        let drawn = reader.recv(PATIENCE).unwrap().expect("the picture comes");
        let view = image::view(&drawn).unwrap();
        let wanted = match format {
            PixelFormat::Jpeg => PixelFormat::I420,
            format => format,
        };
        assert_eq!((view.format(), view.width(), view.height()), (wanted, SIZE[0], SIZE[1]));
        let rgb = to_rgb8(&view).unwrap();
        let at = |x: usize, y: usize| &rgb.bytes()[3 * (y * SIZE[0] as usize + x)..][..3];
        assert_ne!(at(140, 120), at(20, 20), "{format}");
    }
}

#[test]
fn damaged_pictures_and_absurd_results_are_survived() {
    let mut rig = Rig::new(
        "hostile",
        r#"{"text":["{goal.0.yaw} {goal.items.0.pose.t.7}"],"hold":"0s"}"#,
    );
    let reader = rig.reader();
    let plain = gray(120);
    let mut encoder = Encoder::new(90).unwrap();
    let jpeg = encoder.encode(&plain.view()).unwrap();
    rig.take_picture(&ImageView::jpeg(&jpeg[..jpeg.len() / 2]).unwrap());
    rig.step();
    for found in [
        json!({"type": "detections", "items": [{"id": 1, "corners": [[1e300, -1e300], [1, 1], [0, 0], [9e5, 9e5]]}]}),
        json!({"items": [{"type": "target", "polygon": [[-9e5, -9e5], [9e5, 3], [4, 9e5]], "aim": [9e5, 0], "yaw": 1e300,
            "pose": {"R": [[0, 0, 0], [0, 0, 0], [0, 0, 0]], "t": [0, 0, 1e-9]}}]}),
        json!({"items": [{"type": "box", "x": -9e5, "y": -9e5, "width": 9e5, "height": -9e5, "label": "\u{202e}\n\0"}]}),
        json!({"items": [{"type": "text", "text": "目標 \u{10fffd}", "x": -9e5, "y": 9e5}, {"type": "text", "text": "unplaced"}]}),
        json!("not even an object"),
    ] {
        let origin = rig.take_picture(&plain.view());
        rig.find(&found, &origin);
        rig.step();
        rig.step();
        rig.wait_out();
        assert!(reader.recv(PATIENCE).unwrap().is_some(), "{found}");
    }
}

#[test]
fn every_mistake_says_what_was_there_and_what_was_wanted() {
    let told = |text: &str| -> Vec<String> {
        let problems = settings(text).check(Path::new("/nowhere"));
        problems
            .into_iter()
            .map(|p| format!("{}: {}", p.path, p.message))
            .collect()
    };
    assert_eq!(told("{}"), [""; 0]);
    assert_eq!(
        told(
            r#"{"text":["ok","{targets"],"text_size":"50%","crosshair":{"x":"101%"},"hold":"2s","max_age":"2h","field_of_view":"0deg"}"#
        ),
        [
            "text.1: `{` without `}` after it; wanted `{NAME.VALUE}`, or `{{` for the bracket itself",
            "text_size: got `50%`, wanted 1% to 25% of the picture's height",
            "crosshair.x: got `101%`, wanted 0% to 100%",
            "hold: got `2s`, wanted at most 1s",
            "max_age: got `2h`, wanted at most 1h",
            "field_of_view: got `0deg`, wanted 1deg to 179deg",
        ]
    );
    let read = |text: &str| serde_json::from_str::<Settings>(text).map_err(|error| error.to_string());
    assert!(
        read(r#"{"crosshair":7}"#)
            .unwrap_err()
            .contains("`true`, `false`, or where it is")
    );
    assert!(read(r#"{"color":"green"}"#).unwrap_err().contains("wanted a colour"));
    let long = settings(r#"{"crosshair":true}"#);
    assert_eq!(long.crosshair.0, Some(CrosshairAt::default()));
    let again: Settings = serde_json::from_value(serde_json::to_value(&long).unwrap()).unwrap();
    assert_eq!(again.crosshair, long.crosshair);
}
