//! What a destination is called where people see it: no path, no login, no topic that is a password.

use crate::alert::settings::Target;

pub(super) fn of(target: &Target) -> String {
    let host = |address: &str| {
        let url = url::Url::parse(address).ok();
        let host = url.as_ref().and_then(|url| {
            let host = url.host_str()?;
            Some(
                url.port()
                    .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
            )
        });
        host.unwrap_or_else(|| "?".to_owned())
    };
    match target {
        Target::Webhook(webhook) => format!("webhook {}", host(&webhook.url)),
        Target::Ntfy(ntfy) => format!("ntfy {}", host(&ntfy.url)),
        Target::Mqtt(topic) => format!("mqtt {}", topic.topic),
        Target::Email(mail) => {
            let domain = mail.to.rsplit_once('@').map_or("?", |(_, domain)| domain);
            format!("email {}", domain.trim_end_matches('>'))
        }
        Target::Run(command) => {
            let program = command.split_whitespace().next().unwrap_or("?");
            format!("run {}", program.rsplit('/').next().unwrap_or(program))
        }
    }
}

/// The name, with a number behind it when it is taken.
pub(super) fn unlike(name: &str, taken: &[&str]) -> String {
    let numbered = (2..).map(|number| format!("{name} ({number})"));
    let mut all = std::iter::once(name.to_owned()).chain(numbered);
    all.find(|name| !taken.contains(&name.as_str())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::settings::SendTo;

    fn named(json: &str) -> String {
        of(&serde_json::from_str::<SendTo>(json).unwrap().target())
    }

    #[test]
    fn a_name_tells_where_to_and_no_secret() {
        for (json, name) in [
            (
                r#""https://hunter2:pw@example.org/hook/hunter2?key=hunter2""#,
                "webhook example.org",
            ),
            (r#""http://127.0.0.1:8123/hunter2""#, "webhook 127.0.0.1:8123"),
            (r#""ntfy:hunter2""#, "ntfy ntfy.sh"),
            (r#""mqtt:home/baby""#, "mqtt home/baby"),
            (r#""mailto:ada@example.org""#, "email example.org"),
            (r#"{"run": "/opt/notify.sh --key hunter2"}"#, "run notify.sh"),
        ] {
            assert_eq!(named(json), name);
        }
    }

    #[test]
    fn two_of_one_name_are_told_apart() {
        assert_eq!(unlike("run a", &[]), "run a");
        assert_eq!(unlike("run a", &["run a", "run a (2)"]), "run a (3)");
    }
}
