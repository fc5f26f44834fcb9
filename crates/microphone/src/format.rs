//! Which of the forms that a microphone offers is asked of it.

use cpal::{SampleFormat, SupportedStreamConfigRange};

use crate::Wanted;
use crate::failure::Failure;

/// Forms of samples, best first: what needs no conversion, then what loses nothing.
const FORMATS: [SampleFormat; 5] = [
    SampleFormat::I16,
    SampleFormat::F32,
    SampleFormat::I32,
    SampleFormat::I24,
    SampleFormat::U8,
];

/// Rates, best first, where none is asked for.
const RATES_HZ: [u32; 5] = [48_000, 44_100, 32_000, 16_000, 8_000];

/// What is asked of the microphone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) format: SampleFormat,
    pub(crate) rate_hz: u32,
    pub(crate) channels: u16,
}

/// Chooses among what is offered: the rate and channels that were asked for; otherwise 48 kHz where it has that, and as few
/// channels as there are.
///
/// # Errors
/// What was wanted, and what there is.
pub(crate) fn choose(offered: &[SupportedStreamConfigRange], wanted: &Wanted) -> Result<Chosen, Failure> {
    let readable: Vec<&SupportedStreamConfigRange> = offered
        .iter()
        .filter(|offer| FORMATS.contains(&offer.sample_format()) && offer.channels() > 0)
        .collect();
    let name = &wanted.name;
    if readable.is_empty() {
        return Err(
            Failure::new(format!("microphone `{name}` offers no form of sound that is read here"))
                .with_hint("read it by way of ALSA's conversions: `mic: plughw:…`, as `bushbaby cameras` shows"),
        );
    }
    let channels = match wanted.channels {
        Some(channels) => channels,
        None => readable.iter().map(|offer| offer.channels()).min().unwrap_or(1),
    };
    let with_channels: Vec<_> = readable.iter().filter(|offer| offer.channels() == channels).collect();
    if with_channels.is_empty() {
        let there: Vec<String> = numbers(readable.iter().map(|offer| u32::from(offer.channels())));
        let message = format!("microphone `{name}` has no {channels} channels");
        return Err(Failure::new(message).with_hint(format!("it has {}", there.join(", "))));
    }
    let has_rate = |rate: &u32| {
        with_channels
            .iter()
            .any(|offer| (offer.min_sample_rate()..=offer.max_sample_rate()).contains(rate))
    };
    let rate_hz = match wanted.rate_hz {
        Some(rate) if has_rate(&rate) => rate,
        Some(rate) => {
            let there = numbers(
                with_channels
                    .iter()
                    .flat_map(|offer| [offer.min_sample_rate(), offer.max_sample_rate()]),
            );
            let message = format!("microphone `{name}` does not give {rate} Hz");
            return Err(Failure::new(message).with_hint(format!("its rates go from {} Hz", there.join(" to "))));
        }
        None => RATES_HZ
            .into_iter()
            .find(has_rate)
            .or_else(|| with_channels.iter().map(|offer| offer.max_sample_rate()).min())
            .unwrap_or(RATES_HZ[0]),
    };
    let has_format = |format: &SampleFormat| {
        let fits = |offer: &&&&SupportedStreamConfigRange| {
            offer.sample_format() == *format && (offer.min_sample_rate()..=offer.max_sample_rate()).contains(&rate_hz)
        };
        with_channels.iter().find(fits).is_some()
    };
    let format = FORMATS.into_iter().find(has_format).unwrap_or(FORMATS[0]);
    Ok(Chosen {
        format,
        rate_hz,
        channels,
    })
}

/// Different numbers in their order.
fn numbers(all: impl Iterator<Item = u32>) -> Vec<String> {
    let mut all: Vec<u32> = all.collect();
    all.sort_unstable();
    all.dedup();
    all.iter().map(u32::to_string).collect()
}

#[cfg(test)]
mod tests {
    use cpal::SupportedBufferSize;

    use super::*;

    fn offer(channels: u16, rates: [u32; 2], format: SampleFormat) -> SupportedStreamConfigRange {
        SupportedStreamConfigRange::new(channels, rates[0], rates[1], SupportedBufferSize::Unknown, format)
    }

    fn asked(rate_hz: Option<u32>, channels: Option<u16>) -> Wanted {
        Wanted {
            name: "C920".to_owned(),
            rate_hz,
            channels,
        }
    }

    fn offered() -> Vec<SupportedStreamConfigRange> {
        vec![
            offer(2, [16_000, 16_000], SampleFormat::F32),
            offer(2, [32_000, 32_000], SampleFormat::F32),
            offer(2, [32_000, 32_000], SampleFormat::I16),
            offer(4, [8_000, 96_000], SampleFormat::I32),
        ]
    }

    #[test]
    fn what_is_asked_for_is_taken_and_otherwise_what_serves_best() {
        let chosen = |rate, channels| {
            let Chosen {
                format,
                rate_hz,
                channels,
            } = choose(&offered(), &asked(rate, channels)).unwrap();
            (format, rate_hz, channels)
        };
        assert_eq!(chosen(None, None), (SampleFormat::I16, 32_000, 2));
        assert_eq!(chosen(Some(16_000), None), (SampleFormat::F32, 16_000, 2));
        assert_eq!(chosen(None, Some(4)), (SampleFormat::I32, 48_000, 4));
    }

    #[test]
    fn what_it_has_not_is_told_with_what_it_has() {
        let told = |rate, channels| {
            let Failure { message, hint } = choose(&offered(), &asked(rate, channels)).unwrap_err();
            format!("{message} ({})", hint.unwrap_or_default())
        };
        assert_eq!(told(None, Some(1)), "microphone `C920` has no 1 channels (it has 2, 4)");
        assert_eq!(
            told(Some(44_100), None),
            "microphone `C920` does not give 44100 Hz (its rates go from 16000 to 32000 Hz)"
        );
        assert!(choose(&[], &asked(None, None)).is_err());
    }
}
