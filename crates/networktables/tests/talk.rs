//! Client and server on a real socket.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use bushbaby_networktables::{Address, Client, Options, Server, SubscribeOptions, TopicType, Value};
use serde_json::Map;

const PATIENCE: Duration = Duration::from_secs(30);

fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

fn client(at: SocketAddr) -> Client {
    let address: Address = at.to_string().parse().unwrap();
    let options = Options {
        identity: "camera 1".into(),
        time_sync: true,
    };
    Client::start(address, options).unwrap()
}

#[test]
fn what_a_client_sets_the_robot_reads_in_every_type() {
    let server = Server::start(any_port()).unwrap();
    let client = client(server.address());
    let values = [
        (TopicType::BOOLEAN, Value::Boolean(true)),
        (TopicType::DOUBLE, Value::Double(1.5)),
        (TopicType::INT, Value::Int(-7)),
        (TopicType::FLOAT, Value::Float(0.25)),
        (TopicType::STRING, Value::String("Grüße".into())),
        (TopicType::JSON, Value::String("{}".into())),
        (TopicType::named("photonstruct:A:b"), Value::Raw(vec![1, 2, 3])),
        (TopicType::BOOLEANS, Value::Booleans(vec![true, false])),
        (TopicType::DOUBLES, Value::Doubles(vec![0.1; 40])),
        (TopicType::INTS, Value::Ints(vec![1, 2])),
        (TopicType::FLOATS, Value::Floats(vec![1.0])),
        (TopicType::STRINGS, Value::Strings(vec!["a".into(), String::new()])),
    ];
    let mut published = Vec::new();
    for (number, (topic_type, value)) in values.iter().enumerate() {
        let publisher = client.publish(&format!("/t/{number}"), topic_type.clone(), Map::new(), false);
        assert!(publisher.set(value.clone()));
        published.push(publisher);
    }
    for (number, (topic_type, value)) in values.iter().enumerate() {
        let name = format!("/t/{number}");
        assert!(
            server.wait_for(&name, PATIENCE, |there| there == value).is_some(),
            "{name}"
        );
        assert_eq!(&server.topics()[&name].topic_type, topic_type);
    }
    assert_eq!(server.clients(), ["camera 1"]);
    let status = client.status();
    assert_eq!(status.server, Some(server.address()));
    assert_eq!(status.protocol.as_deref(), Some("v4.1.networktables.first.wpi.edu"));
}

#[test]
fn of_a_topic_of_which_all_values_matter_none_is_lost() {
    let server = Server::start(any_port()).unwrap();
    let client = client(server.address());
    let publisher = client.publish("/all", TopicType::INT, Map::new(), true);
    publisher.set(Value::Int(-1));
    server.wait_for("/all", PATIENCE, |_| true).unwrap();
    for number in 0..200 {
        publisher.set(Value::Int(number));
    }
    server
        .wait_for("/all", PATIENCE, |value| *value == Value::Int(199))
        .unwrap();
    assert_eq!(server.topics()["/all"].values, 201);
    assert_eq!(client.status().counts.dropped, 0);
}

#[test]
fn what_the_robot_sets_a_client_reads_also_what_was_there_before() {
    let server = Server::start(any_port()).unwrap();
    server.set("/wish/early", TopicType::INT, Value::Int(1));
    let client = client(server.address());
    let prefix = SubscribeOptions {
        prefix: true,
        all: true,
        ..SubscribeOptions::default()
    };
    let subscription = client.subscribe(&["/wish/"], prefix).unwrap();
    let update = subscription.recv(PATIENCE).unwrap();
    assert_eq!((update.topic.as_str(), update.value), ("/wish/early", Value::Int(1)));
    server.set("/wish/late", TopicType::STRING, Value::String("far".into()));
    server.set("/other", TopicType::INT, Value::Int(3));
    let update = subscription.recv(PATIENCE).unwrap();
    assert_eq!(
        (update.topic.as_str(), update.topic_type),
        ("/wish/late", TopicType::STRING)
    );
    assert!(subscription.try_recv().is_none());
}

#[test]
fn a_server_that_comes_back_is_told_everything_again() {
    let server = Server::start(any_port()).unwrap();
    let at = server.address();
    let client = client(at);
    let publisher = client.publish("/a", TopicType::DOUBLE, Map::new(), false);
    let wishes = client.subscribe(&["/wish"], SubscribeOptions::default()).unwrap();
    publisher.set(Value::Double(1.0));
    server.wait_for("/a", PATIENCE, |_| true).unwrap();
    for round in 2..5 {
        until_connected(&client);
        assert_ne!(server.wait_for("/a", PATIENCE, |_| true), None);
        publisher.set(Value::Double(f64::from(round)));
        server
            .wait_for("/a", PATIENCE, |value| *value == Value::Double(f64::from(round)))
            .unwrap();
        server.send_away();
    }
    drop(server);
    // Set while nobody is there.
    publisher.set(Value::Double(9.0));
    let server = Server::start(at).unwrap();
    server
        .wait_for("/a", PATIENCE, |value| *value == Value::Double(9.0))
        .unwrap();
    server.set("/wish", TopicType::INT, Value::Int(4));
    assert_eq!(wishes.recv(PATIENCE).unwrap().value, Value::Int(4));
    assert!(client.status().counts.connections >= 4);
}

/// Waits until the client is connected.
fn until_connected(client: &Client) {
    let until = std::time::Instant::now() + PATIENCE;
    while client.status().server.is_none() {
        assert!(std::time::Instant::now() < until, "{:?}", client.status());
        std::thread::yield_now();
    }
}

#[test]
fn the_robots_clock_is_known() {
    let server = Server::start(any_port()).unwrap();
    let client = client(server.address());
    until_connected(&client);
    let until = std::time::Instant::now() + PATIENCE;
    let told = loop {
        if let Some(told) = client.status().time_sync {
            break told;
        }
        assert!(std::time::Instant::now() < until);
        std::thread::yield_now();
    };
    // Both are the clock of this machine: what is between them is at most the way.
    assert!(told.offset_us.abs() <= told.round_trip_us.max(20_000), "{told:?}");
    let offset_us = client.status().offset_us.unwrap();
    assert!(offset_us.abs() < 1_000_000, "{offset_us}");
}

/// A server that sends what no server should.
fn rude_server(say: impl Fn(&mut std::net::TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind(any_port()).unwrap();
    let at = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            say(&mut stream);
        }
    });
    at
}

#[test]
fn a_server_that_talks_rubbish_is_refused_in_words() {
    let at = rude_server(|stream| {
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    });
    let client = client(at);
    let until = std::time::Instant::now() + PATIENCE;
    let error = loop {
        if let Some(error) = client.status().error {
            break error;
        }
        assert!(std::time::Instant::now() < until);
        std::thread::yield_now();
    };
    assert!(error.starts_with(&at.to_string()), "{error}");
    assert_eq!(client.status().server, None);
}

#[test]
fn setting_a_value_waits_for_nobody() {
    // It takes connections and never says a word.
    let (held, holding) = std::sync::mpsc::channel();
    let at = rude_server(move |stream| drop(held.send(stream.try_clone().unwrap())));
    let client = client(at);
    let publisher = client.publish("/a", TopicType::DOUBLE, Map::new(), true);
    let _stream = holding.recv_timeout(PATIENCE).unwrap();
    for number in 0..10_000 {
        assert!(publisher.set(Value::Double(f64::from(number))));
    }
    assert_eq!(
        client.status().counts.dropped,
        0,
        "nobody is there who could lose anything"
    );
}

/// A server that agrees, and then does as it is told with each connection.
fn agreeing_server(then: impl Fn(tungstenite::WebSocket<std::net::TcpStream>) + Send + 'static) -> SocketAddr {
    use tungstenite::handshake::server::{ErrorResponse, Request, Response};
    rude_server(move |stream| {
        #[allow(clippy::result_large_err)] // the handshake's own type
        let agree = |_: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
            let protocol = "networktables.first.wpi.edu".parse().unwrap();
            response.headers_mut().insert("Sec-WebSocket-Protocol", protocol);
            Ok(response)
        };
        if let Ok(socket) = tungstenite::accept_hdr(stream.try_clone().unwrap(), agree) {
            then(socket);
        }
    })
}

fn wait_for_error(client: &Client, part: &str) {
    let until = std::time::Instant::now() + PATIENCE;
    loop {
        let status = client.status();
        let words = [status.error.clone(), status.damage.clone()];
        if words.iter().flatten().any(|words| words.contains(part)) {
            return;
        }
        assert!(std::time::Instant::now() < until, "{part}: {status:?}");
        std::thread::yield_now();
    }
}

#[test]
fn a_server_that_never_tells_its_time_is_given_up_in_words() {
    let at = agreeing_server(|mut socket| while socket.read().is_ok() {});
    let client = client(at);
    wait_for_error(&client, "never tells its time");
    assert_eq!(client.status().server, None);
}

#[test]
fn messages_that_cannot_be_are_counted_in_words_and_disturb_nothing() {
    let at = agreeing_server(|mut socket| {
        use tungstenite::Message;
        // Ten megabytes end the connection; the others are passed over.
        let times = [0x94, 0xff, 0, 2, 0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0];
        for frame in [
            vec![0x94, 1, 2],
            vec![0x94, 5, 0, 2, 1],
            times.to_vec(),
            b"garbage".to_vec(),
        ] {
            socket.send(Message::Binary(frame.into())).unwrap();
        }
        socket.send(Message::text("[1, {}")).unwrap();
        let _ = socket.send(Message::Binary(vec![0; 10 << 20].into()));
        while socket.read().is_ok() {}
    });
    let client = client(at);
    let publisher = client.publish("/a", TopicType::DOUBLE, Map::new(), false);
    wait_for_error(&client, "sent");
    wait_for_error(&client, "ended");
    assert!(client.status().counts.damaged >= 4, "{:?}", client.status());
    assert!(publisher.set(Value::Double(1.0)), "who sets values never notices");
}
