//! For `scripts/networktables/peers.sh`: publishes every type and repeats what it reads, until its input ends.
//!
//! `peer HOST:PORT`: `/ours/TYPE` is a value of each type, `/ours/count` counts the values of `/theirs/`, each of which is printed.
#![allow(clippy::print_stdout)] // a program for scripts

use std::io::Read;
use std::sync::mpsc::TryRecvError;
use std::time::Duration;

use bushbaby_networktables::{Address, Client, Options, SubscribeOptions, TopicType, Value};
use serde_json::Map;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address: Address = std::env::args().nth(1).ok_or("wanted HOST:PORT")?.parse()?;
    let options = Options {
        identity: "peer".into(),
        time_sync: false,
    };
    let client = Client::start(address, options)?;
    let all = SubscribeOptions {
        prefix: true,
        all: true,
        ..SubscribeOptions::default()
    };
    let theirs = client.subscribe(&["/theirs/"], all)?;
    let publish =
        |name: &str, topic_type: TopicType| client.publish(&format!("/ours/{name}"), topic_type, Map::new(), true);
    let mut kept = Vec::new();
    for (name, topic_type, value) in [
        ("boolean", TopicType::BOOLEAN, Value::Boolean(true)),
        ("double", TopicType::DOUBLE, Value::Double(1.5)),
        ("int", TopicType::INT, Value::Int(-7)),
        ("float", TopicType::FLOAT, Value::Float(0.25)),
        ("string", TopicType::STRING, Value::String("Grüße".into())),
        ("raw", TopicType::RAW, Value::Raw(vec![1, 2, 3])),
        ("booleans", TopicType::BOOLEANS, Value::Booleans(vec![true, false])),
        ("doubles", TopicType::DOUBLES, Value::Doubles(vec![0.5, -0.5])),
        ("ints", TopicType::INTS, Value::Ints(vec![1, 2])),
        ("floats", TopicType::FLOATS, Value::Floats(vec![0.5])),
        (
            "strings",
            TopicType::STRINGS,
            Value::Strings(vec!["a".into(), "b".into()]),
        ),
    ] {
        let publisher = publish(name, topic_type);
        publisher.set(value);
        kept.push(publisher);
    }
    let count = publish("count", TopicType::INT);
    let (ends, ended) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || {
        let _ends = ends;
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
    });
    let mut read = 0;
    while ended.try_recv() != Err(TryRecvError::Disconnected) {
        while let Some(update) = theirs.recv(Duration::from_millis(50)) {
            read += 1;
            println!("{} {} {}", update.topic, update.topic_type, update.value);
            count.set(Value::Int(read));
        }
    }
    println!("{:?}", client.status().counts);
    Ok(())
}
