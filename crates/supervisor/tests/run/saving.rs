//! What was tuned of a stage is written into the file.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bushbaby_node::Role;
use bushbaby_node::settings::Problem;
use bushbaby_node::status::{Reply, Request};
use bushbaby_supervisor::plan::PlannedNode;
use bushbaby_supervisor::run::{Keeper, SettingsCheck};
use serde_json::{Value, json};

use crate::fake_node::Behaviour;
use crate::rig::{Rig, front, instance, node, options};

fn stage(name: &str) -> PlannedNode {
    PlannedNode {
        keys: Some(vec!["hue".to_owned()]),
        ..node(name, Role::Stage, &["front/image"], Behaviour::default())
    }
}

fn tune(node: &str, settings: Value) -> Request {
    Request::Tune {
        node: node.to_owned(),
        pipeline: 0,
        settings: settings.as_object().cloned().unwrap(),
    }
}

fn save(node: &str) -> Request {
    Request::Save {
        node: node.to_owned(),
        pipeline: 0,
    }
}

fn refusal(rig: &Rig, request: &Request) -> String {
    match rig.ask(request) {
        Reply::Refused { message, .. } => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_tuned_of_all_copies_is_handed_to_who_keeps_the_file() {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keeps = Arc::clone(&kept);
    let mut options = options(&instance("saves"));
    options.keeper = Some(Keeper::new(move |stage, pipeline, settings, _| {
        let settings = Value::Object(settings.clone());
        keeps
            .lock()
            .unwrap()
            .push((stage.to_owned(), pipeline.map(str::to_owned), settings));
        Ok(PathBuf::from("/pipeline.yaml"))
    }));
    let nodes = vec![front(Behaviour::default()), stage("ball@front"), stage("ball@back")];
    let mut rig = Rig::start_with(options, nodes);
    rig.line("bushbaby", "");
    assert_eq!(refusal(&rig, &save("bal")), "there is no node `bal`");
    assert_eq!(refusal(&rig, &save("ball")), "nothing of `ball` was tuned");
    // Also one that the plan has no value of.
    assert_eq!(rig.ask(&tune("ball@back", json!({"hue": [1, 2]}))), Reply::Done);
    assert_eq!(
        refusal(&rig, &tune("ball", json!({"hui": 1}))),
        "`ball@front` has no setting `hui`"
    );
    let differs = "`ball@back` and `ball@front` are one stage of the file and were tuned differently";
    assert_eq!(refusal(&rig, &save("ball")), differs);
    assert_eq!(rig.ask(&tune("ball", json!({"hue": [50, 100]}))), Reply::Done);
    let file = PathBuf::from("/pipeline.yaml");
    assert_eq!(rig.ask(&save("ball")), Reply::Saved { file });
    rig.line("bushbaby", "`hue: [50,100]` of `ball` stands in /pipeline.yaml now");
    assert_eq!(
        *kept.lock().unwrap(),
        [("ball".to_owned(), None, json!({"hue": [50, 100]}))]
    );
    let beyond = Request::Tune {
        node: "ball".to_owned(),
        pipeline: 1,
        settings: serde_json::Map::new(),
    };
    assert_eq!(refusal(&rig, &beyond), "`ball` has no pipeline 1");
    // From now on that is what the file has, also to who takes a change back.
    assert_eq!(refusal(&rig, &save("ball")), "nothing of `ball` was tuned");
    for hue in [json!(3), json!(null)] {
        assert_eq!(rig.ask(&tune("ball", json!({ "hue": hue }))), Reply::Done);
    }
    let node = "ball@back".to_owned();
    let Reply::Settings(settings) = rig.ask(&Request::Settings { node }) else {
        panic!("no settings")
    };
    assert_eq!(settings["hue"], json!([50, 100]));
}

#[test]
fn settings_that_a_stage_could_not_use_are_refused_and_it_goes_on_as_before() {
    let mut options = options(&instance("unusable"));
    options.settings_check = Some(SettingsCheck::new(|stage, settings| {
        // What stands there, and what a robot asked for, is looked at together with what is tuned.
        match (settings["hue"].as_u64(), settings["crop"].as_u64()) {
            (None, _) if !settings["hue"].is_null() => Err(vec![
                Problem::new("crop", "the word is swordfish"),
                Problem::new("hue", format!("`hue`: wanted a number for `{}`", stage.node)).with_hint("such as 5"),
            ]),
            (Some(hue), Some(crop)) if hue < crop => Err(vec![Problem::new("crop", "the word is swordfish")]),
            _ => Ok(()),
        }
    }));
    let stage = |name: &str| PlannedNode {
        keys: Some(vec!["hue".to_owned(), "crop".to_owned()]),
        ..stage(name)
    };
    let nodes = vec![front(Behaviour::default()), stage("ball@front"), stage("ball@back")];
    let mut rig = Rig::start_with(options, nodes);
    rig.line("bushbaby", "");
    assert_eq!(rig.ask(&tune("ball", json!({"hue": 7}))), Reply::Done);
    let refused = Reply::Refused {
        message: "`ball`: `hue`: wanted a number for `ball@front`".to_owned(),
        hint: Some("such as 5".to_owned()),
    };
    assert_eq!(rig.ask(&tune("ball", json!({"hue": "red"}))), refused);
    assert_eq!(
        refusal(&rig, &tune("ball", json!({"huw": 1}))),
        "`ball@front` has no setting `huw`"
    );
    // Another key's value may be a secret.
    let wish = Request::Change {
        node: "ball@back".to_owned(),
        rests: None,
        settings: json!({"crop": 9}).as_object().cloned().unwrap(),
    };
    assert_eq!(rig.ask(&wish), Reply::Done);
    let told = refusal(&rig, &tune("ball", json!({"hue": 8})));
    assert_eq!(
        told,
        "`ball` cannot be told these settings together with those that it has"
    );
    for node in ["ball@front", "ball@back"] {
        let node = node.to_owned();
        let Reply::Settings(settings) = rig.ask(&Request::Settings { node }) else {
            panic!("no settings")
        };
        assert_eq!(settings["hue"], 7);
    }
}

#[test]
fn without_a_file_it_is_refused() {
    let mut rig = Rig::start("nofile", vec![front(Behaviour::default()), stage("ball")]);
    rig.line("bushbaby", "");
    assert_eq!(rig.ask(&tune("ball", json!({"hue": 5}))), Reply::Done);
    assert_eq!(refusal(&rig, &save("ball")), "there is no pipeline file to write to");
}

#[test]
fn no_more_is_changed_than_a_stage_can_be_told_at_once() {
    let many: Vec<String> = (0..20).map(|number| format!("hue{number}")).collect();
    let stage = PlannedNode {
        keys: Some(many.clone()),
        ..stage("ball")
    };
    let mut rig = Rig::start("much", vec![front(Behaviour::default()), stage]);
    rig.line("bushbaby", "");
    let long = json!("x".repeat(4000));
    let told: Vec<Reply> = many
        .iter()
        .map(|key| rig.ask(&tune("ball", json!({ key.as_str(): long }))))
        .collect();
    let taken = told.iter().take_while(|reply| **reply == Reply::Done).count();
    assert_eq!(taken, 16);
    let much = "all that is changed of `ball` would be more than 64 KB";
    assert_eq!(refusal(&rig, &tune("ball", json!({ "hue19": long }))), much);
    assert_eq!(rig.ask(&tune("ball", json!({ "hue0": null, "hue19": 5 }))), Reply::Done);
}
