//! The page as a node: takes its port, serves until it is told to stop.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bushbaby_node::settings::Bitrate;
use bushbaby_node::{InputNeed, NodeContext, NodeError, Sink};

use crate::app::{App, router, router_of_camera};
use crate::connection::{Limits, Open, serve};
use crate::heard::Heard;
use crate::instance::Asker;
use crate::login::Logins;
use crate::pictures::{Budget, Pictures};
use crate::results::Results;
use crate::settings::{Settings, listen_address};
use crate::sound::Sounds;
use crate::webrtc::Webrtc;

/// How often it is looked for stages that say when something is heard.
const FOLLOW_EVERY: Duration = Duration::from_secs(5);

/// The page, its ports taken.
#[derive(Debug)]
pub struct Web {
    page: Port,
    cameras: Vec<(String, Port)>,
    password: Option<String>,
    budget: Option<Bitrate>,
    /// For WebRTC. Absent: it is switched off, or its port is taken.
    videos: Option<UdpSocket>,
    limits: Limits,
}

#[derive(Debug)]
struct Port {
    listener: TcpListener,
    address: SocketAddr,
}

impl Port {
    fn take(wanted: SocketAddr) -> Result<Self, NodeError> {
        let taken = TcpListener::bind(wanted).and_then(|listener| {
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address })
        });
        taken.map_err(|error| no_port(wanted, &error))
    }
}

impl Web {
    /// Where it listens, the port that the system chose included.
    pub fn address(&self) -> SocketAddr {
        self.page.address
    }

    /// The UDP port of WebRTC, if it is there.
    pub fn webrtc_port(&self) -> Option<u16> {
        Some(self.videos.as_ref()?.local_addr().ok()?.port())
    }

    /// Where the camera called so has a port of its own.
    pub fn address_of(&self, camera: &str) -> Option<SocketAddr> {
        let (_, port) = self.cameras.iter().find(|(name, _)| name == camera)?;
        Some(port.address)
    }

    /// Changes what clients may take.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

impl Sink for Web {
    type Settings = Settings;
    const INPUTS: InputNeed = InputNeed::None;

    fn open(settings: Settings, context: &NodeContext) -> Result<Self, NodeError> {
        let wanted = listen_address(&settings.listen).map_err(|error| NodeError::new(error.to_string()).for_good())?;
        let cameras = settings
            .streams
            .into_iter()
            .map(|(camera, port)| Ok((camera, Port::take(SocketAddr::new(wanted.ip(), port))?)))
            .collect::<Result<_, NodeError>>()?;
        let page = Port::take(wanted)?;
        let videos = settings
            .webrtc
            .then(|| take_videos(page.address, settings.webrtc_port, wanted.port() == 0))
            .transpose();
        Ok(Self {
            page,
            videos: videos.unwrap_or_else(|warning| {
                context.reporter.warn(&warning);
                None
            }),
            cameras,
            password: settings.password,
            budget: settings.budget,
            limits: Limits::default(),
        })
    }

    fn run(self, context: &NodeContext) -> Result<(), NodeError> {
        let os = |error: io::Error| NodeError::new(format!("the page cannot be served: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(8)
            .build()
            .map_err(os)?;
        let webrtc = self.videos.map(|socket| {
            let _inside = runtime.enter();
            Webrtc::start(socket)
        });
        let app = App {
            webrtc: webrtc.transpose().map_err(os)?,
            instance: context.spec.instance.to_string(),
            machine: machine_name(),
            asker: Asker::start(&context.bus, &context.stop).map_err(os)?,
            pictures: Pictures::new(
                context.bus.clone(),
                context.reporter.clone(),
                self.budget
                    .map(|budget| Budget::new(budget.bits_per_second, Instant::now())),
            ),
            results: Results::new(context.bus.clone(), context.reporter.clone()),
            sounds: Sounds::new(context.bus.clone(), context.reporter.clone()),
            heard: Heard::start(context.bus.clone(), context.reporter.clone(), &context.stop).map_err(os)?,
            logins: Mutex::new(Logins::new(self.password)),
            limits: self.limits,
            base_dir: context.spec.base_dir.clone(),
            is_looking: Arc::new(AtomicBool::new(false)),
            pages: AtomicUsize::new(0),
        };
        let (stop, stopped) = tokio::sync::oneshot::channel();
        context.stop.on_set(move || {
            // Nobody listens when serving ended by itself.
            let _ = stop.send(());
        });
        let served = runtime.block_on(async {
            let app = Arc::new(app);
            let open = Open::default();
            let listener = tokio::net::TcpListener::from_std(self.page.listener).map_err(os)?;
            say_where(self.page.address);
            for (camera, port) in self.cameras {
                let listener = tokio::net::TcpListener::from_std(port.listener).map_err(os)?;
                tracing::info!(
                    "the pictures of `{camera}` are at http://{}/?action=stream",
                    port.address
                );
                let router = router_of_camera(app.clone(), camera);
                // They end with the runtime.
                tokio::spawn(serve(listener, router, self.limits, open.clone()));
            }
            context.reporter.ready();
            context.reporter.running();
            tokio::select! {
                () = serve(listener, router(app.clone()), self.limits, open) => {}
                () = follow_events(&app) => {}
                _ = stopped => {}
            }
            Ok(())
        });
        // A question to a supervisor that does not answer is not waited for.
        runtime.shutdown_timeout(Duration::from_millis(200));
        served
    }
}

/// Keeps an ear on every stage that says when something is heard, also while nobody looks: who opens the page later wants to know.
async fn follow_events(app: &App) {
    loop {
        // Without an answer the streams that are known go on being read.
        if let Ok(known) = app.asker.status().await {
            app.heard.follow(&known.events);
        }
        tokio::time::sleep(FOLLOW_EVERY).await;
    }
}

fn say_where(address: SocketAddr) {
    let port = address.port();
    if address.ip().is_loopback() {
        tracing::info!("the page is at http://{address}, for this host only; for others, write `web: 0.0.0.0:{port}`");
    } else if address.ip().is_unspecified() {
        tracing::info!("the page is on port {port} of every address of this host: whoever reaches it may look");
    } else {
        tracing::info!("the page is at http://{address}: whoever reaches it may look");
    }
}

/// Takes the UDP port of WebRTC. `any_will_do`: where the page is at a port that the system chose.
///
/// # Errors
/// In words: the page does without, as JPEG always goes.
fn take_videos(page: SocketAddr, wanted: Option<u16>, any_will_do: bool) -> Result<UdpSocket, String> {
    let port = wanted.unwrap_or(page.port());
    let at = |port| UdpSocket::bind(SocketAddr::new(page.ip(), port));
    let taken = at(port).or_else(|error| {
        if any_will_do && wanted.is_none() {
            at(0)
        } else {
            Err(error)
        }
    });
    taken.map_err(|error| {
        format!("UDP port {port} cannot be taken ({error}): the page sends JPEG only; `webrtc_port` names another port")
    })
}

fn no_port(address: SocketAddr, error: &io::Error) -> NodeError {
    let port = address.port();
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            NodeError::new(format!("port {port} on {} is taken by another program", address.ip())).with_hint(format!(
                "stop that program, or give the page another port: `web: {}`",
                port.wrapping_add(1).max(1024)
            ))
        }
        io::ErrorKind::PermissionDenied => NodeError::new(format!("port {port} is only for the system's own programs"))
            .with_hint("take one from 1024 on: `web: 5800`")
            .for_good(),
        io::ErrorKind::AddrNotAvailable => NodeError::new(format!("this host has no address {}", address.ip()))
            .with_hint(format!("write `web: 0.0.0.0:{port}` for all of its addresses")),
        _ => NodeError::new(format!("the page cannot listen on {address}: {error}")),
    }
}

fn machine_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_owned())
        .unwrap_or_default()
}
