//! `bushbaby record --mend FILE…`: the end that a killed recorder could not write.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bushbaby_node::settings::ByteSize;
use bushbaby_recording::mend::{Finding, MendError, Mending, Verify, examine};
use bushbaby_recording::mp4;
use rustix::fs::{FlockOperation, flock};
use serde_json::json;

/// Mends each file. Fails when one could not be mended.
pub(super) fn run(files: &[PathBuf], as_json: bool) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for path in files {
        let name = path.display();
        match mend(path) {
            Ok(found) if as_json => println!("{}", as_object(path, &found)),
            Ok(Finding::Whole) => println!("{name}: whole, left as it is"),
            Ok(Finding::Broken(mending)) => {
                let mut told = format!("{name}: mended");
                if mending.messages > 0 {
                    told += &format!(", {} messages", mending.messages);
                }
                if mending.saved_messages > 0 {
                    told += &format!(", {} of them from what was cut off or damaged", mending.saved_messages);
                }
                if mending.lost_bytes > 0 {
                    let lost = ByteSize {
                        bytes: mending.lost_bytes,
                    };
                    told += &format!("; the last {lost} were cut off");
                }
                println!("{told}");
            }
            Err(error) => {
                eprintln!("error: {name}: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

fn mend(path: &Path) -> Result<Finding, MendError> {
    let mut file: File = OpenOptions::new().read(true).write(true).open(path)?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Err(std::io::Error::other("it is being written just now").into());
    }
    if path.extension().is_some_and(|extension| extension == "mp4") {
        return mend_film(&mut file);
    }
    let found = examine(&mut file, Verify::All)?;
    if let Finding::Broken(mending) = &found {
        mending.apply(&mut file)?;
    }
    Ok(found)
}

/// A film has all that players need in each of its pieces: only a piece that was begun must go.
fn mend_film(file: &mut File) -> Result<Finding, MendError> {
    let Some(keep_bytes) = mp4::bytes_to_keep(file)? else {
        return Ok(Finding::Whole);
    };
    let lost_bytes = file.metadata()?.len() - keep_bytes;
    file.set_len(keep_bytes)?;
    Ok(Finding::Broken(Mending {
        keep_bytes,
        append: Vec::new(),
        strike_out: Vec::new(),
        messages: 0,
        saved_messages: 0,
        lost_bytes,
    }))
}

fn as_object(path: &Path, found: &Finding) -> serde_json::Value {
    match found {
        Finding::Whole => json!({"file": path, "was_whole": true}),
        Finding::Broken(mending) => json!({
            "file": path, "was_whole": false, "messages": mending.messages,
            "saved_messages": mending.saved_messages, "lost_bytes": mending.lost_bytes,
        }),
    }
}
