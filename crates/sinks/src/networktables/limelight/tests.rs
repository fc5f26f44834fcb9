use super::*;
use crate::networktables::testing::{colored, nothing, seen, stamp, two_tags};
use serde_json::Value;

const FIELD_M: Option<[f64; 2]> = Some([16.0, 8.0]);

fn find(entries: &[Entry], name: &str) -> Content {
    let topic = format!("/limelight-front/{name}");
    entries
        .iter()
        .find(|entry| entry.topic == topic)
        .unwrap()
        .content
        .clone()
}

fn doubles(content: Content) -> Vec<f64> {
    match content {
        Content::Doubles(values) => values,
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_keys_of_a_picture_with_their_types() {
    let entries = result("front", &seen(&two_tags()), &stamp(), FIELD_M);
    let rounded = |entry: &Entry| {
        let value = match &entry.content {
            Content::Double(value) => format!("{value:.2}"),
            Content::Doubles(values) => values.iter().map(|v| format!("{v:.2}")).collect::<Vec<_>>().join(" "),
            Content::Text(text) if text.len() > 20 => format!("{}…", &text[..20]),
            other => format!("{other:?}"),
        };
        format!("{} {} {value}", entry.topic, entry.content.type_name())
    };
    let table: Vec<String> = entries.iter().map(rounded).collect();
    insta::assert_snapshot!(table.join("\n").replace("-0.00", "0.00"), @r#"
    /limelight-front/tv double 1.00
    /limelight-front/tx double 0.00
    /limelight-front/ty double 0.00
    /limelight-front/txnc double 0.00
    /limelight-front/tync double 0.00
    /limelight-front/ta double 1.33
    /limelight-front/tl double 12.50
    /limelight-front/cl double 0.00
    /limelight-front/t2d double[] 1.00 2.00 12.50 0.00 0.00 0.00 0.00 0.00 1.33 7.00 -1.00 -1.00 64.00 64.00 64.00 64.00 0.00
    /limelight-front/getpipe double 0.00
    /limelight-front/tid double 7.00
    /limelight-front/hb double 12.00
    /limelight-front/getpipetype string "pipe_fiducial"
    /limelight-front/json string {"v":1,"pID":0,"pTYP…
    /limelight-front/tclass string "tag36h11"
    /limelight-front/tcclass string ""
    /limelight-front/tdclass string ""
    /limelight-front/tc double[] 0.00 0.00 0.00
    /limelight-front/hw double[] 30.00 0.00 0.00 0.00
    /limelight-front/botpose double[] -5.50 -3.00 0.00 0.00 0.00 0.00 12.50 2.00 2.83 3.24 0.83 7.00 0.00 0.00 1.33 2.00 2.55 0.25 3.00 26.03 0.00 0.33 4.47 4.95 0.25
    /limelight-front/botpose_wpiblue double[] 2.50 1.00 0.00 0.00 0.00 0.00 12.50 2.00 2.83 3.24 0.83 7.00 0.00 0.00 1.33 2.00 2.55 0.25 3.00 26.03 0.00 0.33 4.47 4.95 0.25
    /limelight-front/botpose_wpired double[] 13.50 7.00 0.00 0.00 0.00 180.00 12.50 2.00 2.83 3.24 0.83 7.00 0.00 0.00 1.33 2.00 2.55 0.25 3.00 26.03 0.00 0.33 4.47 4.95 0.25
    /limelight-front/botpose_orb double[] 0.00 0.00 0.00 0.00 0.00 0.00 12.50 0.00 0.00 0.00 0.00
    /limelight-front/botpose_orb_wpiblue double[] 0.00 0.00 0.00 0.00 0.00 0.00 12.50 0.00 0.00 0.00 0.00
    /limelight-front/botpose_orb_wpired double[] 0.00 0.00 0.00 0.00 0.00 0.00 12.50 0.00 0.00 0.00 0.00
    /limelight-front/stddevs double[] 1000000.00 1000000.00 1000000.00 1000000.00 1000000.00 1000000.00 1000000.00 1000000.00 1000000.00 1000000.00 1000000.00 1000000.00
    /limelight-front/rawfiducials double[] 7.00 0.00 0.00 1.33 2.00 2.55 0.25 3.00 26.03 0.00 0.33 4.47 4.95 0.25
    /limelight-front/rawtargets double[] 0.00 0.00 1.33 26.03 0.00 0.33
    /limelight-front/rawdetections double[] 
    /limelight-front/tcornxy double[] 288.00 272.00 352.00 272.00 352.00 208.00 288.00 208.00
    /limelight-front/rawbarcodes string[] []
    /limelight-front/llpython double[] 
    /limelight-front/imu double[] 0.00 0.00 0.00 0.00 0.00 0.00 0.00 0.00 0.00 0.00
    /limelight-front/botpose_targetspace double[] 0.00 0.50 -2.50 0.00 0.00 0.00
    /limelight-front/camerapose_targetspace double[] 0.00 0.00 -2.00 0.00 0.00 0.00
    /limelight-front/targetpose_cameraspace double[] 0.00 0.00 2.00 0.00 0.00 0.00
    /limelight-front/targetpose_robotspace double[] 0.00 -0.50 2.50 0.00 0.00 0.00
    /limelight-front/camerapose_robotspace double[] 0.00 -0.50 0.50 0.00 0.00 0.00
    "#);
}

#[test]
fn every_scalar_is_a_double_and_every_list_of_numbers_a_list_of_doubles() {
    for entry in result("front", &seen(&colored()), &stamp(), None) {
        let is_known = ["double", "double[]", "string", "string[]"].contains(&entry.content.type_name());
        assert!(is_known, "{} is {}", entry.topic, entry.content.type_name());
        assert!(entry.content.is_finite(), "{}", entry.topic);
    }
}

#[test]
fn the_lists_have_the_lengths_that_robot_code_counts_on() {
    for (body, tags) in [(two_tags(), 2), (nothing(), 0), (colored(), 0)] {
        let entries = result("front", &seen(&body), &stamp(), FIELD_M);
        let length = |name: &str| doubles(find(&entries, name)).len();
        assert_eq!(length("t2d"), 17);
        for name in ["botpose", "botpose_wpiblue", "botpose_wpired"] {
            assert_eq!(length(name), 11 + 7 * tags, "{name}");
        }
        assert_eq!(length("botpose_orb_wpiblue"), 11);
        assert_eq!(length("rawfiducials"), 7 * tags);
        assert_eq!(
            (length("tc"), length("hw"), length("stddevs"), length("imu")),
            (3, 4, 12, 10)
        );
        for name in ["targetpose_cameraspace", "camerapose_robotspace", "botpose_targetspace"] {
            assert_eq!(length(name), 6, "{name}");
        }
    }
}

#[test]
fn the_place_is_told_from_three_corners_of_the_field() {
    let entries = result("front", &seen(&two_tags()), &stamp(), FIELD_M);
    let head = |name: &str| doubles(find(&entries, name))[..8].to_vec();
    let near = |found: Vec<f64>, wanted: [f64; 8]| {
        let close = |(a, b): (&f64, f64)| (a - b).abs() < 1e-9 || ((a - b).abs() - 360.0).abs() < 1e-9;
        assert!(found.iter().zip(wanted).all(close), "got {found:?}, wanted {wanted:?}");
    };
    near(head("botpose_wpiblue"), [2.5, 1.0, 0.0, 0.0, 0.0, 0.0, 12.5, 2.0]);
    near(head("botpose_wpired"), [13.5, 7.0, 0.0, 0.0, 0.0, 180.0, 12.5, 2.0]);
    near(head("botpose"), [-5.5, -3.0, 0.0, 0.0, 0.0, 0.0, 12.5, 2.0]);
    let unsized_field = result("front", &seen(&two_tags()), &stamp(), None);
    let red = doubles(find(&unsized_field, "botpose_wpired"));
    assert_eq!((red.len(), red[7]), (11, 0.0), "no tags: robot code passes it over");
}

#[test]
fn the_mount_shows_in_what_is_told_from_the_robot() {
    let entries = result("front", &seen(&two_tags()), &stamp(), FIELD_M);
    let six = |name: &str| doubles(find(&entries, name));
    let near = |found: Vec<f64>, wanted: [f64; 6]| {
        let close = |(a, b): (&f64, f64)| (a - b).abs() < 1e-9;
        assert!(found.iter().zip(wanted).all(close), "got {found:?}, wanted {wanted:?}");
    };
    // The camera is 0.5 m ahead of the robot's middle and 0.5 m above the floor.
    near(six("camerapose_robotspace"), [0.0, -0.5, 0.5, 0.0, 0.0, 0.0]);
    near(six("targetpose_cameraspace"), [0.0, 0.0, 2.0, 0.0, 0.0, 0.0]);
    near(six("targetpose_robotspace"), [0.0, -0.5, 2.5, 0.0, 0.0, 0.0]);
    near(six("camerapose_targetspace"), [0.0, 0.0, -2.0, 0.0, 0.0, 0.0]);
}

#[test]
fn the_json_names_each_tag_with_its_family() {
    let entries = result("front", &seen(&two_tags()), &stamp(), FIELD_M);
    let Content::Text(text) = find(&entries, "json") else {
        panic!("no text")
    };
    let json: Value = serde_json::from_str(&text).unwrap();
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    insta::assert_snapshot!(keys.iter().map(|key| key.as_str()).collect::<Vec<_>>().join(" "), @r"v pID pTYPE tl cl ts ts_us ts_sys ts_nt ts_rio tx ty txnc tync ta tid botpose botpose_wpiblue botpose_wpired botpose_orb botpose_orb_wpiblue botpose_orb_wpired botpose_tagcount botpose_span botpose_avgdist botpose_avgarea t6c_rs hw imu rewind PythonOut Retro Fiducial Classifier Detector Barcode");
    assert_eq!((&json["v"], &json["tid"]), (&1.into(), &7.0.into()));
    let tag = &json["Fiducial"][0];
    assert_eq!((&tag["fID"], &tag["fam"]), (&7.into(), &"36H11".into()));
    insta::assert_snapshot!(tag.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>().join(" "), @r"ta tx ty txp typ tx_nocross ty_nocross ts pts fID fam t6t_cs t6t_rs t6c_ts t6r_ts t6r_fs");
    assert_eq!(json["Retro"].as_array().unwrap().len(), 0);
    let retro = result("front", &seen(&colored()), &stamp(), FIELD_M);
    let Content::Text(text) = find(&retro, "json") else {
        panic!("no text")
    };
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&json["pTYPE"], json["Retro"].as_array().unwrap().len()),
        (&"pipe_color".into(), 1)
    );
}

#[test]
fn the_heartbeat_begins_again_before_it_outgrows_its_readers() {
    let late = Stamp {
        number: 2_000_000_005,
        ..stamp()
    };
    let entries = result("front", &seen(&nothing()), &late, None);
    assert_eq!(find(&entries, "hb"), 5.0.into());
}
