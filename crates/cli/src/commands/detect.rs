//! `bushbaby detect`: AprilTags in picture files.
//!
//! In: files (PNG, JPEG, PNM) and what is known about camera and tags. Out: a table, or with `--json` one line a picture after a header
//! line. A picture that cannot be read gets a line of its own; the rest goes on, and the exit code is 1.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use bushbaby_vision::apriltag::{
    CDetector, DetectError, DetectorSettings, Family, GrayView, TagDetection, TagDetector,
};
use bushbaby_vision::results::{Detections, Known, TagSizes, detections};

mod camera;
mod picture;
mod report;

use camera::{CameraChoice, KnownCamera};
use picture::Picture;

/// Arguments of `detect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Pictures: PNG, JPEG, PGM or PPM.
    #[arg(value_name = "IMAGE", required_unless_present = "list")]
    images: Vec<PathBuf>,

    /// A file with one picture's path a line.
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,

    /// Print a header, then one JSON object a picture.
    #[arg(long)]
    json: bool,

    /// Which tags: tag36h11, tag16h5, tag25h9, tagStandard41h12, tagCircle21h7 …
    #[arg(long, default_value_t, value_name = "FAMILY")]
    family: Family,

    /// Look for tags in a picture this many times smaller: 1, 1.5 or a whole number up to 8.
    #[arg(long, default_value_t = 1.0, value_name = "N")]
    decimate: f32,

    /// Threads that share one picture; 1 starts none.
    #[arg(long, default_value_t = 1, value_name = "N")]
    threads: u32,

    /// Wrong bits that may be put right; without it, what the family stands.
    #[arg(long, value_name = "BITS")]
    max_hamming: Option<u32>,

    /// Leave out tags with a side shorter than this, in pixels.
    #[arg(long, default_value_t = 0.0, value_name = "PX")]
    min_side: f32,

    /// Least grey levels between black and white; lower finds fainter tags and takes longer.
    #[arg(long, default_value_t = 20, value_name = "LEVELS")]
    contrast: u8,

    /// Measure each picture this many times.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,

    /// Look at each picture this many times before measuring.
    #[arg(long, default_value_t = 0, value_name = "N")]
    warmup: u32,

    #[command(flatten)]
    camera: CameraChoice,

    /// Side of the tags, as in `165mm`, `6.5in` or `0.165` (metres): outer edge of the black border for tag36h11.
    #[arg(long, value_name = "LENGTH", value_parser = camera::metres)]
    tag_size: Option<f64>,
}

/// What the detector said about one picture.
struct Found {
    /// Milliseconds of each repeat, the detection alone.
    ms: Vec<f64>,
    result: Detections,
}

/// Looks at every picture and prints what it finds, until the reader of stdout has gone.
pub(crate) fn run(args: &Args) -> ExitCode {
    let prepared = images(args).and_then(|images| {
        let camera = args.camera.read()?;
        if args.tag_size.is_some() && camera.is_none() {
            return Err("--tag-size alone gives no pose: say --camera or --calibration too".to_owned());
        }
        Ok((images, camera))
    });
    let (images, camera) = match prepared {
        Ok(prepared) => prepared,
        Err(message) => return complain(&message, 2),
    };
    let mut detector = match detector(args) {
        Ok(detector) => detector,
        Err(error @ DetectError::Setting { .. }) => return complain(&error.to_string(), 2),
        Err(error) => return complain(&error.to_string(), 1),
    };
    if camera.is_some() && args.tag_size.is_none() {
        eprintln!("note: without --tag-size there are no poses");
    }
    match look(args, &images, camera.as_ref(), detector.as_mut()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => complain(&format!("stdout: {error}"), 1),
    }
}

/// Returns whether every picture could be looked at.
fn look(
    args: &Args,
    images: &[PathBuf],
    camera: Option<&KnownCamera>,
    detector: &mut dyn TagDetector,
) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    let tag_sizes = args.tag_size.map(TagSizes::all);
    let mut all_good = true;
    if args.json {
        writeln!(out, "{}", report::header())?;
    }
    for path in images {
        let found = Picture::read(path)
            .and_then(|picture| Ok((found(args, &picture, camera, tag_sizes.as_ref(), detector)?, picture)));
        match found {
            Ok((found, picture)) if args.json => writeln!(out, "{}", report::frame(path, &picture, &found))?,
            Ok((found, picture)) => write!(out, "{}", report::table(path, &picture, &found))?,
            Err(message) => {
                all_good = false;
                if args.json {
                    writeln!(out, "{}", report::error(path, &message))?;
                } else {
                    complain(&format!("{}: {message}", path.display()), 1);
                }
            }
        }
    }
    out.flush()?;
    Ok(all_good)
}

fn found(
    args: &Args,
    picture: &Picture,
    camera: Option<&KnownCamera>,
    tag_sizes: Option<&TagSizes>,
    detector: &mut dyn TagDetector,
) -> Result<Found, String> {
    let (width_px, height_px) = picture.size_px();
    let camera = camera.map(|camera| camera.for_size(width_px, height_px)).transpose()?;
    let view = picture.view();
    for _ in 0..args.warmup {
        timed(detector, view)?;
    }
    let (mut ms, mut tags) = (Vec::new(), Vec::new());
    for _ in 0..args.repeat {
        let (took_ms, seen) = timed(detector, view)?;
        ms.push(took_ms);
        tags = seen;
    }
    let known = Known {
        camera: camera.as_ref(),
        tag_sizes,
        ..Known::default()
    };
    Ok(Found {
        ms,
        result: detections("", &tags, known),
    })
}

fn timed(detector: &mut dyn TagDetector, view: GrayView<'_>) -> Result<(f64, Vec<TagDetection>), String> {
    let start = Instant::now();
    let tags = detector.detect(view).map_err(|error| error.to_string())?;
    Ok((start.elapsed().as_secs_f64() * 1e3, tags))
}

fn detector(args: &Args) -> Result<Box<dyn TagDetector>, DetectError> {
    let settings = DetectorSettings {
        decimate: args.decimate,
        threads: args.threads,
        max_hamming: args.max_hamming,
        min_side_px: args.min_side,
        contrast: args.contrast,
        ..DetectorSettings::for_family(args.family)
    };
    Ok(Box::new(CDetector::new(&settings)?))
}

/// The pictures of the command line, then those of the list.
fn images(args: &Args) -> Result<Vec<PathBuf>, String> {
    let mut images = args.images.clone();
    if let Some(list) = &args.list {
        let text = std::fs::read_to_string(list).map_err(|error| format!("--list {}: {error}", list.display()))?;
        let paths = text.lines().filter(|line| !line.trim().is_empty());
        images.extend(paths.map(|line| Path::new(line).to_owned()));
    }
    Ok(images)
}

fn complain(message: &str, code: u8) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(code)
}
