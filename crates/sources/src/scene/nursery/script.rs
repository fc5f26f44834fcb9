//! What is heard when: pure arithmetic on samples since the beginning.

use std::ops::Range;
use std::time::Duration;

use super::super::sensor;
use super::RATE_HZ;
use super::clips::{Clip, Sound, cries, others};

/// How the night goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Plan {
    /// When the first cry begins.
    pub(in super::super) cry_after: Duration,
    /// From the beginning of one cry to that of the next.
    pub(in super::super) cry_every: Duration,
    /// RMS of the loudest second of a cry, dB relative to full scale.
    pub(in super::super) loudness_dbfs: f64,
    /// Decides what comes in which turn, and the noise of the room.
    pub(in super::super) seed: u64,
}

/// Something that is heard, from its first sample until before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) sound: Sound,
    pub(super) begin: u64,
    pub(super) end: u64,
}

/// A recording in its place.
#[derive(Debug, Clone, Copy)]
struct Placed<'a> {
    clip: &'a Clip,
    begin: u64,
    /// Its loudest second, relative to that of a cry.
    gain: f32,
}

/// The whole night, as long as it may be.
#[derive(Debug)]
pub(super) struct Script {
    plan: Plan,
    cries: Vec<Clip>,
    others: Vec<Clip>,
}

/// A cry is two recordings, one after the other with a breath between.
const BREATH: u64 = RATE_HZ as u64 / 4;

impl Script {
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            plan,
            cries: cries(),
            others: others(),
        }
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What begins in a range of samples.
    pub(super) fn beginning_in(&self, samples: Range<u64>) -> Vec<Heard> {
        let turns = self.turns_near(&samples);
        let all = turns.flat_map(|turn| [self.cry(turn), self.other(turn)].into_iter().flatten());
        all.filter(|heard| samples.contains(&heard.begin)).collect()
    }

    /// Adds what is heard from sample `from` on, in units of a cry's loudest second.
    pub(super) fn add(&self, from: u64, to: &mut [f32]) {
        let range = from..from + to.len() as u64;
        for turn in self.turns_near(&range) {
            for Placed { clip, begin, gain } in self.placed(turn) {
                for (sample, at) in to.iter_mut().zip(range.clone()) {
                    let index = at.checked_sub(begin).and_then(|index| usize::try_from(index).ok());
                    if let Some(value) = index.and_then(|index| clip.samples.get(index)) {
                        *sample += gain * value;
                    }
                }
            }
        }
    }

    /// The turns that may be heard in a range: one holds a cry and what is heard before it.
    fn turns_near(&self, samples: &Range<u64>) -> Range<u64> {
        let (after, every) = (samples_of(self.plan.cry_after), samples_of(self.plan.cry_every).max(1));
        let turn = |sample: u64| (sample + every).saturating_sub(after) / every;
        turn(samples.start).saturating_sub(1)..turn(samples.end) + 1
    }

    fn cry(&self, turn: u64) -> Option<Heard> {
        let [first, second] = self.two_cries(turn)?;
        let begin = self.cry_begins(turn);
        Some(Heard {
            sound: Sound::BabyCry,
            begin,
            end: begin + first.samples.len() as u64 + BREATH + second.samples.len() as u64,
        })
    }

    /// What is heard half-way between two cries, if it is over before the second begins; nothing before a very early first cry.
    fn other(&self, turn: u64) -> Option<Heard> {
        let clip = &self.others[pick(self.plan.seed ^ 0xd06, turn, self.others.len())];
        let cry_begins = self.cry_begins(turn);
        let before = if turn == 0 {
            cry_begins
        } else {
            samples_of(self.plan.cry_every)
        };
        let begin = cry_begins - before / 2;
        let end = begin + clip.samples.len() as u64;
        let after_the_last_cry = turn == 0 || self.cry(turn - 1)?.end <= begin;
        (after_the_last_cry && end < cry_begins).then_some(Heard {
            sound: clip.sound,
            begin,
            end,
        })
    }

    fn placed(&self, turn: u64) -> Vec<Placed<'_>> {
        let mut placed = Vec::new();
        if let Some([first, second]) = self.two_cries(turn) {
            let begin = self.cry_begins(turn);
            let then = begin + first.samples.len() as u64 + BREATH;
            placed.extend([(first, begin), (second, then)].map(|(clip, begin)| Placed { clip, begin, gain: 1.0 }));
        }
        if let Some(heard) = self.other(turn)
            && let Some(clip) = self.others.iter().find(|clip| clip.sound == heard.sound)
        {
            // A clock is soft, a dog outside and a sneeze are not.
            let gain = if heard.sound == Sound::ClockTick { 0.1 } else { 0.5 };
            placed.push(Placed {
                clip,
                begin: heard.begin,
                gain,
            });
        }
        placed
    }

    fn two_cries(&self, turn: u64) -> Option<[&Clip; 2]> {
        let first = pick(self.plan.seed, turn, self.cries.len());
        let second = (first + 1) % self.cries.len();
        Some([self.cries.get(first)?, self.cries.get(second)?])
    }

    fn cry_begins(&self, turn: u64) -> u64 {
        samples_of(self.plan.cry_after) + turn * samples_of(self.plan.cry_every)
    }
}

fn samples_of(time: Duration) -> u64 {
    (time.as_secs_f64() * f64::from(RATE_HZ)).round() as u64
}

/// One of `count`, for each turn another.
fn pick(seed: u64, turn: u64, count: usize) -> usize {
    (mixed(seed.wrapping_add(turn)) % count.max(1) as u64) as usize
}

/// A number that looks like any other: one step of SplitMix64.
pub(super) fn mixed(number: u64) -> u64 {
    sensor::mixed(number.wrapping_add(sensor::STEP))
}
