use super::*;
use std::path::Path;

use bushbaby_bus::{CaptureClock, CaptureTime, Origin, ReadOptions, ReadPolicy, StreamName, Subscriber};
use bushbaby_node::settings::Settings as _;
use bushbaby_node::testing;
use bushbaby_vision::apriltag::Family;
use bushbaby_vision::field::{FieldLayout, Method};
use bushbaby_vision::pose::tag_corners_m;
use bushbaby_vision::results::{Known, TagSizes, detections};
use serde_json::{Value, json};

/// A tag at the far wall, 1.1 m up, that looks back, and one beside it that looks a little to the side.
const LAYOUT: &str = r#"{"tags":[
    {"ID":3,"pose":{"translation":{"x":9.0,"y":3.4,"z":1.1},"rotation":{"quaternion":{"W":0,"X":0,"Y":0,"Z":1}}}},
    {"ID":4,"pose":{"translation":{"x":8.6,"y":4.2,"z":0.9},"rotation":{"quaternion":{"W":-0.3,"X":0,"Y":0,"Z":0.953939201416946}}}}],
    "field":{"length":16.0,"width":8.0}}"#;

const CAMERA: OutputSpec = OutputSpec {
    name: "detections",
    carries: Carries::Detections,
    owes_frames: false,
};
const HEADING: OutputSpec = OutputSpec {
    name: "heading",
    carries: Carries::Results,
    owes_frames: false,
};

fn lens() -> CameraModel {
    CameraModel {
        guessed: false,
        ..CameraModel::from_fov(1280, 720, 75.0).unwrap()
    }
}

fn settings(text: &str) -> Settings {
    serde_json::from_str(text).unwrap()
}

const USUAL: &str = r#"{"layout":"shed","camera_on_robot":{"front":{"ahead":"20cm","up":"60cm"}}}"#;

/// What a camera 20 cm ahead of a robot's middle and 60 cm above the floor sees of these tags, the robot at x 6.5 m, y 3.8 m looking
/// along x.
fn seen(ids: &[u32]) -> Value {
    let layout = FieldLayout::from_json(LAYOUT.as_bytes()).unwrap();
    let field_from_camera = bushbaby_vision::field::robot_from_camera([6.7, 3.8, 0.6], 0.0, 0.0, 0.0);
    let tags: Vec<TagDetection> = ids
        .iter()
        .map(|&id| {
            let camera_from_tag = field_from_camera.inverse() * layout.field_from_tag(id).unwrap();
            TagDetection {
                id,
                family: Family::Tag36h11,
                corners_px: tag_corners_m(0.1651).map(|corner| lens().project(camera_from_tag.apply(corner)).unwrap()),
                hamming: 0,
                margin: 90.0,
            }
        })
        .collect();
    let lens = lens();
    let sizes = TagSizes::all(0.1651);
    let known = Known {
        camera: Some(&lens),
        tag_sizes: Some(&sizes),
        ..Known::default()
    };
    serde_json::to_value(detections("front", &tags, known)).unwrap()
}

/// A stage on a real bus, and what is before and behind it.
struct Bench {
    stage: FieldPose,
    outputs: Outputs,
    input: bushbaby_node::Inputs,
    tags: Outputs,
    gyro: Outputs,
    reader: Subscriber,
}

impl Bench {
    fn new(test: &str, settings: Settings, base_dir: &Path) -> Self {
        std::fs::write(base_dir.join("shed.json"), LAYOUT).unwrap();
        let instance = testing::instance(test);
        let input = |stream: &str| bushbaby_node::control::InputSpec {
            stream: stream.parse().unwrap(),
            queue: Some(8),
            every: None,
            max_fps: None,
            window: None,
        };
        let inputs = vec![input("tags/detections"), input("gyro/heading")];
        let mut context = testing::context(&instance, "where", "field_pose", inputs).unwrap();
        let mut spec = (*context.spec).clone();
        spec.base_dir = base_dir.to_owned();
        context.spec = std::sync::Arc::new(spec);
        let options = ReadOptions {
            policy: ReadPolicy::Queue(8),
            ..ReadOptions::default()
        };
        let of = |node: &str, output: &'static [OutputSpec]| {
            let context = testing::context(&instance, node, "apriltag", vec![]).unwrap();
            Outputs::open(&context, output).unwrap()
        };
        Self {
            stage: FieldPose::open(settings, &context).unwrap(),
            outputs: Outputs::open(&context, FieldPose::OUTPUTS).unwrap(),
            input: bushbaby_node::Inputs::open(&context).unwrap(),
            tags: of("tags", const { &[CAMERA] }),
            gyro: of("gyro", const { &[HEADING] }),
            reader: context
                .bus
                .subscriber(&StreamName::new("where", "pose").unwrap(), options)
                .unwrap(),
        }
    }

    /// Lets the stage work on what was sent last.
    fn work(&mut self) {
        let frame = self.input.recv(Duration::from_secs(10)).unwrap().expect("it arrives");
        self.stage.process(frame, &mut self.outputs).unwrap();
    }

    /// Sends a heading captured so many milliseconds after the clock's first second.
    fn heading(&mut self, body: &Value, at_ms: u64) {
        self.gyro.send_result("heading", body, at(at_ms), None).unwrap();
        self.work();
    }

    /// Sends what a picture shows, and returns what comes of it.
    fn see(&mut self, body: &Value, at_ms: u64) -> FieldPoseResult {
        let captured = at(at_ms);
        let origin = Origin {
            stream: "front/image".parse().unwrap(),
            generation: 1,
            seq: at_ms,
            captured,
        };
        self.tags
            .send_result("detections", body, captured, Some(&origin))
            .unwrap();
        self.work();
        let result = self
            .reader
            .recv(Duration::from_secs(10))
            .unwrap()
            .expect("its result arrives");
        assert_eq!((result.origin(), result.captured()), (&origin, captured));
        serde_json::from_slice(result.body()).unwrap()
    }
}

fn at(ms: u64) -> CaptureTime {
    CaptureTime::at(
        MonoTime::from_ns(1_000_000_000 + ms * 1_000_000),
        CaptureClock::Rendered,
    )
}

fn near(result: &FieldPoseResult, [x, y, yaw]: [f64; 3]) -> bool {
    let robot = result.robot.unwrap();
    (robot.x - x).abs() < 0.01 && (robot.y - y).abs() < 0.01 && (robot.yaw - yaw).abs() < 0.2
}

#[test]
fn every_result_of_a_camera_gives_one_that_keeps_its_origin() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new("each", settings(USUAL), folder.path());
    let first = bench.see(&seen(&[3, 4]), 0);
    assert_eq!(
        (first.method, first.tags.as_slice()),
        (Some(Method::MultiTag), &[3, 4][..])
    );
    assert!(near(&first, [6.5, 3.8, 0.0]) && first.calibrated, "{first:?}");
    let camera = first.camera_pose.unwrap();
    assert!((camera.x - 6.7).abs() < 0.01 && (camera.z - 0.6).abs() < 0.01 && camera.pitch.abs() < 0.2);
    let map = first.field.unwrap();
    assert_eq!((map.length, map.tags.len()), (Some(16.0), 2));
    let second = bench.see(&seen(&[]), 33);
    assert_eq!(second.refused.as_deref(), Some("there is no tag in the picture"));
    assert!(second.robot.is_none() && second.field.is_none());
    assert!(
        bench.see(&seen(&[3]), 1033).field.is_some(),
        "the map comes again each second"
    );
}

#[test]
fn a_heading_of_the_moment_makes_one_tag_enough() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new("heading", settings(USUAL), folder.path());
    let one = seen(&[3]);
    let strict =
        r#"{"layout":"shed","camera_on_robot":{"front":{"ahead":"20cm","up":"60cm"}},"methods":["tag_and_heading"]}"#;
    let mut only = Bench::new("only", settings(strict), folder.path());
    assert!(only.see(&one, 0).refused.unwrap().contains("no heading"));
    for (bench, body) in [
        (
            &mut bench,
            json!({"type": "heading", "version": 1, "yaw": -5.0, "rate": 100.0}),
        ),
        // As a Python program sends a dataclass.
        (
            &mut only,
            json!({"type": "results", "version": 1, "camera": "gyro", "items": [{"type": "Heading", "yaw": 355.0, "rate": 100.0}]}),
        ),
    ] {
        bench.heading(&body, 100);
        let result = bench.see(&one, 150);
        assert_eq!(result.method, Some(Method::TagAndHeading), "{result:?}");
        assert!(near(&result, [6.5, 3.8, 0.0]), "{result:?}");
        assert_eq!(result.std_devs.unwrap()[2], 1.0);
    }
    assert!(
        only.see(&one, 900).refused.unwrap().contains("no heading"),
        "that one is too old"
    );
}

#[test]
fn red_counts_from_the_other_wall() {
    let folder = tempfile::tempdir().unwrap();
    let text = USUAL.replace("{\"layout\"", "{\"alliance\":\"red\",\"layout\"");
    let mut bench = Bench::new("red", settings(&text), folder.path());
    let result = bench.see(&seen(&[3, 4]), 0);
    let robot = result.robot.unwrap();
    assert!(
        (robot.x - 9.5).abs() < 0.01 && (robot.y - 4.2).abs() < 0.01 && (robot.yaw.abs() - 180.0).abs() < 0.2,
        "{robot:?}"
    );
    assert_eq!(serde_json::to_value(result.alliance).unwrap(), "red");
}

#[test]
fn what_is_missing_is_said_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new("missing", settings(USUAL), folder.path());
    let mut of_side = seen(&[3, 4]);
    of_side["camera"] = "side".into();
    assert_eq!(
        bench.see(&of_side, 0).refused.unwrap(),
        "`camera_on_robot` does not say how the camera `side` sits on the robot"
    );
    let mut bare = seen(&[3, 4]);
    bare.as_object_mut().unwrap().remove("calibration");
    assert_eq!(
        bench.see(&bare, 33).refused.unwrap(),
        "nothing is known of the lens of `front`: its results have no `calibration`"
    );
    // What is no message at all is passed over.
    for (ms, body) in [
        (66, json!({"type": "events", "items": []})),
        (67, json!([1, 2])),
        (68, json!({"type": "detections"})),
    ] {
        bench.heading(&body, ms);
    }
    assert!(near(&bench.see(&seen(&[3, 4]), 100), [6.5, 3.8, 0.0]));
}

#[test]
fn a_target_at_a_known_place_tells_where_with_the_heading() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        r#"{"camera_on_robot":{"front":{}},"targets":[{"label":"bay","x":"8m","y":"3m","z":"80cm","yaw":"180deg"}]}"#;
    let mut bench = Bench::new("target", settings(text), folder.path());
    let upright = json!([[1, 0, 0], [0, 1, 0], [0, 0, 1]]);
    let body = json!({"type": "results", "version": 1, "camera": "front", "calibration": lens(), "items": [
        {"type": "target", "label": "bay", "yaw": 5.7, "pitch": 0.0, "area": 1.0, "skew": 0.0, "aim": [700.0, 300.0],
         "corners": [[650, 320], [750, 320], [750, 280], [650, 280]], "polygon": [[650, 320], [750, 320], [750, 280], [650, 280]],
         "pose": {"R": upright, "t": [0.2, -0.8, 2.0], "yaw": 0.0, "pitch": 0.0, "roll": 0.0, "error": 0.2}, "calibrated": true}]});
    assert!(
        bench
            .see(&body, 0)
            .refused
            .unwrap()
            .starts_with("a target tells the place only with the robot's heading")
    );
    bench.heading(&json!({"type": "heading", "version": 1, "yaw": 0.0}), 10);
    let result = bench.see(&body, 20);
    assert_eq!(result.method, Some(Method::TargetAndHeading), "{result:?}");
    assert!(near(&result, [6.0, 3.2, 0.0]), "{result:?}");
}

#[test]
fn every_mistake_says_what_was_there_and_what_was_wanted() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("shed.json"), LAYOUT).unwrap();
    std::fs::write(
        folder.path().join("bare.json"),
        LAYOUT.split(",\n    \"field\"").next().unwrap().to_owned() + "}",
    )
    .unwrap();
    let told = |text: &str| -> Vec<String> {
        let problems = settings(text).check(folder.path());
        problems
            .into_iter()
            .map(|problem| format!("{}: {}", problem.path, problem.message))
            .collect()
    };
    assert_eq!(told(USUAL), [""; 0]);
    assert_eq!(
        told(r#"{"camera_on_robot":{}}"#),
        [
            ": nothing on the field has a known place",
            "camera_on_robot: no camera is on the robot"
        ]
    );
    assert_eq!(
        told(
            r#"{"layout":"bare","alliance":"red","camera_on_robot":{"front":{}},"methods":[],"max_ambiguity":2,"tag_size":"0mm"}"#
        ),
        [
            "alliance: `red` counts from the far wall, and no layout says how far that is",
            "methods: no method is left, wanted one or more",
            "tag_size: got `0mm`, wanted a side longer than nothing",
            "max_ambiguity: got `2`, wanted 0 to 1",
        ]
    );
    assert!(
        told(r#"{"layout":"no","camera_on_robot":{"front":{}}}"#)[0]
            .starts_with("layout: there is no field layout `no`: wanted the name of a JSON file")
    );
}
