//! Field layouts: WPILib's AprilTag field JSON.

use crate::pose::Transform;
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path};

/// Where the tags of a field are.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldLayout {
    field_from_tag: BTreeMap<u32, Transform>,
    size_m: Option<[f64; 2]>,
}

/// Why a layout cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// The file could not be read.
    #[error("field layout {path}: {source}")]
    Read { path: String, source: std::io::Error },
    /// The text is not the JSON that was expected.
    #[error("field layout: {0}; wanted WPILib's AprilTag field JSON: `tags` with `ID` and `pose`")]
    Json(#[from] serde_json::Error),
    /// A number is no number, or a quaternion no rotation.
    #[error("field layout: the pose of tag {id} is not one: its quaternion must not be zero and every number finite")]
    Pose { id: u32 },
    /// One id stands at two places.
    #[error("field layout: tag {id} is there twice; remove one")]
    Duplicate { id: u32 },
    /// No file and no season is called so.
    #[error(
        "there is no field layout `{name}`: wanted the name of a JSON file beside the pipeline file or in `layouts` there, or one of the \
         seasons {}", FieldLayout::seasons().collect::<Vec<_>>().join(", ")
    )]
    Unknown { name: String },
    /// There is nothing to find.
    #[error("field layout: it has no tags")]
    Empty,
}

#[derive(Deserialize)]
struct File {
    /// WPILib has called both otherwise since it moved its layouts to `fields`.
    #[serde(alias = "field-tags")]
    tags: Vec<FileTag>,
    #[serde(alias = "field-dimensions")]
    field: Option<FileSize>,
}

#[derive(Deserialize)]
struct FileTag {
    #[serde(rename = "ID")]
    id: u32,
    pose: FilePose,
}

#[derive(Deserialize)]
struct FilePose {
    translation: FileTranslation,
    rotation: FileRotation,
}

#[derive(Deserialize)]
struct FileTranslation {
    x: f64,
    y: f64,
    z: f64,
}

#[derive(Deserialize)]
struct FileRotation {
    quaternion: FileQuaternion,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct FileQuaternion {
    w: f64,
    x: f64,
    y: f64,
    z: f64,
}

#[derive(Deserialize)]
struct FileSize {
    length: f64,
    width: f64,
}

impl FieldLayout {
    /// Makes a layout from tags in our tag frame (x right, y down, z into the tag).
    ///
    /// # Errors
    /// [`LayoutError::Empty`] without tags.
    pub fn new(field_from_tag: BTreeMap<u32, Transform>) -> Result<Self, LayoutError> {
        if field_from_tag.is_empty() {
            return Err(LayoutError::Empty);
        }
        Ok(Self {
            field_from_tag,
            size_m: None,
        })
    }

    /// Reads WPILib's JSON: `tags[].ID`, `pose.translation{x,y,z}`, `pose.rotation.quaternion{W,X,Y,Z}`, `field.length/width`; or
    /// `field-tags` and `field-dimensions`, as its newer files call them.
    ///
    /// # Errors
    /// [`LayoutError`] with what is wrong and where.
    pub fn from_json(bytes: &[u8]) -> Result<Self, LayoutError> {
        let file: File = serde_json::from_slice(bytes)?;
        let mut field_from_tag = BTreeMap::new();
        for FileTag { id, pose } in file.tags {
            let FileTranslation { x, y, z } = pose.translation;
            let q = pose.rotation.quaternion;
            let field_from_wpilib_tag =
                Transform::from_quaternion([q.w, q.x, q.y, q.z], [x, y, z]).map_err(|_| LayoutError::Pose { id })?;
            let ours = field_from_wpilib_tag * wpilib_tag_from_tag();
            if field_from_tag.insert(id, ours).is_some() {
                return Err(LayoutError::Duplicate { id });
            }
        }
        let layout = Self::new(field_from_tag)?;
        Ok(Self {
            size_m: file.field.map(|size| [size.length, size.width]),
            ..layout
        })
    }

    /// Reads a file for [`FieldLayout::from_json`].
    ///
    /// # Errors
    /// [`LayoutError::Read`] with the path, or what `from_json` says.
    pub fn from_path(path: &Path) -> Result<Self, LayoutError> {
        let bytes = std::fs::read(path).map_err(|source| LayoutError::Read {
            path: path.display().to_string(),
            source,
        })?;
        Self::from_json(&bytes)
    }

    /// Where a tag is: a point of it (x right, y down, z into the tag) becomes one of the field (x ahead, y left, z up).
    pub fn field_from_tag(&self, id: u32) -> Option<Transform> {
        self.field_from_tag.get(&id).copied()
    }

    /// The ids of all tags, smallest first.
    pub fn ids(&self) -> impl Iterator<Item = u32> + '_ {
        self.field_from_tag.keys().copied()
    }

    /// Length and width of the field in metres, if the file says them.
    pub fn size_m(&self) -> Option<[f64; 2]> {
        self.size_m
    }
}

/// WPILib's tag frame has x out of the face, z up, so y to the right of who looks at it; ours x right, y down, z into the tag.
fn wpilib_tag_from_tag() -> Transform {
    Transform {
        rotation: nalgebra::Matrix3::new(0.0, 0.0, -1.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0),
        translation: nalgebra::Vector3::zeros(),
    }
}
