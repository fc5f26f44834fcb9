//! Sound alone, in WAV files.

use bushbaby_bus::{MonoTime, WallTime};
use bushbaby_node::audio::AudioMeta;
use bushbaby_recording::wav::HEAD_BYTES;

use super::disks::ToldDisk;
use super::*;

const RATE_HZ: u32 = 8_000;
/// A tenth of a second.
const PIECE: usize = 800;

fn wav() -> Settings {
    Settings {
        format: Format::Wav,
        ..Settings::default()
    }
}

/// Sends the piece of that number; all of its samples are that number.
fn send_piece(publisher: &Publisher, start: CaptureTime, number: u64) {
    let layout = ArrayLayout::new("audio", DType::I16, vec![PIECE, 1]).with_encoding("pcm");
    let bytes: Vec<u8> = (0..PIECE).flat_map(|_| (number as i16).to_le_bytes()).collect();
    let body = serde_json::to_vec(&AudioMeta::new("door", RATE_HZ, number * PIECE as u64)).unwrap();
    let captured = CaptureTime {
        mono: MonoTime::from_ns(start.mono.as_ns() + number * 100_000_000),
        wall: WallTime::from_ns(start.wall.as_ns() + number as i64 * 100_000_000),
        ..start
    };
    publisher.send(&[(&layout, &bytes)], &body, captured, None).unwrap();
}

/// The number in each piece of a file, whose head must say how long it is.
fn pieces(file: &[u8]) -> Vec<i16> {
    let said = u32::from_le_bytes(file[HEAD_BYTES - 4..HEAD_BYTES].try_into().unwrap());
    assert_eq!(said as usize, file.len() - HEAD_BYTES, "the head says what is there");
    let data = file[HEAD_BYTES..].chunks_exact(2 * PIECE);
    data.map(|piece| i16::from_le_bytes([piece[0], piece[1]])).collect()
}

#[test]
fn sound_alone_is_one_file_after_the_other_with_silence_for_what_never_came() {
    let settings = Settings {
        split: "1s".parse().ok(),
        ..wav()
    };
    let running = Running::start("wav", &["door/audio", "door/image"], settings);
    let publisher = running.publisher("door/audio");
    let start = CaptureTime::now(CaptureClock::Packet);
    (1..8).for_each(|number| send_piece(&publisher, start, number));
    (10..25).for_each(|number| send_piece(&publisher, start, number));
    let (written, files) = running.stop();
    let all: Vec<Vec<i16>> = files.iter().map(|file| pieces(file)).collect();
    assert_eq!(all[0], [1, 2, 3, 4, 5, 6, 7, 0, 0, 10]);
    assert_eq!(
        all.concat(),
        [vec![1, 2, 3, 4, 5, 6, 7, 0, 0], (10..25).collect()].concat()
    );
    assert_eq!(all.len(), 3, "{written:?}");
    assert!(written.files[0].name.ends_with("Z_door.wav"), "{written:?}");
    assert!(written.files.iter().map(|file| &file.name).is_sorted(), "{written:?}");
}

#[test]
fn a_long_gap_or_another_rate_ends_the_file() {
    let running = Running::start("wav-gap", &["door/audio"], wav());
    let publisher = running.publisher("door/audio");
    let start = CaptureTime::now(CaptureClock::Packet);
    send_piece(&publisher, start, 1);
    send_piece(&publisher, start, 1_000);
    let layout = ArrayLayout::new("audio", DType::F32, vec![PIECE, 1]).with_encoding("pcm");
    let body = serde_json::to_vec(&AudioMeta::new("door", 2 * RATE_HZ, 0)).unwrap();
    let half: Vec<u8> = (0..PIECE).flat_map(|_| 0.5_f32.to_le_bytes()).collect();
    publisher.send(&[(&layout, &half)], &body, start, None).unwrap();
    let (_, files) = running.stop();
    let all: Vec<Vec<i16>> = files.iter().map(|file| pieces(file)).collect();
    assert_eq!(all, [vec![1], vec![1_000], vec![16_384]]);
}

#[test]
fn a_file_can_be_opened_at_any_moment_while_it_grows() {
    let disk = ToldDisk::with_room(usize::MAX);
    let told = (Box::new(disk.clone()) as Box<dyn Disk>, Reporter::new(None));
    let running = Running::start_on("wav-grows", &["door/audio"], wav(), Some(told));
    let publisher = running.publisher("door/audio");
    let start = CaptureTime::now(CaptureClock::Packet);
    for number in 1..5 {
        send_piece(&publisher, start, number);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let file = disk.try_file(0).unwrap_or_default();
            // A process that is killed between the two writes leaves a head that says less.
            let said = file
                .get(HEAD_BYTES - 4..HEAD_BYTES)
                .map_or(0, |said| u32::from_le_bytes(said.try_into().unwrap()));
            assert!(file.len() >= HEAD_BYTES + said as usize || file.is_empty());
            if said as usize == number as usize * 2 * PIECE {
                break;
            }
            assert!(Instant::now() < deadline, "piece {number} is not there");
            std::thread::yield_now();
        }
    }
    running.stop_without_files();
}
