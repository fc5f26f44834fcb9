//! A command in a shell, with the alert as JSON on its standard input.

use std::time::Duration;

use bushbaby_node::children::Spawner;

use crate::alert::outbox::Outcome;
use crate::alert::raised::Alert;
use crate::shell::{self, ShellError};

/// Runs it to its end; kills it with all that it started when that takes longer than `timeout`.
pub(super) fn run(command: &str, alert: &Alert, timeout: Duration, spawner: &Spawner) -> Outcome {
    let json = match serde_json::to_vec(alert) {
        Ok(json) => json,
        Err(error) => return Outcome::Refused(format!("the alert cannot be written as JSON: {error}")),
    };
    let told = [
        ("BUSHBABY_ALERT", alert.alert.as_str()),
        ("BUSHBABY_ALERT_ID", alert.id.as_str()),
    ];
    match shell::run(command, &told, json, timeout, spawner) {
        Ok(()) => Outcome::Delivered,
        // Trying again would find it no sooner.
        Err(error @ ShellError::NoCommand(_)) => Outcome::Refused(error.to_string()),
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(command: &str) -> Outcome {
        let alert = Alert::test("baby", "", "home", jiff::Timestamp::UNIX_EPOCH);
        run(command, &alert, Duration::from_secs(60), &Spawner::start().unwrap())
    }

    #[test]
    fn a_command_is_given_the_alert() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("got.json");
        let command = format!("cat > '{}'; test \"$BUSHBABY_ALERT\" = baby", file.display());
        assert_eq!(outcome(&command), Outcome::Delivered);
        let got: Alert = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        assert_eq!(got.id, "baby-test-0");
    }

    #[test]
    fn a_command_that_fails_is_tried_again_and_one_that_is_not_there_is_not() {
        assert_eq!(
            outcome("exit 3"),
            Outcome::Failed("the command failed with exit code 3".to_owned())
        );
        assert!(matches!(outcome("/nowhere/at/all 2>/dev/null"), Outcome::Refused(_)));
    }
}
