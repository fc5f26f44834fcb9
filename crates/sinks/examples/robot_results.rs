//! Ten thousand results, or as many as one likes, told to a robot by the node `networktables`: for `scripts/networktables/photon.py`, which
//! is the robot.
//!
//! ```sh
//! robot_results HOST:PORT COUNT RESULTS_A_SECOND
//! ```
//!
//! It begins when a line comes on standard input and ends when that is closed. What each result really was goes to standard output, a line
//! of JSON each: `{"n", "captured_us", "sent_us", "body"}`, times on CLOCK_MONOTONIC.

use std::error::Error;
use std::io::{BufRead, Read, Write, stdin, stdout};
use std::time::{Duration, Instant};

use bushbaby_bus::{CaptureClock, CaptureTime, MonoTime, Origin, StreamName};
use bushbaby_node::control::InputSpec;
use bushbaby_node::{Carries, OutputSpec, Outputs, testing};
use bushbaby_sinks::KINDS;
use bushbaby_vision::pose::{Angles, Transform};
use serde_json::{Value, json};

const TAGS: &[OutputSpec] = &[OutputSpec {
    name: "detections",
    carries: Carries::Detections,
    owes_frames: false,
}];
/// Results that may wait for the node: none may be lost here.
const QUEUE: usize = 64;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("wanted HOST:PORT COUNT RESULTS_A_SECOND");
    let (server, count, rate): (String, u64, f64) = (next()?, next()?.parse()?, next()?.parse()?);
    let instance = testing::instance("robot");
    let input = InputSpec {
        stream: StreamName::new("tags", "detections")?,
        queue: Some(QUEUE),
        every: None,
        max_fps: None,
        window: None,
    };
    let node = testing::context(&instance, "networktables", "networktables", vec![input])?;
    let kind = KINDS
        .iter()
        .find(|kind| kind.name == "networktables")
        .ok_or("no such kind")?;
    let settings = json!({ "server": server, "dialect": ["photonvision", "limelight"] });
    let context = node.clone();
    let running = std::thread::spawn(move || kind.run(context, settings));

    let stage = testing::context(&instance, "tags", "apriltag", Vec::new())?;
    let mut outputs = Outputs::open(&stage, TAGS)?;
    stdin().lock().read_line(&mut String::new())?;
    outputs.wait_for_readers("detections", Duration::from_secs(10))?;
    let begin = Instant::now();
    let mut out = stdout().lock();
    for n in 1..=count {
        let due = begin + Duration::from_secs_f64(n as f64 / rate);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let age = Duration::from_micros(8_000 + n % 9 * 1_000);
        let now = MonoTime::now();
        let mono = MonoTime::from_ns(now.as_ns() - age.as_nanos() as u64);
        let captured = CaptureTime::at(mono, CaptureClock::StartOfExposure);
        let origin = Origin {
            stream: StreamName::new("front", "image")?,
            generation: 1,
            seq: n,
            captured,
        };
        let body = detections(n);
        outputs.send_result("detections", &body, captured, Some(&origin))?;
        let truth = json!({ "n": n, "captured_us": mono.as_ns() / 1000, "sent_us": now.as_ns() / 1000, "body": body });
        writeln!(out, "{truth}")?;
    }
    out.flush()?;
    drop(stdin().lock().read_to_end(&mut Vec::new()));
    node.stop.set();
    running.join().map_err(|_| "the node panicked")??;
    Ok(())
}

/// No tag to three, each another in each result; two or more say where the camera is.
fn detections(n: u64) -> Value {
    let tags: Vec<Value> = (0..n % 4).map(|index| tag(n, index)).collect();
    let ids: Vec<u64> = (0..n % 4).map(|index| id(n, index)).collect();
    let mut body = json!({
        "type": "detections", "version": 1, "camera": "front", "items": tags,
        "calibration": { "width_px": 1280, "height_px": 720, "fx": 905.0, "fy": 905.0, "cx": 640.0, "cy": 360.0,
                         "model": "pinhole", "distortion": [], "guessed": false },
    });
    if ids.len() >= 2 {
        let camera = transform(n + 17, [(n % 16) as f64, (n % 8) as f64, 0.5]);
        let place = json!({ "R": camera.rotation(), "t": camera.translation_m() });
        body["field"] = json!({ "camera": place, "tags": ids, "error": 0.25 });
    }
    body
}

fn id(n: u64, index: u64) -> u64 {
    (n * 3 + index * 7) % 587
}

fn tag(n: u64, index: u64) -> Value {
    let x = 100.0 + (n % 500) as f64 + 150.0 * index as f64;
    let y = 80.0 + (n % 300) as f64;
    let side = 90.0 - 20.0 * index as f64 + (n % 7) as f64;
    let pose = |turn: u64| {
        let t = [0.4 * index as f64 - 0.5, 0.1, 1.0 + (n % 60) as f64 / 10.0];
        let pose = transform(n * 5 + index + turn, t);
        let angles = pose.angles();
        json!({ "R": pose.rotation(), "t": pose.translation_m(), "yaw": angles.yaw_deg, "pitch": angles.pitch_deg,
                "roll": angles.roll_deg, "error": 0.2 })
    };
    json!({
        "id": id(n, index), "family": "tag36h11",
        "corners": [[x, y + side], [x + side, y + side], [x + side, y], [x, y]],
        "hamming": 0, "margin": 77.0,
        "pose": pose(0), "pose_alt": pose(90), "ambiguity": (n % 100) as f64 / 100.0, "calibrated": true,
    })
}

fn transform(n: u64, t: [f64; 3]) -> Transform {
    let angles = Angles {
        yaw_deg: (n * 13 % 120) as f64 - 60.0,
        pitch_deg: (n * 7 % 80) as f64 - 40.0,
        roll_deg: (n * 11 % 350) as f64 - 175.0,
    };
    Transform::from_angles(angles, t)
}
