//! `bushbaby robot-sim`: the tables of a robot, for who has none at hand: a NetworkTables server that shows what arrives.

use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bushbaby_networktables::{DEFAULT_PORT, Server, ServerUpdate, TopicType, Value};
use bushbaby_node::settings::Time;
use serde_json::json;

use crate::commands::keys::Keys;

/// A topic that changes all the time is shown this often.
const SHOW_EVERY: Duration = Duration::from_millis(500);
/// How long the keyboard may wait.
const TURN: Duration = Duration::from_millis(100);

/// Arguments of `robot-sim`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where it listens. The default is this host only, at NetworkTables' own port.
    #[arg(long, value_name = "ADDRESS", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT)))]
    listen: SocketAddr,

    /// Set a value as robot code does, and again with the next `--set`: `limelight-front/pipeline=1`. Whole numbers are `int`, others
    /// `double`, several with commas `double[]`, `true` and `false` are `boolean`, anything else is `string`.
    #[arg(long, value_name = "TOPIC=VALUE", value_parser = assignment)]
    set: Vec<(String, TopicType, Value)>,

    /// Stop after this long, as in `10s`.
    #[arg(long = "for", value_name = "TIME")]
    for_duration: Option<Time>,

    /// Print every value as a JSON object on a line of its own.
    #[arg(long)]
    json: bool,
}

/// Serves until it is told to stop.
pub(crate) fn run(args: &Args) -> ExitCode {
    let server = match Server::start(args.listen) {
        Ok(server) => server,
        Err(error) => {
            eprintln!("error: the robot's tables cannot be at {}: {error}", args.listen);
            eprintln!(
                "hint: another server may be there, as that of WPILib's simulation; `--listen 127.0.0.1:5811` takes another port"
            );
            return ExitCode::FAILURE;
        }
    };
    let keys = match Keys::listen(false) {
        Ok(keys) => keys,
        Err(error) => {
            eprintln!("error: keys and signals cannot be listened to: {error}");
            return ExitCode::FAILURE;
        }
    };
    eprintln!("bushbaby: a robot's tables are at {}", server.address());
    for (topic, topic_type, value) in &args.set {
        server.set(topic, topic_type.clone(), value.clone());
    }
    let until = args.for_duration.map(|time| Instant::now() + time.0);
    let mut shown = Shown::default();
    while !keys.stop().is_set() && until.is_none_or(|until| Instant::now() < until) {
        for update in server.updates(TURN) {
            if args.json {
                println!("{}", in_json(&update));
            } else if shown.is_news(&update, Instant::now()) {
                println!("{}", line(&update));
            }
        }
        for update in shown.due(Instant::now()) {
            println!("{}", line(&update));
        }
        for (name, is_there) in shown.clients(server.clients()) {
            let word = if is_there { "connected" } else { "gone" };
            eprintln!("bushbaby: `{name}` is {word}");
        }
    }
    ExitCode::SUCCESS
}

/// What was shown last, and when.
#[derive(Debug, Default)]
struct Shown {
    values: HashMap<String, (Value, Instant)>,
    /// The newest values that came too soon after the one that was shown.
    waiting: BTreeMap<String, ServerUpdate>,
    clients: Vec<String>,
}

impl Shown {
    /// Whether a value is another one than was shown, and not too soon after it; then it waits.
    fn is_news(&mut self, update: &ServerUpdate, now: Instant) -> bool {
        self.waiting.remove(&update.topic);
        let last = self.values.get(&update.topic);
        if last.is_some_and(|(value, _)| *value == update.value) {
            return false;
        }
        if last.is_some_and(|(_, at)| now.duration_since(*at) < SHOW_EVERY) {
            self.waiting.insert(update.topic.clone(), update.clone());
            return false;
        }
        self.values.insert(update.topic.clone(), (update.value.clone(), now));
        true
    }

    /// What has waited long enough: a value that is set once and stays is shown in any case.
    fn due(&mut self, now: Instant) -> Vec<ServerUpdate> {
        let mut waiting: Vec<ServerUpdate> = std::mem::take(&mut self.waiting).into_values().collect();
        waiting.retain(|update| self.is_news(update, now));
        waiting
    }

    /// Who came and who went.
    fn clients(&mut self, now: Vec<String>) -> Vec<(String, bool)> {
        let gone = self
            .clients
            .iter()
            .filter(|name| !now.contains(name))
            .map(|name| (name.clone(), false));
        let came = now
            .iter()
            .filter(|name| !self.clients.contains(name))
            .map(|name| (name.clone(), true));
        let changes = gone.chain(came).collect();
        self.clients = now;
        changes
    }
}

fn line(update: &ServerUpdate) -> String {
    const LONGEST: usize = 100;
    let mut value = update.value.to_string();
    if value.chars().count() > LONGEST {
        value = value.chars().take(LONGEST).chain(['…']).collect();
    }
    format!("{:<44} {value}", update.topic)
}

fn in_json(update: &ServerUpdate) -> serde_json::Value {
    let value = match &update.value {
        Value::Boolean(value) => json!(value),
        Value::Double(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Float(value) => json!(value),
        Value::String(value) => json!(value),
        Value::Raw(value) => json!(value),
        Value::Booleans(value) => json!(value),
        Value::Doubles(value) => json!(value),
        Value::Ints(value) => json!(value),
        Value::Floats(value) => json!(value),
        Value::Strings(value) => json!(value),
    };
    json!({ "topic": update.topic, "type": update.topic_type.as_str(), "server_us": update.server_us, "value": value })
}

fn assignment(text: &str) -> Result<(String, TopicType, Value), String> {
    let (topic, value) = text
        .split_once('=')
        .filter(|(topic, _)| !topic.is_empty())
        .ok_or("wanted TOPIC=VALUE")?;
    let (topic_type, value) = if let Ok(value) = value.parse() {
        (TopicType::INT, Value::Int(value))
    } else if let Some(value) = value.parse().ok().filter(|value: &f64| value.is_finite()) {
        (TopicType::DOUBLE, Value::Double(value))
    } else if let Some(values) = numbers(value) {
        (TopicType::DOUBLES, Value::Doubles(values))
    } else if let Ok(value) = value.parse() {
        (TopicType::BOOLEAN, Value::Boolean(value))
    } else {
        (TopicType::STRING, Value::String(value.to_owned()))
    };
    // Topics begin so, and nobody types it.
    let topic = format!("/{}", topic.trim_start_matches('/'));
    Ok((topic, topic_type, value))
}

fn numbers(text: &str) -> Option<Vec<f64>> {
    let number = |text: &str| text.trim().parse().ok().filter(|number: &f64| number.is_finite());
    text.contains(',').then(|| text.split(',').map(number).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(value: Value) -> ServerUpdate {
        ServerUpdate {
            topic: "/limelight/tx".into(),
            topic_type: TopicType::DOUBLE,
            value,
            server_us: 7,
        }
    }

    #[test]
    fn a_value_is_what_it_looks_like() {
        let read = |text: &str| assignment(text).map(|(_, topic_type, value)| format!("{topic_type} {value}"));
        for (text, wanted) in [
            ("a=1", "int 1"),
            ("a=-1.5", "double -1.5"),
            ("a=true", "boolean true"),
            ("a=far=off", "string \"far=off\""),
            ("a=nan", "string \"nan\""),
            ("a=90,0.5", "double[] [90, 0.5]"),
            ("a=90,far", "string \"90,far\""),
        ] {
            assert_eq!(read(text).unwrap(), wanted);
        }
        assert!(read("a").is_err() && read("=1").is_err());
        for topic in ["a/b", "/a/b"] {
            assert_eq!(assignment(&format!("{topic}=1")).unwrap().0, "/a/b");
        }
    }

    #[test]
    fn what_changes_all_the_time_is_shown_now_and_then() {
        let (mut shown, start) = (Shown::default(), Instant::now());
        let news: Vec<bool> = (0..20)
            .map(|turn| {
                shown.is_news(
                    &update(Value::Double(f64::from(turn))),
                    start + turn * Duration::from_millis(100),
                )
            })
            .collect();
        assert_eq!(news.iter().filter(|is_news| **is_news).count(), 4);
        let mut due = |ms: u64| shown.due(start + Duration::from_millis(ms));
        assert_eq!(
            [due(1_900), due(2_000), due(9_000)],
            [vec![], vec![update(Value::Double(19.0))], vec![]],
            "the last of them is shown when its time has come"
        );
        let later = start + Duration::from_secs(9);
        assert!(shown.is_news(&update(Value::Double(0.5)), later));
        assert!(
            !shown.is_news(&update(Value::Double(0.5)), later + Duration::from_secs(9)),
            "it is no news"
        );
    }

    #[test]
    fn who_comes_and_who_goes_is_told_once() {
        let mut shown = Shown::default();
        assert_eq!(shown.clients(vec!["a".into()]), [("a".to_owned(), true)]);
        assert_eq!(shown.clients(vec!["a".into()]), []);
        assert_eq!(shown.clients(vec![]), [("a".to_owned(), false)]);
    }

    #[test]
    fn lines_are_for_people_and_objects_for_programs() {
        assert_eq!(
            line(&update(Value::Double(1.5))).split_whitespace().collect::<Vec<_>>(),
            ["/limelight/tx", "1.5"]
        );
        assert_eq!(
            in_json(&update(Value::Double(1.5))),
            json!({"topic": "/limelight/tx", "type": "double", "server_us": 7, "value": 1.5})
        );
        assert!(line(&update(Value::String("x".repeat(500)))).ends_with('…'));
    }
}
