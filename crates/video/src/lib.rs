//! Pictures to H.264 that every player takes: constrained baseline, parameter sets with every keyframe, no B-frames.
//!
//! In: a picture in any format, and when it was captured. Out: one access unit in Annex B, of that very picture.
//!
//! A recording has a keyframe a second and every picture ([`VideoEncoder::new`]). What is watched live has one when it
//! is asked for, and a picture is left out before the bit rate is exceeded ([`VideoEncoder::live`]).

#![deny(missing_docs)]

mod planes;
mod rate;
#[cfg(test)]
mod tests;

use bushbaby_pixels::jpeg::JpegError;
use bushbaby_pixels::{ColorSpace, ImageView, Matrix, Range};
use openh264::encoder::{
    BitRate, ColorPrimaries, Complexity, Encoder, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, Level,
    MatrixCoefficients, Profile, RateControlMode, TransferCharacteristics, UsageType, VuiConfig,
};
use openh264::{OpenH264API, Timestamp};

use planes::Planes;
pub use rate::FrameRateMeter;

/// Decoding can begin this often.
const KEYFRAME_EVERY_NS: u64 = 1_000_000_000;
/// Bits for a pixel of each picture, where no bit rate is given: 1280x720 at 30 a second becomes 2.8 Mbit/s.
const BITS_PER_PIXEL: f64 = 0.1;
/// Bits for a pixel of each picture that is watched live, at most [`MOST_LIVE_BITS`]: 640x360 at 30 a second becomes 1
/// Mbit/s.
const LIVE_BITS_PER_PIXEL: f64 = 0.15;
const MOST_LIVE_BITS: f64 = 6_000_000.0;
/// How many pictures a second are taken to come until three came.
pub const FIRST_GUESS_HZ: f64 = 30.0;
/// So often a picture is handed in at most.
const MOST_REFUSALS: u32 = 100;
/// The encoder takes no longer sides, the shorter at most [`SHORTER_SIDE_PX`].
const LONGER_SIDE_PX: u32 = 3840;
const SHORTER_SIDE_PX: u32 = 2160;
const SMALLEST_SIDE_PX: u32 = 16;

/// Why a picture did not become video.
#[derive(Debug, thiserror::Error)]
pub enum VideoError {
    /// It is too large or too small for H.264 by this encoder.
    #[error(
        "a picture of {width}x{height} cannot become H.264 here: the sides must be from 16 to 3840 and 2160 pixels"
    )]
    Size {
        /// Its width in pixels.
        width: u32,
        /// Its height in pixels.
        height: u32,
    },
    /// It is a JPEG that cannot be decoded.
    #[error("a JPEG picture is damaged: {0}")]
    Jpeg(#[from] JpegError),
    /// The encoder's rate control would not have it. Live, this is how the bit rate is kept.
    #[error("a picture did not fit into the bit rate and is left out: give it a larger `bitrate`")]
    Refused,
    /// The encoder failed.
    #[error("the H.264 encoder failed: {0}")]
    Encoder(#[from] openh264::Error),
}

/// One picture of a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedPicture {
    /// Parameter sets (at keyframes) and slices, each behind a start code.
    pub annex_b: Vec<u8>,
    /// Whether decoding may begin here.
    pub is_keyframe: bool,
    /// Width as a player shows it: even.
    pub width: u32,
    /// Height as a player shows it: even.
    pub height: u32,
}

/// Makes one camera's video. A picture of another size or with other colours begins anew, with a keyframe.
pub struct VideoEncoder {
    purpose: Purpose,
    bits_per_second: Option<u32>,
    encoder: Option<Running>,
    planes: Planes,
    rate: FrameRateMeter,
}

/// What the video is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Recording,
    Live {
        /// Of the bits that pictures of this size and rate take.
        percent: u8,
    },
}

struct Running {
    purpose: Purpose,
    encoder: Encoder,
    size: [u32; 2],
    color: ColorSpace,
    hz: f64,
    keyframe_ns: u64,
    began_ns: u64,
}

impl std::fmt::Debug for VideoEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VideoEncoder")
            .field("purpose", &self.purpose)
            .field("bits_per_second", &self.bits_per_second)
            .finish_non_exhaustive()
    }
}

impl VideoEncoder {
    /// Sets it up. `bits_per_second`: absent, by the size and rate of the pictures.
    pub fn new(bits_per_second: Option<u32>) -> Self {
        Self {
            purpose: Purpose::Recording,
            bits_per_second,
            encoder: None,
            planes: Planes::default(),
            rate: FrameRateMeter::default(),
        }
    }

    /// Sets up one for what is watched live: keyframes only where [`begin_anew`](Self::begin_anew) asks for them, and a
    /// picture that does not fit into the bit rate is left out ([`VideoError::Refused`]). The bit rate follows from
    /// size and rate.
    pub fn live() -> Self {
        Self {
            purpose: Purpose::Live { percent: 100 },
            ..Self::new(None)
        }
    }

    /// Lets live video take this share of its bit rate. Where that changes it, the next picture is a keyframe.
    pub fn set_percent(&mut self, percent: u8) {
        self.purpose = Purpose::Live { percent };
    }

    /// Lets the next picture be a keyframe, as a new file must begin with one.
    pub fn begin_anew(&mut self) {
        if let Some(running) = &mut self.encoder {
            running.encoder.force_intra_frame();
        }
    }

    /// Encodes a picture. `captured_ns`: any clock that only goes forward.
    ///
    /// Odd sides get one column or row more, a copy of the last. The frame rate is learnt from the capture times.
    ///
    /// # Errors
    /// [`VideoError`], for a size that H.264 cannot have here and for a damaged JPEG; the next picture may be encoded.
    pub fn encode(&mut self, image: &ImageView<'_>, captured_ns: u64) -> Result<EncodedPicture, VideoError> {
        let yuv = self.planes.of(image)?;
        let [width, height] = yuv.size();
        let is_possible = width.max(height) <= LONGER_SIDE_PX
            && width.min(height) <= SHORTER_SIDE_PX
            && width.min(height) >= SMALLEST_SIDE_PX;
        if !is_possible {
            return Err(VideoError::Size { width, height });
        }
        let hz = self.rate.measure(captured_ns).unwrap_or(FIRST_GUESS_HZ);
        let fits = |running: &Running| {
            running.purpose == self.purpose
                && running.size == [width, height]
                && running.color == yuv.color()
                // A rate that was guessed badly is put right where a keyframe is due anyhow.
                && (captured_ns.saturating_sub(running.keyframe_ns) < KEYFRAME_EVERY_NS || is_near(running.hz, hz))
        };
        let running = match self.encoder.take().filter(fits) {
            Some(running) => self.encoder.insert(running),
            None => {
                let bits_per_second = self
                    .bits_per_second
                    .unwrap_or_else(|| self.purpose.bits([width, height], hz));
                self.encoder.insert(Running {
                    purpose: self.purpose,
                    encoder: encoder(bits_per_second, hz, yuv.color(), level([width, height]))?,
                    size: [width, height],
                    color: yuv.color(),
                    hz,
                    keyframe_ns: captured_ns,
                    began_ns: captured_ns,
                })
            }
        };
        let is_recording = self.purpose == Purpose::Recording;
        if is_recording && captured_ns.saturating_sub(running.keyframe_ns) >= KEYFRAME_EVERY_NS {
            running.encoder.force_intra_frame();
        }
        let since_ms = captured_ns.saturating_sub(running.began_ns) / 1_000_000;
        let mut annex_b = Vec::new();
        let mut is_keyframe = false;
        // A recording has every picture. One that the rate control would leave out, to stay below the bit rate, is
        // handed in again: each refusal makes it give way.
        for _ in 0..if is_recording { MOST_REFUSALS } else { 1 } {
            let encoded = running.encoder.encode_at(&yuv, Timestamp::from_millis(since_ms))?;
            encoded.write_vec(&mut annex_b);
            is_keyframe = encoded.frame_type() == FrameType::IDR;
            if encoded.frame_type() != FrameType::Skip && !annex_b.is_empty() {
                break;
            }
        }
        if annex_b.is_empty() {
            return Err(VideoError::Refused);
        }
        if is_keyframe {
            running.keyframe_ns = captured_ns;
        }
        Ok(EncodedPicture {
            annex_b,
            is_keyframe,
            width,
            height,
        })
    }
}

impl Purpose {
    /// Bits a second for pictures of this size and rate.
    fn bits(self, size: [u32; 2], hz: f64) -> u32 {
        match self {
            Self::Recording => (pixels_per_second(size, hz) * BITS_PER_PIXEL).max(200_000.0) as u32,
            Self::Live { percent } => live_bits_per_second(size, hz, percent),
        }
    }
}

/// Returns the bit rate of live video: pictures of this width and height in pixels, so many a second, at this share of what such
/// pictures take ([`VideoEncoder::set_percent`]).
pub fn live_bits_per_second(size: [u32; 2], hz: f64, percent: u8) -> u32 {
    let bits = (pixels_per_second(size, hz) * LIVE_BITS_PER_PIXEL).min(MOST_LIVE_BITS);
    (bits * f64::from(percent) / 100.0).max(50_000.0) as u32
}

fn pixels_per_second([width, height]: [u32; 2], hz: f64) -> f64 {
    f64::from(width) * f64::from(height) * hz.clamp(5.0, 60.0)
}

fn is_near(a_hz: f64, b_hz: f64) -> bool {
    a_hz / b_hz < 1.25 && b_hz / a_hz < 1.25
}

/// A level with room for this size at any rate that cameras have, so that the parameter sets stay the same when the
/// rate is learnt.
///
/// # Source
/// ITU-T H.264, table A-1: macroblocks of a picture.
fn level([width, height]: [u32; 2]) -> Level {
    match width.div_ceil(16) * height.div_ceil(16) {
        0..=3_600 => Level::Level_4_0,
        3_601..=8_192 => Level::Level_4_2,
        8_193..=22_080 => Level::Level_5_1,
        _ => Level::Level_5_2,
    }
}

fn encoder(bits_per_second: u32, hz: f64, color: ColorSpace, level: Level) -> Result<Encoder, openh264::Error> {
    let vui = VuiConfig::new()
        .full_range(color.range == Range::Full)
        .color_primaries(ColorPrimaries::Bt709)
        .transfer_characteristics(TransferCharacteristics::Bt709)
        .matrix_coefficients(match color.matrix {
            Matrix::Bt601 => MatrixCoefficients::Smpte170M,
            Matrix::Bt709 => MatrixCoefficients::Bt709,
        });
    let config = EncoderConfig::new()
        .profile(Profile::Baseline)
        .level(level)
        .usage_type(UsageType::CameraVideoRealTime)
        .complexity(Complexity::Low)
        .rate_control_mode(RateControlMode::Bitrate)
        .bitrate(BitRate::from_bps(bits_per_second))
        .max_frame_rate(FrameRate::from_hz(hz.clamp(1.0, 240.0) as f32))
        // Keyframes are asked for by capture time.
        .intra_frame_period(IntraFramePeriod::auto())
        .skip_frames(true)
        .scene_change_detect(false)
        .background_detection(false)
        .num_threads(1)
        .vui(vui);
    Encoder::with_api_config(OpenH264API::from_source(), config)
}
