//! `decoded`: the pixels of a camera that gives JPEG, decoded once for all who want them, and only while somebody does.

use bushbaby_node::image::{self, ImageMeta};
use bushbaby_node::reporter::Reporter;
use bushbaby_node::{Carries, NodeError, OutputSpec, Outputs};
use bushbaby_pixels::Image;
use bushbaby_pixels::jpeg::Decoder;

/// The output; silent for a camera that gives pixels by itself.
pub(crate) const DECODED: OutputSpec = OutputSpec {
    name: "decoded",
    carries: Carries::Image,
    owes_frames: false,
};

/// Makes the pictures of `decoded` out of those of `image`.
#[derive(Debug, Default)]
pub(crate) struct DecodedOutput {
    decoder: Option<Decoder>,
    picture: Image,
}

impl DecodedOutput {
    /// Decodes the JPEG that was sent last on `image` into I420 and sends it with that frame as its origin, if somebody
    /// reads `decoded`. A damaged picture is left out and told.
    ///
    /// # Errors
    /// When the memory is not there.
    pub(crate) fn send_if_wanted(
        &mut self,
        out: &mut Outputs,
        jpeg: &[u8],
        meta: &ImageMeta,
        reporter: &Reporter,
    ) -> Result<(), NodeError> {
        if !out.is_wanted(DECODED.name)? {
            return Ok(());
        }
        let Some(origin) = out.last_sent("image") else {
            return Ok(());
        };
        let decoder = match &mut self.decoder {
            Some(decoder) => decoder,
            none => none.insert(Decoder::new().map_err(|error| NodeError::new(error.to_string()))?),
        };
        match decoder.i420(jpeg, &mut self.picture) {
            Ok(()) => image::send(
                out,
                DECODED.name,
                &self.picture.view(),
                origin.captured,
                Some(&origin),
                meta,
            ),
            Err(error) => {
                // libjpeg does not always recover from a damaged header.
                self.decoder = None;
                reporter.warn(&format!("a picture is left out of `{}`: {error}", DECODED.name));
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gst::GstSource;
    use crate::test_node::TestNode;
    use bushbaby_bus::{CaptureClock, CaptureTime};
    use bushbaby_pixels::jpeg::Encoder;
    use bushbaby_pixels::{ColorSpace, ImageView, PixelFormat};
    use std::time::Duration;

    fn jpeg() -> Vec<u8> {
        let mut image = Image::new(PixelFormat::I420, 64, 48, ColorSpace::JPEG).unwrap();
        for plane in image.planes_mut() {
            plane.fill(128);
        }
        Encoder::new(80).unwrap().encode(&image.view()).unwrap().into_owned()
    }

    fn send(node: &mut TestNode, decoded: &mut DecodedOutput, bytes: &[u8]) {
        let meta = ImageMeta::new::<()>("cam", None);
        let captured = CaptureTime::now(CaptureClock::EndOfFrame);
        let view = ImageView::jpeg(bytes).unwrap();
        image::send(&mut node.outputs, "image", &view, captured, None, &meta).unwrap();
        let reporter = node.context.reporter.clone();
        decoded
            .send_if_wanted(&mut node.outputs, bytes, &meta, &reporter)
            .unwrap();
    }

    #[test]
    fn pixels_name_the_jpeg_that_they_were_in_and_its_time() {
        let mut node = TestNode::new::<GstSource>();
        let (jpegs, pixels) = (node.reader("image"), node.reader("decoded"));
        let mut decoded = DecodedOutput::default();
        let bytes = jpeg();
        send(&mut node, &mut decoded, &bytes);
        let of = jpegs.recv(Duration::from_secs(10)).unwrap().unwrap();
        let frame = pixels.recv(Duration::from_secs(10)).unwrap().unwrap();
        assert_eq!(frame.origin(), of.origin());
        assert_eq!(frame.captured(), of.captured());
        let view = image::view(&frame).unwrap();
        assert_eq!(
            (view.format(), view.width(), view.height()),
            (PixelFormat::I420, 64, 48)
        );
    }

    #[test]
    fn nothing_is_decoded_while_nobody_reads() {
        let mut node = TestNode::new::<GstSource>();
        let mut decoded = DecodedOutput::default();
        send(&mut node, &mut decoded, &jpeg());
        assert!(decoded.decoder.is_none());
    }

    #[test]
    fn a_damaged_picture_is_left_out_and_the_next_is_not() {
        let mut node = TestNode::new::<GstSource>();
        let pixels = node.reader("decoded");
        let mut decoded = DecodedOutput::default();
        let bytes = jpeg();
        send(&mut node, &mut decoded, &bytes[..bytes.len() / 2]);
        assert!(pixels.try_recv().unwrap().is_none());
        send(&mut node, &mut decoded, &bytes);
        assert!(pixels.recv(Duration::from_secs(10)).unwrap().is_some());
    }
}
