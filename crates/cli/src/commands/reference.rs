//! `bushbaby reference`: the pages of `docs/reference/`, from the settings structs.

use std::path::PathBuf;
use std::process::ExitCode;

use bushbaby_node::Kind;
use bushbaby_supervisor::file;

use super::check::print;

/// Arguments of `reference`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder to write the pages to; without it they are printed.
    #[arg(long, value_name = "FOLDER")]
    write: Option<PathBuf>,
}

/// Writes or prints every page.
pub(crate) fn run(args: Args, kinds: &[Kind]) -> ExitCode {
    for (name, page) in file::reference_pages(kinds) {
        let Some(folder) = &args.write else {
            print(&page);
            continue;
        };
        let path = folder.join(name);
        if let Err(error) = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, page)) {
            eprintln!("error: {} cannot be written: {error}", path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
