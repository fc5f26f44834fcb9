//! Small recordings, as the recorder writes them.

#![allow(dead_code)] // each test takes of it what it needs

use std::collections::BTreeMap;

use bushbaby_pixels::{ColorSpace, Image, PixelFormat};
use bushbaby_recording::messages::picture;
use bushbaby_recording::{Contents, McapWriter, Message};

/// When the first picture was captured: 2023-11-14T22:13:20Z.
pub(crate) const START_NS: u64 = 1_700_000_000_000_000_000;
/// From one picture to the next.
pub(crate) const FRAME_NS: u64 = 40_000_000;

/// A recording of so many grey pictures of 64x48 of a camera.
pub(crate) fn of_pictures(camera: &str, count: u32) -> Vec<u8> {
    let pictures = (0..count).map(|number| {
        let mut image = Image::new(PixelFormat::Gray8, 64, 48, ColorSpace::JPEG).unwrap();
        for (at, byte) in image.planes_mut()[0].iter_mut().enumerate() {
            *byte = (at + number as usize * 3) as u8;
        }
        let data = picture::raw(camera, at(number), &image.view()).unwrap();
        message(&format!("{camera}/image"), Contents::RawImage, number, data)
    });
    file(pictures)
}

/// A recording of these messages.
pub(crate) fn file(messages: impl IntoIterator<Item = Message>) -> Vec<u8> {
    let metadata = BTreeMap::from([("version".to_owned(), "1".to_owned())]);
    let (mut writer, mut bytes) = McapWriter::begin(&metadata);
    for message in messages {
        writer.add(&message, message.log_time_ns);
        bytes.extend(writer.take_due(message.log_time_ns));
    }
    bytes.extend(writer.finish());
    bytes
}

/// One message.
pub(crate) fn message(topic: &str, contents: Contents, number: u32, data: Vec<u8>) -> Message {
    Message {
        topic: topic.to_owned(),
        contents,
        sequence: number,
        log_time_ns: at(number),
        data,
    }
}

/// When a picture was captured.
pub(crate) fn at(number: u32) -> u64 {
    START_NS + u64::from(number) * FRAME_NS
}
