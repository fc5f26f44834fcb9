//! Read back with the crate `mcap`, which knows nothing of this writer.

use std::collections::BTreeMap;

use super::*;

fn metadata() -> BTreeMap<String, String> {
    BTreeMap::from([("instance".to_owned(), "default".to_owned())])
}

fn message(number: u32, topic: &str, contents: Contents) -> Message {
    Message {
        topic: topic.to_owned(),
        contents,
        sequence: number,
        log_time_ns: 1_000_000_000_000 + u64::from(number) * 1_000_000,
        data: vec![number as u8; 200 + number as usize],
    }
}

/// A file of `count` messages on each of two topics, a chunk of each every ten.
fn file(count: u32) -> (Vec<u8>, Vec<Message>) {
    let (mut writer, mut bytes) = McapWriter::begin(&metadata());
    let mut written = Vec::new();
    for number in 0..count {
        for (topic, contents) in [("front/image", Contents::Video), ("tags/detections", Contents::Result)] {
            let message = message(number, topic, contents);
            let now_ns = u64::from(number) * 100_000_000;
            bytes.extend(writer.take_due(now_ns));
            writer.add(&message, now_ns);
            written.push(message);
        }
    }
    bytes.extend(writer.finish());
    (bytes, written)
}

fn read_back(bytes: &[u8]) -> Vec<Message> {
    mcap::MessageStream::new(bytes)
        .unwrap()
        .map(|message| {
            let message = message.unwrap();
            let schema = message.channel.schema.as_ref().unwrap();
            assert_eq!(message.publish_time, message.log_time);
            Message {
                topic: message.channel.topic.clone(),
                contents: Contents::of_schema(&schema.name).unwrap(),
                sequence: message.sequence,
                log_time_ns: message.log_time,
                data: message.data.to_vec(),
            }
        })
        .collect()
}

#[test]
fn what_was_written_is_what_another_reader_reads() {
    let (bytes, written) = file(35);
    let mut read = read_back(&bytes);
    read.sort_by_key(|message| (message.log_time_ns, message.topic.clone()));
    assert_eq!(read, written);
}

#[test]
fn the_summary_counts_everything_and_finds_every_chunk_and_message() {
    let (bytes, written) = file(35);
    let summary = mcap::Summary::read(&bytes).unwrap().unwrap();
    let statistics = summary.stats.as_ref().unwrap();
    assert_eq!(statistics.message_count, written.len() as u64);
    assert_eq!(statistics.message_end_time, written.last().unwrap().log_time_ns);
    assert_eq!((statistics.channel_count, statistics.schema_count), (2, 2));
    assert_eq!(statistics.metadata_count, 1);
    let compressions: Vec<&str> = summary
        .chunk_indexes
        .iter()
        .map(|chunk| chunk.compression.as_str())
        .collect();
    assert_eq!(compressions, ["", "zstd", "", "zstd", "", "zstd", "", "zstd"]);
    let mut found = 0;
    for chunk in &summary.chunk_indexes {
        let entries = summary.read_message_indexes(&bytes, chunk).unwrap();
        for (channel, entries) in entries {
            for entry in entries {
                let message = summary.seek_message(&bytes, chunk, &entry).unwrap();
                assert_eq!(
                    (&message.channel.topic, message.log_time),
                    (&channel.topic, entry.log_time)
                );
                found += 1;
            }
        }
    }
    assert_eq!(found, written.len());
}

#[test]
fn who_recorded_stands_in_the_metadata() {
    let (bytes, _) = file(1);
    let summary = mcap::Summary::read(&bytes).unwrap().unwrap();
    let index = &summary.metadata_indexes[0];
    assert_eq!(index.name, "bushbaby");
    let at = index.offset as usize;
    let record = mcap::parse_record(bytes[at], &bytes[at + 9..at + index.length as usize]).unwrap();
    let mcap::records::Record::Metadata(found) = record else {
        panic!("{record:?}")
    };
    assert_eq!(found.metadata, metadata());
}

#[test]
fn a_chunk_is_due_when_its_first_message_has_waited_a_second_or_when_it_is_large() {
    let (mut writer, _) = McapWriter::begin(&metadata());
    assert_eq!(writer.due_ns(), None);
    writer.add(&message(0, "front/image", Contents::Video), 5_000_000_000);
    assert!(writer.take_due(5_999_999_999).is_empty());
    assert_eq!(writer.due_ns(), Some(6_000_000_000));
    assert!(!writer.take_due(6_000_000_000).is_empty());
    let large = Message {
        data: vec![0; FULL_BYTES],
        ..message(1, "front/image", Contents::RawImage)
    };
    writer.add(&large, 7_000_000_000);
    assert!(!writer.take_due(7_000_000_000).is_empty());
}

#[test]
fn a_file_without_messages_is_a_file() {
    let (bytes, _) = file(0);
    assert_eq!(read_back(&bytes), []);
    assert_eq!(
        mcap::Summary::read(&bytes)
            .unwrap()
            .unwrap()
            .stats
            .unwrap()
            .message_count,
        0
    );
}

#[test]
fn a_topic_that_changes_its_contents_gets_a_second_channel() {
    let (mut writer, mut bytes) = McapWriter::begin(&metadata());
    let messages = [
        message(0, "front/image", Contents::Video),
        message(1, "front/image", Contents::Jpeg),
        message(2, "front/image", Contents::Video),
    ];
    for message in &messages {
        writer.add(message, 0);
    }
    bytes.extend(writer.finish());
    assert_eq!(read_back(&bytes), messages);
    assert_eq!(mcap::Summary::read(&bytes).unwrap().unwrap().channels.len(), 2);
}
