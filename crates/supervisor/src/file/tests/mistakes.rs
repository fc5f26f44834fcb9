//! What people read when a file is wrong. Every mistake is found, each with its place.

use std::path::Path;

use super::fixtures::{KINDS, checked, environment, in_words, told};
use crate::file::{check_file, probe_ports};

/// All problems of one stage behind a good camera; its text is indented by four.
fn of_stage(stage: &str) -> String {
    told(&format!(
        "cameras: {{front: scene, door: scene}}\nstages:\n  tags:\n{stage}\n"
    ))
}

#[test]
fn an_empty_file() {
    insta::assert_snapshot!(told("# nothing yet\n"), @r"
    error: the file is empty, wanted `cameras:` or `mics:`
      --> pipeline.yaml:1:1
    hint: a first file: `cameras: {front: scene}`
    ");
}

#[test]
fn a_file_of_another_kind() {
    insta::assert_snapshot!(told("just some text\n"), @r"
    error: the file holds `just some text`, wanted `cameras:` or `mics:` and what to do with them
      --> pipeline.yaml:1:1
    hint: a first file: `cameras: {front: scene}`
    ");
    insta::assert_snapshot!(told("cameras: [\n"), @r"
    error: the `[` that opens here is never closed
      --> pipeline.yaml:1:10
    ");
}

#[test]
fn a_file_without_cameras() {
    insta::assert_snapshot!(told("web: 5800\n"), @r"
    error: the file names no `cameras:` and no `mics:`
      --> pipeline.yaml:1:1
    hint: a first file: `cameras: {front: scene}`
    ");
    insta::assert_snapshot!(told("cameras:\nweb: 5800\n"), @r"
    error: there is no camera in `cameras:`
      --> pipeline.yaml:1:1
    hint: for example `cameras: {front: scene}`
    ");
    insta::assert_snapshot!(told("[]"), @r#"
    error: the list is empty, wanted at least one camera
      --> pipeline.yaml:1:1
    hint: for example `[{"name": "door", "url": "rtsp://10.0.0.7/stream"}]`
    "#);
}

#[test]
fn microphones_that_are_none() {
    insta::assert_snapshot!(told("mics:\n"), @r"
    error: there is no microphone in `mics:`
      --> pipeline.yaml:1:1
    hint: for example `mics: {bed: mic:default}`
    ");
    insta::assert_snapshot!(told("mics: default\n"), @r"
    error: `mics:` names the file `default`: there is no such file
      --> pipeline.yaml:1:7
    ");
    insta::assert_snapshot!(told("mics: mic:default\n"), @r"
    error: `mics:` names the file `mic:default`: there is no such file
      --> pipeline.yaml:1:7
    hint: a microphone has a name: `mics: {bed: mic:default}`
    ");
    insta::assert_snapshot!(told("mics: {a: default, b: banana, c: [1], d: {mci: x}, e: {rate: 3}, f: {kind: usb}, g: , h: scene, i: gst:x, j: scene:nursry}\n"), @r"
    error: microphone `a`: `default` is no address of a microphone
      --> pipeline.yaml:1:11
    hint: did you mean `mic:default`?
    error: microphone `b`: `banana` is no address of a microphone
      --> pipeline.yaml:1:23
    hint: for example `rtsp://10.0.0.7/stream`, `scene:nursery`, `replay:day.mcap`, `mic:default`, `sounds/a.wav`
    error: microphone `c`: got a list of 1, wanted an address or an object
      --> pipeline.yaml:1:34
    error: microphone `d`: unknown key `mci`
      --> pipeline.yaml:1:43
    hint: did you mean `mic`?
    error: microphone `e`: it does not say what it is
      --> pipeline.yaml:1:55
    hint: wanted one of the keys `url`, `rtsp`, `scene`, `replay`, `mic`, `sound_file`, `run`, `driver`
    error: microphone `f`: `kind` is a key of stages; a microphone's kind is a key itself
      --> pipeline.yaml:1:70
    hint: write `usb: …` instead of `kind: usb`
    error: microphone `g`: it does not say what it is
      --> pipeline.yaml:1:82
    hint: for example `mic:default` or `sounds/a.wav`
    error: microphone `h`: kind `scene` makes no sound
      --> pipeline.yaml:1:87
    hint: it belongs under `cameras:`
    error: microphone `i`: kind `gst` makes no sound
      --> pipeline.yaml:1:97
    hint: it belongs under `cameras:`
    error: microphone `j`: `scene`: unknown value `nursry`
      --> pipeline.yaml:1:110
    hint: did you mean `nursery`?
    ");
    insta::assert_snapshot!(told("mics:\n  bed: {mic: default, rat: 16000}\n  sofa: {mic: default, file: a.wav}\n"), @r"
    error: microphone `bed`: unknown key `rat`
      --> pipeline.yaml:2:23
    hint: did you mean `rate`?
    error: microphone `sofa`: `mic` and `file` both say what it is, wanted one of them
      --> pipeline.yaml:3:24
    ");
}

#[test]
fn a_name_that_a_camera_has_is_no_microphones() {
    insta::assert_snapshot!(told("cameras: {bed: scene}\nmics: {bed: mic}\n"), @r"
    error: microphone `bed`: the name is taken by camera `bed` at 1:11
      --> pipeline.yaml:2:8
    hint: every node of a file has a name of its own
    ");
}

#[test]
fn a_stage_that_listens_where_nothing_sounds() {
    insta::assert_snapshot!(told("cameras: {a: scene}\nstages: {cry: {kind: ear}, more: {kind: ear, in: a}}\n"), @r"
    error: stage `cry`: it does not say what it reads, and kind `ear` reads sound
      --> pipeline.yaml:2:10
    hint: no source of this file gives sound
    error: stage `more`: input `a/image` carries pictures, wanted sound
      --> pipeline.yaml:2:50
    ");
    insta::assert_snapshot!(told("mics: {a: mic, b: mic}\nstages: {cry: {kind: ear}, tags: {kind: apriltag}}\n"), @r#"
    error: stage `cry`: it does not say what it reads, and kind `ear` reads sound
      --> pipeline.yaml:2:10
    hint: for example `in: a/audio`, or `each: "*/audio"` for one node a source
    error: stage `tags`: it does not say what it reads, and kind `apriltag` reads pictures
      --> pipeline.yaml:2:28
    hint: no source of this file gives pictures
    "#);
}

#[test]
fn a_file_that_is_not_there() {
    let told = in_words(&check_file(Path::new("nowhere/pipeline.yaml"), &KINDS, &environment).unwrap_err());
    insta::assert_snapshot!(told, @r"
    error: there is no such file
      --> nowhere/pipeline.yaml
    ");
}

#[test]
fn an_unknown_key_at_the_top() {
    insta::assert_snapshot!(told("camera:\n  front: scene\ncameras: {front: scene}\nbanana: 1\n"), @r"
    error: unknown key `camera`
      --> pipeline.yaml:1:1
    hint: did you mean `cameras`?
    error: unknown key `banana`
      --> pipeline.yaml:4:1
    hint: known: `cameras`, `mics`, `stages`, `record`, `alerts`, `mqtt`, `evidence`, `networktables`, `web`, `defaults`
    ");
}

#[test]
fn what_is_not_there_yet() {
    insta::assert_snapshot!(
        told("cameras: {a: scene, b: 'rtsps://h/s'}\nbridges: {}\n"),
        @r"
    error: camera `b`: `rtsps://` is not there yet in this version
      --> pipeline.yaml:1:24
    error: `bridges:` is not there yet in this version
      --> pipeline.yaml:2:1
    "
    );
}

#[test]
fn an_unknown_key_of_a_stage_and_of_a_camera() {
    insta::assert_snapshot!(of_stage("    kind: apriltag\n    inn: front\n    in: front\n    famliy: 36h11\n    decimate: 2\n    calibration: {fil: a.json}"), @r"
    error: stage `tags`: unknown key `inn`
      --> pipeline.yaml:5:5
    hint: did you mean `in`?
    error: stage `tags`: unknown key `famliy`
      --> pipeline.yaml:7:5
    hint: did you mean `family`?
    error: stage `tags`: unknown key `decimate`
      --> pipeline.yaml:8:5
    hint: settings of `apriltag`: `family`, `tag_size`, `calibration`
    error: stage `tags`: `calibration`: unknown key `fil`
      --> pipeline.yaml:9:19
    hint: did you mean `file`?
    ");
    insta::assert_snapshot!(told("cameras:\n  front: {usb: 0, szie: 640x480, redy: 3s}\n"), @r"
    error: camera `front`: unknown key `szie`
      --> pipeline.yaml:2:19
    hint: did you mean `size`?
    error: camera `front`: unknown key `redy`
      --> pipeline.yaml:2:34
    hint: did you mean `ready`?
    ");
}

#[test]
fn an_unknown_value_and_a_wrong_unit() {
    insta::assert_snapshot!(of_stage("    kind: apriltag\n    in: front\n    family: 36h12\n    tag_size: 165\n    ready: 20"), @r"
    error: stage `tags`: `family`: unknown tag family `36h12`
      --> pipeline.yaml:6:13
    hint: did you mean `36h11`?
    error: stage `tags`: `tag_size`: got `165`, wanted a length with its unit, such as `165mm`, `16.5cm`, `0.165m` or `6.5in`
      --> pipeline.yaml:7:15
    error: stage `tags`: `ready`: got `20`, wanted a time with its unit, such as `200ms`, `2s`, `5min` or `1h`
      --> pipeline.yaml:8:12
    ");
    insta::assert_snapshot!(told("cameras:\n  front: {scene: tgs, size: 1280}\n"), @r"
    error: camera `front`: `scene`: unknown value `tgs`
      --> pipeline.yaml:2:18
    hint: did you mean `tags`?
    error: camera `front`: `size`: got `1280`, wanted a size in pixels such as `1280x720`, each side from 1 to 16384
      --> pipeline.yaml:2:29
    ");
}

#[test]
fn a_file_that_a_kind_cannot_read() {
    insta::assert_snapshot!(of_stage("    kind: apriltag\n    in: front\n    calibration:\n      file: lens.json"), @r"
    error: stage `tags`: `calibration.file`: `lens.json` cannot be read: there is no such file
      --> pipeline.yaml:7:13
    ");
}

#[test]
fn a_stage_without_a_good_kind() {
    insta::assert_snapshot!(of_stage("    in: front"), @r"
    error: stage `tags`: it does not say which `kind` it is
      --> pipeline.yaml:3:3
    hint: known kinds: `apriltag`, `gray`, `listener`, `ear`, `drawer`; `run: detector.py` runs your own code
    ");
    insta::assert_snapshot!(of_stage("    kind: apriltags\n    in: frnt"), @r"
    error: stage `tags`: there is no kind `apriltags`
      --> pipeline.yaml:4:11
    hint: did you mean `apriltag`?
    error: stage `tags`: input `frnt` is not the name of any source or stage
      --> pipeline.yaml:5:9
    hint: did you mean `front`?
    ");
    insta::assert_snapshot!(of_stage("    kind: scene"), @r"
    error: stage `tags`: kind `scene` is a source, wanted a stage
      --> pipeline.yaml:4:11
    hint: it belongs under `cameras:`
    ");
    insta::assert_snapshot!(of_stage("    kind: web"), @r"
    error: stage `tags`: kind `web` is a sink, wanted a stage
      --> pipeline.yaml:4:11
    hint: it belongs under `web:`
    ");
    insta::assert_snapshot!(of_stage("    kind: [apriltag]"), @r"
    error: stage `tags`: `kind` got a list of 1, wanted the name of a kind
      --> pipeline.yaml:4:11
    ");
    insta::assert_snapshot!(told("cameras: {a: scene}\nstages: {tags: apriltag, more: [1]}"), @r"
    error: stage `tags`: got `apriltag`, wanted an object with `kind` or `run`
      --> pipeline.yaml:2:16
    error: stage `more`: got a list of 1, wanted an object with `kind` or `run`
      --> pipeline.yaml:2:32
    ");
    insta::assert_snapshot!(told("cameras: {a: scene}\nstages: [apriltag]"), @r"
    error: `stages:` got a list of 1, wanted an object of named stages
      --> pipeline.yaml:2:9
    hint: for example `stages: {tags: {kind: apriltag, in: front}}`
    ");
}

#[test]
fn a_wire_to_nowhere() {
    insta::assert_snapshot!(of_stage("    kind: apriltag\n    in: fornt"), @r"
    error: stage `tags`: input `fornt` is not the name of any source or stage
      --> pipeline.yaml:5:9
    hint: did you mean `front`?
    ");
    insta::assert_snapshot!(of_stage("    kind: apriltag\n    in: [front/imag, door/sound, banana, web]"), @r"
    error: stage `tags`: input `front/imag`: `front` has no such output
      --> pipeline.yaml:5:10
    hint: did you mean `front/image`?
    error: stage `tags`: input `door/sound`: `door` has no such output
      --> pipeline.yaml:5:22
    hint: it has `image`, `truth`
    error: stage `tags`: input `banana` is not the name of any source or stage
      --> pipeline.yaml:5:34
    hint: known: `front`, `door`, `tags`
    error: stage `tags`: input `web` is not the name of any source or stage
      --> pipeline.yaml:5:42
    hint: known: `front`, `door`, `tags`
    ");
}

#[test]
fn what_is_drawn_on_comes_first() {
    insta::assert_snapshot!(of_stage("    kind: drawer\n    in: [front/truth, door]"), @r"
    error: stage `tags`: input `front/truth` carries what a scene really shows, wanted pictures
      --> pipeline.yaml:5:10
    hint: pictures in `front/image`, `door/image`, `tags/image`
    ");
}

#[test]
fn a_pattern_that_fits_nothing_or_leads_to_pairs() {
    insta::assert_snapshot!(of_stage("    kind: apriltag\n    in: \"*/audio\""), @r"
    error: stage `tags`: `in: */audio` fits no output of a source
      --> pipeline.yaml:5:9
    hint: there is `front/image`, `front/truth`, `door/image`, `door/truth`
    ");
    insta::assert_snapshot!(of_stage("    kind: apriltag\n    in: [front, \"*/*\"]"), @r"
    error: stage `tags`: input `door/truth` carries what a scene really shows, wanted pictures
      --> pipeline.yaml:5:17
    hint: pictures in `front/image`, `door/image`
    error: stage `tags`: input `front/truth` carries what a scene really shows, wanted pictures
      --> pipeline.yaml:5:17
    hint: pictures in `front/image`, `door/image`
    error: stage `tags`: it reads `front/image` twice
      --> pipeline.yaml:5:17
    hint: remove one of them
    ");
    insta::assert_snapshot!(of_stage("    kind: apriltag\n    in: {sync: [\"*/image\", door], within: 5ms}"), @r"
    error: stage `tags`: `sync` hands over pairs, kind `apriltag` takes one picture at a time
      --> pipeline.yaml:5:9
    hint: a stage of your own may take them: `run: pairs.py`
    error: stage `tags`: input `*/image` is a pattern that may fit any number of streams, and it takes frames that belong together
      --> pipeline.yaml:5:17
    hint: name the streams, as in `in: [front, door]`
    ");
}

#[test]
fn a_wire_that_is_badly_written() {
    insta::assert_snapshot!(of_stage("    kind: apriltag\n    in: {stream: front, queue: 0, evry: 2}"), @r"
    error: stage `tags`: `queue`: got `0`, wanted 1 to 64 frames
      --> pipeline.yaml:5:32
    error: stage `tags`: unknown key `evry`
      --> pipeline.yaml:5:35
    hint: did you mean `every`?
    ");
    insta::assert_snapshot!(of_stage("    kind: apriltag\n    in: {queue: 2}\n    every: 0\n    max_fps: -1"), @r"
    error: stage `tags`: the key `stream` is missing
      --> pipeline.yaml:5:9
    error: stage `tags`: `every`: got `0`, wanted 1 or more: each n-th frame
      --> pipeline.yaml:6:12
    error: stage `tags`: `max_fps`: got `-1`, wanted more than 0 frames a second
      --> pipeline.yaml:7:14
    ");
    insta::assert_snapshot!(of_stage("    kind: apriltag\n    in: [front, front/image]"), @r"
    error: stage `tags`: it reads `front/image` twice
      --> pipeline.yaml:5:17
    hint: remove one of them
    ");
    insta::assert_snapshot!(of_stage("    kind: apriltag\n    in: []"), @r"
    error: stage `tags`: `in` is an empty list, wanted at least one stream
      --> pipeline.yaml:5:9
    ");
    insta::assert_snapshot!(of_stage("    kind: apriltag\n    in:\n    each: front"), @r"
    error: stage `tags`: `in` and `each` both say what it reads, wanted one of them
      --> pipeline.yaml:6:5
    ");
    insta::assert_snapshot!(of_stage("    kind: apriltag\n    in: [[front]]"), @r"
    error: stage `tags`: got a list of 1, wanted the name of a stream or of a node
      --> pipeline.yaml:5:10
    ");
}

#[test]
fn pairs_for_a_kind_that_takes_one_picture_at_a_time() {
    insta::assert_snapshot!(of_stage("    kind: apriltag\n    in: {sync: [front, dor], within: 5ms}"), @r"
    error: stage `tags`: `sync` hands over pairs, kind `apriltag` takes one picture at a time
      --> pipeline.yaml:5:9
    hint: a stage of your own may take them: `run: pairs.py`
    error: stage `tags`: input `dor` is not the name of any source or stage
      --> pipeline.yaml:5:24
    hint: did you mean `door`?
    ");
    insta::assert_snapshot!(of_stage("    kind: apriltag\n    in: {sync: [front], within: 5}"), @r"
    error: stage `tags`: `within`: got `5`, wanted a time with its unit, such as `200ms`, `2s`, `5min` or `1h`
      --> pipeline.yaml:5:33
    ");
}

#[test]
fn a_wire_that_carries_something_else() {
    insta::assert_snapshot!(told("cameras: {front: scene}\nstages:\n  tags: {kind: apriltag, in: front}\n  more: {kind: apriltag, in: tags/detections}\n  again: {kind: gray, in: front/truth}\n"), @r"
    error: stage `more`: input `tags/detections` carries detections, wanted pictures
      --> pipeline.yaml:4:30
    hint: pictures in `front/image`, `again/image`
    error: stage `again`: input `front/truth` carries what a scene really shows, wanted pictures
      --> pipeline.yaml:5:27
    hint: pictures in `front/image`, `again/image`
    ");
}

#[test]
fn a_stage_that_does_not_say_which_of_two_cameras_it_reads() {
    insta::assert_snapshot!(of_stage("    kind: apriltag"), @r#"
    error: stage `tags`: it does not say what it reads, and kind `apriltag` reads pictures
      --> pipeline.yaml:3:3
    hint: for example `in: front`, or `each: "*/image"` for one node a camera
    "#);
}

#[test]
fn a_loop_among_stages() {
    insta::assert_snapshot!(told("cameras: {front: scene}\nstages:\n  a: {kind: gray, in: [front, c]}\n  b: {kind: gray, in: a}\n  c: {kind: gray, in: b}\n  self: {kind: gray, in: self}\n"), @r"
    error: stage `a`: a loop: `a` reads `c`, `c` reads `b`, `b` reads `a`
      --> pipeline.yaml:3:31
    hint: the first stage of a chain reads a camera
    error: stage `self`: a loop: `self` reads `self`
      --> pipeline.yaml:6:26
    hint: the first stage of a chain reads a camera
    ");
}

#[test]
fn an_each_that_fits_nothing_or_too_much() {
    insta::assert_snapshot!(of_stage("    kind: apriltag\n    each: \"*/audio\""), @r"
    error: stage `tags`: `each: */audio` fits no output of a source
      --> pipeline.yaml:5:11
    hint: there is `front/image`, `front/truth`, `door/image`, `door/truth`
    ");
    insta::assert_snapshot!(of_stage("    kind: apriltag\n    each: \"fr*/*\""), @r#"
    error: stage `tags`: `each: fr*/*` fits `front/image` and `front/truth`, wanted one output a source
      --> pipeline.yaml:5:11
    hint: name the output, as in `each: "*/image"`
    "#);
    insta::assert_snapshot!(of_stage("    kind: apriltag\n    each: \"front/truth\""), @r"
    error: stage `tags`: input `front/truth` carries what a scene really shows, wanted pictures
      --> pipeline.yaml:5:11
    hint: pictures in `front/image`, `door/image`
    ");
    // Outputs of stages never match.
    insta::assert_snapshot!(told("cameras: {front: scene}\nstages:\n  a: {kind: gray, in: front}\n  b: {kind: gray, each: \"a/*\"}\n"), @r"
    error: stage `b`: `each: a/*` fits no output of a source
      --> pipeline.yaml:4:25
    hint: there is `front/image`, `front/truth`
    ");
}

#[test]
fn names_that_are_bad_or_taken() {
    insta::assert_snapshot!(told("cameras: {front: scene, Front Door: scene, _health: scene, web: scene, tags: scene}\nstages: {tags: {kind: apriltag, in: front}}\n"), @r"
    error: camera `Front Door`: a name has 1 to 32 characters of a to z, 0 to 9, `-` and `_`, and starts with a letter or a digit
      --> pipeline.yaml:1:25
    hint: for example `front_door`
    error: camera `_health`: names that start with `_` are the supervisor's own
      --> pipeline.yaml:1:44
    hint: choose another name
    error: camera `web`: the name `web` is the page's own
      --> pipeline.yaml:1:60
    hint: choose another name
    error: stage `tags`: the name is taken by camera `tags` at 1:72
      --> pipeline.yaml:2:10
    hint: every node of a file has a name of its own
    ");
    insta::assert_snapshot!(told("cameras:\n  - {name: front, url: scene}\n  - {name: front, url: usb:0}\n  - {url: usb:1}\n  - {name: [a], url: usb:2}\n  - usb:3\n"), @r"
    error: entry 2 (`front`): the name is taken by entry 1 (`front`) at 2:12
      --> pipeline.yaml:3:12
    hint: every node of a file has a name of its own
    error: entry 3: it has `url` and no `name`
      --> pipeline.yaml:4:5
    error: entry 4: `name` got a list of 1, wanted text
      --> pipeline.yaml:5:12
    error: entry 5: got `usb:3`, wanted an object with `name` and `url`
      --> pipeline.yaml:6:5
    ");
    insta::assert_snapshot!(told("cameras:\n  front: scene\n  front: usb:0\n"), @r"
    error: the key `front` is there twice, first at 2:3
      --> pipeline.yaml:3:3
    hint: remove one of them
    ");
    insta::assert_snapshot!(told(&format!("cameras: {{{}: scene}}\n", "n".repeat(33))), @r"
    error: camera `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`: a name has 1 to 32 characters of a to z, 0 to 9, `-` and `_`, and starts with a letter or a digit
      --> pipeline.yaml:1:11
    ");
    let long = "n".repeat(32);
    insta::assert_snapshot!(told(&format!("cameras: {{{long}: scene}}\nstages: {{{}: {{kind: apriltag, each: \"*\"}}}}\n", "m".repeat(32))), @r"
    error: stage `mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm`: the name of its stream `mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm@nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn/detections` is too long
      --> pipeline.yaml:2:10
    hint: names of streams have at most 63 bytes
    ");
}

#[test]
fn a_camera_that_is_badly_written() {
    insta::assert_snapshot!(told("cameras:\n  a: usb0\n  b: 0\n  c:\n  d: [usb:0]\n  e: {size: 640x480}\n  f: {usb: 0, scene: tags}\n  g: {kind: usb, usb_number: 0}\n  h: {ubs: 0}\n  i: {url: [usb:0]}\n  j: {usb: }\n  k: /dev/video0\n  l: {}\n"), @r"
    error: camera `a`: `usb0` is no address of a camera
      --> pipeline.yaml:2:6
    hint: did you mean `usb:0`?
    error: camera `b`: `0` is no address of a camera
      --> pipeline.yaml:3:6
    hint: did you mean `usb:0`?
    error: camera `c`: it does not say what it is
      --> pipeline.yaml:4:3
    hint: for example `usb:0` or `scene`
    error: camera `d`: got a list of 1, wanted an address or an object
      --> pipeline.yaml:5:6
    error: camera `e`: it does not say what it is
      --> pipeline.yaml:6:6
    hint: wanted one of the keys `url`, `usb`, `rtsp`, `http`, `gst`, `video_file`, `scene`, `replay`, `run`, `driver`
    error: camera `f`: `usb` and `scene` both say what it is, wanted one of them
      --> pipeline.yaml:7:15
    error: camera `g`: `kind` is a key of stages; a camera's kind is a key itself
      --> pipeline.yaml:8:7
    hint: write `usb: …` instead of `kind: usb`
    error: camera `h`: unknown key `ubs`
      --> pipeline.yaml:9:7
    hint: did you mean `usb`?
    error: camera `i`: `url` got a list of 1, wanted an address
      --> pipeline.yaml:10:12
    error: camera `j`: the key `usb` is missing
      --> pipeline.yaml:11:6
    error: camera `k`: `/dev/video0` is no address of a camera
      --> pipeline.yaml:12:6
    hint: did you mean `usb:/dev/video0`?
    error: camera `l`: it does not say what it is
      --> pipeline.yaml:13:6
    hint: wanted one of the keys `url`, `usb`, `rtsp`, `http`, `gst`, `video_file`, `scene`, `replay`, `run`, `driver`
    ");
}

#[test]
fn a_list_of_cameras_that_cannot_be_read() {
    insta::assert_snapshot!(told("cameras: cameras.json\n"), @r"
    error: `cameras:` names the file `cameras.json`: there is no such file
      --> pipeline.yaml:1:10
    ");
    insta::assert_snapshot!(told("cameras: usb:0\n"), @r"
    error: `cameras:` names the file `usb:0`: there is no such file
      --> pipeline.yaml:1:10
    hint: a camera has a name: `cameras: {front: usb:0}`
    ");
}

#[test]
fn mistakes_in_a_list_of_its_own_are_told_there() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let told = || {
        let told = in_words(&check_file(&folder.path().join("pipeline.yaml"), &KINDS, &environment).unwrap_err());
        told.replace(&format!("{}/", folder.path().display()), "")
    };
    write(
        "pipeline.yaml",
        "cameras: cameras.json\nstages: {tags: {kind: apriltag, in: dor}}\ndefaults:\n  scene: {size: big}\n",
    );
    write(
        "cameras.json",
        "[{\"name\": \"front\", \"url\": \"scene\"},\n {\"name\": \"door\", \"usb\": 0, \"fsp\": 30}]",
    );
    insta::assert_snapshot!(told(), @r"
    error: entry 2 (`door`): unknown key `fsp`
      --> cameras.json:2:29
    hint: did you mean `fps`?
    error: stage `tags`: input `dor` is not the name of any source or stage
      --> pipeline.yaml:2:37
    hint: did you mean `door`?
    error: `defaults:` for `scene`: `size`: got `big`, wanted a size in pixels such as `1280x720`, each side from 1 to 16384
      --> pipeline.yaml:4:17
    ");
    write("cameras.json", "[{\"name\": \"front\",, \"url\": \"scene\"}]");
    insta::assert_snapshot!(told(), @r"
    error: within `{…}`, a key or a value is missing here
      --> cameras.json:1:19
    ");
    write("cameras.json", "other.json");
    insta::assert_snapshot!(told(), @r#"
    error: got `other.json`, wanted a list of cameras
      --> cameras.json:1:1
    hint: for example `[{"name": "door", "url": "rtsp://10.0.0.7/stream"}]`
    "#);
    write("cameras.json", "[]");
    insta::assert_snapshot!(told(), @r#"
    error: the list is empty, wanted at least one camera
      --> cameras.json:1:1
    hint: for example `[{"name": "door", "url": "rtsp://10.0.0.7/stream"}]`
    "#);
    write(
        "cameras.json",
        "{\"cameras\": [{\"name\": \"front\", \"url\": \"scene\"}]}",
    );
    insta::assert_snapshot!(told(), @r"
    error: this is a pipeline file, wanted a list of cameras
      --> cameras.json:1:1
    hint: run it itself: `bushbaby run cameras.json`, or keep only what stands under its `cameras`
    ");
}

#[test]
fn mistakes_in_a_list_name_its_entry() {
    let list = r#"[
	{"name": "front", "url": "scene"},
	{"name": "door", "url": "rstp:\/\/10.0.0.7/s1"},
	{"name": "Back Door", "url": "rtsp://10.0.0.8/bad"},
	{"Name": "hall", "url": "usb:0"},
	{"name": "front", "url": ""},
	{"name": "yard"},
	{"name": "attic", "url": null, "fps": 5},
	{"name": "cellar", "url": "rtsp://ada:pa$word@10.0.0.9/s1"},
	{"name": "barn", "url": "rtsps://10.0.0.10/s1"},
	{"name": "shed", "url": "usb:1", "size": "large"},
	{}
]"#;
    insta::assert_snapshot!(told(list), @r"
    error: entry 2 (`door`): no source plays addresses that start with `rstp://`
      --> pipeline.yaml:3:26
    hint: did you mean `rtsp://10.0.0.7/stream`?
    error: entry 3 (`Back Door`): a name has 1 to 32 characters of a to z, 0 to 9, `-` and `_`, and starts with a letter or a digit
      --> pipeline.yaml:4:11
    hint: for example `back_door`
    error: entry 3 (`Back Door`): `url`: got `rtsp://10.0.0.8/bad`, wanted another path
      --> pipeline.yaml:4:31
    error: entry 4: it has `Name`, `url` and no `name`
      --> pipeline.yaml:5:3
    hint: did you mean `name`?
    error: entry 5 (`front`): the name is taken by entry 1 (`front`) at 2:11
      --> pipeline.yaml:6:11
    hint: every node of a file has a name of its own
    error: entry 5 (`front`): `` is no address of a camera
      --> pipeline.yaml:6:27
    hint: for example `usb:0`, `rtsp://10.0.0.7/stream`, `http://10.0.0.11/video.mjpg`, `gst:videotestsrc`, `clips/a.mp4`, `scene`, `replay:day.mcap`
    error: entry 6 (`yard`): it does not say what it is
      --> pipeline.yaml:7:2
    hint: wanted one of the keys `url`, `usb`, `rtsp`, `http`, `gst`, `video_file`, `scene`, `replay`, `run`, `driver`
    error: entry 7 (`attic`): `url` got nothing, wanted an address
      --> pipeline.yaml:8:27
    error: entry 8 (`cellar`): `url`: the variable `$word` is not in the environment
      --> pipeline.yaml:9:28
    hint: set it before the start, as in `export word=…`; a plain dollar is written `$$`
    error: entry 9 (`barn`): `rtsps://` is not there yet in this version
      --> pipeline.yaml:10:26
    error: entry 10 (`shed`): `size`: got `large`, wanted a size in pixels such as `1280x720`, each side from 1 to 16384
      --> pipeline.yaml:11:43
    error: entry 11: it is empty, wanted `name` and `url`
      --> pipeline.yaml:12:2
    ");
}

#[test]
fn a_variable_that_is_missing() {
    insta::assert_snapshot!(told("cameras:\n  door: rtsp://$NOBODY:$DOOR_PASSWORD@10.0.0.7/s1\n  back: {usb: 0, fps: $FSP, size: 1}\n  yard: $GARDEN\n  hall: {usb: 5$}\nstages: {tags: {kind: $KIND, in: $CAMERA}}\nweb: {listen: $PORT, password: \"${PASSWORD\"}\n"), @r"
    error: camera `door`: `url`: the variable `$NOBODY` is not in the environment
      --> pipeline.yaml:2:9
    hint: set it before the start, as in `export NOBODY=…`; a plain dollar is written `$$`
    error: camera `back`: `fps`: the variable `$FSP` is not in the environment
      --> pipeline.yaml:3:23
    hint: set it before the start, as in `export FSP=…`; a plain dollar is written `$$`
    error: camera `back`: `size`: got `1`, wanted a size in pixels such as `1280x720`, each side from 1 to 16384
      --> pipeline.yaml:3:35
    error: camera `yard`: the variable `$GARDEN` is not in the environment
      --> pipeline.yaml:4:9
    hint: set it before the start, as in `export GARDEN=…`; a plain dollar is written `$$`
    error: camera `hall`: `usb`: a `$` is followed by no name
      --> pipeline.yaml:5:15
    hint: write `$NAME` or `${NAME}` for a variable, `$$` for a plain dollar
    error: stage `tags`: the variable `$KIND` is not in the environment
      --> pipeline.yaml:6:23
    hint: set it before the start, as in `export KIND=…`; a plain dollar is written `$$`
    error: stage `tags`: the variable `$CAMERA` is not in the environment
      --> pipeline.yaml:6:34
    hint: set it before the start, as in `export CAMERA=…`; a plain dollar is written `$$`
    error: `web`: `listen`: the variable `$PORT` is not in the environment
      --> pipeline.yaml:7:15
    hint: set it before the start, as in `export PORT=…`; a plain dollar is written `$$`
    error: `web`: `password`: a `$` is followed by no name
      --> pipeline.yaml:7:32
    hint: write `$NAME` or `${NAME}` for a variable, `$$` for a plain dollar
    ");
}

#[test]
fn a_secret_is_not_told() {
    let text = told(
        "cameras:\n  door: rtsp://$DOOR_USER:$DOOR_PASSWORD@10.0.0.7/bad\n  back: {usb: 0, fps: $DOOR_PASSWORD}\n  hall: $USB\nstages: {tags: {kind: apriltag, in: door, every: $DOOR_PASSWORD}, more: {kind: apriltag, in: $DOOR_PASSWORD}, less: {kind: $DOOR_PASSWORD}}\nweb: $DOOR_PASSWORD\n",
    );
    assert!(!text.contains("hunter2") && !text.contains("ada"), "{text}");
    insta::assert_snapshot!(text, @r"
    error: camera `door`: `url`: got `rtsp://$DOOR_USER:$DOOR_PASSWORD@10.0.0.7/bad`, wanted another path
      --> pipeline.yaml:2:9
    error: camera `back`: `fps`: got `$DOOR_PASSWORD`, wanted a whole number, 0 or more
      --> pipeline.yaml:3:23
    error: camera `hall`: `$USB` hides which kind of camera it is
      --> pipeline.yaml:4:9
    hint: write `usb:` in the file and only the rest into the variable
    error: stage `tags`: `every`: got `$DOOR_PASSWORD`, wanted a whole number, 0 or more
      --> pipeline.yaml:5:50
    error: stage `more`: input `$DOOR_PASSWORD` is not the name of any source or stage
      --> pipeline.yaml:5:94
    hint: known: `door`, `back`, `hall`, `tags`, `more`, `less`
    error: stage `less`: there is no kind `$DOOR_PASSWORD`
      --> pipeline.yaml:5:124
    hint: known: `apriltag`, `gray`, `listener`, `ear`, `drawer`
    error: `web`: `listen`: `$DOOR_PASSWORD` is neither a port nor an address
      --> pipeline.yaml:6:6
    hint: `5800` is a port of this host only, `0.0.0.0:5800` is open to others
    ");
}

#[test]
fn limits_that_cannot_be() {
    insta::assert_snapshot!(told("cameras:\n  front:\n    scene: tags\n    restart: {first: 10s, max: 5s, give_up: -1}\n    ready: 0s\n    frozen: 1\n    cpus: [2, 4096, two]\n    nice: 50\n    memory: 0B\n    environment: {A=B: c}\n  back: {scene: tags, cpus: [], frozen: no, restart: {first: 10s, max: 5s}}\n  side: {scene: tags, ready: 0s, nice: 50, memory: 0B, cpus: [4096], environment: {A=B: c}}\n"), @r"
    error: camera `front`: `restart.give_up`: got `-1`, wanted a whole number, 0 or more
      --> pipeline.yaml:4:45
    error: camera `front`: `ready`: wanted a time above 0
      --> pipeline.yaml:5:12
    error: camera `front`: `frozen`: got `1`, wanted a number of pictures from 2, or `off`
      --> pipeline.yaml:6:13
    error: camera `front`: `cpus.2`: got `two`, wanted a whole number, 0 or more
      --> pipeline.yaml:7:21
    error: camera `front`: `nice`: got `50`, wanted a priority from -20 (first) to 19 (last)
      --> pipeline.yaml:8:11
    error: camera `front`: `memory`: wanted more than 0 bytes
      --> pipeline.yaml:9:13
    error: camera `front`: `environment`: `A=B` cannot be the name of a variable
      --> pipeline.yaml:10:18
    error: camera `back`: `cpus`: got an empty list, wanted at least one core
      --> pipeline.yaml:11:29
    error: camera `back`: `frozen`: got `no`, wanted a number of pictures from 2, or `off`
      --> pipeline.yaml:11:41
    error: camera `back`: `restart.max`: got `5s`, wanted at least `first`, which is `10s`
      --> pipeline.yaml:11:72
    error: camera `side`: `ready`: wanted a time above 0
      --> pipeline.yaml:12:30
    error: camera `side`: `nice`: got `50`, wanted a priority from -20 (first) to 19 (last)
      --> pipeline.yaml:12:40
    error: camera `side`: `memory`: wanted more than 0 bytes
      --> pipeline.yaml:12:52
    error: camera `side`: `cpus.0`: got core `4096`, wanted one from 0 to 1023
      --> pipeline.yaml:12:63
    error: camera `side`: `environment`: `A=B` cannot be the name of a variable
      --> pipeline.yaml:12:83
    ");
}

#[test]
fn mistakes_in_defaults_are_told_once() {
    insta::assert_snapshot!(told("cameras: {a: scene, b: scene}\ndefaults:\n  ready: 20\n  scene: {sze: 1x1, size: big}\n  usb: {szie: 640x480}\n  apritag: {}\n  rtsp: 5\n"), @r"
    error: `defaults:`: `ready`: got `20`, wanted a time with its unit, such as `200ms`, `2s`, `5min` or `1h`
      --> pipeline.yaml:3:10
    error: `defaults:` for `scene`: unknown key `sze`
      --> pipeline.yaml:4:11
    hint: did you mean `size`?
    error: `defaults:` for `scene`: `size`: got `big`, wanted a size in pixels such as `1280x720`, each side from 1 to 16384
      --> pipeline.yaml:4:27
    error: `defaults:` for `usb`: unknown key `szie`
      --> pipeline.yaml:5:9
    hint: did you mean `size`?
    error: `defaults:`: `apritag` is no kind and no key of any node
      --> pipeline.yaml:6:3
    hint: did you mean `apriltag`?
    error: `defaults:` for `rtsp` got `5`, wanted an object
      --> pipeline.yaml:7:9
    ");
    insta::assert_snapshot!(told("cameras: {a: scene}\ndefaults: 5\n"), @r"
    error: `defaults:` got `5`, wanted an object
      --> pipeline.yaml:2:11
    ");
}

#[test]
fn a_page_that_cannot_be() {
    insta::assert_snapshot!(told("cameras: {a: scene}\nweb: front\n"), @r"
    error: `web`: `listen`: `front` is neither a port nor an address
      --> pipeline.yaml:2:6
    hint: `5800` is a port of this host only, `0.0.0.0:5800` is open to others
    ");
    insta::assert_snapshot!(told("cameras: {a: scene}\nweb: {port: 5800, pasword: x}\n"), @r"
    error: `web`: unknown key `port`
      --> pipeline.yaml:2:7
    hint: settings of `web`: `listen`, `password`, `streams`
    error: `web`: unknown key `pasword`
      --> pipeline.yaml:2:19
    hint: did you mean `password`?
    ");
    insta::assert_snapshot!(told("cameras: {a: scene}\nweb:\n"), @r"
    error: `web:` got nothing, wanted a port or an address
      --> pipeline.yaml:2:1
    hint: `5800` is a port of this host only, `0.0.0.0:5800` is open to others
    ");
}

#[test]
fn a_port_in_use_is_told_before_anything_starts() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let checked = checked(&format!("cameras: {{a: scene}}\nweb: {port}\n")).unwrap();
    insta::assert_snapshot!(in_words(&probe_ports(&checked).unwrap_err()).replace(&port, "PORT"), @r"
    error: `web`: 127.0.0.1:PORT is in use
      --> pipeline.yaml:2:6
    hint: end what listens there, or choose another port; `ss -ltnp` shows who it is
    ");
    drop(taken);
    assert!(probe_ports(&super::fixtures::checked("cameras: {a: scene}\nweb: 127.0.0.1:0\n").unwrap()).is_ok());
}

#[test]
fn pipelines_that_are_none() {
    let of_tags = |more: &str| of_stage(&format!("    kind: apriltag\n    in: front\n{more}"));
    insta::assert_snapshot!(of_tags("    pipeline: far"), @r"
    error: stage `tags`: `pipeline` without `pipelines`
      --> pipeline.yaml:6:5
    hint: `pipelines: {near: {…}, far: {…}}` names them
    ");
    insta::assert_snapshot!(of_tags("    pipelines: [near]"), @r"
    error: stage `tags`: `pipelines` got a list of 1, wanted settings by name
      --> pipeline.yaml:6:16
    hint: for example `pipelines: {near: {decimate: 2}, far: {decimate: 1}}`
    ");
    insta::assert_snapshot!(of_tags("    pipelines: {near: {}, far: {}}\n    pipeline: fra"), @r"
    error: stage `tags`: `pipeline` got `fra`, wanted one of `pipelines`
      --> pipeline.yaml:7:15
    hint: did you mean `far`?
    ");
    insta::assert_snapshot!(of_tags("    pipelines: {0: {}, far: quick}"), @r"
    error: stage `tags`: `pipelines`: `0` is no name: numbers count them from 0
      --> pipeline.yaml:6:17
    hint: for example `pipelines: {near: {decimate: 2}, far: {decimate: 1}}`
    error: stage `tags`: pipeline `far` got `quick`, wanted settings
      --> pipeline.yaml:6:24
    hint: for example `pipelines: {near: {decimate: 2}, far: {decimate: 1}}`
    ");
}

#[test]
fn a_mistake_in_one_pipeline_is_told_at_its_place() {
    insta::assert_snapshot!(of_stage(
        "    kind: apriltag\n    in: front\n    pipelines:\n      near: {famly: 16h5}\n      far:\n        family: 36h12\n      usual:"
    ), @r"
    error: stage `tags`: unknown key `famly`
      --> pipeline.yaml:7:14
    hint: did you mean `family`?
    error: stage `tags`: `family`: unknown tag family `36h12`
      --> pipeline.yaml:9:17
    hint: did you mean `36h11`?
    ");
}

#[test]
fn a_port_for_what_has_no_pictures() {
    let cameras = "cameras: {left: scene, right: scene}\nstages: {tags: {kind: apriltag, in: left, tag_size: 165mm}}\n";
    insta::assert_snapshot!(told(&format!("{cameras}web: {{streams: {{lft: 1181, tags: 1182, right: 1183}}}}\n")), @r"
    error: `web`: `streams`: input `lft` is not the name of any source or stage
      --> pipeline.yaml:3:17
    hint: did you mean `left`?
    error: `web`: `streams`: `tags/detections` carries detections
      --> pipeline.yaml:3:28
    hint: a port of its own shows pictures
    ");
}

#[test]
fn a_cameras_port_in_use_is_told_at_its_place() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let checked = checked(&format!(
        "cameras: {{left: scene}}\nweb: {{listen: 127.0.0.1:0, streams: {{left: {port}}}}}\n"
    ))
    .unwrap();
    insta::assert_snapshot!(in_words(&probe_ports(&checked).unwrap_err()).replace(&port, "PORT"), @r"
    error: `web`: 127.0.0.1:PORT is in use
      --> pipeline.yaml:2:44
    hint: end what listens there, or choose another port; `ss -ltnp` shows who it is
    ");
}

#[test]
fn more_nodes_than_a_machine_carries() {
    let cameras: String = (0..501).map(|n| format!("  c{n}: scene\n")).collect();
    insta::assert_snapshot!(told(&format!("cameras:\n{cameras}")), @r"
    error: the file has more than 500 nodes
      --> pipeline.yaml:502:3
    ");
    let cameras: String = (0..250).map(|n| format!("  c{n}: scene\n")).collect();
    let stages = "  a: {kind: apriltag, each: \"*\"}\n  b: {kind: apriltag, each: \"*\"}\n";
    insta::assert_snapshot!(told(&format!("cameras:\n{cameras}stages:\n{stages}")), @r"
    error: stage `b`: with these, the file has more than 500 nodes
      --> pipeline.yaml:254:29
    ");
}

#[test]
fn a_terminal_is_not_steered_by_a_file() {
    let text = told("cameras: {a: scene}\n\"\\e[31mred\\n\": 1\n");
    assert!(!text.contains('\u{1b}'), "{text:?}");
}

#[test]
fn problems_are_also_objects_for_programs() {
    let problems = checked("cameras: {a: scene}\nbanana: 1\n").unwrap_err();
    insta::assert_snapshot!(serde_json::to_string(&problems).unwrap(), @r#"[{"file":"pipeline.yaml","line":2,"column":1,"message":"unknown key `banana`","hint":"known: `cameras`, `mics`, `stages`, `record`, `alerts`, `mqtt`, `evidence`, `networktables`, `web`, `defaults`"}]"#);
}
