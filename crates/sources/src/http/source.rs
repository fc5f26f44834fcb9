//! Takes pictures from the receiver and sends them as they are; their pixels only where somebody wants those.

use std::time::Duration;

use bushbaby_node::image;
use bushbaby_node::{Carries, NodeContext, NodeError, OutputSpec, Outputs, Source, Step};
use bushbaby_pixels::ImageView;
use bushbaby_pixels::jpeg::with_huffman_tables;

use super::HttpSettings;
use super::address::Address;
use super::receiver::Receiver;
use super::tls::{Fingerprint, Tls};
use crate::calibration::Calibrated;
use crate::decoded::{DECODED, DecodedOutput};

/// A step returns after this long, with or without a picture.
const STEP: Duration = Duration::from_millis(200);

/// A camera over HTTP.
#[derive(Debug)]
pub struct HttpSource {
    context: NodeContext,
    calibrated: Calibrated,
    decoded: DecodedOutput,
    receiver: Receiver,
}

impl Source for HttpSource {
    type Settings = HttpSettings;
    const OUTPUTS: &'static [OutputSpec] = &[
        OutputSpec {
            name: "image",
            carries: Carries::Image,
            owes_frames: true,
        },
        DECODED,
    ];

    fn open(settings: HttpSettings, context: &NodeContext) -> Result<Self, NodeError> {
        let address = Address::of(&settings)
            .map_err(|error| NodeError::new(error.to_string()).with_hint(error.hint()).for_good())?;
        // Also an unencrypted address may lead to an encrypted one.
        let pinned = settings.certificate.as_deref().and_then(Fingerprint::parse);
        let tls = Tls::new(pinned)
            .map_err(|error| NodeError::new(format!("encrypted connections cannot be set up: {error}")))?;
        let period = Duration::from_secs_f64(1.0 / settings.fps);
        let receiver = Receiver::start(address, tls, period, context.reporter.clone())
            .map_err(|error| NodeError::new(format!("the thread that reads the camera cannot be started: {error}")))?;
        Ok(Self {
            context: context.clone(),
            calibrated: Calibrated::new(context, settings.calibration.as_deref()),
            decoded: DecodedOutput::default(),
            receiver,
        })
    }

    fn step(&mut self, out: &mut Outputs) -> Result<Step, NodeError> {
        let picture = match self.receiver.line.next(STEP) {
            Ok(picture) => picture,
            Err(trouble) => return Ok(trouble.map_or(Step::Idle, |trouble| trouble.step())),
        };
        let bytes = with_huffman_tables(&picture.bytes);
        let reporter = &self.context.reporter;
        let view = match ImageView::jpeg(&bytes) {
            Ok(view) => view,
            Err(error) => {
                reporter.warn(&format!("a picture is left out: {error}"));
                return Ok(Step::Idle);
            }
        };
        let meta = self.calibrated.meta([view.width(), view.height()]);
        image::send(out, "image", &view, picture.captured, None, meta)?;
        self.decoded.send_if_wanted(out, &bytes, meta, reporter)?;
        Ok(Step::Sent)
    }

    fn close(&mut self) {
        self.receiver.end();
    }
}
