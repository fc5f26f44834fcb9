//! The key `calibration` of every camera: a file that says what its lens does, whose numbers travel with each picture.

use std::path::{Path, PathBuf};

use bushbaby_node::image::ImageMeta;
use bushbaby_node::{NodeContext, Problem};
use bushbaby_vision::calibration::{CalibrationError, from_path};
use bushbaby_vision::camera::CameraModel;

/// Says what is wrong with the file that `calibration` names, if it names one. A path is relative to `base_dir`.
pub(crate) fn check(path: Option<&Path>, base_dir: &Path) -> Option<Problem> {
    let error = from_path(&base_dir.join(path?), None).err()?;
    // The size is known as soon as there is a picture.
    let lacks_size =
        matches!(&error, CalibrationError::File { error, .. } if matches!(**error, CalibrationError::NoSize { .. }));
    (!lacks_size).then(|| {
        let hint = "a path is relative to the pipeline file; OpenCV, ROS, PhotonVision and WPILib calibrations are read as they are";
        Problem::new("calibration", error.to_string()).with_hint(hint)
    })
}

/// What a camera says about its pictures, brought to the size that they have.
#[derive(Debug)]
pub(crate) struct Calibrated {
    context: NodeContext,
    path: Option<PathBuf>,
    meta: ImageMeta,
    size_px: Option<[u32; 2]>,
}

impl Calibrated {
    /// For a camera whose settings name this file, or none.
    pub(crate) fn new(context: &NodeContext, path: Option<&Path>) -> Self {
        let meta = ImageMeta::new(context.name(), None::<&CameraModel>);
        Self {
            context: context.clone(),
            path: path.map(|path| context.resolve(path)),
            meta,
            size_px: None,
        }
    }

    /// What to say with a picture of this size, width first. A calibration that does not fit it is told once and left out.
    pub(crate) fn meta(&mut self, size_px: [u32; 2]) -> &ImageMeta {
        if self.size_px != Some(size_px) {
            self.size_px = Some(size_px);
            let model = self.path.as_deref().and_then(|path| match model(path, size_px) {
                Ok(model) => Some(model),
                Err(why) => {
                    self.context
                        .reporter
                        .warn(&format!("pictures go without calibration: {why}"));
                    None
                }
            });
            self.meta = ImageMeta::new(self.context.name(), model.as_ref());
        }
        &self.meta
    }
}

fn model(path: &Path, [width, height]: [u32; 2]) -> Result<CameraModel, String> {
    let calibration = from_path(path, Some((width, height))).map_err(|error| error.to_string())?;
    calibration
        .camera
        .scaled_to(width, height)
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_node::TestNode;
    use std::fs;

    const OURS: &str = "model: pinhole\nsize: 1280x720\nfx: 900\nfy: 900\ncx: 640\ncy: 360\ndistortion: []\n";

    /// What the body of a picture of this size says.
    fn said(file: &str, sizes_px: &[[u32; 2]]) -> Vec<ImageMeta> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lens.yaml");
        fs::write(&path, file).unwrap();
        assert_eq!(check(Some(Path::new("lens.yaml")), folder.path()), None);
        let node = TestNode::new::<crate::rtsp::RtspSource>();
        let mut calibrated = Calibrated::new(&node.context, Some(&path));
        sizes_px
            .iter()
            .map(|size_px| calibrated.meta(*size_px).clone())
            .collect()
    }

    #[test]
    fn the_numbers_are_brought_to_the_size_of_the_picture() {
        let model = |side: f64| {
            let intrinsics = bushbaby_vision::camera::Intrinsics {
                fx: 900.0 * side,
                fy: 900.0 * side,
                cx: 640.0 * side,
                cy: 360.0 * side,
            };
            let size = [1280.0 * side, 720.0 * side].map(|side| side as u32);
            ImageMeta::new(
                "cam",
                Some(
                    &CameraModel::new(size[0], size[1], intrinsics, bushbaby_vision::camera::Distortion::None).unwrap(),
                ),
            )
        };
        assert_eq!(said(OURS, &[[1280, 720], [640, 360]]), [model(1.0), model(0.5)]);
    }

    #[test]
    fn a_picture_of_another_shape_goes_without() {
        assert_eq!(said(OURS, &[[640, 480]]), [ImageMeta::new("cam", None::<&CameraModel>)]);
    }

    #[test]
    fn a_file_that_is_missing_or_none_is_a_problem_of_its_key() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("notes.yaml"), "hello: world\n").unwrap();
        for (name, words) in [("gone.yaml", "cannot be read"), ("notes.yaml", "not a calibration")] {
            let problem = check(Some(Path::new(name)), folder.path()).unwrap();
            assert_eq!(problem.path, "calibration");
            assert!(problem.message.contains(words), "{problem:?}");
        }
        assert_eq!(check(None, folder.path()), None);
    }
}
