"""Where the model comes from: the crate `soundevents` carries it. Fetched by cargo through a project outside this checkout."""
import json
import subprocess
import tempfile
from pathlib import Path

MANIFEST = """[package]
name = "carrier"
version = "0.0.0"
edition = "2021"
[dependencies]
soundevents = { version = "=0.5.0", default-features = false }
soundevents-dataset = "=0.4.0"
[workspace]
"""


def fetched():
    """The folders of the crates `soundevents` and `soundevents-dataset`."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "src").mkdir()
        (folder / "src/main.rs").write_text("fn main() {}\n")
        (folder / "Cargo.toml").write_text(MANIFEST)
        told = subprocess.run(["cargo", "metadata", "--format-version", "1"], cwd=folder, check=True, stdout=subprocess.PIPE).stdout
    where = {p["name"]: Path(p["manifest_path"]).parent for p in json.loads(told)["packages"]}
    return where["soundevents"], where["soundevents-dataset"]


def whole_model():
    """The whole graph, waveform in, as its makers exported it."""
    return fetched()[0] / "models/tiny.onnx"
