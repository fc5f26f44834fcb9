//! What the repository shows people holds for the program as it is.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_reference_is_what_the_settings_say() {
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_bushbaby"))
        .args(["reference", "--write"])
        .arg(folder.path())
        .status();
    assert!(status.unwrap().success());
    for page in std::fs::read_dir(folder.path()).unwrap() {
        let page = page.unwrap();
        let kept = root().join("docs/reference").join(page.file_name());
        let is_same = std::fs::read(page.path()).unwrap() == std::fs::read(&kept).unwrap_or_default();
        assert!(is_same, "{} is out of date: say `make reference`", kept.display());
    }
}

#[test]
fn every_example_is_a_good_file() {
    let mut examples = 0;
    // What Python nodes take only an interpreter with the package can tell: `scripts/python-env.sh` makes one.
    let environment = root().join("target/python-env");
    for example in std::fs::read_dir(root().join("examples")).unwrap() {
        let path = example.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        if ["run:", "driver:"].iter().any(|key| text.contains(key)) && !environment.exists() {
            continue;
        }
        let output = Command::new(env!("CARGO_BIN_EXE_bushbaby"))
            .arg("check")
            .arg(&path)
            .env("VIRTUAL_ENV", &environment)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        examples += 1;
    }
    assert!(examples >= 2);
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let mut pages = vec![root().join("README.md"), root().join("ARCHITECTURE.md")];
    for folder in ["docs/guide", "docs/reference", "docs/design"] {
        pages.extend(
            std::fs::read_dir(root().join(folder))
                .unwrap()
                .map(|entry| entry.unwrap().path()),
        );
    }
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            assert!(
                page.parent().unwrap().join(target).exists(),
                "{}: {link} leads nowhere",
                page.display()
            );
        }
    }
}
