//! A pretended instance for working on the page: `cargo run -p bushbaby-server --example pretend -- 5810`.
//!
//! Draws moving squares, says exactly where they are, and answers as a supervisor would; the page itself is the real one.

#![allow(clippy::print_stdout)] // it says where to look

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bushbaby_bus::{
    ArrayLayout, Bus, CaptureClock, CaptureTime, DType, Instance, MonoTime, PublisherOptions, ReadOptions,
};
use bushbaby_node::children::Spawner;
use bushbaby_node::control::{NodeSpec, halves};
use bushbaby_node::reporter::Reporter;
use bushbaby_node::status::{Reply, Request, Status, socket_path};
use bushbaby_node::{NodeContext, Sink, Stop};
use bushbaby_server::{Settings, Web};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;
const FX: f64 = 1000.0;

fn main() -> Result<(), Failure> {
    let listen = std::env::args().nth(1).unwrap_or_else(|| "5810".into());
    let scenario = std::env::args().nth(2).unwrap_or_default();
    let instance = Instance::new(format!("pretend-{}", std::process::id()).parse()?);
    let bus = Bus::open(&instance)?;
    std::fs::create_dir_all(instance.runtime_dir())?;
    let frames = Arc::new(AtomicU64::new(0));
    let socket = UnixListener::bind(socket_path(&instance))?;
    let restarted = Arc::new(Mutex::new(Instant::now()));
    {
        let (frames, restarted, scenario) = (frames.clone(), restarted.clone(), scenario.clone());
        std::thread::spawn(move || supervise(&socket, &frames, &restarted, &scenario));
    }
    if scenario != "empty" {
        for (camera, size, phase) in [
            ("front", [1280, 720], 0.0),
            ("left", [640, 480], 1.0),
            ("door", [1280, 720], 2.0),
        ] {
            if scenario == "one" && camera != "front" {
                continue;
            }
            let (bus, frames) = (bus.clone(), frames.clone());
            std::thread::spawn(move || {
                shoot(&bus, camera, size, phase, &frames).map_err(|e| println!("{camera}: {e}"))
            });
        }
        let bus = bus.clone();
        std::thread::spawn(move || detect(&bus).map_err(|e| println!("tags: {e}")));
    }
    let spec = NodeSpec {
        instance: instance.name().clone(),
        node: "web".into(),
        kind: "web".into(),
        settings: Value::Null,
        inputs: Vec::new(),
        base_dir: PathBuf::from("."),
        stalled_ms: 1000,
        late_ms: 1000,
        frozen_frames: None,
    };
    let context = NodeContext {
        spec: Arc::new(spec),
        bus,
        stop: Stop::default(),
        reporter: Reporter::new(None),
        spawner: Spawner::start()?,
    };
    let settings = Settings {
        listen,
        password: Some("moon".into()),
    };
    let web = Web::open(settings, &context)?;
    println!("http://{}", web.address());
    web.run(&context)?;
    Ok(())
}

/// Where the tag with this number is at a moment: `t` and yaw in degrees.
fn tag_pose(id: usize, seconds: f64, phase: f64) -> ([f64; 3], f64) {
    let angle = seconds * 0.35 + phase + id as f64 * TAU / 3.0;
    (
        [0.75 * angle.cos(), 0.25 * (angle * 1.7).sin(), 1.9 + 0.5 * angle.sin()],
        35.0 * (angle * 1.3).sin(),
    )
}

fn corners(id: usize, seconds: f64, phase: f64, size: [usize; 2]) -> [[f64; 2]; 4] {
    let ([x, y, z], yaw) = tag_pose(id, seconds, phase);
    let (sin, cos) = yaw.to_radians().sin_cos();
    let focal = FX * size[0] as f64 / 1280.0;
    [[-1.0, 1.0], [1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]].map(|[u, v]| {
        let (px, py, pz) = (u * 0.0825 * cos + x, v * 0.0825 + y, -u * 0.0825 * sin + z);
        [
            focal * px / pz + size[0] as f64 / 2.0,
            focal * py / pz + size[1] as f64 / 2.0,
        ]
    })
}

fn shoot(bus: &Bus, camera: &str, [width, height]: [usize; 2], phase: f64, frames: &AtomicU64) -> Result<(), Failure> {
    let publisher = bus.publisher(&format!("{camera}/image").parse()?, PublisherOptions::default())?;
    let layouts = [
        ("y", vec![height, width]),
        ("u", vec![height / 2, width / 2]),
        ("v", vec![height / 2, width / 2]),
    ]
    .map(|(name, shape)| ArrayLayout::new(name, DType::U8, shape).with_encoding("i420"));
    let focal = FX * width as f64 / 1280.0;
    let body = json!({"type": "image", "version": 1, "camera": camera, "calibration": {"width_px": width, "height_px": height,
        "fx": focal, "fy": focal, "cx": width as f64 / 2.0, "cy": height as f64 / 2.0, "model": "pinhole", "distortion": [], "guessed": camera != "front"}});
    let body = serde_json::to_vec(&body)?;
    let floor: Vec<u8> = (0..height * width)
        .map(|i| {
            let (x, y) = (i % width, i / width);
            let check = if (x / 80 + y / 80) % 2 == 0 { 8 } else { 0 };
            (70 + y * 60 / height + check) as u8
        })
        .collect();
    let (u, v) = (vec![134u8; width * height / 4], vec![122u8; width * height / 4]);
    loop {
        let seconds = MonoTime::now().as_ns() as f64 / 1e9;
        let mut y = floor.clone();
        for id in 0..3 {
            let quad = corners(id, seconds, phase, [width, height]);
            fill(&mut y, width, height, scaled(quad, 1.25), 235);
            fill(&mut y, width, height, quad, 20);
            fill(&mut y, width, height, scaled(quad, 0.35), 230);
        }
        let captured = CaptureTime::now(CaptureClock::Rendered);
        publisher.send(
            &[(&layouts[0], &y), (&layouts[1], &u), (&layouts[2], &v)],
            &body,
            captured,
            None,
        )?;
        frames.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(30));
        if camera == "door" && seconds % 40.0 > 20.0 {
            std::thread::sleep(Duration::from_secs(12));
        }
    }
}

fn scaled(quad: [[f64; 2]; 4], by: f64) -> [[f64; 2]; 4] {
    let centre = [0, 1].map(|axis| quad.iter().map(|corner| corner[axis]).sum::<f64>() / 4.0);
    quad.map(|corner| [0, 1].map(|axis| centre[axis] + (corner[axis] - centre[axis]) * by))
}

fn fill(y: &mut [u8], width: usize, height: usize, quad: [[f64; 2]; 4], shade: u8) {
    for row in 0..height {
        let line = row as f64 + 0.5;
        let mut crossings = Vec::new();
        for index in 0..4 {
            let ([x1, y1], [x2, y2]) = (quad[index], quad[(index + 1) % 4]);
            if (y1 <= line) != (y2 <= line) {
                crossings.push(x1 + (line - y1) / (y2 - y1) * (x2 - x1));
            }
        }
        if let [a, b] = crossings[..] {
            let (from, to) = (a.min(b).clamp(0.0, width as f64), a.max(b).clamp(0.0, width as f64));
            y[row * width..][from.round() as usize..to.round() as usize].fill(shade);
        }
    }
}

fn detect(bus: &Bus) -> Result<(), Failure> {
    let publisher = bus.publisher(&"tags/detections".parse()?, PublisherOptions::default())?;
    let subscriber = bus.subscriber(&"front/image".parse()?, ReadOptions::default())?;
    loop {
        let Some(frame) = subscriber.recv(Duration::from_millis(500))? else {
            continue;
        };
        std::thread::sleep(Duration::from_millis(6));
        // A little earlier than the capture, as the squares were drawn before it.
        let seconds = frame.captured().mono.as_ns() as f64 / 1e9 - 0.004;
        let items: Vec<Value> = (0..3)
            .map(|id| {
                let (t, yaw) = tag_pose(id, seconds, 0.0);
                let (sin, cos) = yaw.to_radians().sin_cos();
                json!({"id": id * 7 + 3, "family": "tag36h11", "corners": corners(id, seconds, 0.0, [1280, 720]), "hamming": 0, "margin": 71.5,
                    "pose": {"R": [[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]], "t": t, "yaw": yaw, "pitch": 0.0, "roll": 0.0, "error": 0.02},
                    "ambiguity": if id == 2 { 0.7 } else { 0.05 }, "calibrated": id != 1})
            })
            .collect();
        let body = serde_json::to_vec(&json!({"type": "detections", "version": 1, "camera": "front", "items": items}))?;
        publisher.send(&[], &body, frame.captured(), Some(frame.origin().clone()))?;
    }
}

fn supervise(socket: &UnixListener, frames: &AtomicU64, restarted: &Mutex<Instant>, scenario: &str) {
    let started = Instant::now();
    for stream in socket.incoming().flatten() {
        let Ok((mut sender, mut receiver)) = halves(OwnedFd::from(stream)) else {
            continue;
        };
        let Ok(Some(request)) = receiver.recv::<Request>() else {
            continue;
        };
        let reply = match request {
            Request::Status => {
                let since = restarted
                    .lock()
                    .map(|at| at.elapsed().as_secs_f64())
                    .unwrap_or_default();
                Reply::Status(Box::new(status(
                    started.elapsed().as_secs_f64(),
                    frames.load(Ordering::Relaxed),
                    since,
                    scenario,
                )))
            }
            Request::Log { node, .. } => Reply::Log(
                (0..60)
                    .map(|n| {
                        format!(
                            "2026-11-21T08:1{}:{:02}.120Z  INFO {node}: opened 1280x720 i420 at 30 fps, frame {n}",
                            n / 60,
                            n % 60
                        )
                    })
                    .collect(),
            ),
            Request::Settings { node } => Reply::Settings(
                json!({"in": "front", "family": "tag36h11", "tag_size": "165mm", "decimate": 2, "threads": 1,
                "restart": {"first": "1s", "max": "30s", "give_up": 5}, "name": node}),
            ),
            Request::Restart { .. } => {
                if let Ok(mut at) = restarted.lock() {
                    *at = Instant::now();
                }
                Reply::Done
            }
            Request::Stop => Reply::Done,
        };
        let _ = sender.send(&reply);
    }
}

fn status(seconds: f64, frames: u64, since_restart: f64, scenario: &str) -> Status {
    let age = |p50: f64| json!({"p50": p50, "p95": p50 * 1.4, "p99": p50 * 2.0});
    let dropped = |superseded: u64| json!({"superseded": superseded, "overflow": 0, "damaged": 0, "skipped": 0});
    let door_silent = (MonoTime::now().as_ns() as f64 / 1e9) % 40.0 > 21.0;
    let mut nodes = BTreeMap::new();
    let mut node = |name: &str, kind: &str, role: &str, state: &str, extra: Value| {
        let mut value = json!({"kind": kind, "role": role, "state": state, "state_seconds": since_restart, "restarts": 0, "pid": 4242, "cpu": 0.12, "memory_bytes": 31_000_000});
        if let (Some(value), Some(extra)) = (value.as_object_mut(), extra.as_object()) {
            value.extend(extra.clone());
        }
        nodes.insert(name.to_owned(), value);
    };
    if scenario != "empty" {
        node("front", "scene", "source", "running", json!({"cpu": 0.21}));
        if scenario != "one" {
            node(
                "left",
                "usb",
                "source",
                "running",
                json!({"restarts": 2, "error": "the camera was unplugged", "hint": "look at the cable"}),
            );
            if door_silent {
                node(
                    "door",
                    "rtsp",
                    "source",
                    "stalled",
                    json!({"error": "no answer from 10.0.0.7:554, trying again", "hint": "is the camera switched on?", "state_seconds": 4.2}),
                );
            } else {
                node("door", "rtsp", "source", "running", json!({}));
            }
            node(
                "motion",
                "motion",
                "stage",
                "backoff",
                json!({"restarts": 4, "cpu": null, "pid": null, "error": "ended with signal 11 (segmentation fault)", "state_seconds": 1.2}),
            );
        }
        node(
            "tags",
            "apriltag",
            "stage",
            if since_restart < 2.0 { "starting" } else { "running" },
            json!({"cpu": 0.44, "memory_bytes": 48_000_000}),
        );
    }
    node("web", "web", "sink", "running", json!({"cpu": 0.08}));
    let stream = |carries: &str, fps: f64, shape: &str, silent: f64, bps: f64| json!({"carries": carries, "frames": frames, "fps": fps, "age_ms": age(1.2), "bits_per_second": bps, "readers": 1, "shape": shape, "clock": "rendered", "silent_ms": silent});
    let mut streams = json!({});
    let mut edges = json!([]);
    if scenario != "empty" {
        streams = json!({"front/image": stream("image", 30.0, "1280x720 i420", 12.0, 331e6), "tags/detections": stream("detections", 29.9, "", 14.0, 0.4e6)});
        edges = json!([
            {"from": "front/image", "to": "tags", "delivered": frames, "dropped": dropped(12), "fps": 29.9, "age_ms": age(1.6)},
            {"from": "front/image", "to": "web", "delivered": frames, "dropped": dropped(0), "fps": 30.0, "age_ms": age(1.7)},
            {"from": "tags/detections", "to": "web", "delivered": frames, "dropped": dropped(0), "fps": 29.9, "age_ms": age(9.1)},
        ]);
        if scenario != "one" {
            streams["left/image"] = stream("image", 30.0, "640x480 i420", 20.0, 110e6);
            streams["door/image"] = stream(
                "image",
                if door_silent { 0.0 } else { 30.0 },
                "1280x720 i420",
                if door_silent { 4200.0 } else { 8.0 },
                331e6,
            );
            if let Some(edges) = edges.as_array_mut() {
                edges.push(json!({"from": "left/image", "to": "web", "delivered": frames, "dropped": dropped(0), "fps": 30.0, "age_ms": age(1.7)}));
                edges.push(json!({"from": "door/image", "to": "web", "delivered": frames, "dropped": dropped(0), "fps": 30.0, "age_ms": age(240.0)}));
                edges.push(json!({"from": "left/image", "to": "motion", "delivered": frames, "dropped": dropped(3100), "fps": 4.0, "age_ms": age(1700.0)}));
            }
        }
    }
    let value = json!({"instance": "pit", "pid": 100, "web": "http://127.0.0.1:5810", "seconds": seconds, "nodes": nodes, "streams": streams, "edges": edges});
    serde_json::from_value(value).unwrap_or_else(|error| panic!("{error}"))
}
