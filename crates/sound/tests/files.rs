//! Sound files as they come: in every format that is read, cut short, damaged, unlikely.

use std::path::{Path, PathBuf};

use bushbaby_sound::file::{FileError, SoundFile};

/// A file of `scripts/sound/tones.sh`.
fn made(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// A WAV file; `format` is 1 for whole numbers, 3 for floating point.
fn wav(folder: &Path, format: u16, bits: u16, rate_hz: u32, channels: u16, samples: &[u8]) -> PathBuf {
    let path = folder.join("sound.wav");
    let frame = channels * bits / 8;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + samples.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0");
    bytes.extend(format.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate_hz.to_le_bytes());
    bytes.extend((rate_hz * u32::from(frame)).to_le_bytes());
    bytes.extend(frame.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend((samples.len() as u32).to_le_bytes());
    bytes.extend(samples);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn all(file: &mut SoundFile) -> Vec<f32> {
    let mut samples = Vec::new();
    while let Some(block) = file.next_block().unwrap() {
        samples.extend_from_slice(block);
    }
    samples
}

/// How strong 440 Hz is in `samples` at 16 kHz, as an amplitude.
fn strength_of_440_hz(samples: &[f32]) -> f32 {
    let turn = std::f32::consts::TAU * 440.0 / 16_000.0;
    let (sine, cosine) = samples
        .iter()
        .enumerate()
        .fold((0.0, 0.0), |(sine, cosine), (i, sample)| {
            let angle = turn * i as f32;
            (sine + sample * angle.sin(), cosine + sample * angle.cos())
        });
    2.0 * f32::hypot(sine, cosine) / samples.len() as f32
}

#[test]
fn every_format_gives_the_tone_that_was_put_in() {
    for name in ["tone.flac", "tone.mp3", "tone.m4a", "tone.aac"] {
        let mut file = SoundFile::open(&made(name)).unwrap();
        assert_eq!((file.sample_rate_hz(), file.channels()), (16_000, 1), "{name}");
        let samples = all(&mut file);
        assert!(
            (7_000..11_000).contains(&samples.len()),
            "{name}: {} samples",
            samples.len()
        );
        let strength = strength_of_440_hz(&samples[2_000..6_000]);
        assert!((strength - 0.125).abs() < 0.01, "{name}: {strength}");
        assert_eq!(file.filled(), 0, "{name}");
    }
}

#[test]
fn channels_stay_in_turn_and_full_scale_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let samples: Vec<u8> = [16_384_i16, -32_768, 0, 8_192]
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect();
    let mut file = SoundFile::open(&wav(folder.path(), 1, 16, 8_000, 2, &samples)).unwrap();
    assert_eq!((file.sample_rate_hz(), file.channels()), (8_000, 2));
    assert_eq!(all(&mut file), [0.5, -1.0, 0.0, 0.25]);
    assert_eq!(file.position(), 2);
}

#[test]
fn what_is_no_number_is_silence_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let samples: Vec<u8> = [0.5, f32::NAN, f32::INFINITY, -0.25]
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect();
    let mut file = SoundFile::open(&wav(folder.path(), 3, 32, 48_000, 1, &samples)).unwrap();
    assert_eq!(all(&mut file), [0.5, 0.0, 0.0, -0.25]);
    assert_eq!(file.filled(), 2);
}

#[test]
fn a_file_cut_short_ends_where_it_was_cut() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["tone.flac", "tone.mp3", "tone.m4a", "tone.aac"] {
        let whole = std::fs::read(made(name)).unwrap();
        for length in (0..whole.len()).step_by(97) {
            let path = folder.path().join(name);
            std::fs::write(&path, &whole[..length]).unwrap();
            if let Ok(mut file) = SoundFile::open(&path) {
                while let Ok(Some(_)) = file.next_block() {}
            }
        }
    }
}

#[test]
fn damaged_bytes_end_in_words_or_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = 1_u32;
    let mut next = move || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) as usize
    };
    for name in ["tone.flac", "tone.mp3", "tone.m4a", "tone.aac"] {
        let whole = std::fs::read(made(name)).unwrap();
        for _ in 0..100 {
            let mut bytes = whole.clone();
            for _ in 0..1 + next() % 8 {
                let place = next() % bytes.len();
                bytes[place] = next() as u8;
            }
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            if let Ok(mut file) = SoundFile::open(&path) {
                while let Ok(Some(_)) = file.next_block() {}
            }
        }
    }
}

#[test]
fn what_cannot_be_read_is_told_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.wav");
    std::fs::write(&text, "no sound at all").unwrap();
    assert!(matches!(SoundFile::open(&text), Err(FileError::Format { .. })));
    assert!(matches!(
        SoundFile::open(folder.path()),
        Err(FileError::NotAFile { .. })
    ));
    assert!(matches!(
        SoundFile::open(&folder.path().join("none.wav")),
        Err(FileError::Io { .. })
    ));
    assert!(matches!(
        SoundFile::open(&made("silent.mp4")),
        Err(FileError::NoSound { .. })
    ));
    let slow = wav(folder.path(), 1, 16, 8, 1, &[0; 64]);
    let error = SoundFile::open(&slow).unwrap_err().to_string();
    assert!(
        error.ends_with("sound.wav: 1 channels of 8 Hz, wanted 1 to 64 channels of 4000 to 384000 Hz"),
        "{error}"
    );
}
