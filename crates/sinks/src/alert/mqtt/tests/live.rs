//! A real broker, mosquitto, with its own client listening.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use bushbaby_node::Stop;
use bushbaby_node::alerts;
use bushbaby_node::children::Spawner;
use bushbaby_node::reporter::Reporter;
use serde_json::json;

use super::{Now, event, scores};
use crate::alert::mqtt::Link;
use crate::alert::outbox::Outcome;
use crate::alert::send::Destinations;
use crate::alert::{Alert, Settings};

/// How long a test waits for what must come; reached only when it does not come.
const PATIENCE: Duration = Duration::from_secs(40);

struct Broker {
    process: Child,
    port: u16,
}

impl Broker {
    fn start(folder: &Path) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        Self::at(port, folder)
    }

    fn at(port: u16, folder: &Path) -> Self {
        let file = folder.join("mosquitto.conf");
        let lines = format!("listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_dest none\n");
        std::fs::write(&file, lines).unwrap();
        let mut command = Command::new("/usr/sbin/mosquitto");
        command.arg("-c").arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command
            .spawn()
            .unwrap_or_else(|error| panic!("mosquitto: {error}; `scripts/setup.sh test` installs it"));
        let broker = Self { process, port };
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "mosquitto does not listen");
            std::thread::park_timeout(Duration::from_millis(10));
        }
        broker
    }

    fn settings(&self) -> Settings {
        let send = json!(["mqtt:home/baby"]);
        let settings = json!({
            "alerts": {"baby": {"when": "cry finds baby_cry", "send": send}}, "mqtt": {"broker": format!("127.0.0.1:{}", self.port)},
        });
        serde_json::from_value(settings).unwrap()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// mosquitto's own client, which hears everything.
struct Listener {
    process: Child,
    lines: Receiver<String>,
}

impl Listener {
    fn start(port: u16) -> Self {
        let mut process = Command::new("mosquitto_sub")
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &port.to_string(),
                "-q",
                "1",
                "-t",
                "#",
                "-F",
                "%r %t %p",
            ])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("mosquitto_sub: {error}; `scripts/setup.sh test` installs it"));
        let out = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { process, lines }
    }

    /// Waits for a line that starts so. Whoever listens a moment later gets what is kept by the broker: `0` stands for both.
    fn wait_for(&self, start: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let later = start.strip_prefix("0 ").map(|rest| format!("1 {rest}"));
        let is_it = |line: &str| line.starts_with(start) || later.as_ref().is_some_and(|later| line.starts_with(later));
        let mut others = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if is_it(&line) => return line,
                Ok(line) => others.push(line),
                Err(_) => panic!("waited in vain for `{start}`, heard {others:#?}"),
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn publish(port: u16, topic: &str, payload: &str) {
    let port = port.to_string();
    let status = Command::new("mosquitto_pub")
        .args(["-h", "127.0.0.1", "-p", &port, "-q", "1", "-t", topic, "-m", payload])
        .status();
    assert!(status.unwrap().success());
}

struct Linked {
    link: Link,
    stop: Stop,
    folder: tempfile::TempDir,
}

impl Linked {
    fn to(broker: &Broker) -> Self {
        let (stop, folder) = (Stop::default(), tempfile::tempdir().unwrap());
        let settings = broker.settings();
        let mqtt = settings.mqtt.unwrap();
        let link = Link::start(
            &mqtt,
            "default",
            ["baby".to_owned()],
            folder.path(),
            &stop,
            &Reporter::new(None),
        );
        Self {
            link: link.unwrap(),
            stop,
            folder,
        }
    }
}

impl Drop for Linked {
    fn drop(&mut self) {
        self.stop.set();
        let deadline = Instant::now() + PATIENCE;
        while !self.link.has_fallen() && Instant::now() < deadline {
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }
}

#[test]
fn an_alert_reaches_the_broker_and_is_delivered_when_the_broker_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let listener = Listener::start(broker.port);
    let settings = broker.settings();
    let destinations = Destinations::of(&settings, &Spawner::start().unwrap());
    let alert = Alert::test("baby", "cry finds baby_cry", "default", jiff::Timestamp::UNIX_EPOCH);
    // The listener may not have subscribed yet.
    publish(broker.port, "begin", "x");
    listener_is_there(&broker, &listener);
    assert_eq!(destinations.all[0].send(&alert), Outcome::Delivered);
    let line = listener.wait_for("0 home/baby ");
    assert!(line.contains("\"id\":\"baby-test-0\""), "{line}");
    drop(broker);
    assert!(matches!(destinations.all[0].send(&alert), Outcome::Failed(_)));
}

/// Waits until the listener hears what is published.
fn listener_is_there(broker: &Broker, listener: &Listener) {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        publish(broker.port, "begin", "x");
        if listener.lines.recv_timeout(Duration::from_millis(100)).is_ok() {
            return;
        }
    }
    panic!("mosquitto_sub hears nothing");
}

#[test]
fn home_assistants_entities_live_die_with_the_node_and_come_back_with_the_broker() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let listener = Listener::start(broker.port);
    let linked = Linked::to(&broker);
    listener.wait_for("0 bushbaby/available online");
    linked.link.see(&scores(false), Now::read());
    listener.wait_for("0 homeassistant/binary_sensor/bushbaby_default_door_baby_cry/config {");
    listener.wait_for("0 bushbaby/door/audio/baby_cry OFF");
    linked
        .link
        .see(&event("e1", jiff::Timestamp::now().as_millisecond()), Now::read());
    listener.wait_for("0 bushbaby/door/audio/baby_cry ON");
    listener.wait_for("0 bushbaby/door/audio/event {");
    // Whoever subscribes now hears what is kept.
    let late = Listener::start(broker.port);
    late.wait_for("1 bushbaby/door/audio/baby_cry ON");
    drop(late);
    // The broker goes and comes back, and is told everything anew.
    let port = broker.port;
    drop(listener);
    drop(broker);
    let broker = Broker::at(port, folder.path());
    let listener = Listener::start(broker.port);
    listener.wait_for("0 bushbaby/door/audio/baby_cry ON");
    linked.stop.set();
    listener.wait_for("0 bushbaby/available offline");
}

#[test]
fn a_switch_in_home_assistant_mutes_the_alert() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    let listener = Listener::start(broker.port);
    let linked = Linked::to(&broker);
    listener.wait_for("0 bushbaby/alerts/baby/state ON");
    publish(broker.port, "bushbaby/alerts/baby/set", "OFF");
    listener.wait_for("0 bushbaby/alerts/baby/state OFF");
    let muted = || alerts::muted(linked.folder.path(), "baby", jiff::Timestamp::now());
    assert_eq!(muted(), Some(alerts::Muted::Forever));
    publish(broker.port, "bushbaby/alerts/baby/set", "ON");
    listener.wait_for("0 bushbaby/alerts/baby/state ON");
    assert_eq!(muted(), None);
}
