//! What a pipeline's pictures are, from the line that `gst-launch-1.0 -v` prints, and where their rows lie.

use std::time::Duration;

use bushbaby_pixels::{ColorSpace, ImageView, MAX_SIDE_PX, Matrix, PixelFormat, Plane, Range, ViewError};

use super::pipeline::CAPS_NAME;

/// The form of a pipeline's pictures.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Caps {
    pub(super) format: PixelFormat,
    /// Width and height in pixels; zero for JPEG, whose own header says them.
    pub(super) size_px: [u32; 2],
    pub(super) color: ColorSpace,
    /// Time between two pictures, where the pipeline promises one.
    pub(super) frame_time: Option<Duration>,
}

/// Caps that no picture can have, or that we do not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CapsError {
    /// Not one of our formats: our own filter was left out of the line, or means something else in this version.
    #[error("the pipeline gives `{0}`, which is no picture that is known here")]
    Format(String),
    /// A size of zero or beyond reason.
    #[error("the pipeline says that its pictures are {width}x{height} pixels; each side must be 1 to {MAX_SIDE_PX}")]
    Size { width: i64, height: i64 },
}

/// Bytes that are not one picture of the announced form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum FrameError {
    /// Neither GStreamer's own row lengths nor rows without padding give this length.
    #[error("the pipeline gave {got} bytes for a {format} picture of {width}x{height}, wanted {wanted}")]
    Length {
        got: usize,
        wanted: usize,
        format: PixelFormat,
        width: u32,
        height: u32,
    },
    /// A JPEG whose header is damaged.
    #[error(transparent)]
    View(#[from] ViewError),
}

impl Caps {
    /// Reads the line about our own caps filter; `None` for every other line.
    ///
    /// # Errors
    /// [`CapsError`].
    pub(super) fn from_line(line: &str) -> Option<Result<Self, CapsError>> {
        let (_, caps) = line.split_once(CAPS_NAME)?.1.split_once(".GstPad:src: caps = ")?;
        Some(Self::parse(caps.trim()))
    }

    fn parse(text: &str) -> Result<Self, CapsError> {
        let mut parts = text.split(", ");
        let media = parts.next().unwrap_or_default();
        let fields: Vec<(&str, &str)> = parts
            .filter_map(|part| part.split_once('='))
            .map(|(key, value)| (key, untyped(value)))
            .collect();
        let field = |name: &str| fields.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        let frame_time = field("framerate").and_then(frame_time);
        let format = match (media, field("format")) {
            ("image/jpeg", _) => {
                return Ok(Self {
                    format: PixelFormat::Jpeg,
                    size_px: [0, 0],
                    color: ColorSpace::JPEG,
                    frame_time,
                });
            }
            ("video/x-raw", Some("I420")) => PixelFormat::I420,
            ("video/x-raw", Some("NV12")) => PixelFormat::Nv12,
            ("video/x-raw", Some("YUY2")) => PixelFormat::Yuyv,
            ("video/x-raw", Some("RGB")) => PixelFormat::Rgb8,
            ("video/x-raw", Some("BGR")) => PixelFormat::Bgr8,
            ("video/x-raw", Some("GRAY8")) => PixelFormat::Gray8,
            _ => return Err(CapsError::Format(text.to_owned())),
        };
        let side = |name| field(name).and_then(|value| value.parse::<i64>().ok()).unwrap_or(0);
        let (width, height) = (side("width"), side("height"));
        let fits = |side: i64| u32::try_from(side).ok().filter(|side| (1..=MAX_SIDE_PX).contains(side));
        let (Some(w), Some(h)) = (fits(width), fits(height)) else {
            return Err(CapsError::Size { width, height });
        };
        Ok(Self {
            format,
            size_px: [w, h],
            color: color(field("colorimetry"), h),
            frame_time,
        })
    }

    /// Looks at the bytes of one buffer as a picture.
    ///
    /// Rows are where GStreamer puts them by default (each a multiple of four bytes long), else without padding.
    ///
    /// # Errors
    /// [`FrameError`].
    pub(super) fn view<'a>(&self, bytes: &'a [u8]) -> Result<ImageView<'a>, FrameError> {
        if self.format == PixelFormat::Jpeg {
            return Ok(ImageView::jpeg(bytes)?);
        }
        let [width, height] = self.size_px;
        let padded = self.planes(Rows::Padded);
        let layout = [&padded, &self.planes(Rows::Tight)]
            .into_iter()
            .find(|planes| length(planes) == bytes.len())
            .cloned();
        let layout = layout.ok_or(FrameError::Length {
            got: bytes.len(),
            wanted: length(&padded),
            format: self.format,
            width,
            height,
        })?;
        let mut rest = bytes;
        let planes: Vec<Plane<'_>> = layout
            .iter()
            .map(|&[stride_bytes, rows]| {
                let (plane, behind) = rest.split_at(stride_bytes * rows);
                rest = behind;
                Plane {
                    bytes: plane,
                    stride_bytes,
                }
            })
            .collect();
        Ok(ImageView::new(self.format, width, height, self.color, &planes)?)
    }

    /// `[stride_bytes, rows]` of each plane, rows of padding below the picture included.
    fn planes(&self, rows: Rows) -> Vec<[usize; 2]> {
        let [width, height] = self.size_px;
        let shapes: Vec<[usize; 2]> = (0..3)
            .map_while(|index| self.format.plane_shape(index, width, height))
            .collect();
        let Rows::Padded = rows else { return shapes };
        let is_planar = shapes.len() > 1;
        shapes
            .iter()
            .enumerate()
            .map(|(index, &[row_bytes, rows])| {
                // The luma of an odd height has a row more, so that two always share their chroma.
                let rows = if is_planar && index == 0 {
                    rows.next_multiple_of(2)
                } else {
                    rows
                };
                [row_bytes.next_multiple_of(4), rows]
            })
            .collect()
    }
}

#[derive(Debug, Clone, Copy)]
enum Rows {
    /// As `gst_video_info_set_format` lays them out.
    Padded,
    Tight,
}

fn length(planes: &[[usize; 2]]) -> usize {
    planes.iter().map(|[stride_bytes, rows]| stride_bytes * rows).sum()
}

/// `(int)640` is `640`, `(string)"a b"` is `a b`.
fn untyped(value: &str) -> &str {
    let value = value
        .strip_prefix('(')
        .and_then(|typed| typed.split_once(')'))
        .map_or(value, |(_, value)| value);
    value.trim_matches('"')
}

/// `30/1` frames a second; `0/1` promises nothing.
fn frame_time(fraction: &str) -> Option<Duration> {
    let (frames, seconds) = fraction.split_once('/')?;
    let (frames, seconds): (f64, f64) = (frames.parse().ok()?, seconds.parse().ok()?);
    Duration::try_from_secs_f64(seconds / frames)
        .ok()
        .filter(|time| !time.is_zero())
}

/// What the numbers of YUV mean: as the pipeline says (`bt709`, or `range:matrix:transfer:primaries` by number), else what
/// GStreamer takes for granted: BT.709 above 576 rows, BT.601 up to there, both of limited range.
fn color(colorimetry: Option<&str>, height: u32) -> ColorSpace {
    let by_height = ColorSpace {
        matrix: if height > 576 { Matrix::Bt709 } else { Matrix::Bt601 },
        range: Range::Limited,
    };
    match colorimetry {
        Some("bt601") => ColorSpace {
            matrix: Matrix::Bt601,
            ..by_height
        },
        Some("bt709") => ColorSpace {
            matrix: Matrix::Bt709,
            ..by_height
        },
        Some("sRGB") => ColorSpace::JPEG,
        Some(numbers) => {
            let mut numbers = numbers.split(':');
            let range = match numbers.next() {
                Some("1") => Range::Full,
                _ => Range::Limited,
            };
            let matrix = match numbers.next() {
                Some("3") => Matrix::Bt709,
                Some("2" | "4") => Matrix::Bt601,
                _ => by_height.matrix,
            };
            ColorSpace { matrix, range }
        }
        None => by_height,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "/GstPipeline:pipeline0/GstCapsFilter:bushbaby_caps.GstPad:src: caps = video/x-raw, width=(int)641, height=(int)479, \
                        framerate=(fraction)30000/1001, multiview-mode=(string)mono, pixel-aspect-ratio=(fraction)1/1, format=(string)BGR";

    fn caps(format: &str, width: i64, height: i64) -> Result<Caps, CapsError> {
        Caps::parse(&format!(
            "video/x-raw, format=(string){format}, width=(int){width}, height=(int){height}"
        ))
    }

    #[test]
    fn the_line_of_our_filter_says_what_the_pictures_are() {
        let caps = Caps::from_line(LINE).unwrap().unwrap();
        assert_eq!((caps.format, caps.size_px), (PixelFormat::Bgr8, [641, 479]));
        assert_eq!(caps.frame_time.unwrap().as_micros(), 33_366);
    }

    #[test]
    fn lines_of_others_are_passed_over() {
        for line in [
            LINE.replace("bushbaby_caps", "capsfilter0"),
            LINE.replace(":src:", ":sink:"),
            "Setting pipeline to PAUSED ...".into(),
            String::new(),
        ] {
            assert_eq!(Caps::from_line(&line), None, "{line}");
        }
    }

    #[test]
    fn rows_lie_where_gstreamer_puts_them() {
        // Lengths that `gst-launch-1.0 videotestsrc` 1.22 was seen to write.
        for (format, width, height, bytes) in [
            ("I420", 642, 479, 644 * 480 + 2 * 324 * 240),
            ("BGR", 641, 479, 1924 * 479),
            ("GRAY8", 641, 3, 644 * 3),
            ("NV12", 5, 3, 8 * 4 + 8 * 2),
            ("YUY2", 5, 3, 12 * 3),
        ] {
            let caps = caps(format, width, height).unwrap();
            let buffer = vec![7; bytes];
            let view = caps.view(&buffer).unwrap_or_else(|error| panic!("{format}: {error}"));
            assert_eq!([view.width(), view.height()], caps.size_px);
            assert_eq!(view.planes()[0].stride_bytes % 4, 0);
        }
    }

    #[test]
    fn rows_without_padding_are_taken_too() {
        let buffer = vec![0; 641 * 479 * 3];
        assert_eq!(
            caps("RGB", 641, 479).unwrap().view(&buffer).unwrap().planes()[0].stride_bytes,
            641 * 3
        );
    }

    #[test]
    fn another_length_is_told_with_what_was_wanted() {
        let told = caps("I420", 640, 480)
            .unwrap()
            .view(&[0; 1000])
            .unwrap_err()
            .to_string();
        assert_eq!(
            told,
            "the pipeline gave 1000 bytes for a i420 picture of 640x480, wanted 460800"
        );
    }

    #[test]
    fn absurd_sizes_and_unknown_formats_are_refused() {
        for [width, height] in [[0, 0], [20_000, 20_000], [-1, 480], [640, i64::MAX]] {
            assert_eq!(caps("I420", width, height), Err(CapsError::Size { width, height }));
        }
        assert!(matches!(caps("P010_10LE", 640, 480), Err(CapsError::Format(_))));
        assert!(matches!(Caps::parse("video/x-h264"), Err(CapsError::Format(_))));
        assert!(matches!(Caps::parse(""), Err(CapsError::Format(_))));
    }

    #[test]
    fn colours_are_read_as_the_pipeline_means_them() {
        let of = |text, height| color(text, height);
        assert_eq!(
            of(Some("bt601"), 720),
            ColorSpace {
                matrix: Matrix::Bt601,
                range: Range::Limited
            }
        );
        assert_eq!(
            of(Some("1:3:5:1"), 480),
            ColorSpace {
                matrix: Matrix::Bt709,
                range: Range::Full
            }
        );
        assert_eq!(
            of(Some("2:4:7:1"), 720),
            ColorSpace {
                matrix: Matrix::Bt601,
                range: Range::Limited
            }
        );
        assert_eq!(of(None, 720).matrix, Matrix::Bt709);
        assert_eq!(of(None, 576).matrix, Matrix::Bt601);
    }

    #[test]
    fn a_jpeg_says_its_size_itself() {
        let caps = Caps::parse("image/jpeg, width=(int)640, height=(int)480, framerate=(fraction)0/1").unwrap();
        assert_eq!((caps.format, caps.frame_time), (PixelFormat::Jpeg, None));
        assert!(caps.view(b"no jpeg").is_err());
    }
}
