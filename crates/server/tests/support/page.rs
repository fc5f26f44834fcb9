//! A page's side of the WebSocket.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

/// How long a page waits for what must come, while others may come all the time.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Page {
    pub socket: WebSocket<TcpStream>,
}

/// What the server sent.
#[derive(Debug)]
pub enum Heard {
    Text(Value),
    Picture { header: Value, jpeg: Vec<u8> },
    Closed(String),
}

impl Page {
    /// Connects as the page does, from its own origin.
    pub fn open(address: SocketAddr) -> Self {
        Self::open_from(address, &format!("http://{address}")).unwrap()
    }

    pub fn open_from(address: SocketAddr, origin: &str) -> Result<Self, String> {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = tungstenite::http::Request::builder()
            .uri(format!("ws://{address}/live"))
            .header("Host", address.to_string())
            .header("Origin", origin)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", tungstenite::handshake::client::generate_key())
            .body(())
            .unwrap();
        let (socket, _) = tungstenite::client(request, stream).map_err(|error| error.to_string())?;
        Ok(Self { socket })
    }

    pub fn say(&mut self, message: &Value) {
        self.socket.send(Message::text(message.to_string())).unwrap();
    }

    pub fn watch(&mut self, views: &[(&str, [u32; 2])]) {
        let views: Vec<_> = views
            .iter()
            .map(|(camera, [width, height])| json!({"camera": camera, "width": width, "height": height}))
            .collect();
        self.say(&json!({"type": "watch", "views": views}));
    }

    pub fn watch_view(&mut self, camera: &str, view: &str, [width, height]: [u32; 2]) {
        let view = json!({"camera": camera, "view": view, "width": width, "height": height});
        self.say(&json!({"type": "watch", "views": [view]}));
    }

    pub fn taken(&mut self, camera: &str) {
        self.say(&json!({"type": "taken", "camera": camera}));
    }

    pub fn hear(&mut self) -> Heard {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => return Heard::Text(serde_json::from_str(&text).unwrap()),
                Ok(Message::Binary(bytes)) => {
                    let length = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
                    let header = serde_json::from_slice(&bytes[4..4 + length]).unwrap();
                    return Heard::Picture {
                        header,
                        jpeg: bytes[4 + length..].to_vec(),
                    };
                }
                Ok(Message::Close(frame)) => {
                    return Heard::Closed(frame.map(|frame| frame.reason.to_string()).unwrap_or_default());
                }
                Ok(_) => {}
                Err(error) => return Heard::Closed(error.to_string()),
            }
        }
    }

    /// Waits for a text of this type; pictures on the way are passed over.
    pub fn text(&mut self, kind: &str) -> Value {
        self.until(kind, |heard| match heard {
            Heard::Text(message) if message["type"] == kind => Some(message),
            _ => None,
        })
    }

    /// Waits for a picture; texts on the way are passed over.
    pub fn picture(&mut self) -> (Value, Vec<u8>) {
        self.until("a picture", |heard| match heard {
            Heard::Picture { header, jpeg } => Some((header, jpeg)),
            _ => None,
        })
    }

    /// Waits for the first message that is it.
    pub fn until<T>(&mut self, what: &str, mut is_it: impl FnMut(Heard) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.hear() {
                Heard::Closed(reason) => panic!("{what} did not come: closed: {reason}"),
                heard => {
                    if let Some(found) = is_it(heard) {
                        return found;
                    }
                }
            }
            assert!(
                Instant::now() < end,
                "{what} did not come within {PATIENCE:?}, others did"
            );
        }
    }

    /// Waits until the server ends the connection; returns why.
    pub fn closed(&mut self) -> String {
        loop {
            if let Heard::Closed(reason) = self.hear() {
                return reason;
            }
        }
    }
}

/// The number of the frame that a picture was made of: the last part of its header's origin.
pub fn seq_of(header: &Value) -> u64 {
    let origin = header["origin"].as_str().unwrap();
    origin.rsplit(':').next().unwrap().parse().unwrap()
}
