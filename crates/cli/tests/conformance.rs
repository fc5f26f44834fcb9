//! Every kind of node that the program has stands the conformance suite.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use bushbaby_node::testing::conformance::{Case, check};
use bushbaby_testkit::http_camera::{Conduct, HttpCamera, Stream};
use bushbaby_testkit::rtsp::{CameraOptions, RtspCamera};

mod recording;

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_bushbaby"))
}

/// A port that nobody uses just now.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn camera(kind: &'static str, line: &str) -> Case {
    Case {
        kind,
        node: "eye",
        pipeline: format!("cameras:\n  eye:\n    {line}\n"),
        delivers: Some("eye/image"),
        has_hardware: true,
        unknown_setting: ("  eye:\n", "    no_such_key: 1\n"),
    }
}

#[test]
fn scene() {
    check(program(), &camera("scene", "scene: tags"));
}

#[test]
fn scene_with_depth() {
    let case = Case {
        delivers: Some("eye/rgbd"),
        ..camera("scene", "scene: rgbd\n    size: 640x360")
    };
    check(program(), &case);
}

#[test]
fn scene_with_sound() {
    let case = Case {
        delivers: Some("eye/audio"),
        ..camera("scene", "scene: nursery")
    };
    check(program(), &case);
}

#[test]
fn scene_of_the_field_of_2019() {
    check(program(), &camera("scene", "scene: field2019\n    size: 640x480"));
}

#[test]
fn scene_of_a_driver() {
    check(program(), &camera("scene", "scene: webcam\n    size: 640x360"));
}

/// A case for something that hears.
fn microphone_of(kind: &'static str, line: &str) -> Case {
    Case {
        kind,
        node: "ear",
        pipeline: format!("mics:\n  ear:\n    {line}\n"),
        delivers: Some("ear/audio"),
        has_hardware: true,
        unknown_setting: ("  ear:\n", "    no_such_key: 1\n"),
    }
}

#[test]
fn sound_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sound.wav");
    // 100 ms of 16 kHz, one channel, 16 bits.
    let mut wav =
        b"RIFF\xa4\x0c\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data\x80\x0c\0\0".to_vec();
    wav.extend((0..3200_u16).map(|n| n as u8));
    std::fs::write(&path, wav).unwrap();
    check(
        program(),
        &microphone_of("sound_file", &format!("file: {}", path.display())),
    );
}

#[test]
fn microphone() {
    // One that is not there: the kind must say so and keep trying. One that is, is in `a_microphone_that_is_there` below.
    let case = Case {
        has_hardware: false,
        ..microphone_of("microphone", "mic: no-such-microphone-on-any-machine")
    };
    check(program(), &case);
}

/// ALSA's plug-in `file` gives a file as a microphone, without hardware; it has no pace.
#[test]
fn a_microphone_that_is_there() {
    if !program().with_file_name("bushbaby-microphone").exists() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (sound, configuration) = (folder.path().join("sound.raw"), folder.path().join("asound.conf"));
    std::fs::write(&sound, vec![1; 3_200_000]).unwrap();
    let text = format!(
        "pcm.nothing {{ type null }}\npcm.!default {{ type file slave.pcm nothing file /dev/null infile \"{}\" format raw }}\n",
        sound.display()
    );
    std::fs::write(&configuration, text).unwrap();
    let line = format!(
        "mic: default\n    rate: 16000\n    environment: {{ALSA_CONFIG_PATH: {}}}",
        configuration.display()
    );
    check(program(), &microphone_of("microphone", &line));
}

#[test]
fn video_file() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..4 {
        let picture = image::GrayImage::from_fn(64, 48, |x, y| image::Luma([(x * 3 + y + number * 20) as u8]));
        picture.save(folder.path().join(format!("{number}.png"))).unwrap();
    }
    let line = format!("video_file: {}", folder.path().display());
    check(program(), &camera("video_file", &line));
}

#[test]
fn replay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rec.mcap");
    std::fs::write(&path, recording::of_pictures("eye", 200)).unwrap();
    let line = format!("replay: {}\n    loop: true", path.display());
    check(program(), &camera("replay", &line));
}

#[test]
fn gst() {
    let line = "gst: videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=30/1";
    check(program(), &camera("gst", line));
}

#[test]
fn rtsp() {
    let server = RtspCamera::start(CameraOptions::default()).unwrap();
    check(program(), &camera("rtsp", &format!("url: {}", server.url())));
}

#[test]
fn http() {
    let pictures = (0..4_u8).map(|number| {
        let picture = image::GrayImage::from_fn(64, 48, |x, y| {
            image::Luma([((x * 3 + y) as u8).wrapping_add(number * 20)])
        });
        let mut jpeg = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
        jpeg.into_inner()
    });
    let server = HttpCamera::start(Conduct::stream(pictures.collect(), Stream::default())).unwrap();
    check(program(), &camera("http", &format!("url: {}", server.url())));
}

#[test]
fn usb() {
    // A camera that is not there: the kind must say so and keep trying. A real device needs hardware or the kernel's vivid driver.
    let case = Case {
        has_hardware: false,
        ..camera("usb", "usb: no-such-camera-on-any-machine")
    };
    check(program(), &case);
}

#[test]
fn apriltag() {
    check(
        program(),
        &Case {
            kind: "apriltag",
            node: "tags",
            pipeline:
                "cameras:\n  eye: scene\nstages:\n  tags:\n    kind: apriltag\n    in: eye\n    tag_size: 165mm\n"
                    .into(),
            delivers: Some("tags/detections"),
            has_hardware: true,
            unknown_setting: ("  tags:\n", "    no_such_key: 1\n"),
        },
    );
}

#[test]
fn apriltag_reads_the_picture_of_a_capture() {
    let eye = "  eye:\n    scene: rgbd\n    size: 640x360\n";
    let tags = "  tags:\n    kind: apriltag\n    in: eye\n    tag_size: 165mm\n";
    check(
        program(),
        &Case {
            kind: "apriltag",
            node: "tags",
            pipeline: format!("cameras:\n{eye}stages:\n{tags}"),
            delivers: Some("tags/detections"),
            has_hardware: true,
            unknown_setting: ("  tags:\n", "    no_such_key: 1\n"),
        },
    );
}

#[test]
fn colored_target() {
    check(
        program(),
        &Case {
            kind: "colored_target",
            node: "goal",
            pipeline:
                "cameras:\n  eye: scene\nstages:\n  goal:\n    kind: colored_target\n    in: eye\n    model: tape2019\n"
                    .into(),
            delivers: Some("goal/targets"),
            has_hardware: true,
            unknown_setting: ("  goal:\n", "    no_such_key: 1\n"),
        },
    );
}

#[test]
fn overlay() {
    // Nothing is drawn while nobody reads: tags are looked for in the pictures that were drawn on.
    let over = "  over:\n    kind: overlay\n    in: [eye, eye/truth]\n    crosshair: true\n";
    let tags = "  tags:\n    kind: apriltag\n    in: over\n";
    check(
        program(),
        &Case {
            kind: "overlay",
            node: "over",
            pipeline: format!("cameras:\n  eye: scene\nstages:\n{over}{tags}"),
            delivers: Some("over/image"),
            has_hardware: true,
            unknown_setting: ("  over:\n", "    no_such_key: 1\n"),
        },
    );
}

#[test]
fn field_pose() {
    let folder = tempfile::tempdir().unwrap();
    let layout = folder.path().join("room.json");
    let tag = r#"{"ID":0,"pose":{"translation":{"x":2.3,"y":2.8,"z":0.7},"rotation":{"quaternion":{"W":0,"X":0,"Y":0,"Z":1}}}}"#;
    std::fs::write(&layout, format!("{{\"tags\":[{tag}]}}")).unwrap();
    let tags = "  tags:\n    kind: apriltag\n    in: eye\n    tag_size: 165mm\n";
    let place = format!(
        "  place:\n    kind: field_pose\n    in: tags\n    layout: {}\n    camera_on_robot: {{eye: {{}}}}\n",
        layout.display()
    );
    check(
        program(),
        &Case {
            kind: "field_pose",
            node: "place",
            pipeline: format!("cameras:\n  eye: scene\nstages:\n{tags}{place}"),
            delivers: Some("place/pose"),
            has_hardware: true,
            unknown_setting: ("  place:\n", "    no_such_key: 1\n"),
        },
    );
}

#[test]
fn sound_events() {
    // It takes a source that makes sound by itself.
    if bushbaby_sources::KINDS.iter().all(|kind| kind.name != "sound_file") {
        return;
    }
    check(
        program(),
        &Case {
            kind: "sound_events",
            node: "cry",
            pipeline: "cameras:\n  ear: {scene: nursery}\nstages:\n  cry:\n    kind: sound_events\n    in: ear/audio\n"
                .into(),
            delivers: Some("cry/level"),
            has_hardware: true,
            unknown_setting: ("  cry:\n", "    no_such_key: 1\n"),
        },
    );
}

#[test]
fn web() {
    check(
        program(),
        &Case {
            kind: "web",
            node: "web",
            pipeline: format!("cameras:\n  eye: scene\nweb:\n  listen: 127.0.0.1:{}\n", free_port()),
            delivers: None,
            has_hardware: true,
            unknown_setting: ("web:\n", "  no_such_key: 1\n"),
        },
    );
}

#[test]
fn record() {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = format!("cameras:\n  eye: scene\nrecord:\n  to: {}\n", folder.path().display());
    check(
        program(),
        &Case {
            kind: "record",
            node: "record",
            pipeline,
            delivers: None,
            has_hardware: true,
            unknown_setting: ("record:\n", "  no_such_key: 1\n"),
        },
    );
    // Killed twice and stopped in order once: a file of each life.
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert!(files >= 3, "{files} recordings");
}

#[test]
fn alert() {
    let rule = "  lost: {when: eye is given-up, send: {run: \"true\"}}\n";
    check(
        program(),
        &Case {
            kind: "alert",
            node: "alerts",
            pipeline: format!("cameras:\n  eye: scene\nalerts:\n{rule}"),
            delivers: None,
            has_hardware: true,
            unknown_setting: ("{when: eye is given-up,", " no_such_key: 1,"),
        },
    );
}

#[test]
fn evidence() {
    let Some(environment) = python_environment() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let code = "import bushbaby as bb\n\nclass Ears(bb.Stage):\n    outputs = {\"events\": \"events\"}\n\n    def step(self, frame: bb.Frame) -> None:\n        pass\n";
    let path = folder.path().join("ears.py");
    std::fs::write(&path, code).unwrap();
    let ears = format!(
        "run: {}\n    python: {}\n    in: eye\n",
        path.display(),
        environment.display()
    );
    let kept = folder.path().join("kept");
    check(
        program(),
        &Case {
            kind: "evidence",
            node: "evidence",
            pipeline: format!(
                "cameras:\n  eye: scene\nstages:\n  ears:\n    {ears}evidence:\n  to: {}\n",
                kept.display()
            ),
            delivers: None,
            has_hardware: true,
            unknown_setting: ("evidence:\n", "  no_such_key: 1\n"),
        },
    );
}

#[test]
fn networktables() {
    // A robot that is switched off: the node must say for whom it waits, and keep trying. One that is there is in its own tests.
    check(
        program(),
        &Case {
            kind: "networktables",
            node: "networktables",
            pipeline: format!(
                "cameras:\n  eye: scene\nstages:\n  tags:\n    kind: apriltag\n    in: eye\nnetworktables:\n  server: 127.0.0.1:{}\n",
                free_port()
            ),
            delivers: None,
            has_hardware: false,
            unknown_setting: ("networktables:\n", "  no_such_key: 1\n"),
        },
    );
}

/// The environment with the package of this checkout, which `scripts/python-env.sh` makes. Without it there are no Python nodes;
/// `make test` makes it.
fn python_environment() -> Option<PathBuf> {
    let environment = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python-env");
    environment.join("bin/python").exists().then_some(environment)
}

#[test]
fn python_stage() {
    let Some(environment) = python_environment() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let code = "import bushbaby as bb\n\n@bb.stage\ndef own(frame: bb.Frame) -> list[bb.Box]:\n    return [bb.Box(0, 0, 1, 1)]\n";
    let path = folder.path().join("own.py");
    std::fs::write(&path, code).unwrap();
    let (run, python) = (path.display(), environment.display());
    check(
        program(),
        &Case {
            kind: "python_stage",
            node: "own",
            pipeline: format!(
                "cameras:\n  eye: scene\nstages:\n  own:\n    run: {run}\n    python: {python}\n    in: eye\n"
            ),
            delivers: Some("own/results"),
            has_hardware: true,
            unknown_setting: ("  own:\n", "    no_such_key: 1\n"),
        },
    );
}

#[test]
fn python_source() {
    let Some(environment) = python_environment() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let code = "import time\nimport bushbaby as bb\nimport numpy as np\n\nclass Eye(bb.Source):\n    def step(self) -> np.ndarray:\n        time.sleep(0.03)\n        return np.zeros((48, 64, 3), np.uint8)\n";
    let path = folder.path().join("eye.py");
    std::fs::write(&path, code).unwrap();
    let line = format!("run: {}\n    python: {}", path.display(), environment.display());
    check(program(), &camera("python_source", &line));
}

/// A kind that is added without a case above makes this fail.
#[test]
fn every_kind_has_a_case() {
    let kinds = [
        bushbaby_sources::KINDS,
        bushbaby_stages::KINDS,
        bushbaby_sinks::KINDS,
        &bushbaby_server::KINDS,
    ];
    let listed: Vec<&str> = kinds.concat().iter().map(|kind| kind.name).collect();
    let source =
        std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance.rs")).unwrap();
    for kind in listed {
        assert!(
            source.contains(&format!("\nfn {kind}() {{")),
            "kind `{kind}` has no case in the conformance suite"
        );
    }
}
