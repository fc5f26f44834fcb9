//! One picture as JPEG, for whoever keeps single pictures.

use bushbaby_bus::Frame;
use bushbaby_node::image;
use bushbaby_pixels::jpeg::{Encoder, JpegError};

const QUALITY: u8 = 85;

/// A picture as JPEG: as it is, where the camera sends JPEG.
///
/// # Errors
/// In words, why it is no picture or cannot be written as one.
pub(crate) fn jpeg_of(frame: &Frame, encoder: &mut Option<Encoder>) -> Result<Vec<u8>, String> {
    let view = image::view(frame).map_err(|error| error.to_string())?;
    if let Some(jpeg) = view.jpeg_bytes() {
        return Ok(jpeg.to_vec());
    }
    let encode = || -> Result<Vec<u8>, JpegError> {
        let encoder = match encoder {
            Some(encoder) => encoder,
            empty => empty.insert(Encoder::new(QUALITY)?),
        };
        Ok(encoder.encode(&view)?.into_owned())
    };
    encode().map_err(|error| format!("`{}`: {error}", frame.stream()))
}
