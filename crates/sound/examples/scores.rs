//! Prints the scores of the first five seconds of each file, one JSON list a line: for `scripts/sound/peers.py`.

#![allow(clippy::print_stdout)] // it is a program

use std::error::Error;
use std::path::Path;

use bushbaby_sound::RATE_HZ;
use bushbaby_sound::file::SoundFile;
use bushbaby_sound::tagger::Tagger;

fn main() -> Result<(), Box<dyn Error>> {
    let mut tagger = Tagger::ced_tiny()?;
    for path in std::env::args().skip(1) {
        let mut file = SoundFile::open(Path::new(&path))?;
        if (file.sample_rate_hz(), file.channels()) != (RATE_HZ, 1) {
            return Err(format!("{path}: wanted mono at {RATE_HZ} Hz").into());
        }
        let mut samples = Vec::new();
        while let Some(block) = file.next_block()? {
            samples.extend_from_slice(block);
        }
        samples.truncate(tagger.window_samples());
        println!("{}", serde_json::to_string(&tagger.scores(&samples)?)?);
    }
    Ok(())
}
