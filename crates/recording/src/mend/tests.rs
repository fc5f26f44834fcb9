//! Files cut off anywhere and damaged anywhere; what comes out is read by the crate `mcap`.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use proptest::prelude::*;

use super::*;
use crate::{Contents, McapWriter, Message};

/// A file of several chunks of both kinds, where each chunk ends, and how many messages were in it by then.
fn recording() -> (Vec<u8>, Vec<(usize, usize)>) {
    let (mut writer, mut bytes) = McapWriter::begin(&BTreeMap::new());
    let mut chunk_ends = vec![(bytes.len(), 0)];
    let mut messages = 0;
    for number in 0..40_u32 {
        let now_ns = u64::from(number) * 100_000_000;
        let due = writer.take_due(now_ns);
        if !due.is_empty() {
            bytes.extend(due);
            chunk_ends.push((bytes.len(), messages));
        }
        for (topic, contents) in [("front/image", Contents::Video), ("tags/detections", Contents::Result)] {
            let message = Message {
                topic: topic.to_owned(),
                contents,
                sequence: number,
                log_time_ns: 1_000_000 + u64::from(number),
                data: (0..300 + number).map(|n| (n * n % 251) as u8).collect(),
            };
            writer.add(&message, now_ns);
            messages += 1;
        }
    }
    bytes.extend(writer.finish());
    (bytes, chunk_ends)
}

fn mended(bytes: &[u8]) -> Option<(Vec<u8>, Mending)> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let Ok(Finding::Broken(mending)) = examine(&mut file, Verify::All) else {
        return None;
    };
    mending.apply(&mut file).unwrap();
    let mut out = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut out).unwrap();
    assert_eq!(
        examine(&mut file, Verify::All).unwrap(),
        Finding::Whole,
        "mended once is mended for good"
    );
    Some((out, mending))
}

/// Reads all with `mcap`, by the messages and by the summary.
fn count(bytes: &[u8]) -> usize {
    let messages = mcap::MessageStream::new(bytes).unwrap().map(Result::unwrap).count();
    let summary = mcap::Summary::read(bytes).unwrap().unwrap();
    assert_eq!(summary.stats.as_ref().unwrap().message_count, messages as u64);
    let indexed: usize = summary
        .chunk_indexes
        .iter()
        .map(|chunk| {
            let indexes = summary.read_message_indexes(bytes, chunk).unwrap();
            indexes.values().map(Vec::len).sum::<usize>()
        })
        .sum();
    assert_eq!(indexed, messages);
    messages
}

#[test]
fn a_whole_file_is_left_alone() {
    let (bytes, _) = recording();
    assert_eq!(examine(&mut Cursor::new(bytes), Verify::All).unwrap(), Finding::Whole);
}

#[test]
fn a_file_that_lacks_only_its_end_has_all_its_messages_afterwards() {
    let (bytes, ends) = recording();
    let (last, messages) = *ends.last().unwrap();
    let (out, mending) = mended(&bytes[..last]).unwrap();
    assert_eq!(
        (count(&out), mending.messages, mending.lost_bytes),
        (messages, messages as u64, 0)
    );
    assert_eq!(mending.keep_bytes, last as u64, "nothing is copied");
}

#[test]
fn whole_messages_of_a_chunk_that_was_cut_off_are_saved() {
    let (bytes, ends) = recording();
    let [(start, before), (end, after)] = [ends[1], ends[2]];
    // Video comes first and is not compressed: near its end nearly all of it is there.
    let (out, mending) = mended(&bytes[..start + (end - start) / 2]).unwrap();
    assert!(mending.saved_messages > 0 && count(&out) < after, "{mending:?}");
    assert_eq!(count(&out), before + mending.saved_messages as usize);
}

#[test]
fn a_damaged_chunk_in_the_middle_is_passed_over_and_what_is_whole_in_it_kept() {
    let (mut bytes, ends) = recording();
    let [(start, _), (end, _)] = [ends[1], ends[2]];
    bytes[start + (end - start) / 4] ^= 0xff;
    let whole = ends.last().unwrap().1;
    let (out, mending) = mended(&bytes).unwrap();
    assert!(!mending.strike_out.is_empty());
    let messages = count(&out);
    assert!(messages + 20 > whole && messages <= 80, "{messages} of {whole}");
}

#[test]
fn something_else_is_told_from_a_recording() {
    for other in [&b""[..], b"\x89MCAP", b"RIFF....AVI LIST", &[0; 4096]] {
        let found = examine(&mut Cursor::new(other), Verify::All);
        assert!(matches!(found, Err(MendError::NotMcap)), "{found:?}");
    }
}

proptest! {
    #[test]
    fn cut_off_anywhere_every_chunk_before_is_there(cut in 0_usize..100_000) {
        let (bytes, ends) = recording();
        let cut = cut % bytes.len();
        let wanted = ends.iter().rev().find(|(end, _)| *end <= cut).map_or(0, |(_, messages)| *messages);
        if let Some((out, _)) = mended(&bytes[..cut]) {
            prop_assert!(count(&out) >= wanted);
        } else {
            prop_assert_eq!(wanted, 0);
        }
    }

    #[test]
    fn damaged_anywhere_no_chunk_before_is_lost_and_nothing_panics(
        at in 0_usize..100_000, length in 1_usize..3000, with in any::<u8>(), verify in 0_u64..100_000,
    ) {
        let (mut bytes, ends) = recording();
        let at = at % bytes.len();
        let length = length.min(bytes.len() - at);
        bytes[at..at + length].fill(with);
        let wanted = ends.iter().rev().find(|(end, _)| *end <= at).map_or(0, |(_, messages)| *messages);
        // However little is verified, it must not panic.
        let _ = examine(&mut Cursor::new(&bytes), Verify::Last(verify));
        if let Some((out, mending)) = mended(&bytes) {
            prop_assert!(mending.messages >= wanted as u64);
            prop_assert_eq!(mcap::Summary::read(&out).unwrap().unwrap().stats.unwrap().message_count, mending.messages);
        }
    }
}
