use super::*;
use std::path::Path;
use std::time::Duration;

use bushbaby_bus::{CaptureClock, CaptureTime, Origin, ReadOptions, ReadPolicy, StreamName, Subscriber};
use bushbaby_node::Inputs;
use bushbaby_node::control::InputSpec;
use bushbaby_node::image::ImageMeta;
use bushbaby_node::settings::Settings as _;
use bushbaby_node::testing;
use bushbaby_pixels::{ColorSpace, Image, PixelFormat};
use bushbaby_vision::camera::CameraModel;

const CAMERA: OutputSpec = OutputSpec {
    name: "image",
    carries: Carries::Image,
    owes_frames: true,
};

fn settings(text: &str) -> Settings {
    serde_json::from_str(text).unwrap()
}

/// A dark picture with green boxes: left, top, width, height.
fn picture(boxes: &[[usize; 4]]) -> Image {
    let mut image = Image::new(PixelFormat::Rgb8, 320, 240, ColorSpace::JPEG).unwrap();
    let [rgb, ..] = image.planes_mut();
    for (i, pixel) in rgb.chunks_exact_mut(3).enumerate() {
        let (x, y) = (i % 320, i / 320);
        let is_lit = boxes
            .iter()
            .any(|[left, top, width, height]| (*left..left + width).contains(&x) && (*top..top + height).contains(&y));
        pixel.copy_from_slice(if is_lit { &[60, 250, 140] } else { &[10, 14, 12] });
    }
    image
}

/// A stage `goal` that looks at the camera `front`.
struct Goal {
    context: NodeContext,
    stage: ColoredTarget,
    inputs: Inputs,
    outputs: Outputs,
    camera: Outputs,
}

impl Goal {
    fn new(test: &str, text: &str) -> Self {
        let instance = testing::instance(test);
        let input = InputSpec {
            stream: StreamName::new("front", "image").unwrap(),
            queue: Some(8),
            every: None,
            max_fps: None,
            window: None,
        };
        let context = testing::context(&instance, "goal", "colored_target", vec![input]).unwrap();
        let camera = testing::context(&instance, "front", "scene", vec![]).unwrap();
        Self {
            stage: ColoredTarget::open(settings(text), &context).unwrap(),
            inputs: Inputs::open(&context).unwrap(),
            outputs: Outputs::open(&context, ColoredTarget::OUTPUTS).unwrap(),
            camera: Outputs::open(&camera, const { &[CAMERA] }).unwrap(),
            context,
        }
    }

    fn reader(&self, output: &str) -> Subscriber {
        let options = ReadOptions {
            policy: ReadPolicy::Queue(8),
            ..ReadOptions::default()
        };
        let stream = StreamName::new("goal", output).unwrap();
        self.context.bus.subscriber(&stream, options).unwrap()
    }

    /// Lets it look at a picture; returns where that came from.
    fn look(&mut self, boxes: &[[usize; 4]]) -> Origin {
        let image = picture(boxes);
        let captured = CaptureTime::now(CaptureClock::Rendered);
        let meta = ImageMeta::new::<CameraModel>("front", None);
        image::send(&mut self.camera, "image", &image.view(), captured, None, &meta).unwrap();
        let frame = self.inputs.recv(Duration::from_secs(10)).unwrap();
        let frame = frame.expect("the picture arrives");
        assert_eq!(frame.captured(), captured);
        let origin = frame.origin().clone();
        self.stage.process(frame, &mut self.outputs).unwrap();
        origin
    }
}

fn next(reader: &Subscriber) -> Frame {
    reader.recv(Duration::from_secs(10)).unwrap().expect("it arrives")
}

#[test]
fn each_picture_gives_one_result_also_without_targets_and_a_damaged_one_none() {
    let mut goal = Goal::new("targets", r#"{"label":"goal","field_of_view":"90deg"}"#);
    let reader = goal.reader("targets");
    let mut found = Vec::new();
    for boxes in [&[[150, 110, 20, 20]][..], &[], &[[0, 0, 10, 10], [200, 50, 40, 30]]] {
        let origin = goal.look(boxes);
        let result = next(&reader);
        assert_eq!(result.origin().stream.as_str(), "front/image");
        assert_eq!(result.captured(), origin.captured);
        found.push(serde_json::from_slice::<Targets>(result.body()).unwrap());
    }
    let counts: Vec<usize> = found.iter().map(|found| found.items.len()).collect();
    assert_eq!(counts, [1, 0, 2]);
    let item = &found[0].items[0];
    assert_eq!(
        (found[0].camera.as_str(), item.label.as_deref()),
        ("front", Some("goal"))
    );
    assert!(item.yaw.abs() < 1e-9 && item.pitch.abs() < 1e-9 && !item.calibrated && item.pose.is_none());
    // The larger of two comes first; it is right of the axis and above it.
    let first = &found[2].items[0];
    assert!(first.yaw > 10.0 && first.pitch > 10.0 && (first.area - 100.0 * 1200.0 / 76_800.0).abs() < 1e-9);
}

#[test]
fn the_mask_is_sent_while_somebody_reads_it_with_the_origin_of_its_picture() {
    let mut goal = Goal::new("mask", "{}");
    let boxes = [[150, 110, 20, 10]];
    goal.look(&boxes);
    assert_eq!(goal.outputs.last_sent("mask"), None);
    let reader = goal.reader("mask");
    let origin = goal.look(&boxes);
    assert!(goal.outputs.last_sent("mask").is_some());
    let mask = next(&reader);
    let array = mask.array("mask").unwrap();
    assert_eq!(
        (*mask.origin() == origin, &array.info.shape[..]),
        (true, &[240, 320][..])
    );
    let inside = (0..240 * 320).filter(|at| array.bytes[*at] == 255);
    let wanted: Vec<usize> = (110..120).flat_map(|y| (150..170).map(move |x| y * 320 + x)).collect();
    assert_eq!(inside.collect::<Vec<_>>(), wanted);
}

#[test]
fn in_a_part_of_the_picture_places_and_shares_are_those_of_the_whole() {
    let image = picture(&[[30, 40, 20, 20], [200, 50, 40, 30]]);
    let found = |text: &str| {
        let settings = settings(text);
        let mut detector = TargetDetector::new(settings.detector_settings(None));
        let view = image.view();
        detector
            .detect_in(&view, settings.crop.pixels(view.width(), view.height()))
            .unwrap()
    };
    let all = found("{}");
    assert_eq!(all.len(), 2);
    // The second from the left is the larger one.
    assert_eq!(found(r#"{"crop":{"left":"50%"}}"#), all[..1]);
    assert_eq!(found(r#"{"crop":{"right":"50%"}}"#), all[1..]);
    // One that is cut has what is left of it.
    let cut = &found(r#"{"crop":{"left":"68.75%"}}"#)[0];
    assert!(
        (cut.rect.middle[0] - 230.0).abs() < 1e-9 && (cut.area - all[0].area / 2.0).abs() < 1e-9,
        "{cut:?}"
    );
    assert!(found(r#"{"crop":{"top":"50%"}}"#).is_empty());
}

#[test]
fn a_model_decides_how_many_shapes_make_a_target() {
    let base = Path::new("");
    let group = |text: &str| {
        let settings = settings(text);
        let model = settings.target_model(base).unwrap();
        settings.detector_settings(model.as_ref())
    };
    use bushbaby_vision::target::Grouping;
    assert_eq!(group("{}").grouping, Grouping::Single);
    assert!(matches!(
        group(r#"{"model":"tape2019"}"#).grouping,
        Grouping::Pair { .. }
    ));
    assert_eq!(group(r#"{"model":"port2020"}"#).corner_count, Some(4));
    assert!(matches!(
        group(r#"{"model":"hub2022"}"#).grouping,
        Grouping::Several { .. }
    ));
}

#[test]
fn every_mistake_says_what_was_there_and_what_was_wanted() {
    let told = |text: &str| -> Vec<String> {
        let problems = settings(text).check(Path::new("/nowhere"));
        problems
            .into_iter()
            .map(|p| {
                format!(
                    "{}: {}{}",
                    p.path,
                    p.message,
                    p.hint.map_or_else(String::new, |hint| format!(" ({hint})"))
                )
            })
            .collect()
    };
    assert_eq!(told("{}"), [""; 0]);
    assert_eq!(
        told(r#"{"hue":[60,200],"area":[5,1],"fullness":[0,200],"most":0}"#),
        [
            "hue: hue is 200, wanted 0 to 179: half degrees, red 0, green 60, blue 120",
            "area: got `[5, 1]`, wanted two numbers from 0 to 100, the smaller first",
            "fullness: got `[0, 200]`, wanted two numbers from 0 to 100, the smaller first",
            "most: got `0`, wanted 1 to 100",
        ]
    );
    assert_eq!(
        told(r#"{"hue":[0,9],"brightness":[200,255]}"#),
        ["hue: `brightness` and `hue` both say which pixels count, wanted one of them"]
    );
    assert_eq!(
        told(r#"{"model":"tape2091"}"#),
        ["model: there is no target `tape2091`; known are tape2019, port2020 and hub2022 (did you mean `tape2019`?)"]
    );
    assert!(told(r#"{"model":"no.yaml"}"#)[0].starts_with("model: target model /nowhere/no.yaml: "));
    assert!(told(r#"{"model":"tape2019","group":"single"}"#)[0].contains("has 2 part(s)"));
}
