//! The recordings: what they are, and their samples.

/// What is heard in a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sound {
    BabyCry,
    DogBark,
    Sneeze,
    ClockTick,
}

impl Sound {
    /// As `listen_for:` names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::BabyCry => "baby_cry",
            Self::DogBark => "dog_bark",
            Self::Sneeze => "sneeze",
            Self::ClockTick => "clock_tick",
        }
    }
}

/// A recording.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Clip {
    pub(super) sound: Sound,
    /// Full scale is ±1; the loudest second has an RMS of 1.
    pub(super) samples: Vec<f32>,
}

/// The three cries.
pub(super) fn cries() -> Vec<Clip> {
    let files: [&[u8]; 3] = [
        include_bytes!("clips/cry_1.wav"),
        include_bytes!("clips/cry_2.wav"),
        include_bytes!("clips/cry_3.wav"),
    ];
    files.into_iter().map(|file| clip(Sound::BabyCry, file)).collect()
}

/// What else is heard.
pub(super) fn others() -> Vec<Clip> {
    vec![
        clip(Sound::DogBark, include_bytes!("clips/dog_bark.wav")),
        clip(Sound::Sneeze, include_bytes!("clips/sneeze.wav")),
        clip(Sound::ClockTick, include_bytes!("clips/clock_tick.wav")),
    ]
}

/// The files are all 16 kHz, one channel, 16 bit, and have the shortest of headers, which a test checks.
const HEADER_BYTES: usize = 44;

fn clip(sound: Sound, file: &[u8]) -> Clip {
    let bytes = file.get(HEADER_BYTES..).unwrap_or_default();
    let mut samples: Vec<f32> = bytes
        .chunks_exact(2)
        .map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])))
        .collect();
    let loudest = loudest_second(&samples).max(1.0);
    samples.iter_mut().for_each(|sample| *sample /= loudest);
    Clip { sound, samples }
}

/// The largest RMS of a second, looked at every tenth of one.
pub(super) fn loudest_second(samples: &[f32]) -> f32 {
    const SECOND: usize = super::RATE_HZ as usize;
    let windows = (0..samples.len().div_ceil(SECOND / 10)).map(|tenth| {
        let window = samples[tenth * SECOND / 10..].iter().take(SECOND);
        (window.map(|sample| sample * sample).sum::<f32>() / SECOND as f32).sqrt()
    });
    windows.fold(0.0, f32::max)
}
