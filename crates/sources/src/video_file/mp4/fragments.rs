//! Films written piece by piece: each fragment (`moof`) is the index of the pictures behind it (ISO/IEC 14496-12, 8.8).

use super::boxes::{Reader, child, children};
use super::index::{MOST_PICTURES, Sample, Track};

/// What holds for samples of which a fragment says nothing: `trex` in the index.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Defaults {
    lasts: u32,
    bytes: u32,
    flags: u32,
}

const IS_NO_KEYFRAME: u32 = 0x1_0000;

impl Defaults {
    /// Those of a track.
    pub(super) fn of(moov: &[u8], track: u32) -> Self {
        let extends = child(moov, b"mvex")
            .into_iter()
            .flat_map(children)
            .filter(|(name, _)| name == b"trex");
        extends
            .filter_map(|(_, trex)| Self::read(trex))
            .find(|(id, _)| *id == track)
            .map(|(_, defaults)| defaults)
            .unwrap_or_default()
    }

    fn read(trex: &[u8]) -> Option<(u32, Self)> {
        let mut reader = Reader::new(trex);
        reader.version_and_flags()?;
        let id = reader.u32()?;
        reader.u32()?;
        Some((
            id,
            Self {
                lasts: reader.u32()?,
                bytes: reader.u32()?,
                flags: reader.u32()?,
            },
        ))
    }
}

/// Appends the samples of a fragment that begins at `moof_at`. `decode_time` is that of the next sample, in and out.
pub(super) fn append(track: &mut Track, moof: &[u8], moof_at: u64, defaults: Defaults, decode_time: &mut i64) {
    for (_, traf) in children(moof).filter(|(name, _)| name == b"traf") {
        // A fragment that makes no sense is left out; the next may.
        let _ = append_run(track, traf, moof_at, defaults, decode_time);
    }
}

fn append_run(
    track: &mut Track,
    traf: &[u8],
    moof_at: u64,
    mut defaults: Defaults,
    decode_time: &mut i64,
) -> Option<()> {
    let mut header = Reader::new(child(traf, b"tfhd")?);
    let (_, flags) = header.version_and_flags()?;
    if header.u32()? != track.id {
        return None;
    }
    let mut base = moof_at;
    if flags & 0x01 != 0 {
        base = header.u64()?;
    }
    if flags & 0x02 != 0 {
        header.u32()?;
    }
    for (flag, value) in [
        (0x08, &mut defaults.lasts),
        (0x10, &mut defaults.bytes),
        (0x20, &mut defaults.flags),
    ] {
        if flags & flag != 0 {
            *value = header.u32()?;
        }
    }
    if let Some(time) = child(traf, b"tfdt") {
        let mut reader = Reader::new(time);
        let (version, _) = reader.version_and_flags()?;
        *decode_time = i64::try_from(reader.time(version)?).ok()?;
    }
    let mut at = base;
    for (_, trun) in children(traf).filter(|(name, _)| name == b"trun") {
        let mut run = Reader::new(trun);
        let (_, flags) = run.version_and_flags()?;
        let count = run.u32()?;
        if flags & 0x01 != 0 {
            at = base.checked_add_signed(i64::from(run.u32()? as i32))?;
        }
        let first_flags = if flags & 0x04 != 0 { Some(run.u32()?) } else { None };
        for number in 0..count {
            if track.samples.len() >= MOST_PICTURES {
                return None;
            }
            let mut field = |flag: u32, otherwise: u32| if flags & flag != 0 { run.u32() } else { Some(otherwise) };
            let lasts = field(0x100, defaults.lasts)?;
            let bytes = field(0x200, defaults.bytes)?;
            let own_flags = field(0x400, first_flags.filter(|_| number == 0).unwrap_or(defaults.flags))?;
            let delay = field(0x800, 0)? as i32;
            let shown_at = decode_time.checked_add(i64::from(delay))?;
            track.samples.push(Sample {
                at,
                bytes,
                shown_at,
                lasts,
                is_keyframe: own_flags & IS_NO_KEYFRAME == 0,
            });
            at = at.checked_add(u64::from(bytes))?;
            *decode_time = decode_time.checked_add(i64::from(lasts))?;
        }
    }
    Some(())
}
