//! Streams as cameras send them, and as none should.

use proptest::prelude::*;

use super::*;

/// A small part that looks like a picture: it has a beginning and an end.
fn picture(number: u8) -> Vec<u8> {
    vec![0xff, 0xd8, 0xff, 0xda, 0, 2, number, number, 0xff, 0xd9]
}

/// All parts of a stream that comes in pieces of `step` bytes, and how it ended; the time is the number of the piece.
fn cut(boundary: Option<&str>, stream: &[u8], step: usize) -> (Vec<Part<usize>>, Result<Next<usize>, MultipartError>) {
    let mut multipart = Multipart::new(boundary);
    let mut parts = Vec::new();
    for (number, piece) in stream.chunks(step.max(1)).enumerate() {
        multipart.push(piece, number);
        loop {
            match multipart.next() {
                Ok(Next::Part(part)) => parts.push(part),
                Ok(Next::More) => break,
                ended => return (parts, ended),
            }
        }
    }
    (parts, Ok(Next::More))
}

fn bodies(boundary: Option<&str>, stream: &[u8]) -> Vec<Vec<u8>> {
    let (whole, _) = cut(boundary, stream, usize::MAX);
    let whole: Vec<Vec<u8>> = whole.into_iter().map(|part| part.bytes).collect();
    for step in [1, 2, 5, 64] {
        let pieces = cut(boundary, stream, step).0.into_iter().map(|part| part.bytes);
        assert_eq!(pieces.collect::<Vec<_>>(), whole, "in pieces of {step}");
    }
    whole
}

fn stream(line: &str, head: impl Fn(usize) -> String, pictures: &[Vec<u8>]) -> Vec<u8> {
    let mut stream = Vec::new();
    for picture in pictures {
        let head = head(picture.len());
        stream.extend(format!("{line}\r\nContent-Type: image/jpeg\r\n{head}\r\n").bytes());
        stream.extend(picture);
        stream.extend(b"\r\n");
    }
    stream.extend(format!("{line}\r\n").bytes());
    stream
}

fn with_length(length: usize) -> String {
    format!("Content-Length: {length}\r\n")
}

fn three() -> Vec<Vec<u8>> {
    (1..=3).map(picture).collect()
}

#[test]
fn parts_with_and_without_lengths_are_cut_alike() {
    for head in [with_length, |_| String::new(), |_| "content-LENGTH : 0\r\n".to_owned()] {
        assert_eq!(bodies(Some("frame"), &stream("--frame", head, &three())), three());
    }
}

#[test]
fn dashes_are_told_or_not_told_and_a_wrong_line_is_found_out() {
    for (told, line) in [
        (Some("--frame"), "--frame"),
        (Some("frame"), "----frame"),
        (Some("frame"), "frame"),
        (Some("----frame"), "--frame"),
        (Some("another"), "--frame"),
        (Some("fr--ame--"), "--fr--ame--"),
        (None, "--frame"),
    ] {
        assert_eq!(
            bodies(told, &stream(line, with_length, &three())),
            three(),
            "{told:?} {line}"
        );
    }
}

#[test]
fn what_stands_before_the_first_line_is_skipped() {
    let stream = [
        b"\r\n\r\n--not it\r\nhello\r\n".to_vec(),
        stream("--b", with_length, &three()),
    ]
    .concat();
    assert_eq!(bodies(Some("b"), &stream), three());
}

#[test]
fn lines_may_end_without_a_carriage_return() {
    let stream = String::from("--b\nContent-Type: image/jpeg\n\nabc\n--b\n\n\n--b\n");
    assert_eq!(bodies(Some("b"), stream.as_bytes()), [b"abc".to_vec(), b"".to_vec()]);
}

#[test]
fn a_picture_without_length_is_whole_with_its_last_byte() {
    let until_its_end: Vec<u8> = [b"--b\r\nContent-Type: image/jpeg\r\n\r\n".to_vec(), picture(7)].concat();
    let (parts, _) = cut(Some("b"), &until_its_end, 1);
    assert_eq!(parts.len(), 1);
    assert_eq!(
        (&parts[0].bytes, parts[0].content_type.as_str()),
        (&picture(7), "image/jpeg")
    );
    assert_eq!(parts[0].began, until_its_end.len() - picture(7).len());
}

#[test]
fn wrong_lengths_cost_one_picture_at_most() {
    for wrong in [|length| with_length(length - 3), |length| with_length(length + 3)] {
        let four: Vec<Vec<u8>> = (1..=4).map(picture).collect();
        let cut = bodies(Some("b"), &stream("--b", wrong, &four));
        assert!(cut.len() >= 3 && cut.ends_with(&four[2..]), "{cut:?}");
    }
}

#[test]
fn a_line_of_the_pictures_own_bytes_is_none() {
    let tricky = [b"\r\n--bb\r\n--b \xff\r\nx".to_vec()];
    assert_eq!(bodies(Some("b"), &stream("--b", with_length, &tricky)), tricky);
    assert_eq!(bodies(Some("b"), &stream("--b", |_| String::new(), &tricky)), tricky);
}

#[test]
fn a_stream_that_says_that_it_ends_ends() {
    let ended = [
        stream("--b", with_length, &three()[..1]),
        b"Content-Type: image/jpeg\r\n\r\nabc\r\n--b--\r\n".to_vec(),
    ];
    let (parts, end) = cut(Some("b"), &ended.concat(), 16);
    assert_eq!((parts.len(), end), (2, Ok(Next::End)));
}

#[test]
fn what_never_ends_is_refused_before_it_fills_the_memory() {
    let megabytes = |count: usize, byte: u8| vec![byte; count * 1024 * 1024];
    let head = b"--b\r\nContent-Type: image/jpeg\r\n".to_vec();
    for (stream, wanted) in [
        (megabytes(10, b'x'), MultipartError::NoBoundary),
        (megabytes(10, b'\n'), MultipartError::NoBoundary),
        ([head.clone(), megabytes(10, b'x')].concat(), MultipartError::LongHead),
        (
            [head.clone(), b"a: b\r\n".repeat(100_000)].concat(),
            MultipartError::LongHead,
        ),
        (
            [head.clone(), b"\r\n".to_vec(), megabytes(18, 0)].concat(),
            MultipartError::LargePart,
        ),
        (
            [head.clone(), b"Content-Length: 99999999999\r\n\r\n".to_vec()].concat(),
            MultipartError::LargePart,
        ),
        (
            [head.clone(), b"\r\n".to_vec(), picture(1), megabytes(2, 0)].concat(),
            MultipartError::LostBoundary,
        ),
    ] {
        assert_eq!(cut(Some("b"), &stream, 16 * 1024).1, Err(wanted));
    }
}

/// What streams are made of.
fn crumb() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<Vec<u8>> = [
        &b"--b\r\n"[..],
        b"--b--\r\n",
        b"\r\n",
        b"\n",
        b"--",
        b"b",
        b"Content-Length: 5\r\n",
        b"Content-Length: 18446744073709551615\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Type: image/jpeg\r\n",
        b"\xff\xd8\xff\xda\0\x02",
        b"\xff\xd9",
        b"\0\x80:",
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    prop_oneof![4 => prop::sample::select(words), 1 => prop::collection::vec(any::<u8>(), 0..20)]
}

proptest! {
    #[test]
    fn any_bytes_are_cut_or_refused_and_come_from_the_stream(
        crumbs in prop::collection::vec(crumb(), 0..60), step in 1_usize..40, told in prop::option::of("[-b ]{0,4}")
    ) {
        let stream = crumbs.concat();
        let (parts, _) = cut(told.as_deref(), &stream, step);
        let taken: usize = parts.iter().map(|part| part.bytes.len()).sum();
        prop_assert!(taken <= stream.len());
        for part in parts {
            let is_there = part.bytes.is_empty() || stream.windows(part.bytes.len()).any(|window| window == part.bytes);
            prop_assert!(is_there);
        }
    }

    #[test]
    fn pictures_of_any_bytes_come_out_as_they_went_in(
        pictures in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..200), 1..6), step in 1_usize..300
    ) {
        let stream = stream("--a boundary nobody draws", with_length, &pictures);
        let (parts, _) = cut(Some("a boundary nobody draws"), &stream, step);
        prop_assert_eq!(parts.into_iter().map(|part| part.bytes).collect::<Vec<_>>(), pictures);
    }
}
