//! Samples: made, or read from a file.

use std::f64::consts::{SQRT_2, TAU};
use std::io;
use std::path::Path;

use super::Heard;
use super::encode::ffmpeg;

/// So many seconds are a whole number of AAC's access units at the usual rates, and of seconds.
const SECONDS: u32 = 8;
/// How long a tick lasts.
const TICK_S: f64 = 0.05;

/// Samples of all channels in turn.
pub(super) fn samples(heard: &Heard, rate_hz: u32, channels: usize) -> io::Result<Vec<i16>> {
    let second = |n: u32| f64::from(n) / f64::from(rate_hz);
    let sine = |hz: f64, at_s: f64| (TAU * hz * at_s).sin();
    let made: Vec<f64> = match heard {
        Heard::Tone { hz, dbfs } => {
            let amplitude = 10_f64.powf(dbfs / 20.0) * SQRT_2;
            let sample = |n| amplitude * sine(f64::from(*hz), second(n));
            (0..rate_hz * SECONDS).map(sample).collect()
        }
        Heard::Ticks => {
            let sample = |n: u32| {
                let at_s = second(n % rate_hz);
                if at_s < TICK_S { 0.5 * sine(1_000.0, at_s) } else { 0.0 }
            };
            (0..rate_hz * SECONDS).map(sample).collect()
        }
        Heard::File(path) => return read(path, rate_hz, channels),
    };
    let each = made.iter().map(|sample| (sample * 32_767.0).round() as i16);
    Ok(each.flat_map(|sample| std::iter::repeat_n(sample, channels)).collect())
}

fn read(path: &Path, rate_hz: u32, channels: usize) -> io::Result<Vec<i16>> {
    let bytes = std::fs::read(path)?;
    let samples = match wav(&bytes, rate_hz, channels) {
        Some(samples) => samples.to_owned(),
        None => {
            let (rate, count) = (rate_hz.to_string(), channels.to_string());
            ffmpeg(&["-i", "pipe:0", "-f", "s16le", "-ar", &rate, "-ac", &count], bytes)?
        }
    };
    Ok(samples
        .chunks_exact(2)
        .map(|two| i16::from_le_bytes([two[0], two[1]]))
        .collect())
}

/// The samples of a WAV file that has just the form that is wanted.
fn wav(bytes: &[u8], rate_hz: u32, channels: usize) -> Option<&[u8]> {
    const PCM: u16 = 1;
    let mut rest = bytes.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WAVE")?;
    let mut is_wanted = false;
    loop {
        let (name, behind) = rest.split_first_chunk::<4>()?;
        let (length, behind) = behind.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length) as usize;
        match name {
            b"fmt " => {
                let word = |at: usize| Some(u16::from_le_bytes([*behind.get(at)?, *behind.get(at + 1)?]));
                let rate = u32::from(word(4)?) | u32::from(word(6)?) << 16;
                let form = (word(0)?, usize::from(word(2)?), rate, word(14)?);
                is_wanted = form == (PCM, channels, rate_hz, 16);
            }
            b"data" => return is_wanted.then(|| &behind[..length.min(behind.len())]),
            _ => {}
        }
        rest = behind.get(length + length % 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_has_its_level_and_a_tick_is_at_each_second() {
        let tone = samples(&Heard::Tone { hz: 440, dbfs: -20.0 }, 8_000, 2).unwrap();
        let power = tone.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / tone.len() as f64;
        assert!((10.0 * (power / 32_768_f64.powi(2)).log10() + 20.0).abs() < 0.01);
        let ticks = samples(&Heard::Ticks, 8_000, 1).unwrap();
        assert!(
            ticks[8_000..8_400].iter().any(|sample| *sample != 0)
                && ticks[8_400..16_000].iter().all(|sample| *sample == 0)
        );
    }

    #[test]
    fn a_wav_file_of_the_wanted_form_is_read_as_it_is() {
        let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        file.extend(8_000_u32.to_le_bytes());
        file.extend(b"\x80\x3e\0\0\x02\0\x10\0odd \x01\0\0\0x\0data\x04\0\0\0\x01\0\xff\xff");
        assert_eq!(wav(&file, 8_000, 1), Some(&b"\x01\0\xff\xff"[..]));
        assert_eq!(wav(&file, 16_000, 1), None);
    }
}
