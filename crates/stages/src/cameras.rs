//! The camera models of the streams that a stage reads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bushbaby_bus::Frame;
use bushbaby_node::image;
use bushbaby_node::settings::{Angle, Problem};
use bushbaby_vision::calibration;
use bushbaby_vision::camera::CameraModel;

/// Stands in for the pictures' size while there are none: a file that names none can then still be checked.
const ANY_SIZE_PX: (u32, u32) = (1280, 720);

/// The camera models of the streams that are read.
#[derive(Debug)]
pub(crate) struct Cameras {
    calibration: Option<PathBuf>,
    field_of_view: Angle,
    /// By stream, with the body and size they were made from.
    known: BTreeMap<String, KnownCamera>,
}

#[derive(Debug)]
struct KnownCamera {
    body: Vec<u8>,
    size_px: (u32, u32),
    model: Option<CameraModel>,
}

impl Cameras {
    /// Models from a calibration file, where there is one, else from what the camera says of itself, else guessed.
    pub(crate) fn new(base_dir: &Path, calibration: Option<&Path>, field_of_view: Angle) -> Self {
        Self {
            calibration: calibration.map(|path| base_dir.join(path)),
            field_of_view,
            known: BTreeMap::new(),
        }
    }

    /// The model of the camera that took this picture: from the settings, else from the frame's body, else guessed.
    pub(crate) fn of(&mut self, frame: &Frame, width: u32, height: u32) -> Option<&CameraModel> {
        let stream = frame.origin().stream.as_str();
        let is_known = self
            .known
            .get(stream)
            .is_some_and(|known| known.size_px == (width, height) && known.body == frame.body());
        if !is_known {
            let model = self.model_for(frame, width, height);
            let known = KnownCamera {
                body: frame.body().to_vec(),
                size_px: (width, height),
                model,
            };
            self.known.insert(stream.to_owned(), known);
        }
        self.known.get(stream)?.model.as_ref()
    }

    fn model_for(&self, frame: &Frame, width: u32, height: u32) -> Option<CameraModel> {
        let from_frame =
            || image::calibration(frame).and_then(|value| serde_json::from_value::<CameraModel>(value).ok());
        let from_file = self.calibration.as_ref().map(|path| {
            // A file that names no size is taken to be for these pictures.
            calibration::from_path(path, Some((width, height)))
        });
        let measured = match from_file {
            Some(Ok(calibration)) => Some(calibration.camera),
            Some(Err(error)) => {
                tracing::warn!("{error}; going on without it");
                from_frame()
            }
            None => from_frame(),
        };
        if let Some(model) = measured {
            match model.scaled_to(width, height) {
                Ok(scaled) => return Some(scaled),
                Err(error) => tracing::warn!(
                    "the calibration does not fit pictures of `{}`: {error}; poses are guessed",
                    frame.stream()
                ),
            }
        }
        CameraModel::from_fov(width, height, self.field_of_view.degrees).ok()
    }
}

/// What is wrong with the settings `calibration` and `field_of_view`.
pub(crate) fn problems(base_dir: &Path, calibration: Option<&Path>, field_of_view: Angle) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !(1.0..180.0).contains(&field_of_view.degrees) {
        problems.push(Problem::new(
            "field_of_view",
            format!("got `{field_of_view}`, wanted 1deg to 179deg"),
        ));
    }
    if let Some(path) = calibration
        && let Err(error) = calibration::from_path(&base_dir.join(path), Some(ANY_SIZE_PX))
    {
        problems.push(Problem::new("calibration", error.to_string()));
    }
    problems
}
