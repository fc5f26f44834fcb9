//! The long form of a file.

use super::fixtures::checked;
use crate::file::{FileProblem, expand};

/// Every form that a file may have, without mistakes.
pub(super) const GOOD: [&str; 8] = [
    "cameras:\n  front: scene\nstages:\n  tags:\n    kind: apriltag\n    in: front\n    tag_size: 165mm\nweb: 5800\n",
    "cameras:\n  door: rtsp://$DOOR_USER:$DOOR_PASSWORD@10.0.0.7/s1\n  yard: $DOOR\n  price: {usb: $$5, fps: $FPS}\nweb: {listen: $LISTEN, password: \"$DOOR_PASSWORD\"}\n",
    "cameras: {front: scene, door: {usb: 0, size: 640x480}, gate: \"gst:videotestsrc ! video/x-raw,width=640\"}\nstages:\n  gray: {kind: gray, each: \"*/image\", every: 2}\n  tags: {kind: apriltag, in: [gray, {stream: front, queue: 3}], max_fps: 5}\n",
    "cameras:\n  front:\n    video_file: \"a: b.mp4\"\n    restart: {first: 200ms, max: 5s, give_up: 0}\n    frozen: 30\n    cpus: [2, 3]\n    environment: {A: \"1\", B: \"\", C: \"$$x\", D: $DOOR_PASSWORD}\n    memory: 2GB\n",
    "cameras: {a: scene, b: {scene: tags, ready: 9s}}\nstages: {tags: {kind: apriltag, in: a, restart: {first: 1500ms}}}\ndefaults:\n  ready: 30s\n  scene: {size: 640x480}\n  apriltag: {family: 16h5}\n",
    "cameras: {cot: {scene: nursery}, tv: tv.wav}\nmics:\n  bed: mic\n  sofa: {usb: C920, rate: 16000}\n  door: {file: door.wav, looped: false}\n  yard: $YARD\nstages: {cry: {kind: ear, each: \"*/audio\"}}\n",
    "cameras: {front: scene}\nstages:\n  tags:\n    kind: apriltag\n    tag_size: $SIZE_OF_TAGS\n    pipelines:\n      near: {family: 16h5}\n      far:\n      fixed: {tag_size: 6in}\n    pipeline: far\n",
    "[{\"name\": \"front\", \"url\": \"usb:0\"}, {\"name\": \"door\", \"url\": \"rtsp://10.0.0.7/s1\"}]",
];

fn long(text: &str) -> String {
    match checked(text) {
        Ok(checked) => expand(&checked),
        Err(problems) => panic!(
            "{text}\n{}",
            problems
                .iter()
                .map(FileProblem::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        ),
    }
}

#[test]
fn the_long_form_shows_every_default() {
    insta::assert_snapshot!(long(GOOD[0]), @r"
    cameras:
      front:
        scene: tags
        size: 1280x720
        restart:
          first: 1s
          max: 30s
          give_up: 5
        ready: 2min
        stuck: 10s
        stalled: 1s
        late: 1s
        frozen: off
        cpus: null
        nice: 0
        environment: {}
        memory: null
    stages:
      tags:
        kind: apriltag
        in:
          - stream: front/image
        family: 36h11
        tag_size: 165mm
        calibration:
          file: null
        restart:
          first: 1s
          max: 30s
          give_up: 5
        ready: 2min
        stuck: 10s
        stalled: 1s
        late: 1s
        frozen: off
        cpus: null
        nice: 0
        environment: {}
        memory: null
    web:
      listen: 127.0.0.1:5800
      password: null
      restart:
        first: 1s
        max: 30s
        give_up: 5
      ready: 2min
      stuck: 10s
      stalled: 1s
      late: 1s
      frozen: off
      cpus: null
      nice: 0
      environment: {}
      memory: null
    ");
}

#[test]
fn the_long_form_keeps_the_names_of_secrets_and_says_what_each_starts() {
    insta::assert_snapshot!(long("cameras: {door: 'rtsp://$DOOR_USER:$DOOR_PASSWORD@10.0.0.7/s1'}\nstages: {tags: {kind: apriltag, each: \"*/image\"}, gray: {kind: gray}}\nweb: {listen: 5800, password: $DOOR_PASSWORD}\n"), @r#"
    cameras:
      door:
        url: rtsp://$DOOR_USER:$DOOR_PASSWORD@10.0.0.7/s1
        audio: null
        restart:
          first: 1s
          max: 30s
          give_up: 5
        ready: 2min
        stuck: 10s
        stalled: 1s
        late: 1s
        frozen: off
        cpus: null
        nice: 0
        environment: {}
        memory: null
    stages:
      tags:
        kind: apriltag
        each:  # starts tags@door
          stream: "*/image"
        family: 36h11
        tag_size: null
        calibration:
          file: null
        restart:
          first: 1s
          max: 30s
          give_up: 5
        ready: 2min
        stuck: 10s
        stalled: 1s
        late: 1s
        frozen: off
        cpus: null
        nice: 0
        environment: {}
        memory: null
      gray:
        kind: gray
        in:  # the only camera
          - stream: door/image
        restart:
          first: 1s
          max: 30s
          give_up: 5
        ready: 2min
        stuck: 10s
        stalled: 1s
        late: 1s
        frozen: off
        cpus: null
        nice: 0
        environment: {}
        memory: null
    web:
      listen: 127.0.0.1:5800
      password: $DOOR_PASSWORD
      restart:
        first: 1s
        max: 30s
        give_up: 5
      ready: 2min
      stuck: 10s
      stalled: 1s
      late: 1s
      frozen: off
      cpus: null
      nice: 0
      environment: {}
      memory: null
    "#);
}

#[test]
fn the_long_form_comes_to_the_same_plan_and_to_itself() {
    for text in GOOD {
        let expanded = long(text);
        let (plan, again) = (checked(text).unwrap().plan, checked(&expanded).unwrap().plan);
        assert_eq!(format!("{plan:#?}"), format!("{again:#?}"), "{expanded}");
        assert_eq!(
            long(&expanded).replace("  # the only camera", ""),
            expanded.replace("  # the only camera", "")
        );
    }
}
