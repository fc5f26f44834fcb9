//! An e-mail by SMTP.

use std::io;
use std::time::Duration;

use lettre::message::Message;
use lettre::{SmtpTransport, Transport};

use super::{http, template};
use crate::alert::outbox::Outcome;
use crate::alert::raised::Alert;
use crate::alert::settings::Mail;

pub(super) fn send(mail: &Mail, alert: &Alert, timeout: Duration) -> Outcome {
    http::choose_tls();
    let message = match message(mail, alert) {
        Ok(message) => message,
        Err(what) => return Outcome::Refused(what),
    };
    let builder = match SmtpTransport::from_url(&mail.smtp) {
        Ok(builder) => builder,
        // Its words may quote the address, with the password in it.
        Err(_) => return Outcome::Refused("the address of the mail server cannot be read".to_owned()),
    };
    match builder.timeout(Some(timeout)).build().send(&message) {
        Ok(_) => Outcome::Delivered,
        Err(error) if error.is_permanent() => Outcome::Refused(in_words(&error)),
        Err(error) => Outcome::Failed(in_words(&error)),
    }
}

/// Whether the system waited for the server in vain: a greeting that does not come counts as no connection for the library.
fn is_late(error: &(dyn std::error::Error + 'static)) -> bool {
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    matches!(kind, Some(io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)) || error.source().is_some_and(is_late)
}

/// A server's answer is told by its code: its text may quote the login.
fn in_words(error: &lettre::transport::smtp::Error) -> String {
    if error.is_timeout() || is_late(error) {
        return "no answer in time".to_owned();
    }
    match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None => "no connection to the mail server".to_owned(),
    }
}

fn message(mail: &Mail, alert: &Alert) -> Result<Message, String> {
    let wrong = |what: &str| format!("{what} is no e-mail address");
    let filled = |text: &Option<String>, usual: String| match text {
        Some(text) => template::fill(text, alert).0,
        None => usual,
    };
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = plain(host.trim());
    let host = if host.is_empty() { "localhost".to_owned() } else { host };
    let host = if host.contains('.') {
        host
    } else {
        format!("{host}.local")
    };
    let from = mail.from.clone().unwrap_or_else(|| format!("bushbaby@{host}"));
    let usual = || {
        let Alert {
            message,
            when,
            raised_at,
            start_at,
            instance,
            id,
            ..
        } = alert;
        format!(
            "{message}\n\nalert: {}\nwhen: {when}\nbegan: {start_at}\nraised: {raised_at}\ninstance: {instance}\nid: {id}\n",
            alert.alert
        )
    };
    let subject = filled(&mail.title, format!("{}: {}", alert.alert, alert.message));
    Message::builder()
        .from(from.parse().map_err(|_| wrong("`from`"))?)
        .to(mail.to.parse().map_err(|_| wrong("`email`"))?)
        .subject(subject.replace(['\r', '\n'], " "))
        .message_id(Some(format!("<{}@{host}>", plain(&alert.id))))
        .body(filled(&mail.body, usual()))
        .map_err(|error| format!("the message cannot be made: {error}"))
}

/// What may stand in a message's id.
fn plain(id: &str) -> String {
    let keep = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.' {
            c
        } else {
            '-'
        }
    };
    id.chars().map(keep).collect()
}

#[cfg(test)]
mod tests {
    use bushbaby_testkit::smtp::{MailServer, Mood};

    use super::*;

    fn mail(server: &MailServer) -> Mail {
        Mail {
            to: "Ada <ada@example.org>".to_owned(),
            from: Some("bushbaby@example.org".to_owned()),
            smtp: server.url(),
            title: None,
            body: Some("Hört: {{alert}}".to_owned()),
        }
    }

    fn alert() -> Alert {
        Alert::test("baby", "cry finds baby_cry", "home", jiff::Timestamp::UNIX_EPOCH)
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn a_mail_has_a_subject_a_text_and_the_alerts_id() {
        let server = MailServer::start().unwrap();
        assert_eq!(send(&mail(&server), &alert(), LONG), Outcome::Delivered);
        let mails = server.wait_for(1, LONG);
        assert_eq!(
            (mails[0].from.as_str(), mails[0].to.as_slice()),
            ("bushbaby@example.org", &["ada@example.org".to_owned()][..])
        );
        let data = &mails[0].data;
        assert!(data.contains("Subject: baby: a test of the alert `baby`\n"), "{data}");
        assert!(data.contains("Message-ID: <baby-test-0@"), "{data}");
        assert!(data.contains("baby"), "{data}");
    }

    #[test]
    fn a_server_that_refuses_for_good_is_not_asked_again_and_one_that_hangs_is_left() {
        let server = MailServer::start().unwrap();
        server.be(Mood::Answers(550));
        assert!(matches!(send(&mail(&server), &alert(), LONG), Outcome::Refused(_)));
        server.be(Mood::Answers(451));
        assert!(matches!(send(&mail(&server), &alert(), LONG), Outcome::Failed(_)));
        server.be(Mood::Hangs);
        let begun = std::time::Instant::now();
        let outcome = send(&mail(&server), &alert(), Duration::from_millis(300));
        assert_eq!(outcome, Outcome::Failed("no answer in time".to_owned()));
        assert!(begun.elapsed() < LONG);
    }
}
