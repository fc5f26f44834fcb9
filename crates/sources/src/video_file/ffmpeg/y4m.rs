//! YUV4MPEG2: raw pictures behind one line that says what they are, each behind a line of its own.

use std::io::{self, BufRead, Read};

use bushbaby_pixels::{ColorSpace, Image, MAX_SIDE_PX, Matrix, PixelFormat, Range};

/// No line is longer.
const LONGEST_LINE: u64 = 4096;

/// What the first line says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Pictures a second, above 0.
    pub(super) fps: f64,
    pub(super) color: ColorSpace,
}

/// Reads the first line.
///
/// # Errors
/// [`io::ErrorKind::UnexpectedEof`] when nothing came, [`io::ErrorKind::InvalidData`] when it is something else.
pub(super) fn header(from: &mut impl BufRead) -> io::Result<Header> {
    let line = line(from)?;
    parse(&line).ok_or_else(|| invalid(format!("`{line}` does not describe pictures that can be read")))
}

fn parse(line: &str) -> Option<Header> {
    let mut words = line.split(' ');
    if words.next()? != "YUV4MPEG2" {
        return None;
    }
    let (mut width, mut height, mut fps, mut range) = (None, None, None, Range::Limited);
    for word in words.filter(|word| word.is_ascii() && !word.is_empty()) {
        let (tag, value) = word.split_at(1);
        match tag {
            "W" => width = value.parse().ok().filter(|side| (1..=MAX_SIDE_PX).contains(side)),
            "H" => height = value.parse().ok().filter(|side| (1..=MAX_SIDE_PX).contains(side)),
            "F" => {
                fps = value
                    .split_once(':')
                    .and_then(|(count, seconds)| Some(count.parse::<f64>().ok()? / seconds.parse::<f64>().ok()?))
            }
            "C" if !matches!(value, "420" | "420jpeg" | "420mpeg2" | "420paldv") => return None,
            "X" if value == "COLORRANGE=FULL" => range = Range::Full,
            _ => {}
        }
    }
    let (width, height): (u32, u32) = (width?, height?);
    let matrix = if height >= 720 { Matrix::Bt709 } else { Matrix::Bt601 };
    let fps = fps.filter(|fps| *fps > 0.0 && fps.is_finite())?;
    Some(Header {
        width,
        height,
        fps,
        color: ColorSpace { matrix, range },
    })
}

/// Reads the next picture into `image`; `false`: there is none.
///
/// # Errors
/// When it ends within a picture, or something else comes.
pub(super) fn picture(from: &mut impl BufRead, header: &Header, image: &mut Image) -> io::Result<bool> {
    if from.fill_buf()?.is_empty() {
        return Ok(false);
    }
    let line = line(from)?;
    if line != "FRAME" && !line.starts_with("FRAME ") {
        return Err(invalid(format!("`{line}` in place of a picture")));
    }
    image
        .reset(PixelFormat::I420, header.width, header.height, header.color)
        .map_err(|error| invalid(error.to_string()))?;
    for plane in image.planes_mut() {
        from.read_exact(plane)?;
    }
    Ok(true)
}

fn line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    from.take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        let kind = if line.is_empty() {
            io::ErrorKind::UnexpectedEof
        } else {
            io::ErrorKind::InvalidData
        };
        return Err(io::Error::new(kind, "it ends where a line was to come"));
    }
    String::from_utf8(line).map_err(|_| invalid("no text where a line was to come".into()))
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_header_as_ffmpeg_writes_it_is_read() {
        let line = b"YUV4MPEG2 W1280 H720 F30000:1001 Ip A1:1 C420jpeg XYSCSS=420JPEG XCOLORRANGE=FULL\n";
        let header = header(&mut line.as_slice()).unwrap();
        assert_eq!((header.width, header.height), (1280, 720));
        assert!((header.fps - 29.97).abs() < 0.01);
        assert_eq!(
            header.color,
            ColorSpace {
                matrix: Matrix::Bt709,
                range: Range::Full
            }
        );
    }

    #[test]
    fn pictures_of_odd_size_are_read_up_to_the_end() {
        let mut bytes = b"YUV4MPEG2 W3 H3 F25:1 C420\n".to_vec();
        for value in [1, 2] {
            bytes.extend(b"FRAME\n");
            bytes.extend([value; 9 + 4 + 4]);
        }
        let mut from = bytes.as_slice();
        let header = header(&mut from).unwrap();
        let mut image = Image::default();
        for value in [1, 2] {
            assert!(picture(&mut from, &header, &mut image).unwrap());
            assert_eq!(image.view().planes()[2].bytes, [value; 4]);
        }
        assert!(!picture(&mut from, &header, &mut image).unwrap());
    }

    #[test]
    fn a_picture_that_is_cut_off_is_an_error() {
        let mut from = b"YUV4MPEG2 W2 H2 F25:1\nFRAME\n\x01\x02\x03".as_slice();
        let header = header(&mut from).unwrap();
        assert!(picture(&mut from, &header, &mut Image::default()).is_err());
    }

    #[test]
    fn other_formats_and_absurd_sizes_are_refused() {
        for line in [
            "YUV4MPEG2 W2 H2 F25:1 C444\n",
            "YUV4MPEG2 W99999 H2 F25:1\n",
            "YUV4MPEG2 W2 H2 F0:0\n",
            "RIFF\n",
            "YUV4MPEG2 W2 F25:1\n",
        ] {
            assert!(header(&mut line.as_bytes()).is_err(), "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut with_start = b"YUV4MPEG2 W2 H2 F25:1\n".to_vec();
            with_start.extend(&bytes);
            for bytes in [bytes, with_start] {
                let mut from = bytes.as_slice();
                if let Ok(header) = header(&mut from) {
                    let mut image = Image::default();
                    while picture(&mut from, &header, &mut image).unwrap_or(false) {}
                }
            }
        }
    }
}
