use super::*;
use crate::networktables::testing::{colored, nothing, seen, stamp, two_tags};
use crate::networktables::wish::Leds;

fn table(entries: &[Entry]) -> String {
    let line = |entry: &Entry| {
        let more = if entry.each_counts { " each" } else { "" };
        format!(
            "{} {}{more} = {:?}",
            entry.topic,
            entry.content.type_name(),
            entry.content
        )
    };
    entries.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn all_topics_of_a_picture_with_their_types() {
    insta::assert_snapshot!(table(&result("front", &seen(&two_tags()), &stamp())), @r"
    /photonvision/front/rawBytes photonstruct:PhotonPipelineResult:4b2ff16a964b5e2bf04be0c1454d91c4 each = 763 bytes
    /photonvision/front/latencyMillis double = 12.5
    /photonvision/front/fps double = 30.0
    /photonvision/front/hasTarget boolean = true
    /photonvision/front/targetPitch double = -0.0
    /photonvision/front/targetYaw double = 0.0
    /photonvision/front/targetArea double = 1.3333333333333333
    /photonvision/front/targetSkew double = 0.0
    /photonvision/front/targetPose struct:Transform3d = 56 bytes
    /photonvision/front/targetPixelsX double = 320.0
    /photonvision/front/targetPixelsY double = 240.0
    /photonvision/front/heartbeat int = 12
    /photonvision/front/cameraIntrinsics double[] = [320.0, 0.0, 319.5, 0.0, 320.0, 239.5, 0.0, 0.0, 1.0]
    /photonvision/front/cameraDistortion double[] = [0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    ");
}

#[test]
fn nothing_seen_is_said_in_the_same_topics() {
    let names = |entries: Vec<Entry>| entries.into_iter().map(|entry| entry.topic).collect::<Vec<_>>();
    let none = result("front", &seen(&nothing()), &stamp());
    assert_eq!(
        names(none.clone()),
        names(result("front", &seen(&two_tags()), &stamp()))
    );
    let of = |name: &str| {
        none.iter()
            .find(|entry| entry.topic.ends_with(name))
            .unwrap()
            .content
            .clone()
    };
    assert_eq!(of("/hasTarget"), false.into());
    assert_eq!(of("/targetYaw"), 0.0.into());
}

#[test]
fn a_guessed_camera_is_no_calibration() {
    let mut body = colored();
    body["calibration"]["guessed"] = true.into();
    let entries = result("front", &seen(&body), &stamp());
    let of = |name: &str| {
        entries
            .iter()
            .find(|entry| entry.topic.ends_with(name))
            .unwrap()
            .content
            .clone()
    };
    assert_eq!(of("/cameraIntrinsics"), Content::Doubles(Vec::new()));
    assert_eq!(of("/cameraDistortion"), Content::Doubles(Vec::new()));
    let measured = result("front", &seen(&colored()), &stamp());
    let of = |name: &str| {
        measured
            .iter()
            .find(|entry| entry.topic.ends_with(name))
            .unwrap()
            .content
            .clone()
    };
    assert_eq!(
        of("/cameraIntrinsics"),
        [320.0, 0.0, 319.5, 0.0, 320.0, 239.5, 0.0, 0.0, 1.0].into()
    );
    assert_eq!(of("/cameraDistortion"), [0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0].into());
}

#[test]
fn what_is_said_once() {
    let machine = Machine {
        hostname: "jetson".to_owned(),
        mac: "aa-bb-cc-00-11-22".to_owned(),
    };
    let mut entries = global(
        TESTED_VERSION,
        &machine,
        &["front".to_owned(), "back".to_owned()],
        Leds::AsThePipeline,
    );
    entries.extend(camera("front"));
    let sync = TimeSync {
        offset_us: -12,
        round_trip_us: 115,
        pings: 5,
        pongs: 4,
        last_pong_us: 77,
    };
    entries.extend(time_sync("jetson", &sync));
    insta::assert_snapshot!(table(&entries), @r#"
    /photonvision/version string = "v2026.3.4"
    /photonvision/buildDate string = ""
    /photonvision/ledModeState int = -1
    /photonvision/coprocessors/aa-bb-cc-00-11-22/hostname string = "jetson"
    /photonvision/coprocessors/aa-bb-cc-00-11-22/cameraNames string[] = ["front", "back"]
    /.schema/photonstruct:PhotonPipelineResult:4b2ff16a964b5e2bf04be0c1454d91c4 photonstructschema = 207 bytes
    /.schema/photonstruct:PhotonPipelineMetadata:ac0a45f686457856fb30af77699ea356 photonstructschema = 99 bytes
    /.schema/photonstruct:PhotonTrackedTarget:cc6dbb5c5c1e0fa808108019b20863f1 photonstructschema = 325 bytes
    /.schema/photonstruct:MultiTargetPNPResult:541096947e9f3ca2d3f425ff7b04aa7b photonstructschema = 82 bytes
    /.schema/photonstruct:PnpResult:ae4d655c0a3104d88df4f5db144c1e86 photonstructschema = 94 bytes
    /.schema/photonstruct:TargetCorner:16f6ac0dedc8eaccb951f4895d9e18b6 photonstructschema = 20 bytes
    /.schema/struct:Transform3d structschema = 45 bytes
    /.schema/struct:Translation3d structschema = 26 bytes
    /.schema/struct:Rotation3d structschema = 12 bytes
    /.schema/struct:Quaternion structschema = 35 bytes
    /photonvision/front/pipelineIndexState int = 0
    /photonvision/front/driverMode boolean = false
    /photonvision/front/fpsLimit int = -1
    /photonvision/.timesync/jetson/offset_us int = -12
    /photonvision/.timesync/jetson/rtt2_us int = 115
    /photonvision/.timesync/jetson/ping_tx_count int = 5
    /photonvision/.timesync/jetson/pong_rx_count int = 4
    /photonvision/.timesync/jetson/pong_rx_time_us int = 77
    "#);
}
