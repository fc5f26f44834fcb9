//! A page on a real bus, before a pretended supervisor: what the tests of the server share.

#![allow(dead_code, unreachable_pub)] // each test file uses its own part of it

pub mod browser;
pub mod http;
pub mod page;
pub mod scenery;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bushbaby_bus::{Bus, Instance};
use bushbaby_node::control::halves;
use bushbaby_node::status::{Reply, Request, Status, socket_path};
use bushbaby_node::{NodeContext, Sink, testing};
use bushbaby_server::{Limits, Settings, Web};
use serde_json::json;

/// Waits for something that must come; generous, as the machine may be busy.
pub fn wait_for<T>(what: &str, mut check: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(Instant::now() < end, "{what}: not within 20 s");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A running page, its bus, and the supervisor that it asks.
pub struct Site {
    pub bus: Bus,
    pub address: SocketAddr,
    /// The UDP port of WebRTC.
    pub webrtc_port: Option<u16>,
    /// Where cameras have ports of their own.
    pub cameras: BTreeMap<String, SocketAddr>,
    pub supervisor: Arc<Mutex<Pretended>>,
    pub instance: Instance,
    context: NodeContext,
    page: Option<JoinHandle<()>>,
}

/// What the pretended supervisor says and hears.
pub struct Pretended {
    pub status: Status,
    pub restarts: Vec<String>,
    /// Stages and the pipelines that were wished for.
    pub wished: Vec<String>,
    /// Of every node.
    pub settings: serde_json::Value,
}

impl Site {
    pub fn new(test: &str) -> Self {
        Self::with(test, None, Limits::default())
    }

    pub fn with(test: &str, password: Option<&str>, limits: Limits) -> Self {
        let settings = Settings {
            password: password.map(Into::into),
            ..Settings::default()
        };
        Self::start(test, settings, limits, |_| {})
    }

    /// With these settings, at any free port.
    pub fn with_settings(test: &str, settings: Settings) -> Self {
        Self::start(test, settings, Limits::default(), |_| {})
    }

    /// With more nodes than two cameras: they are there before the page asks for the first time, as it keeps the answer for a while.
    pub fn prepared(test: &str, prepare: impl FnOnce(&mut Pretended)) -> Self {
        Self::start(test, Settings::default(), Limits::default(), prepare)
    }

    fn start(test: &str, settings: Settings, limits: Limits, prepare: impl FnOnce(&mut Pretended)) -> Self {
        let instance = testing::instance(test);
        let context = testing::context(&instance, "web", "web", Vec::new()).unwrap();
        let mut pretended = Pretended {
            status: status_of_two_cameras(),
            restarts: Vec::new(),
            wished: Vec::new(),
            settings: json!({"family": "tag36h11"}),
        };
        prepare(&mut pretended);
        let supervisor = Arc::new(Mutex::new(pretended));
        std::fs::create_dir_all(instance.runtime_dir()).unwrap();
        let socket = UnixListener::bind(socket_path(&instance)).unwrap();
        let answers = supervisor.clone();
        std::thread::spawn(move || answer(&socket, &answers));
        let settings = Settings {
            listen: "127.0.0.1:0".into(),
            ..settings
        };
        let cameras: Vec<String> = settings.streams.keys().cloned().collect();
        let web = Web::open(settings, &context).unwrap().with_limits(limits);
        let address = web.address();
        let webrtc_port = web.webrtc_port();
        let cameras = cameras
            .into_iter()
            .map(|camera| (camera.clone(), web.address_of(&camera).unwrap()))
            .collect();
        let served = context.clone();
        let page = std::thread::spawn(move || web.run(&served).unwrap());
        Self {
            bus: context.bus.clone(),
            address,
            webrtc_port,
            cameras,
            supervisor,
            instance,
            context,
            page: Some(page),
        }
    }

    pub fn supervisor(&self) -> std::sync::MutexGuard<'_, Pretended> {
        self.supervisor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many read a stream now.
    pub fn readers(&self, stream: &str) -> usize {
        let streams = self.bus.streams().unwrap();
        streams
            .iter()
            .find(|info| info.name.as_str() == stream)
            .map_or(0, |info| info.readers)
    }

    /// `GET /api/web`.
    pub fn costs(&self) -> serde_json::Value {
        http::get(self.address, "/api/web").json()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.context.stop.set();
        if let Some(page) = self.page.take() {
            let ended = page.join();
            assert!(std::thread::panicking() || ended.is_ok(), "the page ended in a panic");
        }
        let _ = std::fs::remove_dir_all(self.instance.runtime_dir());
    }
}

impl Pretended {
    /// Adds a node with one stream to the status.
    pub fn add(&mut self, stream: &str, role: &str, carries: &str) {
        let name: bushbaby_bus::StreamName = stream.parse().unwrap();
        let node = json!({"kind": "kind", "role": role, "state": "running", "restarts": 0});
        let told = json!({"carries": carries, "frames": 1, "fps": 30.0});
        self.status
            .nodes
            .insert(name.node().to_owned(), serde_json::from_value(node).unwrap());
        self.status.streams.insert(name, serde_json::from_value(told).unwrap());
    }
}

/// `front` with the stage `tags`, and `door`.
fn status_of_two_cameras() -> Status {
    let node = |kind: &str, role: &str| json!({"kind": kind, "role": role, "state": "running", "restarts": 0});
    let stream = |carries: &str| json!({"carries": carries, "frames": 1, "fps": 30.0, "shape": "640x360 i420"});
    serde_json::from_value(json!({
        "instance": "pit", "seconds": 1.0,
        "nodes": {"front": node("scene", "source"), "door": node("rtsp", "source"), "tags": node("apriltag", "stage")},
        "streams": {"front/image": stream("image"), "door/image": stream("image"), "tags/detections": stream("detections")},
        "edges": [{"from": "front/image", "to": "tags", "delivered": 1,
            "dropped": {"superseded": 0, "overflow": 0, "damaged": 0, "skipped": 0}}],
    }))
    .unwrap()
}

fn answer(socket: &UnixListener, pretended: &Mutex<Pretended>) {
    for stream in socket.incoming().flatten() {
        let Ok((mut sender, mut receiver)) = halves(OwnedFd::from(stream)) else {
            continue;
        };
        let Ok(Some(request)) = receiver.recv::<Request>() else {
            continue;
        };
        let mut pretended = pretended.lock().unwrap_or_else(PoisonError::into_inner);
        let reply = match request {
            Request::Status => Reply::Status(Box::new(pretended.status.clone())),
            Request::Log { node, .. } => Reply::Log(vec![format!("{node} opened")]),
            Request::Pipeline { node, pipeline } => {
                pretended.wished.push(format!("{node} {pipeline}"));
                Reply::Done
            }
            Request::Change { node, rests, settings } => {
                pretended.wished.push(format!("{node} {rests:?} {settings:?}"));
                Reply::Done
            }
            Request::Tune {
                node,
                pipeline,
                settings,
            } => {
                pretended.wished.push(format!("{node} {pipeline} {settings:?}"));
                Reply::Done
            }
            Request::Save { node, pipeline } => {
                pretended.wished.push(format!("{node} {pipeline} saved"));
                Reply::Saved {
                    file: "/etc/pit.yaml".into(),
                }
            }
            Request::Settings { .. } => Reply::Settings(pretended.settings.clone()),
            Request::Restart { node } if pretended.status.nodes.contains_key(&node) => {
                pretended.restarts.push(node);
                Reply::Done
            }
            Request::Restart { node } => Reply::Refused {
                message: format!("there is no node `{node}`"),
                hint: None,
            },
            Request::Stop => Reply::Done,
        };
        let _ = sender.send(&reply);
    }
}
