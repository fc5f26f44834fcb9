use std::path::Path;
use std::time::Duration;

use bushbaby_bus::{Frame, Subscriber};
use bushbaby_node::rgbd::RgbdBody;
use bushbaby_node::{Outputs, Source, Step, image};
use bushbaby_pixels::PixelFormat;
use bushbaby_vision::camera::CameraModel;
use bushbaby_vision::results::Detections;

use super::super::{Scene, SceneSettings};
use crate::test_node::TestNode;

const LIMIT: Duration = Duration::from_secs(60);

/// A node `cam` before the table.
fn table(settings: &str) -> (TestNode, Scene) {
    let settings: SceneSettings = serde_json::from_str(settings).unwrap();
    let mut node = TestNode::new::<Scene>();
    let specs = Scene::outputs(&settings, Path::new("."));
    assert_eq!(
        specs.iter().map(|spec| spec.name).collect::<Vec<_>>(),
        ["rgbd", "points", "truth"]
    );
    node.outputs = Outputs::open(&node.context, &specs).unwrap();
    let scene = Scene::open(settings, &node.context).unwrap();
    (node, scene)
}

fn next(node: &mut TestNode, scene: &mut Scene) {
    node.step_until(scene, |step| *step == Step::Sent);
}

fn received(reader: &Subscriber) -> Frame {
    reader.recv(LIMIT).unwrap().unwrap()
}

fn floats(frame: &Frame, name: &str) -> Vec<f32> {
    let bytes = frame.array(name).unwrap().bytes;
    bytes
        .chunks_exact(4)
        .map(|four| f32::from_ne_bytes(four.try_into().unwrap()))
        .collect()
}

fn names(frame: &Frame) -> Vec<&str> {
    frame.arrays().iter().map(|array| array.name.as_str()).collect()
}

const SMALL: &str = r#"{"scene": "rgbd", "size": "320x180", "fps": 60}"#;

#[test]
fn a_reader_gets_picture_depth_points_and_truth_of_one_moment() {
    let (mut node, mut scene) = table(SMALL);
    let readers = ["rgbd", "points", "truth"].map(|output| node.reader(output));
    next(&mut node, &mut scene);
    next(&mut node, &mut scene);
    let [capture, points, truth] = [&readers[0], &readers[1], &readers[2]].map(received);
    assert_eq!(names(&capture), ["rgb", "rgb_right", "depth", "confidence"]);
    assert_eq!(capture.arrays()[0].shape, [180, 320, 3]);
    assert_eq!(capture.arrays()[2].shape, [180, 320]);
    let picture = image::view(&capture).unwrap();
    assert_eq!(
        (picture.format(), picture.width(), picture.height()),
        (PixelFormat::Rgb8, 320, 180)
    );
    for made_of_it in [&points, &truth] {
        assert_eq!(made_of_it.origin(), capture.origin());
        assert_eq!(made_of_it.captured(), capture.captured());
    }
    assert_eq!(capture.origin().seq, capture.seq());

    let body: RgbdBody = serde_json::from_slice(capture.body()).unwrap();
    assert_eq!((body.r#type.as_str(), body.camera.as_str()), ("rgbd", "cam"));
    assert_eq!(body.baseline_m, Some(0.12));
    assert_eq!(body.left_from_right.as_ref().unwrap()["t"][0], 0.12);
    assert_eq!(body.calibration, body.calibration_right);
    let camera: CameraModel = serde_json::from_value(body.calibration.clone().unwrap()).unwrap();
    assert_eq!(
        serde_json::from_slice::<RgbdBody>(points.body()).unwrap(),
        body.points()
    );

    let (depth, places) = (floats(&capture, "depth"), floats(&points, "points"));
    assert_eq!(points.arrays()[0].shape, [320 * 180, 3]);
    assert_eq!(
        points.array("colors").unwrap().bytes,
        capture.array("rgb").unwrap().bytes
    );
    for (i, (place, depth)) in places.chunks_exact(3).zip(&depth).enumerate() {
        if depth.is_nan() {
            assert!(place.iter().all(|v| v.is_nan()));
            continue;
        }
        let [u, v] = camera.project([place[0], place[1], place[2]].map(f64::from)).unwrap();
        let (x, y) = ((i % 320) as f64 + 0.5, (i / 320) as f64 + 0.5);
        assert!(
            (u - x).hypot(v - y) < 1e-3 && place[2] == *depth,
            "pixel {i}: {place:?}"
        );
    }

    let truth: Detections = serde_json::from_slice(truth.body()).unwrap();
    assert_eq!(truth.camera, "cam");
    for tag in truth.items {
        let exact = tag.pose.unwrap().translation;
        let [u, v] = camera.project(exact).unwrap();
        let measured = f64::from(depth[v as usize * 320 + u as usize]);
        assert!((exact[2] / measured - 1.0).abs() < 0.01, "tag {}", tag.id);
    }
}

#[test]
fn points_and_truth_that_nobody_reads_are_not_made() {
    let (mut node, mut scene) = table(SMALL);
    next(&mut node, &mut scene);
    assert_eq!(node.outputs.last_sent("rgbd").unwrap().seq, 0);
    assert!(node.outputs.last_sent("points").is_none());
    assert!(node.outputs.last_sent("truth").is_none());
    let _reader = node.reader("points");
    next(&mut node, &mut scene);
    assert!(node.outputs.last_sent("points").is_some());
}

#[test]
fn a_capture_holds_what_is_asked_for_with_the_picture_first() {
    let (mut node, mut scene) =
        table(r#"{"scene": "rgbd", "size": "201x151", "fps": 60, "arrays": ["depth", "rgb"], "gaps": false}"#);
    let readers = ["rgbd", "points"].map(|output| node.reader(output));
    next(&mut node, &mut scene);
    let capture = received(&readers[0]);
    assert_eq!(names(&capture), ["rgb", "depth"]);
    assert!(floats(&capture, "depth").iter().all(|depth| *depth > 0.0));
    let body: RgbdBody = serde_json::from_slice(capture.body()).unwrap();
    assert!(body.calibration.is_some());
    assert_eq!(
        (body.calibration_right, body.left_from_right, body.baseline_m),
        (None, None, None)
    );
}

#[test]
fn points_need_no_depth_in_the_capture() {
    let (mut node, mut scene) = table(r#"{"scene": "rgbd", "size": "160x120", "fps": 60, "arrays": ["rgb"]}"#);
    let readers = ["rgbd", "points"].map(|output| node.reader(output));
    next(&mut node, &mut scene);
    assert_eq!(names(&received(&readers[0])), ["rgb"]);
    let points = floats(&received(&readers[1]), "points");
    let known = points.chunks_exact(3).filter(|point| point[2] > 0.2).count();
    assert!(known > 160 * 120 * 9 / 10, "{known} points");
}
