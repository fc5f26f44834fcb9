//! How long the `overlay` stage takes for a picture, from the frame it is handed to the frame that was sent.
//!
//! ```text
//! cargo run --release -p bushbaby-stages --example overlay -- 1280x720 300
//! ```
//!
//! Six tags with poses, two targets, a crosshair and three lines of text whose numbers change with every picture. Budget: 2 ms at 720p.
//! Prints for each format the milliseconds of a picture with all of it and of one with nothing on it, which is only copied: the
//! median, then the 95th percentile.
#![allow(clippy::print_stdout)] // a program

use std::error::Error;
use std::time::{Duration, Instant};

use bushbaby_bus::{CaptureClock, CaptureTime, Instance, ReadOptions};
use bushbaby_node::control::InputSpec;
use bushbaby_node::image::{self, ImageMeta};
use bushbaby_node::{Carries, Inputs, OutputSpec, Outputs, Stage, testing};
use bushbaby_pixels::{ColorSpace, Image, PixelFormat};
use bushbaby_stages::overlay::Overlay;
use bushbaby_vision::camera::CameraModel;
use serde_json::{Value, json};

const PICTURES: OutputSpec = OutputSpec {
    name: "image",
    carries: Carries::Image,
    owes_frames: true,
};
const RESULTS: OutputSpec = OutputSpec {
    name: "results",
    carries: Carries::Results,
    owes_frames: false,
};
const FORMATS: [PixelFormat; 5] = [
    PixelFormat::I420,
    PixelFormat::Nv12,
    PixelFormat::Yuyv,
    PixelFormat::Rgb8,
    PixelFormat::Gray8,
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let size = arguments.next().unwrap_or_else(|| "1280x720".to_owned());
    let (width, height) = size.split_once('x').ok_or("wanted a size such as 1280x720")?;
    let size: [u32; 2] = [width.parse()?, height.parse()?];
    let pictures: u64 = arguments.next().map_or(Ok(300), |count| count.parse())?;
    println!("format   all of it         nothing on it");
    for format in FORMATS {
        let texts = json!({"crosshair": true, "text":
            ["{found.count} found", "{found.0.pose.t.2:.2f} m  {found.6.yaw:.1f}°", "Grüße {found.7.pitch:.1f}°"]});
        let all = measured(format, size, pictures, texts, scene)?;
        let nothing = measured(format, size, pictures, json!({}), |_, _| json!({"items": []}))?;
        println!("{:<8} {all}   {nothing}", format.name());
    }
    Ok(())
}

/// Results that are another for each picture.
fn scene(picture: u64, [width, height]: [f64; 2]) -> Value {
    let step = picture as f64;
    let tags = (0..6).map(|id| {
        let (x, y) = (width * (0.1 + 0.14 * f64::from(id)), height * 0.3 + step % 50.0);
        let side = height * 0.08;
        json!({"type": "tag", "id": id, "corners": [[x, y + side], [x + side, y + side], [x + side, y], [x, y]], "calibrated": true,
            "pose": {"R": [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "t": [0.1 * f64::from(id) - 0.3, 0.0, 1.5 + step / 997.0]}})
    });
    let targets = (0..2).map(|index| {
        let (x, y) = (width * (0.3 + 0.3 * f64::from(index)), height * 0.6);
        json!({"type": "target", "yaw": step / 7.0 % 30.0, "pitch": step / 11.0 % 20.0, "aim": [x, y], "calibrated": true,
            "polygon": [[x - 90.0, y + 40.0], [x + 90.0, y + 40.0], [x + 60.0, y - 40.0], [x - 60.0, y - 40.0]]})
    });
    json!({"type": "results", "items": tags.chain(targets).collect::<Vec<_>>()})
}

fn measured(
    format: PixelFormat,
    size: [u32; 2],
    pictures: u64,
    settings: Value,
    found: fn(u64, [f64; 2]) -> Value,
) -> Result<String, Box<dyn Error>> {
    let instance: Instance = testing::instance("overlay");
    let input = |stream: &str| -> Result<InputSpec, Box<dyn Error>> {
        Ok(InputSpec {
            stream: stream.parse()?,
            queue: None,
            every: None,
            max_fps: None,
            window: None,
        })
    };
    let wires = vec![input("front/image")?, input("found/results")?];
    let context = testing::context(&instance, "view", "overlay", wires)?;
    let mut stage = Overlay::open(serde_json::from_value(settings)?, &context)?;
    let mut inputs = Inputs::open(&context)?;
    let mut out = Outputs::open(&context, Overlay::OUTPUTS)?;
    let mut camera = Outputs::open(&testing::context(&instance, "front", "scene", vec![])?, &[PICTURES])?;
    let mut finder = Outputs::open(&testing::context(&instance, "found", "own", vec![])?, &[RESULTS])?;
    let reader = context.bus.subscriber(&"view/image".parse()?, ReadOptions::default())?;
    let meta = ImageMeta::new("front", Some(&CameraModel::from_fov(size[0], size[1], 70.0)?));
    let picture = Image::new(format, size[0], size[1], ColorSpace::JPEG)?;
    let mut took = Vec::new();
    for number in 0..pictures {
        let captured = CaptureTime::now(CaptureClock::Rendered);
        image::send(&mut camera, "image", &picture.view(), captured, None, &meta)?;
        let origin = camera.last_sent("image").ok_or("no picture was sent")?;
        finder.send_result("results", &found(number, size.map(f64::from)), captured, Some(&origin))?;
        let frames = [
            inputs.recv(Duration::from_secs(5))?,
            inputs.recv(Duration::from_secs(5))?,
        ];
        let begin = Instant::now();
        for frame in frames.into_iter().flatten() {
            stage.process(frame, &mut out)?;
        }
        took.push(begin.elapsed().as_secs_f64() * 1e3);
        reader.recv(Duration::from_secs(5))?.ok_or("no picture came")?;
    }
    took.sort_by(f64::total_cmp);
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    Ok(format!("{:6.3} {:6.3} ms", at(0.5), at(0.95)))
}
