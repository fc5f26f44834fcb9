//! The file's bytes, as text.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use bushbaby_node::settings::Place;

use crate::file::FileProblem;
use crate::file::problem::meant;

/// A pipeline file is written by people.
pub(crate) const LARGEST_BYTES: u64 = 1_000_000;

/// Reads a file as text.
///
/// # Errors
/// When it is not there, cannot be read, is larger than 1 MB or is not UTF-8.
pub fn read_text(path: &Path) -> Result<String, FileProblem> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > LARGEST_BYTES {
        return Err(FileProblem::with_file(
            path,
            "the file is larger than 1 MB, too large for a pipeline file",
        ));
    }
    String::from_utf8(bytes).map_err(|error| not_utf8(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> FileProblem {
    match error.kind() {
        ErrorKind::NotFound => FileProblem::with_file(path, "there is no such file").hint(neighbour(path)),
        ErrorKind::IsADirectory => FileProblem::with_file(path, "this is a folder, wanted a file"),
        ErrorKind::PermissionDenied => FileProblem::with_file(path, "the file may not be read by this user")
            .hint("see its owner and mode with `ls -l`".to_owned()),
        _ => FileProblem::with_file(path, format!("the file cannot be read: {error}")),
    }
}

/// A file in the same folder whose name is near.
pub(crate) fn neighbour(path: &Path) -> Option<String> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let wanted = path.file_name()?.to_str()?;
    let names: Vec<String> = folder
        .read_dir()
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    meant(wanted, names.iter().map(String::as_str)).map(|name| format!("did you mean `{name}`?"))
}

fn not_utf8(path: &Path, error: &std::string::FromUtf8Error) -> FileProblem {
    let bytes = error.as_bytes();
    let good = String::from_utf8_lossy(&bytes[..error.utf8_error().valid_up_to()]);
    let place = Place {
        line: good.matches('\n').count() + 1,
        column: good.rsplit('\n').next().unwrap_or("").chars().count() + 1,
    };
    let byte = bytes[error.utf8_error().valid_up_to()];
    FileProblem {
        place: Some(place),
        ..FileProblem::with_file(
            path,
            format!("the file is not UTF-8 text: the byte 0x{byte:02x} cannot stand here"),
        )
    }
    .hint("save it as UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: Option<&[u8]>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipeline.yaml");
        if let Some(bytes) = bytes {
            std::fs::write(&path, bytes).unwrap();
        } else {
            std::fs::write(folder.path().join("pipelin.yaml"), "").unwrap();
        }
        read_text(&path)
            .unwrap_err()
            .to_string()
            .replace(&format!("{}/", folder.path().display()), "")
    }

    #[test]
    fn a_file_that_is_not_there_names_its_neighbour() {
        insta::assert_snapshot!(told(None), @r"
        error: there is no such file
          --> pipeline.yaml
        hint: did you mean `pipelin.yaml`?
        ");
    }

    #[test]
    fn bytes_that_are_no_text_are_pointed_at() {
        insta::assert_snapshot!(told(Some(b"cameras:\n  t\xc3\xbcr: \xff\n")), @r"
        error: the file is not UTF-8 text: the byte 0xff cannot stand here
          --> pipeline.yaml:2:8
        hint: save it as UTF-8
        ");
    }

    #[test]
    fn a_giant_is_not_read() {
        insta::assert_snapshot!(told(Some(&vec![b'#'; 1_000_001])), @r"
        error: the file is larger than 1 MB, too large for a pipeline file
          --> pipeline.yaml
        ");
    }

    #[test]
    fn a_folder_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            read_text(folder.path()).unwrap_err().message,
            "this is a folder, wanted a file"
        );
    }
}
