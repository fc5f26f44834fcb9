//! Coloured targets in JPEG files: what is found, and how long it takes.
//!
//! ```text
//! cargo run --release -p bushbaby-vision --example targets -- \
//!     hue=60,100 saturation=100,255 value=190,255 model=tape2019 calibration=camera.json size=640x480 repeat=200 *.jpg
//! ```
//!
//! Prints one line of JSON a picture: the targets, and the milliseconds of each repeat in the median, from RGB and from I420,
//! without decoding.
#![allow(clippy::print_stdout)] // a program

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use bushbaby_pixels::{Image, ImageView, Resizer, to_i420, to_rgb8};
use bushbaby_vision::calibration;
use bushbaby_vision::camera::CameraModel;
use bushbaby_vision::results::{KnownTarget, targets};
use bushbaby_vision::target::{
    Aim, Filter, Grouping, HsvLimits, Limits, Meeting, Preset, Sort, TargetDetector, TargetModel, TargetSettings,
};

struct Options {
    limits: HsvLimits,
    model: Option<TargetModel>,
    calibration: Option<String>,
    size: Option<[u32; 2]>,
    repeat: usize,
    pictures: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = options()?;
    for path in &options.pictures {
        let jpeg = std::fs::read(path)?;
        let mut rgb = to_rgb8(&ImageView::jpeg(&jpeg)?)?;
        if let Some([width, height]) = options.size {
            let mut sized = Image::default();
            Resizer::new().resize(&rgb.view(), width, height, &mut sized)?;
            rgb = sized;
        }
        let i420 = to_i420(&rgb.view())?;
        let (width, height) = (rgb.view().width(), rgb.view().height());
        let camera = match &options.calibration {
            Some(file) => calibration::from_path(Path::new(file), Some((width, height)))?
                .camera
                .scaled_to(width, height)?,
            None => CameraModel::from_fov(width, height, 60.0)?,
        };
        let mut detector = TargetDetector::new(settings(&options));
        let found = detector.detect(&rgb.view())?;
        let ms = [
            median_ms(&mut detector, &rgb, options.repeat)?,
            median_ms(&mut detector, &i420, options.repeat)?,
        ];
        let known = KnownTarget {
            camera: &camera,
            model: options.model.as_ref(),
            aim: Aim::Middle,
            label: None,
        };
        let written = serde_json::to_string(&targets(path, &found, known))?;
        println!(
            r#"{{"ms_rgb":{:.3},"ms_i420":{:.3},"lit_px":{},"found":{written}}}"#,
            ms[0],
            ms[1],
            detector.mask().count()
        );
    }
    Ok(())
}

fn median_ms(detector: &mut TargetDetector, image: &Image, repeat: usize) -> Result<f64, Box<dyn Error>> {
    let mut ms = Vec::with_capacity(repeat);
    for _ in 0..repeat {
        let start = Instant::now();
        detector.detect(&image.view())?;
        ms.push(start.elapsed().as_secs_f64() * 1e3);
    }
    ms.sort_by(f64::total_cmp);
    Ok(ms.get(ms.len() / 2).copied().unwrap_or(f64::NAN))
}

fn settings(options: &Options) -> TargetSettings {
    let parts = options.model.as_ref().map_or(1, |model| model.parts().len());
    TargetSettings {
        limits: Limits::Hsv(options.limits),
        filter: Filter::default(),
        grouping: match parts {
            1 => Grouping::Single,
            _ => Grouping::Pair {
                meeting: Meeting::Up,
                max_gap: 2.5,
            },
        },
        sort: Sort::Largest,
        most: 20,
        corner_count: options.model.as_ref().map(|model| model.parts()[0].len()),
    }
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options {
        limits: HsvLimits {
            hue: [50, 100],
            saturation: [100, 255],
            value: [120, 255],
        },
        model: None,
        calibration: None,
        size: None,
        repeat: 1,
        pictures: Vec::new(),
    };
    for argument in std::env::args().skip(1) {
        match argument.split_once('=') {
            Some(("hue", value)) => options.limits.hue = two(value, ',')?.map(|v| v as u8),
            Some(("saturation", value)) => options.limits.saturation = two(value, ',')?.map(|v| v as u8),
            Some(("value", value)) => options.limits.value = two(value, ',')?.map(|v| v as u8),
            Some(("model", value)) => options.model = Some(value.parse::<Preset>()?.model()),
            Some(("calibration", value)) => options.calibration = Some(value.to_owned()),
            Some(("size", value)) => options.size = Some(two(value, 'x')?),
            Some(("repeat", value)) => options.repeat = value.parse()?,
            _ => options.pictures.push(argument),
        }
    }
    Ok(options)
}

fn two(value: &str, between: char) -> Result<[u32; 2], Box<dyn Error>> {
    let (a, b) = value
        .split_once(between)
        .ok_or_else(|| format!("`{value}`: wanted two numbers"))?;
    Ok([a.parse()?, b.parse()?])
}
