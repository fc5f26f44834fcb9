//! Writes small recordings as the recorder does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bushbaby_pixels::{ColorSpace, Image, Matrix, PixelFormat, Range, jpeg};
use bushbaby_recording::messages::array::{Depth, Rows};
use bushbaby_recording::messages::result::{ArrayRecord, InfoRecord, OriginRecord, ResultRecord};
use bushbaby_recording::messages::{array, picture as pictures, points, sound};
use bushbaby_recording::{Contents, McapWriter, Message, topics};
use bushbaby_testkit::h264::film;
use serde_json::{Value, json};
use tempfile::TempDir;

/// When the first frame was captured, in nanoseconds since 1970.
pub(super) const START_NS: u64 = 1_700_000_000_000_000_000;
/// From one frame to the next.
pub(super) const FRAME_NS: u64 = 40_000_000;

/// A recording in the making, and then its file, which goes with it.
pub(super) struct Recorder {
    folder: TempDir,
    writer: Option<McapWriter>,
    bytes: Vec<u8>,
    now_ns: u64,
}

impl Recorder {
    pub(super) fn new() -> Self {
        let metadata = BTreeMap::from([("version".to_owned(), "1".to_owned())]);
        let (writer, bytes) = McapWriter::begin(&metadata);
        Self {
            folder: tempfile::tempdir().unwrap(),
            writer: Some(writer),
            bytes,
            now_ns: 0,
        }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("rec.mcap")
    }

    /// Ends it as a recorder does.
    pub(super) fn finish(mut self) -> Self {
        let end = self.writer.take().unwrap().finish();
        self.bytes.extend(end);
        std::fs::write(self.path(), &self.bytes).unwrap();
        self
    }

    /// Ends it as a recorder that is killed: without its last bytes, and without any end.
    pub(super) fn killed(self, last: usize) -> Self {
        std::fs::write(self.path(), &self.bytes[..self.bytes.len() - last]).unwrap();
        self
    }

    fn add(&mut self, topic: &str, contents: Contents, number: u32, data: Vec<u8>) {
        let message = Message {
            topic: topic.to_owned(),
            contents,
            sequence: number,
            log_time_ns: at(number),
            data,
        };
        let writer = self.writer.as_mut().unwrap();
        writer.add(&message, self.now_ns);
        self.now_ns += FRAME_NS;
        self.bytes.extend(writer.take_due(self.now_ns));
    }

    fn info(&mut self, stream: &str, encoding: &str, color: ColorSpace, body: Value) {
        let array = ArrayRecord {
            name: "first".to_owned(),
            dtype: "uint8".to_owned(),
            shape: Vec::new(),
            encoding: encoding.to_owned(),
            matrix: Some(
                if color.matrix == Matrix::Bt709 {
                    "bt709"
                } else {
                    "bt601"
                }
                .to_owned(),
            ),
            range: Some(
                if color.range == Range::Limited {
                    "limited"
                } else {
                    "full"
                }
                .to_owned(),
            ),
        };
        let info = InfoRecord {
            generation: 7,
            clock: "rendered".to_owned(),
            arrays: vec![array],
            body,
        };
        self.add(&topics::part(stream, topics::INFO), Contents::Info, 0, info.encoded());
    }

    fn info_of_picture(&mut self, stream: &str, encoding: &str, color: ColorSpace) {
        let body = json!({"type": "image", "version": 1, "camera": "front", "calibration": calibration()});
        self.info(stream, encoding, color, body);
    }

    pub(super) fn raw(&mut self, stream: &str, format: PixelFormat, numbers: impl IntoIterator<Item = u32>) {
        self.info_of_picture(stream, format.name(), picture(format, 0).view().color());
        for number in numbers {
            let data = pictures::raw("front", at(number), &picture(format, number).view()).unwrap();
            self.add(stream, Contents::RawImage, number, data);
        }
    }

    /// A keyframe every ten pictures.
    pub(super) fn video(&mut self, stream: &str, count: u32) {
        self.info_of_picture(stream, "i420", ColorSpace::JPEG);
        for (number, picture) in (0..).zip(film(160, 240, 25, 10, count)) {
            self.add(
                stream,
                Contents::Video,
                number,
                pictures::video("front", at(number), picture.annex_b),
            );
        }
    }

    pub(super) fn jpeg(&mut self, stream: &str, count: u32) -> Vec<Vec<u8>> {
        self.info_of_picture(stream, "jpeg", ColorSpace::JPEG);
        let mut encoder = jpeg::Encoder::new(80).unwrap();
        let jpegs: Vec<Vec<u8>> = (0..count)
            .map(|number| {
                encoder
                    .encode(&picture(PixelFormat::I420, number).view())
                    .unwrap()
                    .into_owned()
            })
            .collect();
        for (number, jpeg) in (0..).zip(&jpegs) {
            self.add(
                stream,
                Contents::Jpeg,
                number,
                pictures::jpeg("front", at(number), jpeg.clone()),
            );
        }
        jpegs
    }

    /// Captures with depth, confidence and points; depth as it is, or in whole millimetres.
    pub(super) fn captures(&mut self, node: &str, count: u32, is_exact: bool) {
        let (rgbd, cloud) = (format!("{node}/rgbd"), format!("{node}/points"));
        let body = json!({"type": "rgbd", "version": 1, "camera": node, "baseline_m": 0.12});
        self.info(&rgbd, "rgb8", ColorSpace::JPEG, body.clone());
        self.info(&cloud, "", ColorSpace::JPEG, body);
        let kept = if is_exact {
            Depth::Metres32
        } else {
            Depth::Millimetres16
        };
        for number in 0..count {
            let (was, ns) = (capture(number), at(number));
            let rgb = picture(PixelFormat::Rgb8, number);
            let (depth, confidence, xyz) = (le(&was.depth_m), le(&was.confidence), le(&was.points_m));
            let rows = |bytes| Rows {
                dtype: "float32",
                width: 16,
                height: 8,
                stride_bytes: 64,
                bytes,
            };
            let depth = array::depth(node, ns, rows(&depth), kept).unwrap();
            let confidence = array::raw(node, ns, rows(&confidence)).unwrap();
            // Written in an order that is not the arrays' own.
            self.add(&format!("{rgbd}/depth"), Contents::RawImage, number, depth);
            self.add(&format!("{rgbd}/confidence"), Contents::RawImage, number, confidence);
            let rgb = pictures::raw(node, ns, &rgb.view()).unwrap();
            self.add(&format!("{rgbd}/rgb"), Contents::RawImage, number, rgb);
            let points = points::cloud(node, ns, &xyz, Some(&was.rgb));
            self.add(&cloud, Contents::PointCloud, number, points);
        }
    }

    /// Pieces of sound of 40 ms, two channels of 8 kHz; those numbers that are not there were never heard.
    pub(super) fn sound(&mut self, stream: &str, numbers: impl IntoIterator<Item = u32>) {
        let body = json!({"type": "audio", "version": 1, "source": "front", "sample_rate_hz": 8_000});
        self.info(stream, "pcm", ColorSpace::JPEG, body);
        for number in numbers {
            let data = sound::sound(at(number), 8_000, 2, samples(number));
            self.add(stream, Contents::Sound, number, data);
        }
    }

    /// Messages of every form that say nothing that makes sense.
    pub(super) fn damaged(&mut self, node: &str, data: &[Vec<u8>]) {
        let forms = [
            ("image", Contents::Video),
            ("image", Contents::Jpeg),
            ("image", Contents::RawImage),
            ("image/info", Contents::Info),
            ("rgbd/rgb", Contents::RawImage),
            ("rgbd/depth", Contents::RawImage),
            ("points", Contents::PointCloud),
            ("calibration", Contents::Calibration),
            ("results", Contents::Result),
            ("audio", Contents::Sound),
        ];
        for ((name, contents), data) in forms.into_iter().zip(data) {
            self.add(&format!("{node}/{name}"), contents, 2, data.clone());
        }
    }

    /// A result of the picture of that number.
    pub(super) fn result(&mut self, stream: &str, of: &str, number: u32) {
        let record = ResultRecord {
            captured_at_ns: at(number),
            origin: OriginRecord {
                stream: of.to_owned(),
                generation: 7,
                seq: number.into(),
                captured_at_ns: at(number),
            },
            body: json!({"type": "detections", "version": 1, "camera": "front", "items": []}),
        };
        self.add(stream, Contents::Result, number, record.encoded());
    }
}

impl AsRef<Path> for Recorder {
    fn as_ref(&self) -> &Path {
        self.folder.path()
    }
}

fn at(number: u32) -> u64 {
    START_NS + u64::from(number) * FRAME_NS
}

/// A piece of sound, each number another.
pub(super) fn samples(number: u32) -> [i16; 640] {
    std::array::from_fn(|at| (at as i16 * 3).wrapping_add(number as i16 * 1000))
}

/// What the pictures' bodies say of the camera.
pub(super) fn calibration() -> Value {
    json!({"width_px": 16, "height_px": 8, "fx": 20.0, "fy": 20.0, "cx": 8.0, "cy": 4.0, "model": "pinhole", "distortion": [], "guessed": false})
}

/// A picture of 16 by 8 pixels, each number another.
pub(super) fn picture(format: PixelFormat, number: u32) -> Image {
    let color = match format {
        PixelFormat::I420 | PixelFormat::Nv12 | PixelFormat::Yuyv => ColorSpace {
            matrix: Matrix::Bt709,
            range: Range::Limited,
        },
        _ => ColorSpace::JPEG,
    };
    let mut image = Image::new(format, 16, 8, color).unwrap();
    for (plane, bytes) in image.planes_mut().into_iter().enumerate() {
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = (at * 7 + plane * 50 + number as usize * 31) as u8;
        }
    }
    image
}

/// What a depth camera saw.
pub(super) struct Capture {
    pub(super) rgb: Vec<u8>,
    pub(super) depth_m: Vec<f32>,
    pub(super) confidence: Vec<f32>,
    pub(super) points_m: Vec<f32>,
}

pub(super) fn capture(number: u32) -> Capture {
    let depth_m: Vec<f32> = (0..128)
        .map(|at| {
            if at == 5 {
                f32::NAN
            } else {
                0.4321 + at as f32 * 0.0173 + number as f32
            }
        })
        .collect();
    Capture {
        rgb: picture(PixelFormat::Rgb8, number).bytes().to_vec(),
        confidence: depth_m
            .iter()
            .map(|metres| if metres.is_nan() { 0.0 } else { 1.0 / metres })
            .collect(),
        points_m: (0..384).map(|at| at as f32 * 0.01).collect(),
        depth_m,
    }
}

fn le(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// Numbers of an array.
pub(super) fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect()
}
