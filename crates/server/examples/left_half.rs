//! A program beside a pipeline: says of every frame of a camera that its left half is `left`, as a box and a mask, until it is
//! ended. For the page's tests in a browser.
//!
//! ```sh
//! BUSHBABY_INSTANCE=default cargo run --example left_half front/image people/results
//! ```

use std::error::Error;
use std::time::Duration;

use bushbaby_bus::{ArrayLayout, Bus, DType, Instance, PublisherOptions, ReadOptions};
use bushbaby_node::image;
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let mut names = std::env::args().skip(1);
    let mut name = |what| names.next().ok_or(format!("the name of the {what} is missing"));
    let (pictures, results) = (name("stream to read")?.parse()?, name("stream to send")?.parse()?);
    let bus = Bus::open(&Instance::from_environment()?)?;
    let subscriber = bus.subscriber(&pictures, ReadOptions::default())?;
    let publisher = bus.publisher(&results, PublisherOptions::default())?;
    loop {
        let Some(frame) = subscriber.recv(Duration::from_secs(1))? else {
            continue;
        };
        let (width, height) = image::view(&frame).map(|view| (view.width() as usize, view.height() as usize))?;
        let mask: Vec<u8> = (0..width * height).map(|at| u8::from(at % width < width / 2)).collect();
        let layout = ArrayLayout::new("mask0", DType::U8, vec![height, width]);
        let body = json!({"type": "results", "version": 1, "camera": pictures.node(), "items": [
            {"type": "box", "x": 0, "y": 0, "width": width / 2, "height": height, "label": "left", "score": 0.9},
            {"type": "mask", "array": "mask0", "label": "left", "color": "#ff0000"},
            {"type": "text", "text": "half of it"},
        ]});
        let origin = frame.origin().clone();
        publisher.send(
            &[(&layout, &mask)],
            body.to_string().as_bytes(),
            frame.captured(),
            Some(origin),
        )?;
    }
}
