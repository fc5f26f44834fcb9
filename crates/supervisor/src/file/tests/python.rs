//! Python nodes in a file, with an interpreter that is a shell script: it answers with what lies beside the code.

use std::path::Path;

use bushbaby_node::Role;
use serde_json::{Value, json};

use super::fixtures::{KINDS, environment};
use crate::file::{Checked, FileProblem, check_file, expand};
use crate::plan::{PlannedNode, Program};
use crate::testing::script;

/// Answers `-P -m bushbaby.describe RUN` with `RUN.json`, or complains with `RUN.err`.
const PYTHON: &str = r#"
[ "$1 $2 $3" = "-P -m bushbaby.describe" ] || exit 9
[ -f "$4.err" ] && { cat "$4.err" >&2; exit 1; }
exec cat "$4.json""#;

/// A folder with an environment `.venv`, a detector, a stage for pairs and a camera.
struct Lab {
    folder: tempfile::TempDir,
}

impl Lab {
    fn new() -> Self {
        let lab = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        std::fs::create_dir_all(lab.path().join(".venv/bin")).unwrap();
        script(&lab.path().join(".venv/bin/python"), PYTHON);
        let results = json!([{"name": "results", "carries": "results"}]);
        lab.code(
            "detector.py",
            &json!({
                "role": "stage", "name": "detector", "doc": "Finds people.", "inputs": [{"name": "frame"}], "outputs": results,
                "settings": [
                    {"name": "threshold", "takes": "number", "default": 0.5},
                    {"name": "classes", "takes": "list", "default": ["person"]},
                    {"name": "model", "takes": "text"},
                    {"name": "tries", "takes": "integer", "default": 3},
                    {"name": "fast", "takes": "boolean", "default": true},
                    {"name": "sizes", "takes": "object", "default": {}},
                    {"name": "more", "takes": "anything"},
                ],
            }),
        );
        lab.code(
            "pairs.py",
            &json!({
                "role": "stage", "name": "Pairs", "outputs": [{"name": "image", "carries": "image"}, {"name": "depth", "carries": "arrays"}],
                "inputs": [{"name": "left"}, {"name": "right"}, {"name": "flow", "optional": true}],
                "settings": [{"name": "baseline", "takes": "number", "required": true}],
            }),
        );
        let camera = json!({
            "role": "source", "name": "Cam", "outputs": [{"name": "rgbd", "carries": "rgbd"}, {"name": "points", "carries": "points"}],
            "settings": [{"name": "resolution", "takes": "text", "default": "2k"}],
        });
        lab.code("mycam.py", &camera);
        lab.write("mycam.py:Cam.json", &camera.to_string());
        lab.write("python:lab.cams:Cam.json", &camera.to_string());
        lab.write(
            "python:lab.cams:Zed.err",
            "the module `lab.cams` has no `Zed`\nhint: did you mean `Cam`?\n",
        );
        lab
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// Code, and what it says of itself.
    fn code(&self, name: &str, described: &Value) {
        self.write(name, "");
        self.write(&format!("{name}.json"), &described.to_string());
    }

    fn check(&self, text: &str) -> Result<Checked, Vec<FileProblem>> {
        self.write("pipeline.yaml", text);
        check_file(&self.path().join("pipeline.yaml"), &KINDS, &environment)
    }

    fn in_words(&self, problems: &[FileProblem]) -> String {
        let told: Vec<String> = problems.iter().map(FileProblem::to_string).collect();
        told.join("\n").replace(&format!("{}/", self.path().display()), "")
    }

    fn told(&self, text: &str) -> String {
        self.in_words(&self.check(text).map(|_| ()).expect_err("the file has a mistake"))
    }

    fn good(&self, text: &str) -> Checked {
        self.check(text)
            .unwrap_or_else(|problems| panic!("{}", self.in_words(&problems)))
    }

    /// Mistakes of stages behind two cameras; each stage is the inside of an object.
    fn of_stages(&self, stages: &[&str]) -> String {
        let stages = stages.iter().enumerate();
        let stages: String = stages
            .map(|(n, stage)| format!("  s{n}: {{python: .venv, {stage}}}\n"))
            .collect();
        self.told(&format!("cameras: {{front: scene, door: scene}}\nstages:\n{stages}"))
    }
}

fn node<'a>(checked: &'a Checked, name: &str) -> &'a PlannedNode {
    let mut nodes = checked.plan.nodes.iter();
    nodes.find(|node| node.spec.node == name).unwrap()
}

fn wires(node: &PlannedNode) -> Vec<&str> {
    node.spec.inputs.iter().map(|input| input.stream.as_str()).collect()
}

#[test]
fn a_stage_is_handed_what_the_file_says_and_reads_what_its_code_takes() {
    let lab = Lab::new();
    let checked = lab.good(
        "cameras: {front: scene, door: scene}\nstages:\n  people: {run: detector.py, python: .venv, in: front, threshold: 0.4, classes: [person, 7], model: $DOOR_USER, more: {a: 1}}\n  tags: {kind: apriltag, in: pair}\n  pair: {run: pairs.py, python: .venv/bin/python, in: {sync: [front, door/truth], within: 5ms}, queue: 4, baseline: 2}\n  every: {run: detector.py, python: .venv, each: \"*\"}\n  any: {run: detector.py, python: .venv, in: [front, door]}\n",
    );
    let people = node(&checked, "people");
    assert_eq!((people.spec.kind.as_str(), people.role), ("python_stage", Role::Stage));
    let interpreter = lab.path().join(".venv/bin/python");
    assert_eq!(
        people.program,
        Program::Python {
            interpreter: interpreter.clone()
        }
    );
    assert_eq!(
        people.outputs.iter().map(|output| output.name).collect::<Vec<_>>(),
        ["results"]
    );
    assert_eq!(people.spec.settings["run"], json!(lab.path().join("detector.py")));
    assert_eq!(people.spec.settings["interpreter"], json!(interpreter));
    assert_eq!(
        people.spec.settings["arguments"],
        json!({"threshold": 0.4, "classes": ["person", 7], "model": "ada", "more": {"a": 1}}),
        "a default stays what the code has"
    );
    assert_eq!(people.spec.settings["described"]["name"], "detector");
    assert_eq!(
        people.shown_settings,
        json!({
            "run": "detector.py", "python": ".venv", "threshold": 0.4, "classes": ["person", 7], "model": "$DOOR_USER", "tries": 3,
            "fast": true, "sizes": {}, "more": {"a": 1},
        })
    );
    let code: Vec<_> = checked
        .code()
        .iter()
        .map(|(file, nodes)| (file.clone(), nodes.len()))
        .collect();
    assert_eq!(
        code,
        [(lab.path().join("detector.py"), 4), (lab.path().join("pairs.py"), 1)]
    );
    assert_eq!(
        checked.files().iter().collect::<Vec<_>>(),
        [&lab.path().join("pipeline.yaml")]
    );
    let pair = node(&checked, "pair");
    assert_eq!(wires(pair), ["front/image", "door/truth"]);
    assert_eq!(pair.spec.sync_within_ns, Some(5_000_000));
    assert!(pair.spec.inputs.iter().all(|input| input.queue == Some(4)));
    assert_eq!(pair.spec.settings["arguments"], json!({"baseline": 2}));
    assert_eq!(wires(node(&checked, "tags")), ["pair/image"]);
    assert_eq!(wires(node(&checked, "every@door")), ["door/image"]);
    assert_eq!(wires(node(&checked, "any")), ["front/image", "door/image"]);
}

#[test]
fn a_camera_may_be_a_file_or_a_class_that_is_installed() {
    let lab = Lab::new();
    let checked = lab.good(
        "cameras:\n  table: {run: \"mycam.py:Cam\", python: .venv, resolution: 720p}\n  bench: {driver: \"python:lab.cams:Cam\", python: .venv, late: 2s}\nstages: {tags: {kind: apriltag, each: \"*/rgbd\"}}\n",
    );
    let (table, bench) = (node(&checked, "table"), node(&checked, "bench"));
    assert_eq!((table.spec.kind.as_str(), table.role), ("python_source", Role::Source));
    assert_eq!(
        table.spec.settings["run"],
        json!(format!("{}:Cam", lab.path().join("mycam.py").display()))
    );
    assert_eq!(bench.spec.settings["run"], "python:lab.cams:Cam");
    assert_eq!(
        (bench.spec.late_ms, &bench.shown_settings["driver"]),
        (2000, &json!("python:lab.cams:Cam"))
    );
    assert!(bench.outputs[0].owes_frames && !bench.outputs[1].owes_frames);
    assert_eq!(wires(node(&checked, "tags@bench")), ["bench/rgbd"]);
}

#[test]
fn the_long_form_has_the_interpreter_and_every_default_and_reads_back() {
    let lab = Lab::new();
    let text = "cameras: {front: scene}\nstages:\n  people: {run: detector.py, python: .venv, threshold: 1}\n  pair: {run: pairs.py, python: .venv, in: {sync: [front, people], within: 5ms}, queue: 3, baseline: 0.1}\ndefaults: {ready: 9s}\n";
    let long = expand(&lab.good(text));
    let stages = long.split("\n  ").skip_while(|line| *line != "people:");
    let mut is_own = true;
    let own: Vec<&str> = stages
        .filter(|line| {
            is_own = line.ends_with(':') && !line.starts_with(' ') || is_own && !line.starts_with("  restart");
            is_own
        })
        .collect();
    insta::assert_snapshot!(own.join("\n"), @r"
    people:
      run: detector.py
      python: .venv
      in:  # the only camera
        - stream: front/image
      threshold: 1
      classes: [person]
      model: null
      tries: 3
      fast: true
      sizes: {}
      more: null
    pair:
      run: pairs.py
      python: .venv
      in:
        sync: [front/image, people/results]
        within: 5ms
      queue: 3
      baseline: 0.1
    ");
    assert_eq!(
        expand(&lab.good(&long)).replace("  # the only camera", ""),
        long.replace("  # the only camera", "")
    );
}

#[test]
fn settings_are_checked_against_the_code() {
    let lab = Lab::new();
    insta::assert_snapshot!(lab.of_stages(&[
        "in: front, run: detector.py, treshold: 0.4, inn: door, banana: 1, read: 3s, pyton: x",
        "in: front, run: detector.py, threshold: high, classes: person, tries: 1.5, fast: yes, sizes: [1], model: [a]",
        "in: [front, door], run: pairs.py",
        "in: [front, door], run: pairs.py, baseline: ",
    ]), @r"
    error: stage `s0`: unknown key `treshold`
      --> pipeline.yaml:3:52
    hint: did you mean `threshold`?
    error: stage `s0`: unknown key `inn`
      --> pipeline.yaml:3:67
    hint: did you mean `in`?
    error: stage `s0`: unknown key `banana`
      --> pipeline.yaml:3:78
    hint: settings of `detector`: `threshold`, `classes`, `model`, `tries`, `fast`, `sizes`, `more`
    error: stage `s0`: unknown key `read`
      --> pipeline.yaml:3:89
    hint: did you mean `ready`?
    error: stage `s0`: unknown key `pyton`
      --> pipeline.yaml:3:99
    hint: did you mean `python`?
    error: stage `s1`: `threshold`: got `high`, wanted a number
      --> pipeline.yaml:4:63
    error: stage `s1`: `classes`: got `person`, wanted a list
      --> pipeline.yaml:4:78
    error: stage `s1`: `tries`: got `1.5`, wanted a whole number
      --> pipeline.yaml:4:93
    error: stage `s1`: `fast`: got `yes`, wanted `true` or `false`
      --> pipeline.yaml:4:104
    error: stage `s1`: `sizes`: got a list of 1, wanted an object (`key: value`)
      --> pipeline.yaml:4:116
    error: stage `s1`: `model`: got a list of 1, wanted text
      --> pipeline.yaml:4:128
    error: stage `s2`: the key `baseline` is missing, which `Pairs` needs
      --> pipeline.yaml:5:7
    hint: for example `baseline: 0.5`
    error: stage `s3`: the key `baseline` is missing, which `Pairs` needs
      --> pipeline.yaml:6:7
    hint: for example `baseline: 0.5`
    ");
}

#[test]
fn wires_are_checked_against_the_code() {
    let lab = Lab::new();
    insta::assert_snapshot!(lab.of_stages(&[
        "run: detector.py, in: {sync: [front, door], within: 5ms}",
        "run: pairs.py, in: front, baseline: 1",
        "run: pairs.py, in: {sync: [front, front/truth, door, door/truth], within: 5ms}, baseline: 1",
        "run: pairs.py, each: \"*\", baseline: 1",
        "run: detector.py",
        "run: detector.py, in: {sync: [front], within: 5ms}",
        "run: pairs.py, in: {sync: [front, door], within: 5ms}, max_fps: 5, baseline: 1",
    ]), @r#"
    error: stage `s0`: `detector` takes 1 frame (`frame`), and is given 2 streams
      --> pipeline.yaml:3:60
    hint: `in: [front, door]` gives two streams, in the order of the arguments
    error: stage `s1`: `Pairs` takes 2 to 3 frames (`left`, `right`, `flow`), and is given 1 stream
      --> pipeline.yaml:4:42
    hint: `in: [front, door]` gives two streams, in the order of the arguments
    error: stage `s2`: `Pairs` takes 2 to 3 frames (`left`, `right`, `flow`), and is given 4 streams
      --> pipeline.yaml:5:76
    hint: `in: [front, door]` gives two streams, in the order of the arguments
    error: stage `s3`: `Pairs` takes 2 to 3 frames (`left`, `right`, `flow`), and is given 1 stream
      --> pipeline.yaml:6:44
    hint: `in: [front, door]` gives two streams, in the order of the arguments
    error: stage `s4`: it does not say what it reads, and `detector` reads frames
      --> pipeline.yaml:7:3
    hint: for example `in: front`, or `each: "*/image"` for one node a camera
    error: stage `s5`: `sync`: wanted at least two streams
      --> pipeline.yaml:8:52
    error: stage `s6`: `every` and `max_fps` leave out frames, and `sync` needs those that belong together: wanted one of them
      --> pipeline.yaml:9:42
    "#);
}

#[test]
fn code_that_cannot_be_run() {
    let lab = Lab::new();
    lab.write("broken.py", "");
    lab.write("broken.py.err", "error: broken.py:3: invalid syntax\n");
    lab.write("two.py", "");
    lab.write(
        "two.py.err",
        "it has two stages, `A` and `B`\nhint: say which, as in `run: two.py:A`\n",
    );
    lab.code("clash.py", &json!({"role": "stage", "name": "clash", "inputs": [{"name": "f"}], "outputs": [], "settings": [{"name": "late", "takes": "number"}]}));
    lab.code("none.py", &json!({"role": "stage", "name": "none", "outputs": []}));
    insta::assert_snapshot!(lab.of_stages(&[
        "run: detektor.py",
        "run: broken.py",
        "run: two.py",
        "run: detector",
        "run: [detector.py]",
        "run: $NOBODY",
        "run: mycam.py",
        "run: clash.py",
        "run: none.py",
        "run: detector.py, kind: apriltag",
    ]), @r"
    error: stage `s0`: `detektor.py`: there is no such file
      --> pipeline.yaml:3:28
    hint: did you mean `detector.py`?
    error: stage `s1`: broken.py:3: invalid syntax
      --> pipeline.yaml:4:28
    error: stage `s2`: it has two stages, `A` and `B`
      --> pipeline.yaml:5:28
    hint: say which, as in `run: two.py:A`
    error: stage `s3`: `detector` is no Python file
      --> pipeline.yaml:6:28
    hint: for example `detector.py`, `detector.py:Detector` or `python:package.module:Class`
    error: stage `s4`: `run` got a list of 1, wanted text
      --> pipeline.yaml:7:28
    error: stage `s5`: the variable `$NOBODY` is not in the environment
      --> pipeline.yaml:8:28
    hint: set it before the start, as in `export NOBODY=…`; a plain dollar is written `$$`
    error: stage `s6`: `Cam` is a source, wanted a stage
      --> pipeline.yaml:9:28
    hint: it belongs under `cameras:`
    error: stage `s7`: the argument `late` of `clash` has the name of a key of any node
      --> pipeline.yaml:10:28
    hint: give the argument another name
    error: stage `s8`: `none` takes no frame, so it would never run
      --> pipeline.yaml:11:28
    hint: give it an argument for the frame, as in `def detector(frame: bb.Frame)`
    error: stage `s9`: `kind` and `run` both say what it is, wanted one of them
      --> pipeline.yaml:12:23
    ");
    insta::assert_snapshot!(lab.told("cameras:\n  a: {run: detector.py, python: .venv}\n  b: {driver: \"python:lab.cams:Zed\", python: .venv}\n  c: {driver: lab.cams.Zed, python: .venv}\n  d: {run: mycam.py, scene: tags}\n  e: {rnu: mycam.py}\n  f: {scene: tags, python: .venv}\n"), @r"
    error: camera `a`: `detector` is a stage, wanted a source
      --> pipeline.yaml:2:12
    hint: it belongs under `stages:`
    error: camera `b`: the module `lab.cams` has no `Zed`
      --> pipeline.yaml:3:15
    hint: did you mean `Cam`?
    error: camera `c`: `lab.cams.Zed` is no Python file
      --> pipeline.yaml:4:15
    hint: for example `detector.py`, `detector.py:Detector` or `python:package.module:Class`
    error: camera `d`: `run` and `scene` both say what it is, wanted one of them
      --> pipeline.yaml:5:22
    error: camera `e`: unknown key `rnu`
      --> pipeline.yaml:6:7
    hint: did you mean `run`?
    error: camera `f`: unknown key `python`
      --> pipeline.yaml:7:20
    hint: settings of `scene`: `scene`, `size`
    ");
}

#[test]
fn an_interpreter_that_is_not_there_or_has_no_package() {
    let lab = Lab::new();
    script(
        &lab.path().join("bare"),
        "echo \"python3: Error while finding module specification for 'bushbaby.describe' (ModuleNotFoundError: No module named 'bushbaby')\" >&2; exit 1",
    );
    script(&lab.path().join("odd"), "echo hello");
    let told = lab.told(
        "cameras: {front: scene}\nstages:\n  a: {run: detector.py, python: venv}\n  b: {run: detector.py, python: bare}\n  c: {run: detector.py, python: detector.py}\n  d: {run: detector.py, python: odd}\n  e: {run: detector.py, python: [a]}\n  f: {run: detector.py, python: ./none/python}\n",
    );
    insta::assert_snapshot!(told, @r"
    error: stage `a`: there is no interpreter `venv`
      --> pipeline.yaml:3:33
    hint: `python3 -m venv venv` makes an environment; paths are relative to the pipeline file
    error: stage `b`: `bare` has no package `bushbaby`
      --> pipeline.yaml:4:12
    hint: bare -m pip install bushbaby
    error: stage `c`: `detector.py` is no program that this user may run
      --> pipeline.yaml:5:33
    hint: for example `python: .venv` or `python: /usr/bin/python3`
    error: stage `d`: `odd`: the package `bushbaby` does not work: its description cannot be read: expected value at line 1 column 1
      --> pipeline.yaml:6:12
    hint: odd -m pip install bushbaby
    error: stage `e`: `python` got a list of 1, wanted text
      --> pipeline.yaml:7:33
    error: stage `f`: there is no interpreter `./none/python`
      --> pipeline.yaml:8:33
    hint: for example `python: .venv` or `python: /usr/bin/python3`
    ");
}

#[test]
fn code_is_asked_again_when_its_file_has_changed() {
    let lab = Lab::new();
    let text = "cameras: {front: scene}\nstages: {people: {run: detector.py, python: .venv}}\n";
    let outputs = |lab: &Lab| node(&lab.good(text), "people").outputs[0].name;
    assert_eq!(outputs(&lab), "results");
    let image = json!({"role": "stage", "name": "d", "inputs": [{"name": "f"}], "outputs": [{"name": "image", "carries": "image"}]});
    lab.write("detector.py.json", &image.to_string());
    assert_eq!(outputs(&lab), "results", "the code is as it was");
    lab.write("detector.py", "# another\n");
    assert_eq!(outputs(&lab), "image");
}

#[test]
fn a_stage_of_ones_own_may_have_windows_of_sound() {
    let lab = Lab::new();
    let text = "cameras: {room: scene:nursery}\nstages:\n  own: {run: detector.py, python: .venv, in: {stream: room/audio, window: 5s, hop: 500ms}}\n  each: {run: detector.py, python: .venv, each: {stream: \"*/audio\", window: 1s}, late: 2s}\n";
    let checked = lab.good(text);
    let again = lab.good(&expand(&checked));
    // Late counts from the end of a window.
    for (name, wanted) in [
        ("own", (5_000_000_000, 500_000_000, Some(64), 6_000)),
        ("each@room", (1_000_000_000, 1_000_000_000, Some(64), 3_000)),
    ] {
        for checked in [&checked, &again] {
            let spec = &node(checked, name).spec;
            let window = spec.inputs[0].window.unwrap();
            let got = (window.length_ns, window.hop_ns, spec.inputs[0].queue, spec.late_ms);
            assert_eq!(got, wanted, "{name}");
        }
    }
}

#[test]
fn windows_that_cannot_be() {
    let lab = Lab::new();
    let stages = [
        "{stream: room/audio, window: 1ms}",
        "{stream: room/audio, window: 5s, hop: 6s}",
        "{stream: room/audio, hop: 1s}",
        "{stream: room/audio, window: 5s, every: 2}",
        "{stream: front/image, window: 5s}",
    ];
    let stages = stages.iter().enumerate();
    let stages: String = stages
        .map(|(n, reads)| format!("  s{n}: {{run: detector.py, python: .venv, in: {reads}}}\n"))
        .collect();
    let told = lab.told(&format!(
        "cameras: {{room: scene:nursery, front: scene}}\nstages:\n{stages}"
    ));
    insta::assert_snapshot!(told, @r"
    error: stage `s0`: `window`: got `1ms`, wanted 20ms to 1min
      --> pipeline.yaml:3:74
    error: stage `s1`: `hop`: got `6s`, wanted 10ms to the `5s` of a window
      --> pipeline.yaml:4:83
    error: stage `s2`: `hop`: how far apart windows begin, and no `window` says how long they are
      --> pipeline.yaml:5:71
    error: stage `s3`: `every` and `max_fps` leave out pieces of sound, and `window` needs them all: wanted one of them
      --> pipeline.yaml:6:74
    error: stage `s4`: `window` is of sound, and input `front/image` carries pictures
      --> pipeline.yaml:7:54
    hint: sound in `room/audio`
    ");
}
