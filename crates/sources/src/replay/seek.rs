//! Where reading must begin so that the pictures of a moment can be shown: at the keyframes before it.

use std::collections::BTreeMap;

use bushbaby_recording::read::{Content, Recording, Selection};

use super::picture::is_keyframe;

/// Most recorders make a keyframe within this time.
const FIRST_LOOK_NS: u64 = 5_000_000_000;
/// Further back nobody looks: such a film begins with the next keyframe.
const FURTHEST_NS: u64 = 600_000_000_000;

/// Returns the time, `ns` or earlier, from which on messages must be read, of topics that are played.
pub fn begin(recording: &Recording, is_played: impl Fn(&str) -> bool, ns: u64) -> u64 {
    let topics = recording.topics();
    let video = |name: &str, schema: &str| schema == "foxglove.CompressedVideo" && is_played(name);
    // A film that begins later than this needs nothing from before.
    let mut open: Vec<&str> = topics
        .iter()
        .filter(|topic| video(&topic.name, &topic.schema) && topic.first_ns < ns)
        .map(|topic| topic.name.as_str())
        .collect();
    let (mut begin, mut look) = (ns, FIRST_LOOK_NS);
    while !open.is_empty() && look <= FURTHEST_NS {
        let selection = Selection::all()
            .of(topics, |topic| {
                topic.schema == "foxglove.CompressedVideo" && open.contains(&topic.name.as_str())
            })
            .from_ns(ns.saturating_sub(look))
            .to_ns(ns);
        let mut keyframes: BTreeMap<String, u64> = BTreeMap::new();
        for message in recording.messages(&selection) {
            if let Ok(Content::Video { data, .. }) = message.content()
                && is_keyframe(&data)
            {
                keyframes.insert(message.topic().name.clone(), message.log_time_ns);
            }
        }
        begin = keyframes.values().copied().fold(begin, u64::min);
        open.retain(|name| !keyframes.contains_key(*name));
        look *= 5;
    }
    begin
}
