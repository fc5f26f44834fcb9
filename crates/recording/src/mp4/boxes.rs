//! The boxes of a fragmented MP4 with one video track.

use super::TIMESCALE;

const TRACK: u32 = 1;
/// From 1904, where MP4 begins to count, to 1970.
const SECONDS_TO_1970: u64 = 2_082_844_800;
/// No turning, no scaling.
const UPRIGHT: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];
/// Depends on no other; may be begun with.
const KEYFRAME: u32 = 0x0200_0000;
/// Depends on others; cannot be begun with.
const OTHER: u32 = 0x0101_0000;

/// A picture in a fragment.
#[derive(Debug, Clone, Copy)]
pub(super) struct FragmentSample<'a> {
    pub(super) lasts: u32,
    pub(super) is_keyframe: bool,
    pub(super) data: &'a [u8],
}

/// What stands before the first fragment: brands, and a track without pictures of its own.
///
/// `None` when the size or the parameter sets are no H.264 video's.
pub(super) fn head(size: [u32; 2], [sps, pps]: &[Vec<u8>; 2], wall_ns: u64) -> Option<Vec<u8>> {
    let made_at = (wall_ns / 1_000_000_000).saturating_add(SECONDS_TO_1970);
    // 32 bits of seconds last until 2040: the boxes are of version 1, with 64.
    let times = [made_at.to_be_bytes(), made_at.to_be_bytes()].concat();
    let timescale = (TIMESCALE as u32).to_be_bytes();
    let no_duration = 0_u64.to_be_bytes();
    let movie = [
        words(&[0x0100_0000]),
        times.clone(),
        timescale.to_vec(),
        no_duration.to_vec(),
        words(&[0x1_0000, 0x0100_0000, 0, 0]),
        words(&UPRIGHT),
        words(&[0; 6]),
        words(&[TRACK + 1]),
    ];
    let track = [
        words(&[0x0100_0003]),
        times.clone(),
        words(&[TRACK, 0]),
        no_duration.to_vec(),
        words(&[0, 0, 0, 0]),
        words(&UPRIGHT),
        words(&[size[0] << 16, size[1] << 16]),
    ];
    // Language: undetermined.
    let media = [
        words(&[0x0100_0000]),
        times,
        timescale.to_vec(),
        no_duration.to_vec(),
        words(&[0x55c4_0000]),
    ];
    let handler = [
        words(&[0, 0]),
        b"vide".to_vec(),
        words(&[0, 0, 0]),
        b"bushbaby\0".to_vec(),
    ];
    let here = [words(&[0, 1]), make_box(b"url ", &words(&[1]))];
    let information = [
        make_box(b"vmhd", &words(&[1, 0, 0])),
        make_box(b"dinf", &make_box(b"dref", &here.concat())),
        make_box(b"stbl", &table(size, sps, pps)?),
    ];
    let inner = [
        make_box(b"mdhd", &media.concat()),
        make_box(b"hdlr", &handler.concat()),
        make_box(b"minf", &information.concat()),
    ];
    let in_track = [make_box(b"tkhd", &track.concat()), make_box(b"mdia", &inner.concat())];
    let fragments = make_box(b"mvex", &make_box(b"trex", &words(&[0, TRACK, 1, 0, 0, 0])));
    let in_movie = [
        make_box(b"mvhd", &movie.concat()),
        make_box(b"trak", &in_track.concat()),
        fragments,
    ];
    let brands = make_box(b"ftyp", b"iso6\0\0\x02\0iso6iso5mp41avc1");
    Some([brands, make_box(b"moov", &in_movie.concat())].concat())
}

/// Tables of samples, all empty but for the description.
fn table([width, height]: [u32; 2], sps: &[u8], pps: &[u8]) -> Option<Vec<u8>> {
    let [width, height] = [u16::try_from(width).ok()?, u16::try_from(height).ok()?];
    let [sps_bytes, pps_bytes] = [u16::try_from(sps.len()).ok()?, u16::try_from(pps.len()).ok()?];
    let mut configuration = vec![1, *sps.get(1)?, *sps.get(2)?, *sps.get(3)?, 0xff, 0xe1];
    configuration.extend(sps_bytes.to_be_bytes());
    configuration.extend(sps);
    configuration.push(1);
    configuration.extend(pps_bytes.to_be_bytes());
    configuration.extend(pps);
    let mut entry = words(&[0, 1, 0, 0, 0, 0]);
    entry.extend(width.to_be_bytes());
    entry.extend(height.to_be_bytes());
    // 72 dpi twice, nothing, one picture a sample, no compressor's name, 24 bits, nothing.
    entry.extend(words(&[0x48_0000, 0x48_0000, 0]));
    entry.extend([0, 1]);
    entry.extend([0; 32]);
    entry.extend([0, 0x18, 0xff, 0xff]);
    entry.extend(make_box(b"avcC", &configuration));
    let description = [words(&[0, 1]), make_box(b"avc1", &entry)].concat();
    let tables = [
        make_box(b"stsd", &description),
        make_box(b"stts", &words(&[0, 0])),
        make_box(b"stsc", &words(&[0, 0])),
        make_box(b"stsz", &words(&[0, 0, 0])),
        make_box(b"stco", &words(&[0, 0])),
    ];
    Some(tables.concat())
}

/// One fragment: its index, then its pictures.
pub(super) fn fragment(number: u32, first_at: u64, samples: &[FragmentSample<'_>]) -> Vec<u8> {
    // Places count from the fragment's beginning.
    let track = make_box(b"tfhd", &words(&[0x02_0000, TRACK]));
    let time = make_box(
        b"tfdt",
        &[words(&[0x0100_0000]), first_at.to_be_bytes().to_vec()].concat(),
    );
    let index = |data_at: u32| {
        // Data offset; duration, size and flags of each.
        let mut run = words(&[0x0701, samples.len() as u32, data_at]);
        for sample in samples {
            let flags = if sample.is_keyframe { KEYFRAME } else { OTHER };
            run.extend(words(&[sample.lasts, sample.data.len() as u32, flags]));
        }
        let in_track = [track.clone(), time.clone(), make_box(b"trun", &run)].concat();
        let head = make_box(b"mfhd", &words(&[0, number]));
        make_box(b"moof", &[head, make_box(b"traf", &in_track)].concat())
    };
    // The index is as long whatever the offset in it is.
    let data_at = index(0).len() as u32 + 8;
    let mut out = index(data_at);
    let bytes: usize = samples.iter().map(|sample| sample.data.len()).sum();
    out.extend((bytes as u32 + 8).to_be_bytes());
    out.extend(b"mdat");
    for sample in samples {
        out.extend_from_slice(sample.data);
    }
    out
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn make_box(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes(), name.as_slice(), content].concat()
}
