//! Reads one microphone until it, or whoever listens, has gone.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{BufferSize, Data, FromSample, InputCallbackInfo, SampleFormat, StreamConfig};
use rustix::time::{ClockId, clock_gettime};

use crate::Wanted;
use crate::devices;
use crate::failure::Failure;
use crate::format::{Chosen, choose};
use crate::frame::{Piece, Samples};

/// What is asked of the driver: so many pieces a second. It may give others.
const PIECES_A_SECOND: u32 = 25;
/// Pieces that may wait for a reader which is busy; more make the driver wait, which then loses sound, and the times tell.
const AHEAD: usize = 50;

/// What the driver's thread says.
enum Said {
    Piece(Piece),
    Failed(Failure),
}

/// Opens the microphone and writes its sound to standard output.
///
/// # Errors
/// Why there is no sound, or no more of it. A reader that has gone is none.
pub(crate) fn run(wanted: &Wanted) -> Result<(), Failure> {
    let device = devices::find(&wanted.name)?;
    let failed = |error: cpal::Error| Failure::of(&wanted.name, &error);
    let offered: Vec<_> = device.supported_input_configs().map_err(failed)?.collect();
    let chosen = choose(&offered, wanted)?;
    let config = StreamConfig {
        channels: chosen.channels,
        sample_rate: chosen.rate_hz,
        buffer_size: BufferSize::Fixed((chosen.rate_hz / PIECES_A_SECOND).max(64)),
    };
    let (speaker, said) = sync_channel(AHEAD);
    let stream = build(&device, config, chosen, &wanted.name, &speaker)
        .or_else(|_| {
            // Not every driver lets itself be told how long its pieces are.
            let config = StreamConfig {
                buffer_size: BufferSize::Default,
                ..config
            };
            build(&device, config, chosen, &wanted.name, &speaker)
        })
        .map_err(failed)?;
    stream.play().map_err(failed)?;
    let result = write_all(&said);
    // The driver's thread may wait for room in a channel that nobody empties any more.
    drop(said);
    result
}

fn write_all(said: &Receiver<Said>) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    for said in said {
        match said {
            Said::Piece(piece) => match piece.write(&mut stdout) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                Err(error) => return Err(Failure::new(format!("sound cannot be written: {error}"))),
            },
            Said::Failed(failure) => return Err(failure),
        }
    }
    Err(Failure::new("the driver's thread has ended"))
}

fn build(
    device: &cpal::Device,
    config: StreamConfig,
    chosen: Chosen,
    name: &str,
    speaker: &SyncSender<Said>,
) -> Result<cpal::Stream, cpal::Error> {
    let (pieces, errors, name) = (speaker.clone(), speaker.clone(), name.to_owned());
    let on_sound = move |data: &Data, info: &InputCallbackInfo| {
        let Some(samples) = samples(data, chosen.format) else {
            return;
        };
        let times = info.timestamp();
        let before = times.callback.duration_since(times.capture);
        // Nobody listens any more once the program is ending.
        let _ = pieces.send(Said::Piece(Piece {
            rate_hz: chosen.rate_hz,
            channels: chosen.channels,
            captured_ns: now_ns().saturating_sub(u64::try_from(before.as_nanos()).unwrap_or(0)),
            samples,
        }));
    };
    let on_error = move |error: cpal::Error| match error.kind() {
        // Sound was lost, and the next piece's time says how much.
        cpal::ErrorKind::Xrun => eprintln!("warning: the driver lost some sound"),
        cpal::ErrorKind::DeviceChanged | cpal::ErrorKind::RealtimeDenied => {}
        _ => drop(errors.send(Said::Failed(Failure::of(&name, &error)))),
    };
    device.build_input_stream_raw(config, chosen.format, on_sound, on_error, Some(Duration::from_secs(1)))
}

/// The driver's samples in one of the two forms that are written.
fn samples(data: &Data, format: SampleFormat) -> Option<Samples> {
    match format {
        SampleFormat::I16 => data.as_slice::<i16>().map(|samples| Samples::I16(samples.to_vec())),
        SampleFormat::U8 => data.as_slice::<u8>().map(|samples| {
            let to_i16 = |sample: &u8| i16::from_sample_(*sample);
            Samples::I16(samples.iter().map(to_i16).collect())
        }),
        SampleFormat::F32 => data.as_slice::<f32>().map(|samples| Samples::F32(samples.to_vec())),
        SampleFormat::I32 => data.as_slice::<i32>().map(floats),
        SampleFormat::I24 => data.as_slice::<cpal::I24>().map(floats),
        _ => None,
    }
}

fn floats<T: Copy>(samples: &[T]) -> Samples
where
    f32: FromSample<T>,
{
    Samples::F32(samples.iter().map(|sample| f32::from_sample_(*sample)).collect())
}

fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
