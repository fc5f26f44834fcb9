//! A folder of pictures, or one picture, as a film.

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bushbaby_pixels::{ColorSpace, Image, ImageView, MAX_SIDE_PX, PixelFormat, jpeg};
use image::{DynamicImage, ImageReader, Limits};

use super::footage::{Advance, Footage, FootageError};

/// Of a folder whose pace nobody said.
const FPS: f64 = 10.0;
const ENDINGS: [&str; 7] = ["png", "jpg", "jpeg", "pnm", "pgm", "ppm", "pbm"];
/// A picture takes no more memory while it is decoded: 8192 x 8192 in colour, twice.
const MOST_BYTES: u64 = 400 << 20;

/// Pictures that are files of their own.
#[derive(Debug)]
pub(super) struct Stills {
    path: PathBuf,
    files: Vec<PathBuf>,
    frame_time: Duration,
    next: usize,
    shown: Option<Image>,
    shown_count: u32,
    left_out: usize,
    complaint: Option<String>,
}

/// Whether a file's name is that of a picture.
pub(super) fn is_picture(path: &Path) -> bool {
    let ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .map(str::to_ascii_lowercase);
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

impl Stills {
    /// Lists the pictures; none is read yet.
    pub(super) fn open(path: &Path, fps: Option<f64>) -> Result<Self, FootageError> {
        let mut stills = Self {
            path: path.to_owned(),
            files: Vec::new(),
            frame_time: super::frame_time(fps.unwrap_or(FPS)),
            next: 0,
            shown: None,
            shown_count: 0,
            left_out: 0,
            complaint: None,
        };
        stills.list()?;
        Ok(stills)
    }

    fn list(&mut self) -> Result<(), FootageError> {
        let unreadable = |error: std::io::Error| FootageError::Unreadable {
            path: self.path.clone(),
            why: error.to_string(),
        };
        if self.path.is_dir() {
            let entries = fs::read_dir(&self.path)
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .map_err(unreadable)?;
            self.files = entries
                .into_iter()
                .map(|entry| entry.path())
                .filter(|path| is_picture(path))
                .collect();
            self.files.sort_by(|a, b| natural(&name(a), &name(b)));
        } else {
            self.files = vec![self.path.clone()];
        }
        if self.files.is_empty() {
            return Err(FootageError::NoPictures {
                path: self.path.clone(),
            });
        }
        Ok(())
    }
}

impl Footage for Stills {
    fn advance(&mut self, _wait: Duration) -> Result<Advance, FootageError> {
        let Some(file) = self.files.get(self.next) else {
            return Ok(Advance::End);
        };
        self.next += 1;
        match read(file) {
            Ok(image) => {
                self.shown = Some(image);
                let at = self.frame_time * self.shown_count;
                self.shown_count += 1;
                Ok(Advance::Picture { at })
            }
            Err(why) => {
                self.left_out += 1;
                if self.left_out == self.files.len() {
                    let (path, count) = (self.path.clone(), self.left_out);
                    return Err(FootageError::NoneReadable { path, count, why });
                }
                self.complaint = Some(format!("`{}` is left out: {why}", file.display()));
                Ok(Advance::NotYet)
            }
        }
    }

    fn picture(&self) -> Option<ImageView<'_>> {
        self.shown.as_ref().map(Image::view)
    }

    fn played(&self) -> Duration {
        self.frame_time * self.shown_count
    }

    fn rewind(&mut self) -> Result<(), FootageError> {
        (self.next, self.shown_count, self.left_out) = (0, 0, 0);
        // Pictures may have come and gone.
        self.list()
    }

    fn take_complaint(&mut self) -> Option<String> {
        self.complaint.take()
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The order of people: numbers within names by their value, `2` before `10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (of_left, of_right) = (digits(left), digits(right));
        let order = if of_left > 0 && of_right > 0 {
            let (first, second) = (
                left[..of_left].trim_start_matches('0'),
                right[..of_right].trim_start_matches('0'),
            );
            (left, right) = (&left[of_left..], &right[of_right..]);
            first.len().cmp(&second.len()).then_with(|| first.cmp(second))
        } else {
            let (mut of_left, mut of_right) = (left.chars(), right.chars());
            let (first, second) = (of_left.next(), of_right.next());
            (left, right) = (of_left.as_str(), of_right.as_str());
            if first.is_none() && second.is_none() {
                // `01` and `1` are equal up to here; their order must not change from one time to the next.
                return a.cmp(b);
            }
            first.cmp(&second)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Decodes one picture, to I420 from JPEG, to grey or RGB from what is without loss.
fn read(path: &Path) -> Result<Image, String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    let mut reader = ImageReader::new(std::io::Cursor::new(&bytes))
        .with_guessed_format()
        .map_err(|error| error.to_string())?;
    if reader.format() == Some(image::ImageFormat::Jpeg) {
        let mut picture = Image::default();
        jpeg::Decoder::new()
            .and_then(|mut decoder| decoder.i420(&bytes, &mut picture))
            .map_err(|error| error.to_string())?;
        return Ok(picture);
    }
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height, limits.max_alloc) =
        (Some(MAX_SIDE_PX), Some(MAX_SIDE_PX), Some(MOST_BYTES));
    reader.limits(limits);
    let decoded = reader.decode().map_err(|error| error.to_string())?;
    let (width, height) = (decoded.width(), decoded.height());
    let is_grey = matches!(
        decoded,
        DynamicImage::ImageLuma8(_)
            | DynamicImage::ImageLuma16(_)
            | DynamicImage::ImageLumaA8(_)
            | DynamicImage::ImageLumaA16(_)
    );
    let (format, pixels) = if is_grey {
        (PixelFormat::Gray8, decoded.into_luma8().into_raw())
    } else {
        (PixelFormat::Rgb8, decoded.into_rgb8().into_raw())
    };
    let mut picture = Image::new(format, width, height, ColorSpace::JPEG).map_err(|error| error.to_string())?;
    picture.planes_mut()[0].copy_from_slice(&pixels);
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted<'a>(names: &[&'a str]) -> Vec<&'a str> {
        let mut names = names.to_vec();
        names.sort_by(|a, b| natural(a, b));
        names
    }

    #[test]
    fn numbers_in_names_count_by_their_value() {
        assert_eq!(
            sorted(&["f10.png", "f9.png", "f1.png", "f010.png", "f2b.png", "f2a.png"]),
            ["f1.png", "f2a.png", "f2b.png", "f9.png", "f010.png", "f10.png"]
        );
        assert_eq!(
            sorted(&["b", "a10", "", "a", "10", "9"]),
            ["", "9", "10", "a", "a10", "b"]
        );
    }

    #[test]
    fn only_the_endings_of_pictures_count() {
        for (name, is) in [
            ("a.PNG", true),
            ("a.jpeg", true),
            ("a.b.pgm", true),
            ("a.txt", false),
            ("png", false),
            (".png", false),
        ] {
            assert_eq!(is_picture(Path::new(name)), is, "{name}");
        }
    }

    proptest! {
        #[test]
        fn the_order_of_any_names_is_a_total_one(a in "[a0-2é]{0,6}", b in "[a0-2é]{0,6}", c in "[a0-2é]{0,6}") {
            prop_assert_eq!(natural(&a, &b), natural(&b, &a).reverse());
            prop_assert_eq!(natural(&a, &b) == Ordering::Equal, a == b);
            if natural(&a, &b).is_le() && natural(&b, &c).is_le() {
                prop_assert!(natural(&a, &c).is_le());
            }
        }
    }
}
