//! The order of starts and stops: groups of nodes, each released when the one before is done.

use std::collections::BTreeMap;
use std::time::Duration;

use bushbaby_bus::MonoTime;
use bushbaby_node::Role;

use crate::plan::{PlannedNode, RECORD};

/// Returns the nodes in the order in which they start, against the arrows: sinks, stages (each before the ones that it reads),
/// sources. A group holds places in `nodes`; none is empty.
pub(super) fn to_start(nodes: &[PlannedNode]) -> Vec<Vec<usize>> {
    let mut groups = along_the_arrows(nodes);
    groups.reverse();
    groups
}

/// Returns the nodes in the order in which they end, along the arrows; the recorder is the last, so that what is under way is
/// kept.
pub(super) fn to_stop(nodes: &[PlannedNode]) -> Vec<Vec<usize>> {
    let (recorders, others): (Vec<usize>, Vec<usize>) = (0..nodes.len()).partition(|n| nodes[*n].spec.kind == RECORD);
    let mut groups = along_the_arrows(nodes);
    for group in &mut groups {
        group.retain(|n| others.contains(n));
    }
    groups.push(recorders);
    groups.retain(|group| !group.is_empty());
    groups
}

fn along_the_arrows(nodes: &[PlannedNode]) -> Vec<Vec<usize>> {
    let by_name: BTreeMap<&str, usize> = nodes
        .iter()
        .enumerate()
        .map(|(n, node)| (node.spec.node.as_str(), n))
        .collect();
    let stages: Vec<usize> = (0..nodes.len()).filter(|n| nodes[*n].role == Role::Stage).collect();
    let mut depths = vec![0_usize; nodes.len()];
    // As many rounds as there are stages settle every chain; a ring is cut there.
    for _ in 0..stages.len() {
        for stage in &stages {
            let read = nodes[*stage]
                .spec
                .inputs
                .iter()
                .filter_map(|input| by_name.get(input.stream.node()));
            let behind = read.filter(|other| nodes[**other].role == Role::Stage && *other != stage);
            let deepest = behind.map(|other| depths[*other] + 1).max().unwrap_or(0);
            depths[*stage] = deepest.min(stages.len());
        }
    }
    let rank = |n: usize| match nodes[n].role {
        Role::Source => (0, 0),
        Role::Stage => (1, depths[n]),
        Role::Sink => (2, 0),
    };
    let mut groups: BTreeMap<(u8, usize), Vec<usize>> = BTreeMap::new();
    for n in 0..nodes.len() {
        groups.entry(rank(n)).or_default().push(n);
    }
    groups.into_values().collect()
}

/// Releases one group after the other.
#[derive(Debug)]
pub(super) struct Sequence {
    groups: std::vec::IntoIter<Vec<usize>>,
    current: Vec<usize>,
    current_since: MonoTime,
    hold: Duration,
}

impl Sequence {
    /// A group that is not done holds up the next for at most `hold`.
    pub(super) fn new(groups: Vec<Vec<usize>>, hold: Duration, now: MonoTime) -> Self {
        Self {
            groups: groups.into_iter(),
            current: Vec::new(),
            current_since: now,
            hold,
        }
    }

    /// Returns the nodes whose turn has come.
    pub(super) fn released(&mut self, now: MonoTime, is_done: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut released = Vec::new();
        while self.current.iter().all(|node| is_done(*node)) || now.since(self.current_since) >= self.hold {
            let Some(group) = self.groups.next() else { break };
            released.extend(&group);
            self.current = group;
            self.current_since = now;
        }
        released
    }

    /// Returns all whose turn has not come, at once.
    pub(super) fn rest(&mut self) -> Vec<usize> {
        self.groups.by_ref().flatten().collect()
    }

    /// When time alone releases the next group.
    pub(super) fn wakes_at(&self) -> Option<MonoTime> {
        (self.groups.len() > 0).then(|| self.current_since + self.hold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::testing::planned;

    fn at(seconds: u64) -> MonoTime {
        MonoTime::from_ns(seconds * 1_000_000_000)
    }

    #[test]
    fn stages_come_behind_the_stages_that_they_read() {
        let nodes = [
            planned("page", Role::Sink, &["overlay/image", "front/image"]),
            planned("overlay", Role::Stage, &["front/image", "tags/detections"]),
            planned("tags", Role::Stage, &["front/image"]),
            planned("front", Role::Source, &[]),
            planned("door", Role::Source, &[]),
        ];
        assert_eq!(to_stop(&nodes), [vec![3, 4], vec![2], vec![1], vec![0]]);
        assert_eq!(to_start(&nodes), [vec![0], vec![1], vec![2], vec![3, 4]]);
    }

    #[test]
    fn the_recorder_starts_with_the_sinks_and_ends_behind_them() {
        let mut recorder = planned("record", Role::Sink, &["front/image"]);
        recorder.spec.kind = RECORD.to_owned();
        let nodes = [
            planned("front", Role::Source, &[]),
            recorder,
            planned("page", Role::Sink, &["front/image"]),
        ];
        assert_eq!(to_start(&nodes), [vec![1, 2], vec![0]]);
        assert_eq!(to_stop(&nodes), [vec![0], vec![2], vec![1]]);
        assert_eq!(to_stop(&nodes[..2]), [vec![0], vec![1]]);
    }

    #[test]
    fn a_ring_of_stages_is_cut() {
        let nodes = [planned("a", Role::Stage, &["b/x"]), planned("b", Role::Stage, &["a/x"])];
        let mut all = to_stop(&nodes).concat();
        all.sort_unstable();
        assert_eq!(all, [0, 1]);
    }

    #[test]
    fn a_group_waits_until_all_before_it_are_done() {
        let mut order = Sequence::new(vec![vec![1, 2], vec![0]], Duration::from_secs(10), at(0));
        assert_eq!(order.released(at(0), |_| false), [1, 2]);
        assert!(order.released(at(1), |node| node == 1).is_empty());
        assert_eq!(order.released(at(2), |node| node != 0), [0]);
        assert_eq!((order.released(at(99), |_| true).len(), order.wakes_at()), (0, None));
    }

    #[test]
    fn a_node_that_is_never_done_holds_up_the_next_group_for_a_while_only() {
        let mut order = Sequence::new(vec![vec![1], vec![0]], Duration::from_secs(10), at(0));
        order.released(at(0), |_| false);
        assert_eq!(order.wakes_at(), Some(at(10)));
        assert!(order.released(at(9), |_| false).is_empty());
        assert_eq!(order.released(at(10), |_| false), [0]);
    }

    #[test]
    fn in_a_hurry_all_are_released_at_once() {
        let mut order = Sequence::new(vec![vec![3], vec![2], vec![0, 1]], Duration::from_secs(10), at(0));
        order.released(at(0), |_| false);
        assert_eq!(order.rest(), [2, 0, 1]);
    }
}
