//! A film in an MP4 file (ISO/IEC 14496-12 and -15): as much of the format as a video track of H.264 needs.

use crate::h264::{EncodedPicture, parameter_sets, units};

/// Units of time in a second.
const TIMESCALE: u32 = 90_000;
const TRACK: u32 = 1;

/// Where a file keeps its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Before the pictures: what is made for the web.
    IndexFirst,
    /// Behind the pictures: what a recorder leaves. Cut off, it has none.
    IndexLast,
    /// Every so many pictures with an index of their own.
    Fragments(usize),
}

/// How a film is written.
#[derive(Debug, Clone)]
pub struct Mp4<'a> {
    /// Width in pixels, as the file says it.
    pub width: u16,
    /// Height in pixels, as the file says it.
    pub height: u16,
    /// Pictures a second.
    pub fps: u32,
    /// Where the index is.
    pub layout: Layout,
    /// How many frame times after it is decoded each picture is shown; for those that are not told: 0.
    pub shown_later: &'a [u32],
    /// The name of the codec in the index: `avc1` is what it is.
    pub codec: [u8; 4],
    /// The sequence parameter set in the index; absent: the film's.
    pub sequence_parameter_set: Option<&'a [u8]>,
}

impl<'a> Mp4<'a> {
    /// A plain file with its index first.
    pub fn new(width: u16, height: u16, fps: u32) -> Self {
        Self {
            width,
            height,
            fps,
            layout: Layout::IndexFirst,
            shown_later: &[],
            codec: *b"avc1",
            sequence_parameter_set: None,
        }
    }

    /// Writes the whole file.
    pub fn write(&self, film: &[EncodedPicture]) -> Vec<u8> {
        let samples: Vec<Vec<u8>> = film.iter().map(|picture| length_prefixed(&picture.annex_b)).collect();
        let head = make_box(b"ftyp", b"isom\0\0\x02\0isomiso2avc1mp41");
        match self.layout {
            Layout::IndexFirst => {
                // The index is as long whatever the offsets in it are.
                let at = head.len() + self.index(film, &samples, 0).len() + 8;
                [
                    head,
                    self.index(film, &samples, at as u32),
                    make_box(b"mdat", &samples.concat()),
                ]
                .concat()
            }
            Layout::IndexLast => {
                let at = head.len() + 8;
                [
                    head,
                    make_box(b"mdat", &samples.concat()),
                    self.index(film, &samples, at as u32),
                ]
                .concat()
            }
            Layout::Fragments(length) => {
                let mut file = [head, self.index(film, &[], 0)].concat();
                for (number, pictures) in film.chunks(length).enumerate() {
                    let first = number * length;
                    file.extend(self.fragment(number, first, pictures, &samples[first..first + pictures.len()]));
                }
                file
            }
        }
    }

    fn frame_time(&self) -> u32 {
        TIMESCALE / self.fps
    }

    fn shown_later_by(&self, picture: usize) -> u32 {
        self.shown_later.get(picture).copied().unwrap_or(0) * self.frame_time()
    }

    fn index(&self, film: &[EncodedPicture], samples: &[Vec<u8>], first_sample_at: u32) -> Vec<u8> {
        let duration = samples.len() as u32 * self.frame_time();
        let matrix = words(&[0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000]);
        let movie = [
            words(&[0, 0, 0, TIMESCALE, duration, 0x1_0000, 0x0100_0000, 0, 0]),
            matrix.clone(),
            words(&[0; 6]),
            words(&[TRACK + 1]),
        ]
        .concat();
        let size = words(&[u32::from(self.width) << 16, u32::from(self.height) << 16]);
        let track = [words(&[7, 0, 0, TRACK, 0, duration, 0, 0, 0, 0]), matrix, size].concat();
        let media = words(&[0, 0, 0, TIMESCALE, duration, 0x55c4_0000]);
        let handler = [
            words(&[0, 0]),
            b"vide".to_vec(),
            words(&[0, 0, 0]),
            b"testkit\0".to_vec(),
        ]
        .concat();
        let reference = [words(&[0, 1]), make_box(b"url ", &words(&[1]))].concat();
        let extension = matches!(self.layout, Layout::Fragments(_))
            .then(|| {
                make_box(
                    b"mvex",
                    &make_box(b"trex", &words(&[0, TRACK, 1, self.frame_time(), 0, 0])),
                )
            })
            .unwrap_or_default();
        let information = [
            make_box(b"vmhd", &words(&[1, 0, 0])),
            make_box(b"dinf", &make_box(b"dref", &reference)),
            make_box(b"stbl", &self.table(film, samples, first_sample_at)),
        ];
        let inner = [
            make_box(b"mdhd", &media),
            make_box(b"hdlr", &handler),
            make_box(b"minf", &information.concat()),
        ];
        let tracks = [make_box(b"tkhd", &track), make_box(b"mdia", &inner.concat())];
        make_box(
            b"moov",
            &[
                make_box(b"mvhd", &movie),
                make_box(b"trak", &tracks.concat()),
                extension,
            ]
            .concat(),
        )
    }

    /// The sample table: two samples to a chunk, so that a reader must follow the chunks.
    fn table(&self, film: &[EncodedPicture], samples: &[Vec<u8>], first_sample_at: u32) -> Vec<u8> {
        let count = samples.len() as u32;
        let [own, pps] = parameter_sets(film);
        let sps = self.sequence_parameter_set.unwrap_or(&own);
        let mut configuration = vec![1, sps[1], sps[2], sps[3], 0xff, 0xe1];
        configuration.extend((sps.len() as u16).to_be_bytes());
        configuration.extend(sps);
        configuration.push(1);
        configuration.extend((pps.len() as u16).to_be_bytes());
        configuration.extend(&pps);
        let mut entry = [
            words(&[0, 1, 0, 0, 0, 0]),
            self.width.to_be_bytes().to_vec(),
            self.height.to_be_bytes().to_vec(),
        ]
        .concat();
        entry.extend(words(&[0x48_0000, 0x48_0000, 0]));
        entry.extend([0, 1]);
        entry.extend([0; 32]);
        entry.extend([0, 0x18, 0xff, 0xff]);
        entry.extend(make_box(b"avcC", &configuration));
        let description = [words(&[0, 1]), make_box(&self.codec, &entry)].concat();

        let sizes: Vec<u32> = samples.iter().map(|sample| sample.len() as u32).collect();
        let mut at = first_sample_at;
        let chunks: Vec<u32> = sizes
            .chunks(2)
            .map(|chunk| {
                let here = at;
                at += chunk.iter().sum::<u32>();
                here
            })
            .collect();
        let mut in_chunks = if count == 0 { vec![0, 0] } else { vec![0, 1, 1, 2, 1] };
        if count % 2 == 1 {
            in_chunks[1] = 2;
            in_chunks.extend([chunks.len() as u32, 1, 1]);
        }
        let keyframes: Vec<u32> = film
            .iter()
            .take(samples.len())
            .enumerate()
            .filter(|(_, picture)| picture.is_keyframe)
            .map(|(n, _)| n as u32 + 1)
            .collect();
        let mut boxes = vec![
            make_box(b"stsd", &description),
            make_box(b"stts", &words(&[0, 1, count, self.frame_time()])),
            make_box(b"stsc", &words(&in_chunks)),
            make_box(b"stsz", &[words(&[0, 0, count]), words(&sizes)].concat()),
            make_box(b"stco", &[words(&[0, chunks.len() as u32]), words(&chunks)].concat()),
            make_box(
                b"stss",
                &[words(&[0, keyframes.len() as u32]), words(&keyframes)].concat(),
            ),
        ];
        if !self.shown_later.is_empty() {
            let offsets: Vec<u32> = (0..samples.len()).flat_map(|n| [1, self.shown_later_by(n)]).collect();
            boxes.push(make_box(b"ctts", &[words(&[0, count]), words(&offsets)].concat()));
        }
        boxes.concat()
    }

    fn fragment(&self, number: usize, first: usize, pictures: &[EncodedPicture], samples: &[Vec<u8>]) -> Vec<u8> {
        let head = make_box(b"mfhd", &words(&[0, number as u32 + 1]));
        // default-base-is-moof
        let track = make_box(b"tfhd", &words(&[0x02_0000, TRACK]));
        let time = make_box(b"tfdt", &words(&[0, first as u32 * self.frame_time()]));
        let run = |data_at: u32| {
            // data offset; size, flags and composition offset of each sample
            let mut run = words(&[0x0e01, pictures.len() as u32, data_at]);
            for (n, (picture, sample)) in pictures.iter().zip(samples).enumerate() {
                let flags = if picture.is_keyframe { 0x0200_0000 } else { 0x0101_0000 };
                run.extend(words(&[sample.len() as u32, flags, self.shown_later_by(first + n)]));
            }
            make_box(b"trun", &run)
        };
        let moof = |data_at| {
            make_box(
                b"moof",
                &[
                    head.clone(),
                    make_box(b"traf", &[track.clone(), time.clone(), run(data_at)].concat()),
                ]
                .concat(),
            )
        };
        let data_at = moof(0).len() + 8;
        [moof(data_at as u32), make_box(b"mdat", &samples.concat())].concat()
    }
}

/// An access unit as MP4 keeps it: each unit behind its length, without parameter sets.
fn length_prefixed(annex_b: &[u8]) -> Vec<u8> {
    let kept = units(annex_b).filter(|unit| !matches!(unit[0] & 0x1f, 7 | 8));
    kept.flat_map(|unit| [&(unit.len() as u32).to_be_bytes(), unit].concat())
        .collect()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn make_box(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes(), name.as_slice(), content].concat()
}
