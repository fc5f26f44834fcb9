//! The program as people use it: run a file, look into it, end it; and what it says of a bad file.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use bushbaby_networktables::{Server, TopicType, Value as Number};
use bushbaby_node::status::{NodeState, Reply, Request, ask};
use bushbaby_node::testing::instance;
use bushbaby_node::testing::product::{Product, frames_of};
use serde_json::Value;

const TAGS: &str =
    "cameras:\n  front: {scene: tags, size: 640x360}\nstages:\n  tags: {kind: apriltag, in: front, tag_size: 165mm}\n";

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_bushbaby"))
}

fn bushbaby(name: &str, arguments: &[&str]) -> Output {
    Command::new(program())
        .args(["--instance", name])
        .args(arguments)
        // What a run leaves to be read later belongs to no home folder here.
        .env("XDG_STATE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text.lines().count(), 1, "one object on one line, got: {text}");
    serde_json::from_str(&text).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_timed_run_prints_what_was_measured_as_one_object() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tags.yaml");
    std::fs::write(&file, TAGS).unwrap();
    let instance = instance("timed");
    let output = bushbaby(
        instance.name().as_str(),
        &["run", file.to_str().unwrap(), "--for", "4s", "--json"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let summary = json(&output);
    assert_eq!(summary["nodes"]["front"]["kind"], "scene");
    assert_eq!(summary["nodes"]["front"]["state"], "stopped");
    assert_eq!(summary["nodes"]["tags"]["restarts"], 0);
    let images = &summary["streams"]["front/image"];
    assert!(images["frames"].as_u64().unwrap() > 10, "{summary}");
    for share in ["p50", "p95", "p99"] {
        assert!(images["age_ms"][share].as_f64().unwrap() >= 0.0, "{summary}");
    }
    let edge = summary["edges"]
        .as_array()
        .unwrap()
        .iter()
        .find(|edge| edge["to"] == "tags")
        .unwrap();
    assert_eq!(edge["from"], "front/image");
    let dropped: u64 = ["superseded", "overflow", "damaged"]
        .iter()
        .map(|reason| edge["dropped"][*reason].as_u64().unwrap())
        .sum();
    let (sent, delivered) = (images["frames"].as_u64().unwrap(), edge["delivered"].as_u64().unwrap());
    assert!(delivered > 10 && delivered + dropped <= sent, "{summary}");
    assert_eq!(
        summary["streams"]["tags/detections"]["frames"].as_u64(),
        Some(delivered),
        "a result for every picture: {summary}"
    );
}

#[test]
fn a_running_instance_answers_and_ends_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let mut product = Product::run(program(), instance("answers"), folder.path(), TAGS);
    product.wait_for_state("tags", NodeState::Running);
    product.wait_for_frames("tags/detections", 3);
    let name = product.instance.name().to_string();

    let status = json(&bushbaby(&name, &["status", "--json"]));
    assert!(status["nodes"]["front"]["pid"].as_u64().is_some(), "{status}");

    let echoed = json(&bushbaby(&name, &["echo", "tags", "-n", "1", "--json"]));
    assert_eq!(echoed["stream"], "tags/detections");
    assert_eq!(echoed["body"]["type"], "detections");
    assert_eq!(echoed["body"]["camera"], "front");
    let picture = json(&bushbaby(&name, &["echo", "front/image", "-n", "1", "--json"]));
    assert_eq!(picture["arrays"][0]["name"], "y");
    assert_eq!(picture["arrays"][0]["dtype"], "uint8");
    assert_eq!(picture["arrays"][0]["shape"], serde_json::json!([360, 640]));

    let refused = bushbaby(&name, &["restart", "nobody"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("nobody"), "{}", stderr(&refused));
    assert_eq!(bushbaby(&name, &["restart", "tags"]).status.code(), Some(0));
    product.wait_until("tags to be started again", |status| {
        let node = &status.nodes["tags"];
        node.restarts >= 1 && node.state == NodeState::Running
    });

    let second = bushbaby(&name, &["run", folder.path().join("pipeline.yaml").to_str().unwrap()]);
    assert_eq!(second.status.code(), Some(1));
    assert!(
        stderr(&second).contains(&product.pid().to_string()),
        "it names the first one's process: {}",
        stderr(&second)
    );

    assert_eq!(bushbaby(&name, &["stop"]).status.code(), Some(0));
    assert_eq!(product.wait_for_exit(), Some(0));
}

#[test]
fn a_stage_takes_over_another_pipeline_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let pipelines = "tag_size: 165mm, pipelines: {coarse: {decimate: 4}, fine: {decimate: 1}}";
    let pipeline = TAGS.replace("tag_size: 165mm", pipelines);
    let mut product = Product::run(program(), instance("pipelines"), folder.path(), &pipeline);
    let before = product.wait_for_frames("tags/detections", 3);
    let name = product.instance.name().to_string();
    let text = |output: Output| String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        text(bushbaby(&name, &["pipeline", "tags"])),
        "0  coarse  in force\n1  fine\n"
    );

    let refused = bushbaby(&name, &["pipeline", "tags", "finest"]);
    assert_eq!(refused.status.code(), Some(1));
    insta::assert_snapshot!(stderr(&refused), @r"
    error: `tags` has no pipeline `finest`
    hint: its pipelines are: 0 coarse, 1 fine
    ");
    assert_eq!(bushbaby(&name, &["pipeline", "tags", "1"]).status.code(), Some(0));
    product.wait_until("the other pipeline", |status| {
        status.nodes["tags"].pipelines.as_ref().unwrap().active == 1
    });
    // Its process is the same, and goes on finding.
    let sent = frames_of(&product.status().unwrap(), "tags/detections");
    let after = product.wait_for_frames("tags/detections", sent + 5);
    assert_eq!(after.nodes["tags"].pid, before.nodes["tags"].pid);
    let echoed = json(&bushbaby(&name, &["echo", "tags", "-n", "1", "--json"]));
    assert!(!echoed["body"]["items"].as_array().unwrap().is_empty(), "{echoed}");
    // One that is started again keeps what was chosen.
    bushbaby(&name, &["restart", "tags"]);
    let again = product.wait_until("the restart", |status| {
        status.nodes["tags"].restarts >= 1 && status.nodes["tags"].state == NodeState::Running
    });
    assert_eq!(again.nodes["tags"].pipelines.as_ref().unwrap().active, 1);
    assert_eq!(product.stop(), Some(0));
}

fn tune(product: &Product, settings: Value) -> Reply {
    let tune = Request::Tune {
        node: "tags".to_owned(),
        pipeline: 0,
        settings: settings.as_object().cloned().unwrap(),
    };
    ask(&product.instance, &tune).unwrap()
}

fn save(product: &Product) -> Reply {
    let node = "tags".to_owned();
    ask(&product.instance, &Request::Save { node, pipeline: 0 }).unwrap()
}

#[test]
fn what_was_tuned_of_a_stage_is_saved_and_the_next_run_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut product = Product::run(program(), instance("saves"), folder.path(), TAGS);
    product.wait_for_state("tags", NodeState::Running);
    let Reply::Refused { message, .. } = tune(&product, serde_json::json!({"decimate": 4, "family": "36h12"})) else {
        panic!("it was told a family that there is not");
    };
    assert_eq!(message, "`tags`: `family`: unknown tag family `36h12`");
    let crop = serde_json::json!({"left": "10%"});
    assert_eq!(
        tune(&product, serde_json::json!({"decimate": 4, "crop": crop})),
        Reply::Done
    );
    let saved = save(&product);
    let file = folder.path().join("pipeline.yaml").canonicalize().unwrap();
    assert_eq!(saved, Reply::Saved { file: file.clone() }, "{}", product.log());
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..3].join("\n"),
        TAGS.lines().take(3).collect::<Vec<_>>().join("\n")
    );
    assert!(
        lines[3].contains("decimate: 4") && lines[3].contains("crop: {left: 10%}"),
        "{text}"
    );
    assert_eq!(product.stop(), Some(0));

    let mut product = Product::run(program(), instance("saved"), folder.path(), &text);
    product.wait_for_state("tags", NodeState::Running);
    let node = "tags".to_owned();
    let Reply::Settings(settings) = ask(&product.instance, &Request::Settings { node }).unwrap() else {
        panic!("no settings")
    };
    assert_eq!(settings["decimate"].as_f64(), Some(4.0), "{settings}");
    assert_eq!(product.stop(), Some(0));
}

#[test]
fn a_file_that_has_mistakes_by_now_is_not_saved_into() {
    let folder = tempfile::tempdir().unwrap();
    let mut product = Product::run(program(), instance("mistakes"), folder.path(), TAGS);
    product.wait_for_state("tags", NodeState::Running);
    assert_eq!(tune(&product, serde_json::json!({"decimate": 4})), Reply::Done);
    let file = folder.path().join("pipeline.yaml");
    let text = TAGS.replace("in: front", "in: frnt");
    std::fs::write(&file, &text).unwrap();
    let Reply::Refused { message, hint } = save(&product) else {
        panic!("it was saved")
    };
    assert!(
        message.contains("pipeline.yaml:4:") && message.contains("`frnt`"),
        "{message}"
    );
    assert_eq!(hint.as_deref(), Some("did you mean `front`?"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    assert_eq!(product.stop(), Some(0));
}

#[test]
fn a_robot_changes_the_pipeline_and_reads_which_is_in_force() {
    let robot = Server::start((std::net::Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let pipelines = "tag_size: 165mm, pipelines: {coarse: {decimate: 4}, fine: {decimate: 1}}";
    let pipeline = TAGS.replace("tag_size: 165mm", pipelines);
    let pipeline = format!(
        "{pipeline}networktables: {{server: \"{}\", dialect: [photonvision, limelight], in: tags}}\n",
        robot.address()
    );
    let mut product = Product::run(program(), instance("robot"), folder.path(), &pipeline);
    let state = "/photonvision/front/pipelineIndexState";
    let patience = std::time::Duration::from_secs(40);
    assert_eq!(
        robot.wait_for(state, patience, |_| true),
        Some(Number::Int(0)),
        "{}",
        product.log()
    );
    robot.set(
        "/photonvision/front/pipelineIndexRequest",
        TopicType::INT,
        Number::Int(1),
    );
    let told = robot.wait_for(state, patience, |number| *number == Number::Int(1));
    assert!(told.is_some(), "{}", product.log());
    product.wait_until("the other pipeline", |status| {
        status.nodes["tags"].pipelines.as_ref().unwrap().active == 1
    });
    assert!(
        robot
            .wait_for("/limelight-front/getpipe", patience, |number| *number
                == Number::Double(1.0))
            .is_some()
    );
    // One that is not there is refused in words, and what is in force stays so.
    robot.set("/limelight-front/pipeline", TopicType::DOUBLE, Number::Double(7.0));
    let status = product.wait_until("the refusal", |_| product.log().contains("has no pipeline `7`"));
    assert_eq!(status.nodes["tags"].pipelines.as_ref().unwrap().active, 1);
    assert_eq!(product.stop(), Some(0));
}

#[test]
fn what_a_robot_asks_of_a_camera_is_done_and_what_others_change_is_told_to_it() {
    let robot = Server::start((std::net::Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let pipelines = "tag_size: 165mm, pipelines: {coarse: {decimate: 4}, fine: {decimate: 1}}";
    let pipeline = format!(
        "{}networktables: {{server: \"{}\", dialect: [photonvision, limelight], in: tags}}\n",
        TAGS.replace("tag_size: 165mm", pipelines),
        robot.address()
    );
    let mut product = Product::run(program(), instance("asks"), folder.path(), &pipeline);
    let wait = |topic: &str, wanted: Number| {
        let told = robot.wait_for(topic, std::time::Duration::from_secs(40), |value| *value == wanted);
        assert!(told.is_some(), "{topic} is {:?}, wanted {wanted:?}", robot.value(topic));
    };
    let ask = |topic: &str, of: TopicType, value: Number| robot.set(topic, of, value);
    let (driver, driver_request) = (
        "/photonvision/front/driverMode",
        "/photonvision/front/driverModeRequest",
    );
    let has_target = "/photonvision/front/hasTarget";
    wait(has_target, Number::Boolean(true));

    ask(driver_request, TopicType::BOOLEAN, Number::Boolean(true));
    wait(driver, Number::Boolean(true));
    wait(has_target, Number::Boolean(false));
    assert!(product.status().unwrap().nodes["tags"].changes.as_ref().unwrap().rests);
    ask(driver_request, TopicType::BOOLEAN, Number::Boolean(false));
    wait(driver, Number::Boolean(false));
    wait(has_target, Number::Boolean(true));

    let filter = "/limelight-front/fiducial_id_filters_set";
    ask(filter, TopicType::DOUBLES, Number::Doubles(vec![586.0]));
    wait("/limelight-front/tv", Number::Double(0.0));
    ask(filter, TopicType::DOUBLES, Number::Doubles(Vec::new()));
    wait("/limelight-front/tv", Number::Double(1.0));

    ask("/photonvision/front/inputSaveImgCmd", TopicType::INT, Number::Int(1));
    let kept = || {
        let files = std::fs::read_dir(folder.path().join("recordings")).ok()?;
        files
            .flatten()
            .map(|file| file.file_name().into_string().unwrap())
            .find(|name| name.ends_with(".jpg"))
    };
    product.wait_until("the snapshot", |_| kept().is_some());
    assert!(kept().unwrap().starts_with("snapshot-front-"), "{:?}", kept());

    let name = product.instance.name().to_string();
    assert_eq!(bushbaby(&name, &["pipeline", "tags", "fine"]).status.code(), Some(0));
    wait("/photonvision/front/pipelineIndexState", Number::Int(1));
    assert_eq!(product.stop(), Some(0));
}

#[test]
fn where_the_robot_looks_makes_one_tag_enough_for_its_place() {
    let robot = Server::start((std::net::Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    // Whatever place comes of a heading that is not that of the made camera counts.
    let pipeline = format!(
        "{TAGS}  place:
    kind: field_pose
    in: [tags, networktables/heading]
    layout: {}
    tag_size: 165mm
    methods: [tag_and_heading]
    heading_age: 60s
    camera_on_robot: {{front: {{}}}}
    max_error_px: 1000
    max_distance: 1000m
    max_height: 1000m
    max_tilt: 180deg
networktables: {{server: \"{}\", dialect: limelight, in: [tags, place]}}
",
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/layouts/scene-room.json"),
        robot.address()
    );
    let mut product = Product::run(program(), instance("looks"), folder.path(), &pipeline);
    let name = product.instance.name().to_string();
    product.wait_for_frames("place/pose", 5);
    let place = || json(&bushbaby(&name, &["echo", "place", "-n", "1", "--json"]))["body"].clone();
    let before = place();
    assert!(before["refused"].as_str().unwrap().contains("no heading"), "{before}");
    let yaw = std::cell::Cell::new(0.0);
    product.wait_until("a place by tag and heading", |_| {
        yaw.set(yaw.get() + 30.0);
        let orientation = vec![yaw.get(), 0.001, 0.0, 0.0, 0.0, 0.0];
        robot.set(
            "/limelight-front/robot_orientation_set",
            TopicType::DOUBLES,
            Number::Doubles(orientation),
        );
        place()["method"] == "tag_and_heading"
    });
    // The way back: the place is told to the robot, with the tags that it was found by.
    let has_tags =
        |value: &Number| matches!(value, Number::Doubles(numbers) if numbers.get(7).is_some_and(|tags| *tags > 0.0));
    let told = robot.wait_for(
        "/limelight-front/botpose_orb_wpiblue",
        std::time::Duration::from_secs(40),
        has_tags,
    );
    assert!(
        told.is_some(),
        "{:?}",
        robot.value("/limelight-front/botpose_orb_wpiblue")
    );
    assert_eq!(product.stop(), Some(0));
}

#[test]
fn one_nodes_end_does_not_touch_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = format!("{TAGS}  more: {{kind: apriltag, in: front}}\n");
    let mut product = Product::run(program(), instance("others"), folder.path(), &pipeline);
    product.wait_for_frames("more/detections", 3);
    let before = product.wait_for_frames("tags/detections", 3);
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(before.nodes["tags"].pid.unwrap() as i32).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
    let sent = frames_of(&before, "more/detections");
    let after = product.wait_until("tags' return and more's work", |status| {
        status.nodes["tags"].restarts == 1
            && status.nodes["tags"].state == NodeState::Running
            && frames_of(status, "more/detections") > sent + 10
    });
    assert_eq!(after.nodes["more"].restarts, 0);
    assert_eq!(product.stop(), Some(0));
}

#[test]
fn nobody_runs_is_said_in_words() {
    let output = bushbaby("nobody-runs-this", &["status"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(stderr(&output), @r"
    error: no instance `nobody-runs-this` is running
    hint: start it with `bushbaby run FILE`, or name another with --instance
    ");
}

/// Runs a bad file and returns what was said, with the file's folder left out.
fn refused(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pipeline.yaml");
    std::fs::write(&file, text).unwrap();
    let output = bushbaby(instance("refused").name().as_str(), &["run", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    stderr(&output).replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn a_bad_file_is_refused_before_anything_starts() {
    insta::assert_snapshot!(refused(
        "cameras:\n  front: scene\nstages:\n  tags:\n    kind: apriltag\n    in: frnt\n    family: 36h12\n    tag_size: 165\n"
    ));
}

#[test]
fn a_port_in_use_is_refused_at_its_place() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let said = refused(&format!("cameras:\n  front: scene\nweb: {port}\n"));
    assert!(said.contains("pipeline.yaml:3:6") && said.contains("in use"), "{said}");
}

#[test]
fn an_output_that_nobody_reads_any_more_ends_a_command_without_a_word() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(program()).arg("schema").stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}
