//! What no type can tell: conditions that are none, destinations that name nothing.

use bushbaby_node::settings::Problem;
use bushbaby_node::when::When;

use super::{Rule, Settings};

/// Longest name of an alert, in bytes: it is part of topics and of a file's name.
const LONGEST_NAME: usize = 32;

pub(super) fn problems(settings: &Settings) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, rule) in &settings.alerts {
        let at = format!("alerts.{name}");
        if !is_name(name) {
            let message =
                "a name has 1 to 32 characters of a to z, 0 to 9, `-` and `_`, and starts with a letter or a digit";
            problems.push(Problem::new(&at, message));
        }
        let of_rule = of_rule(rule, settings.mqtt.is_some());
        problems.extend(of_rule.into_iter().map(|problem| Problem {
            path: format!("{at}.{}", problem.path),
            ..problem
        }));
    }
    let of_mqtt = settings.mqtt.iter().flat_map(|mqtt| mqtt.problems());
    problems.extend(of_mqtt.map(|problem| Problem {
        path: format!("mqtt.{}", problem.path),
        ..problem
    }));
    problems
}

fn of_rule(rule: &Rule, has_broker: bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Err(error) = When::parse(&rule.when) {
        problems.push(Problem {
            hint: error.hint,
            ..Problem::new("when", error.message)
        });
    }
    if !rule.streams.is_empty() {
        problems.push(Problem::new("streams", "unknown key `streams`").with_hint("`when` names what it is about"));
    }
    if rule.send.is_empty() {
        problems.push(Problem::new(
            "send",
            "the list is empty, wanted at least one destination",
        ));
    }
    for (index, send) in rule.send.iter().enumerate() {
        let of_send = send.problems().into_iter().map(|problem| Problem {
            path: match problem.path.as_str() {
                "" => format!("send.{index}"),
                key => format!("send.{index}.{key}"),
            },
            ..problem
        });
        problems.extend(of_send);
        if send.is_mqtt() && !has_broker {
            let problem = Problem::new(
                format!("send.{index}"),
                "there is no `mqtt:` in the file that names the broker",
            );
            problems.push(problem.with_hint("for example `mqtt: {broker: 10.0.0.2}` at the top of the file"));
        }
    }
    problems
}

fn is_name(name: &str) -> bool {
    let starts = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= LONGEST_NAME && name.starts_with(starts) && name.chars().all(|c| starts(c) || matches!(c, '_' | '-'))
}
