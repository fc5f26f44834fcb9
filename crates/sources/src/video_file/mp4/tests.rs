//! Files made by the muxer of the test kit, whole, cut off and damaged.

use std::io::Cursor;

use bushbaby_testkit::h264::{EncodedPicture, film as make_film, parameter_sets};
use bushbaby_testkit::mp4::{Layout, Mp4};
use proptest::prelude::*;

use super::{Film, NoFilm, read};
use crate::h264::annex_b_from_lengths;

const LAYOUTS: [Layout; 3] = [Layout::IndexFirst, Layout::IndexLast, Layout::Fragments(7)];

fn pictures() -> Vec<EncodedPicture> {
    make_film(160, 240, 30, 10, 25)
}

fn file(layout: Layout, pictures: &[EncodedPicture]) -> Vec<u8> {
    Mp4 {
        layout,
        ..Mp4::new(160, 240, 30)
    }
    .write(pictures)
}

fn read_bytes(bytes: &[u8]) -> Result<Film, NoFilm> {
    read(&mut Cursor::new(bytes))
}

#[test]
fn every_picture_is_found_in_its_place_at_its_time_in_every_layout() {
    let pictures = pictures();
    for layout in LAYOUTS {
        let bytes = file(layout, &pictures);
        let film = read_bytes(&bytes).unwrap();
        assert_eq!(
            (film.codec.as_str(), film.is_turned, film.is_cut_off, film.missing),
            ("avc1", false, false, 0),
            "{layout:?}"
        );
        assert_eq!(film.parameter_sets, parameter_sets(&pictures));
        assert_eq!(film.pictures.len(), 25, "{layout:?}");
        for (n, (placed, picture)) in film.pictures.iter().zip(&pictures).enumerate() {
            let mut found = Vec::new();
            let sample = &bytes[placed.at as usize..][..placed.bytes as usize];
            assert!(annex_b_from_lengths(sample, film.length_bytes, &mut found));
            assert!(picture.annex_b.ends_with(&found), "{layout:?}: picture {n}");
            assert_eq!(
                (placed.shown_ns / 1_000_000, placed.is_keyframe),
                (n as u64 * 1000 / 30, n % 10 == 0),
                "{layout:?}"
            );
            assert_eq!(placed.lasts_ns / 1_000_000, 33);
        }
    }
}

#[test]
fn pictures_that_are_shown_later_than_decoded_keep_their_times() {
    let pictures = pictures();
    // I P B B P B B: all one later, the P two more.
    let shown_later: Vec<u32> = (0..25)
        .map(|n| if n == 0 { 1 } else { [3, 0, 0][(n - 1) % 3] })
        .collect();
    for layout in LAYOUTS {
        let bytes = Mp4 {
            layout,
            shown_later: &shown_later,
            ..Mp4::new(160, 240, 30)
        }
        .write(&pictures);
        let shown: Vec<u64> = read_bytes(&bytes)
            .unwrap()
            .pictures
            .iter()
            .map(|placed| (placed.shown_ns * 30 + 500_000_000) / 1_000_000_000)
            .collect();
        assert_eq!(shown[..7], [0, 3, 1, 2, 6, 4, 5], "{layout:?}");
    }
}

#[test]
fn a_file_that_is_cut_off_keeps_what_is_there() {
    let pictures = pictures();
    let bytes = file(Layout::IndexFirst, &pictures);
    let film = read_bytes(&bytes[..bytes.len() - 10]).unwrap();
    assert_eq!((film.pictures.len(), film.missing, film.is_cut_off), (24, 1, true));
    let bytes = file(Layout::Fragments(7), &pictures);
    let film = read_bytes(&bytes[..bytes.len() - 10]).unwrap();
    // The last fragment's index is there, its last picture is not.
    assert_eq!((film.pictures.len(), film.missing, film.is_cut_off), (24, 1, true));
}

#[test]
fn a_recording_that_was_never_finished_has_no_index() {
    let bytes = file(Layout::IndexLast, &pictures());
    let error = read_bytes(&bytes[..bytes.len() / 2]).unwrap_err();
    assert!(matches!(error, NoFilm::NoIndex), "{error}");
}

#[test]
fn what_is_no_film_is_told_apart() {
    assert!(matches!(read_bytes(b""), Err(NoFilm::OtherFormat)));
    assert!(matches!(
        read_bytes(b"\x1aE\xdf\xa3 a matroska file"),
        Err(NoFilm::OtherFormat)
    ));
    assert!(matches!(
        read_bytes(b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x08moov"),
        Err(NoFilm::NoVideo)
    ));
}

#[test]
fn a_turned_film_says_so() {
    let mut bytes = file(Layout::IndexFirst, &pictures());
    let header = bytes.windows(4).position(|window| window == b"tkhd").unwrap();
    let matrix = header + 4 + 40;
    assert_eq!(bytes[matrix..matrix + 8], [0, 1, 0, 0, 0, 0, 0, 0]);
    // a quarter turn: a, b, c, d = 0, 1, -1, 0
    bytes[matrix..matrix + 8].copy_from_slice(&[0, 0, 0, 0, 0, 1, 0, 0]);
    assert!(read_bytes(&bytes).unwrap().is_turned);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_damage_to_the_index_is_survived(layout in 0_usize..3, hits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        thread_local! {
            static WHOLE: [Vec<u8>; 3] = LAYOUTS.map(|layout| file(layout, &pictures()));
        }
        let mut bytes = WHOLE.with(|whole| whole[layout].clone());
        let index: Vec<usize> = index_bytes(&bytes);
        for (at, value) in hits {
            bytes[index[at.index(index.len())]] = value;
        }
        if let Ok(film) = read_bytes(&bytes) {
            let length = bytes.len() as u64;
            prop_assert!(film.pictures.iter().all(|placed| placed.at + u64::from(placed.bytes) <= length));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_bytes(&[b"\0\0\0\x08ftyp".as_slice(), &bytes].concat());
    }
}

/// Where the bytes lie that are not pictures.
fn index_bytes(file: &[u8]) -> Vec<usize> {
    let mut places = Vec::new();
    let mut at = 0;
    while at + 8 <= file.len() {
        let size = u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        let is_media = &file[at + 4..at + 8] == b"mdat";
        places.extend(at..at + if is_media { 8 } else { size });
        at += size;
    }
    places
}
