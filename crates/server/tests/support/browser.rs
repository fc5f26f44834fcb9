//! A browser's side of WebRTC: offers, connects, takes a video apart into pictures.

use std::io::ErrorKind;
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::{Duration, Instant};

use openh264::decoder::Decoder;
use openh264::formats::YUVSource;
use serde_json::{Value, json};
use str0m::bwe::Bitrate;
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, KeyframeRequestKind, MediaData, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc};

use super::page::{Heard, Page};

/// How long a browser waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// One connection for one camera, and the page that it belongs to.
pub struct Browser {
    pub page: Page,
    pub camera: String,
    rtc: Rtc,
    socket: UdpSocket,
    mid: Mid,
    pub is_connected: bool,
    decoder: Decoder,
}

/// A picture, decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub rtp: u32,
    pub is_keyframe: bool,
    pub size: [usize; 2],
    /// Brightness in the middle.
    pub shade: u8,
}

/// The offer of a browser that takes H.264, and what accepts the answer.
pub fn offer(is_h264: bool) -> (Rtc, Mid, UdpSocket, String, SdpPendingOffer) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut rtc = Rtc::builder()
        .set_crypto_provider(Arc::new(str0m::crypto::from_feature_flags()))
        // Without a time of arrival for each packet nothing can be estimated from it: a link carries what the test says.
        .clear_extension_map()
        .clear_codecs()
        .enable_h264(is_h264)
        .enable_vp8(!is_h264)
        .build(Instant::now());
    let candidate = Candidate::host(socket.local_addr().unwrap(), "udp").unwrap();
    rtc.add_local_candidate(candidate);
    let mut change = rtc.sdp_api();
    let mid = change.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
    let (offer, pending) = change.apply().unwrap();
    (rtc, mid, socket, offer.to_sdp_string(), pending)
}

impl Browser {
    /// Connects for a camera, and asks for its video at this size.
    pub fn open(mut page: Page, camera: &str, size: [u32; 2]) -> Self {
        let (mut rtc, mid, socket, sdp, pending) = offer(true);
        page.say(&json!({"type": "offer", "camera": camera, "sdp": sdp}));
        let answer = page.until("the answer", |heard| match heard {
            Heard::Text(message) if message["type"] == "answer" => Some(message),
            Heard::Text(message) if message["type"] == "no_video" => panic!("{message}"),
            _ => None,
        });
        let answer = SdpAnswer::from_sdp_string(answer["sdp"].as_str().unwrap()).unwrap();
        rtc.sdp_api().accept_answer(pending, answer).unwrap();
        let mut browser = Self {
            page,
            camera: camera.into(),
            rtc,
            socket,
            mid,
            is_connected: false,
            decoder: Decoder::new().unwrap(),
        };
        browser.until("the connection", |browser, _| browser.is_connected.then_some(()));
        browser.watch(size);
        browser
    }

    pub fn watch(&mut self, [width, height]: [u32; 2]) {
        let view = json!({"camera": self.camera, "width": width, "height": height, "video": true});
        self.page.say(&json!({"type": "watch", "views": [view]}));
    }

    /// Asks for a keyframe, as a browser does that lost packets.
    pub fn ask_for_keyframe(&mut self) {
        let mut writer = self.rtc.writer(self.mid).unwrap();
        writer.request_keyframe(None, KeyframeRequestKind::Pli).unwrap();
    }

    /// Says that no more than this arrives, in bits a second, as a browser does that measures it.
    pub fn takes_at_most(&mut self, bits_per_second: u64) {
        let mut api = self.rtc.direct_api();
        let stream = api.stream_rx_by_mid(self.mid, None).expect("pictures came");
        stream.request_remb(Bitrate::from(bits_per_second));
    }

    /// Waits for the next picture.
    pub fn picture(&mut self) -> Shown {
        self.until("a picture", |browser, data| {
            let data = data?;
            let units: Vec<u8> = openh264::nal_units(&data.data)
                .filter_map(|unit| unit.get(unit.iter().position(|byte| *byte == 1)? + 1))
                .map(|header| header & 0x1f)
                .collect();
            let decoded = browser.decoder.decode(&data.data).ok()??;
            let (width, height) = decoded.dimensions();
            Some(Shown {
                rtp: data.time.numer() as u32,
                is_keyframe: units.contains(&5),
                size: [width, height],
                shade: decoded.y()[height / 2 * decoded.strides().0 + width / 2],
            })
        })
    }

    /// The header of a picture, by its time.
    pub fn header(&mut self, rtp: u32) -> Value {
        self.page.until("the header of a picture", |heard| match heard {
            Heard::Picture { header, .. } if header["rtp"] == rtp => Some(header),
            _ => None,
        })
    }

    /// Runs the connection until it is so.
    pub fn until<T>(&mut self, what: &str, mut check: impl FnMut(&mut Self, Option<&MediaData>) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        let mut buffer = vec![0; 2000];
        loop {
            let due = loop {
                match self.rtc.poll_output().unwrap() {
                    Output::Timeout(due) => break due,
                    Output::Transmit(packet) => drop(self.socket.send_to(&packet.contents, packet.destination)),
                    Output::Event(Event::Connected) => self.is_connected = true,
                    Output::Event(Event::MediaData(data)) => {
                        if let Some(found) = check(self, Some(&data)) {
                            return found;
                        }
                    }
                    Output::Event(_) => {}
                }
            };
            if let Some(found) = check(self, None) {
                return found;
            }
            let now = Instant::now();
            assert!(now < end, "{what} did not come within {PATIENCE:?}");
            let wait = due.saturating_duration_since(now).max(Duration::from_millis(1));
            self.socket.set_read_timeout(Some(wait)).unwrap();
            let input = match self.socket.recv_from(&mut buffer) {
                Ok((length, from)) => {
                    let here = self.socket.local_addr().unwrap();
                    let receive = Receive::new(Protocol::Udp, from, here, &buffer[..length]).unwrap();
                    Input::Receive(Instant::now(), receive)
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    Input::Timeout(Instant::now())
                }
                Err(error) => panic!("{error}"),
            };
            self.rtc.handle_input(input).unwrap();
        }
    }
}
