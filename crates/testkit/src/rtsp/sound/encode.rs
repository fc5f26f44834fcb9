//! Samples to packets: the simple codecs here, the others by ffmpeg.

use std::io::{self, Write};
use std::process::{Command, Stdio};

use super::pages::{adts_units, ogg_packets};
use super::{Encoded, SoundCodec, SoundOptions, clip, g711};

const AAC_SAMPLES: u32 = 1024;
const AAC_RATES_HZ: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];

pub(super) fn encode(options: &SoundOptions) -> io::Result<Encoded> {
    let (rate_hz, channels) = (options.sample_rate_hz, options.channels);
    let samples = || clip::samples(&options.heard, rate_hz, channels);
    let bytes = |name: &str, payload_type, law: fn(i16) -> u8| {
        let bytes: Vec<u8> = samples()?.into_iter().map(law).collect();
        Ok(raw(&bytes, channels, options, payload_type, name))
    };
    match options.codec {
        SoundCodec::Pcmu => bytes("PCMU", 0, g711::mu_law),
        SoundCodec::Pcma => bytes("PCMA", 8, g711::a_law),
        SoundCodec::L16 => {
            let bytes: Vec<u8> = samples()?.into_iter().flat_map(i16::to_be_bytes).collect();
            Ok(raw(&bytes, 2 * channels, options, 97, "L16"))
        }
        SoundCodec::Aac => aac(options, rate_hz, 1),
        SoundCodec::HeAac => aac(options, rate_hz / 2, 2),
        SoundCodec::Opus => opus(options),
    }
}

/// 20 ms in each packet.
fn raw(bytes: &[u8], sample_bytes: usize, options: &SoundOptions, payload_type: u8, name: &str) -> Encoded {
    let (rate_hz, channels) = (options.sample_rate_hz, options.channels);
    let samples = rate_hz / 50;
    let packets = bytes.chunks_exact(samples as usize * sample_bytes);
    Encoded {
        packets: packets.map(<[u8]>::to_vec).collect(),
        ticks_per_packet: samples,
        ticks_per_second: rate_hz,
        payload_type,
        rtpmap: format!("{name}/{rate_hz}/{channels}"),
        fmtp: None,
    }
}

/// `times` is by how much the rate at the end is higher than that of the core.
fn aac(options: &SoundOptions, core_rate_hz: u32, times: u32) -> io::Result<Encoded> {
    let (rate_hz, channels) = (options.sample_rate_hz, options.channels);
    let index = |hz: u32| {
        AAC_RATES_HZ
            .iter()
            .position(|rate_hz| *rate_hz == hz)
            .map(|index| index as u32)
    };
    let (Some(core_index), Some(index)) = (index(core_rate_hz), index(rate_hz)) else {
        return Err(io::Error::other(format!("AAC knows no {rate_hz} Hz")));
    };
    let samples = clip::samples(&options.heard, core_rate_hz, channels)?;
    let stream = by_ffmpeg(
        &samples,
        core_rate_hz,
        channels,
        &["-c:a", "aac", "-b:a", "96k", "-f", "adts"],
    )?;
    // The encoder begins with a unit that is before the first sample.
    let units: Vec<Vec<u8>> = adts_units(&stream).into_iter().skip(1).collect();
    let together = units.chunks_exact(options.units_per_packet.max(1));
    let packets = together.map(|units| {
        let mut packet = ((units.len() * 16) as u16).to_be_bytes().to_vec();
        units
            .iter()
            .for_each(|unit| packet.extend(((unit.len() as u16) << 3).to_be_bytes()));
        units.iter().for_each(|unit| packet.extend(unit));
        packet
    });
    // AudioSpecificConfig, from the left.
    let config = if times == 1 {
        format!("{:04X}", 2 << 11 | core_index << 7 | (channels as u32) << 3)
    } else {
        format!(
            "{:08X}",
            5 << 27 | core_index << 23 | (channels as u32) << 19 | index << 15 | 2 << 10
        )
    };
    Ok(Encoded {
        packets: packets.collect(),
        ticks_per_packet: AAC_SAMPLES * times * options.units_per_packet.max(1) as u32,
        ticks_per_second: rate_hz,
        payload_type: 97,
        rtpmap: format!("MPEG4-GENERIC/{rate_hz}/{channels}"),
        fmtp: Some(format!(
            "streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config={config}"
        )),
    })
}

fn opus(options: &SoundOptions) -> io::Result<Encoded> {
    const RATE_HZ: u32 = 48_000;
    let samples = clip::samples(&options.heard, RATE_HZ, options.channels)?;
    let arguments = ["-c:a", "libopus", "-frame_duration", "20", "-f", "ogg"];
    let file = by_ffmpeg(&samples, RATE_HZ, options.channels, &arguments)?;
    Ok(Encoded {
        // The first two are headers.
        packets: ogg_packets(&file)
            .into_iter()
            .skip(2)
            .filter(|packet| !packet.is_empty())
            .collect(),
        ticks_per_packet: RATE_HZ / 50,
        ticks_per_second: RATE_HZ,
        payload_type: 97,
        rtpmap: "opus/48000/2".to_owned(),
        fmtp: Some(format!("sprop-stereo={}", u8::from(options.channels == 2))),
    })
}

fn by_ffmpeg(samples: &[i16], rate_hz: u32, channels: usize, arguments: &[&str]) -> io::Result<Vec<u8>> {
    let bytes = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let (rate, count) = (rate_hz.to_string(), channels.to_string());
    let input = ["-f", "s16le", "-ar", &rate, "-ac", &count, "-i", "pipe:0"];
    ffmpeg(&[&input, arguments].concat(), bytes)
}

/// What ffmpeg makes of `input`.
pub(super) fn ffmpeg(arguments: &[&str], input: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut child = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error"])
        .args(arguments)
        .arg("pipe:1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|error| {
            io::Error::other(format!(
                "ffmpeg, which encodes sound for tests, does not start: {error}"
            ))
        })?;
    let stdin = child.stdin.take();
    let writer = std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
    let output = child.wait_with_output()?;
    // It need not read all.
    let _ = writer.join();
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(io::Error::other(format!("ffmpeg: {}", output.status)))
    }
}
