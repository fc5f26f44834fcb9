//! `bushbaby clean`: remove what killed processes of an instance left behind.

use std::process::ExitCode;

use bushbaby_bus::{Cleaned, Instance};
use serde_json::json;

/// Arguments of `clean`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print one JSON object on one line.
    #[arg(long)]
    json: bool,
}

/// Removes it. What runs is not touched.
pub(crate) fn run(args: Args, instance: &Instance) -> ExitCode {
    let cleaned = match bushbaby_bus::clean(instance) {
        Ok(cleaned) => cleaned,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    if args.json {
        println!(
            "{}",
            json!({"nodes": cleaned.nodes, "files": cleaned.files, "bytes": cleaned.bytes})
        );
    } else {
        println!("{}", in_words(&cleaned));
    }
    ExitCode::SUCCESS
}

fn in_words(cleaned: &Cleaned) -> String {
    if cleaned.nodes == 0 && cleaned.files == 0 {
        return "nothing was left behind".to_owned();
    }
    let megabytes = cleaned.bytes as f64 / 1e6;
    format!(
        "removed {} files ({megabytes:.1} MB of shared memory) of {} dead processes",
        cleaned.files, cleaned.nodes
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_removed_is_told_in_words() {
        let cleaned = Cleaned {
            nodes: 2,
            files: 26,
            bytes: 6_120_000,
        };
        assert_eq!(
            in_words(&cleaned),
            "removed 26 files (6.1 MB of shared memory) of 2 dead processes"
        );
        assert_eq!(in_words(&Cleaned::default()), "nothing was left behind");
    }
}
