//! Cameras and stages for the page's tests: they send what they are told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use bushbaby_bus::{ArrayLayout, Bus, CaptureClock, CaptureTime, DType, Publisher, PublisherOptions, ReadOptions};
use bushbaby_pixels::jpeg::Encoder;
use bushbaby_pixels::{ColorSpace, Image, PixelFormat};
use serde_json::json;

/// What a camera's frames hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    I420,
    Jpeg,
    /// An RGB-D capture of two views: depth goes from 1 m at the left to 3 m at the right, and is not known in the first row.
    Rgbd,
}

/// A camera that sends a frame every 20 ms until it is dropped.
pub struct Camera {
    ends: Arc<AtomicBool>,
    pub sent: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Camera {
    pub fn start(bus: &Bus, stream: &str, [width, height]: [usize; 2], format: Format) -> Self {
        let publisher = bus
            .publisher(&stream.parse().unwrap(), PublisherOptions::default())
            .unwrap();
        let (ends, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (until, count) = (ends.clone(), sent.clone());
        let shoot = move || {
            while !until.load(Ordering::Relaxed) {
                send(&publisher, [width, height], format, count.load(Ordering::Relaxed) as u8);
                count.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(20));
            }
        };
        Self {
            ends,
            sent,
            thread: Some(std::thread::spawn(shoot)),
        }
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn send(publisher: &Publisher, [width, height]: [usize; 2], format: Format, shade: u8) {
    let captured = CaptureTime::now(CaptureClock::Received);
    if format == Format::Rgbd {
        return send_rgbd(publisher, [width, height], captured, shade);
    }
    let body = json!({"type": "image", "version": 1, "camera": "front", "calibration": {"fx": 600.0}}).to_string();
    if format == Format::Jpeg {
        let image = Image::new(PixelFormat::Gray8, width as u32, height as u32, ColorSpace::JPEG).unwrap();
        let jpeg = Encoder::new(50).unwrap().encode(&image.view()).unwrap().into_owned();
        let layout = ArrayLayout::new("jpeg", DType::U8, vec![jpeg.len()]).with_encoding("jpeg");
        publisher
            .send(&[(&layout, &jpeg)], body.as_bytes(), captured, None)
            .unwrap();
        return;
    }
    let [y, u, v] = [
        ("y", vec![height, width]),
        ("u", vec![height / 2, width / 2]),
        ("v", vec![height / 2, width / 2]),
    ]
    .map(|(name, shape)| ArrayLayout::new(name, DType::U8, shape).with_encoding("i420"));
    let (luma, chroma) = (vec![shade; width * height], vec![128; width * height / 4]);
    publisher
        .send(
            &[(&y, &luma), (&u, &chroma), (&v, &chroma)],
            body.as_bytes(),
            captured,
            None,
        )
        .unwrap();
}

fn send_rgbd(publisher: &Publisher, [width, height]: [usize; 2], captured: CaptureTime, shade: u8) {
    let body = json!({"type": "rgbd", "version": 1, "camera": "table", "calibration": {"fx": 500.0}}).to_string();
    let [rgb, right] = ["rgb", "rgb_right"]
        .map(|name| ArrayLayout::new(name, DType::U8, vec![height, width, 3]).with_encoding("rgb8"));
    let depth = ArrayLayout::new("depth", DType::F32, vec![height, width]);
    let pixels = vec![shade; width * height * 3];
    let metres = (0..width * height).map(|at| match at / width {
        0 => f32::NAN,
        _ => 1.0 + 2.0 * (at % width) as f32 / (width - 1) as f32,
    });
    let metres: Vec<u8> = metres.flat_map(f32::to_le_bytes).collect();
    publisher
        .send(
            &[(&rgb, &pixels), (&right, &pixels), (&depth, &metres)],
            body.as_bytes(),
            captured,
            None,
        )
        .unwrap();
}

/// A program that says about every frame of `pictures`, on `stream`, that its left half is `label`: a box and a mask.
pub fn start_halves(bus: &Bus, pictures: &str, stream: &str) -> Arc<AtomicBool> {
    let publisher = bus
        .publisher(&stream.parse().unwrap(), PublisherOptions::default())
        .unwrap();
    let subscriber = bus
        .subscriber(&pictures.parse().unwrap(), ReadOptions::default())
        .unwrap();
    let ends = Arc::new(AtomicBool::new(false));
    let until = ends.clone();
    std::thread::spawn(move || {
        let layout = ArrayLayout::new("mask0", DType::U8, vec![360, 640]);
        let mask: Vec<u8> = (0..360 * 640).map(|at| u8::from(at % 640 < 320)).collect();
        let body = json!({"type": "results", "version": 1, "camera": "front", "items": [
            {"type": "box", "x": 0, "y": 0, "width": 320, "height": 360, "label": "left", "score": 0.9, "id": null},
            {"type": "mask", "array": "mask0", "label": "left", "color": null},
        ]});
        while !until.load(Ordering::Relaxed) {
            let Ok(Some(frame)) = subscriber.recv(Duration::from_millis(100)) else {
                continue;
            };
            publisher
                .send(
                    &[(&layout, &mask)],
                    body.to_string().as_bytes(),
                    frame.captured(),
                    Some(frame.origin().clone()),
                )
                .unwrap();
        }
    });
    ends
}

/// A stage that finds one tag in every frame of a camera, until the thread is told to end.
pub fn start_stage(bus: &Bus, camera: &str) -> Arc<AtomicBool> {
    let publisher = bus
        .publisher(&"tags/detections".parse().unwrap(), PublisherOptions::default())
        .unwrap();
    let subscriber = bus
        .subscriber(&camera.parse().unwrap(), ReadOptions::default())
        .unwrap();
    let ends = Arc::new(AtomicBool::new(false));
    let until = ends.clone();
    std::thread::spawn(move || {
        while !until.load(Ordering::Relaxed) {
            let Ok(Some(frame)) = subscriber.recv(Duration::from_millis(100)) else {
                continue;
            };
            let body = json!({"type": "detections", "version": 1, "camera": "front", "items": [{"id": 7}]}).to_string();
            publisher
                .send(&[], body.as_bytes(), frame.captured(), Some(frame.origin().clone()))
                .unwrap();
        }
    });
    ends
}

/// Sends one piece of sound, or what is none.
pub fn send_sound(publisher: &Publisher, rate_hz: u32, channels: usize, samples: &[f32]) {
    let layout = ArrayLayout::new("audio", DType::F32, vec![samples.len() / channels, channels]).with_encoding("pcm");
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let body = json!({"type": "audio", "version": 1, "source": "cot", "sample_rate_hz": rate_hz, "position": 0});
    let captured = CaptureTime::now(CaptureClock::Packet);
    publisher
        .send(&[(&layout, &bytes)], body.to_string().as_bytes(), captured, None)
        .unwrap();
}

/// A microphone that sends a tone of 1 kHz at −20 dBFS (its peak −17) in pieces of 20 ms, 16 kHz, until it is dropped.
pub struct Microphone {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Microphone {
    pub fn start(bus: &Bus, stream: &str) -> Self {
        let publisher = bus
            .publisher(&stream.parse().unwrap(), PublisherOptions::default())
            .unwrap();
        let ends = Arc::new(AtomicBool::new(false));
        let until = ends.clone();
        let hum = move || {
            let piece: Vec<f32> = (0..320)
                .map(|at| 0.1 * 2_f32.sqrt() * (std::f32::consts::TAU * at as f32 / 16.0).sin())
                .collect();
            while !until.load(Ordering::Relaxed) {
                send_sound(&publisher, 16_000, 1, &piece);
                std::thread::sleep(Duration::from_millis(20));
            }
        };
        Self {
            ends,
            thread: Some(std::thread::spawn(hum)),
        }
    }
}

impl Drop for Microphone {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Sends a result: a body alone.
pub fn send_body(publisher: &Publisher, body: &serde_json::Value) {
    let captured = CaptureTime::now(CaptureClock::Packet);
    publisher
        .send(&[], body.to_string().as_bytes(), captured, None)
        .unwrap();
}
