use proptest::prelude::*;

use super::{ALIGN, ENTRY_BYTES, FIXED_BYTES, Header, HeaderError, Plan, Stamp, at, entry};
use crate::frame::Origin;
use crate::layout::{ArrayLayout, ColorTag, DType, FrameLayout, MAX_ARRAYS};
use crate::time::{CaptureClock, CaptureTime, MonoTime, WallTime};

fn origin() -> Origin {
    let captured = CaptureTime {
        mono: MonoTime::from_ns(11),
        wall: WallTime::from_ns(-12),
        known_by: CaptureClock::StartOfExposure,
    };
    Origin {
        stream: "front/image".parse().unwrap(),
        generation: 13,
        seq: 14,
        captured,
    }
}

fn captured() -> CaptureTime {
    CaptureTime {
        mono: MonoTime::from_ns(1),
        wall: WallTime::from_ns(2),
        known_by: CaptureClock::Packet,
    }
}

fn layout() -> FrameLayout {
    let rgb = ArrayLayout::new("rgb", DType::U8, [4, 5, 3])
        .with_row_stride(16)
        .with_encoding("rgb8");
    let y = ArrayLayout::new("y", DType::F32, [2, 2, 2, 2]).with_color(ColorTag { matrix: 2, range: 1 });
    let one = ArrayLayout::new("one", DType::F64, []);
    FrameLayout {
        arrays: vec![rgb, y, one],
        body_capacity_bytes: 100,
    }
}

fn written(layout: &FrameLayout, body_bytes: usize) -> (Plan, Vec<u8>) {
    let plan = Plan::new(layout).unwrap();
    let mut frame = vec![0xa5; plan.frame_bytes];
    let stamp = Stamp {
        flags: 1,
        generation: 3,
        seq: 4,
        captured: captured(),
        published_at: MonoTime::from_ns(5),
        origin: &origin(),
        body_bytes,
    };
    plan.write(&mut frame, &stamp);
    (plan, frame)
}

#[test]
fn a_header_is_read_as_it_was_written() {
    let (plan, frame) = written(&layout(), 33);
    let header = Header::read(&frame).unwrap();
    assert_eq!((header.flags, header.generation, header.seq), (1, 3, 4));
    assert_eq!(
        (header.captured, header.published_at, &header.origin),
        (captured(), MonoTime::from_ns(5), &origin())
    );
    assert_eq!(header.ranges, plan.ranges);
    assert_eq!(header.body, plan.body.start..plan.body.start + 33);
    assert_eq!(header.frame_bytes, frame.len());
    let rgb = &header.arrays[0];
    assert_eq!(
        (&rgb.name[..], rgb.dtype, &rgb.encoding[..]),
        ("rgb", DType::U8, "rgb8")
    );
    assert_eq!(
        (&rgb.shape[..], &rgb.strides_bytes[..]),
        (&[4, 5, 3][..], &[16, 3, 1][..])
    );
    assert_eq!(header.arrays[1].color, ColorTag { matrix: 2, range: 1 });
    assert_eq!(header.arrays[2].shape, [0_usize; 0]);
    assert!(plan.ranges.iter().all(|range| range.start % ALIGN == 0));
}

#[test]
fn sixteen_arrays_fit_and_arrays_may_be_empty() {
    let arrays = (0..MAX_ARRAYS).map(|n| ArrayLayout::new(format!("a{n}"), DType::U16, [n, 0, 7]));
    let (_, frame) = written(&FrameLayout::of_arrays(arrays.collect::<Vec<_>>()), 0);
    assert_eq!(Header::read(&frame).unwrap().arrays.len(), MAX_ARRAYS);
    let one_more = vec![ArrayLayout::new("a", DType::U8, [1]); MAX_ARRAYS + 1];
    assert!(Plan::new(&FrameLayout::of_arrays(one_more)).is_err());
}

/// Changes a good frame, and returns what reading it says then.
fn after(change: impl FnOnce(&mut Vec<u8>)) -> Result<Header, HeaderError> {
    let (_, mut frame) = written(&layout(), 33);
    change(&mut frame);
    Header::read(&frame)
}

fn set_u64(frame: &mut [u8], offset: usize, value: u64) {
    frame[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn every_kind_of_damage_has_its_name() {
    use HeaderError::{Layout, Magic, Overlap, Place, Shape, Text, TooShort, Value, Version};
    let first = FIXED_BYTES;
    let second = FIXED_BYTES + ENTRY_BYTES;
    assert!(matches!(
        after(|frame| frame.truncate(255)),
        Err(TooShort { got: 255, wanted: 256 })
    ));
    assert!(matches!(after(|frame| frame[0] = b'b'), Err(Magic)));
    assert!(matches!(after(|frame| frame[at::VERSION] = 2), Err(Version { got: 2 })));
    assert!(matches!(
        after(|frame| frame[at::ARRAYS] = 17),
        Err(Value { got: 17, .. })
    ));
    assert!(matches!(
        after(|frame| frame.truncate(frame.len() - 1)),
        Err(Value { field: "length", .. })
    ));
    assert!(matches!(
        after(|frame| set_u64(frame, at::FRAME_BYTES, 300)),
        Err(Value { field: "length", .. })
    ));
    assert!(matches!(
        after(|frame| frame[at::KNOWN_BY] = 9),
        Err(Value { got: 9, .. })
    ));
    assert!(matches!(
        after(|frame| frame[at::ORIGIN_STREAM] = 0xff),
        Err(Text { .. })
    ));
    assert!(matches!(
        after(|frame| frame[at::ORIGIN_STREAM] = b'/'),
        Err(Text { .. })
    ));
    assert!(matches!(
        after(|frame| frame[at::ORIGIN_STREAM_BYTES] = 64),
        Err(Value { got: 64, .. })
    ));
    assert!(matches!(
        after(|frame| set_u64(frame, at::BODY_BYTES, u64::MAX)),
        Err(Place { part: 3, .. })
    ));
    assert!(matches!(
        after(|frame| set_u64(frame, first + entry::OFFSET, 64)),
        Err(Place { part: 0, .. })
    ));
    assert!(matches!(
        after(|frame| set_u64(frame, first + entry::OFFSET, 704 + 8)),
        Err(Place { part: 0, .. })
    ));
    assert!(matches!(
        after(|frame| set_u64(frame, first + entry::OFFSET, u64::MAX - 63)),
        Err(Place { .. })
    ));
    assert!(matches!(
        after(|frame| set_u64(frame, first + entry::BYTES, 65)),
        Err(Shape { field: "length", .. })
    ));
    assert!(matches!(
        after(|frame| set_u64(frame, first + entry::SHAPE, 5)),
        Err(Shape { field: "length", .. })
    ));
    assert!(matches!(
        after(|frame| set_u64(frame, first + entry::STRIDES, 14)),
        Err(Layout { array: 0, .. })
    ));
    assert!(matches!(
        after(|frame| set_u64(frame, first + entry::STRIDES + 8, 4)),
        Err(Shape { .. })
    ));
    assert!(matches!(
        after(|frame| set_u64(frame, first + entry::SHAPE, u64::MAX)),
        Err(Layout { .. })
    ));
    assert!(matches!(
        after(|frame| frame[first + entry::NAME] = 0),
        Err(Layout { .. })
    ));
    assert!(matches!(
        after(|frame| frame[first..first + 32].fill(b'n')),
        Err(Text { field: "array name" })
    ));
    assert!(matches!(
        after(|frame| frame[first + entry::DTYPE] = 13),
        Err(Value { field: "dtype", .. })
    ));
    assert!(matches!(
        after(|frame| frame[first + entry::DIMS] = 5),
        Err(Value { .. })
    ));
    assert!(matches!(
        after(|frame| frame[first + entry::MATRIX] = 3),
        Err(Layout { .. })
    ));
    let same_name = |frame: &mut Vec<u8>| frame.copy_within(first..first + 32, second);
    assert!(matches!(after(same_name), Err(Layout { array: 1, .. })));
    let same_place =
        |frame: &mut Vec<u8>| frame.copy_within(first + entry::OFFSET..first + 128, second + entry::OFFSET);
    assert!(matches!(after(same_place), Err(Overlap { first: 0, second: 1 })));
}

/// A number that is good now and then, and nasty otherwise.
fn nasty() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        (0..64u64).prop_map(|n| n * 64),
        0..2_000u64,
        (0..200u64).prop_map(|n| u64::MAX - n),
        (0..64u32).prop_map(|bit| 1 << bit),
    ]
}

/// Where a damaged header is changed: anywhere, or at a field that decides where something lies.
fn place() -> impl Strategy<Value = usize> {
    let in_entry = prop::sample::select(vec![
        entry::SHAPE,
        entry::STRIDES,
        entry::OFFSET,
        entry::BYTES,
        entry::DTYPE - 4,
    ]);
    let fixed = vec![
        at::FRAME_BYTES,
        at::BODY_OFFSET,
        at::BODY_BYTES,
        at::ARRAYS - 4,
        at::KNOWN_BY,
    ];
    prop_oneof![
        0..FIXED_BYTES + 3 * ENTRY_BYTES - 8,
        prop::sample::select(fixed),
        (0..3usize, in_entry, 0..4usize)
            .prop_map(|(n, field, dim)| FIXED_BYTES + n * ENTRY_BYTES + (field + 8 * dim).min(128)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_damaged_no_view_leaves_the_frame(
        changes in prop::collection::vec((place(), nasty(), 1..=8usize), 1..4),
        cut in prop_oneof![3 => Just(0usize), 1 => 0..1_200usize],
    ) {
        let (_, mut frame) = written(&layout(), 33);
        for (offset, value, bytes) in changes {
            frame[offset..offset + bytes].copy_from_slice(&value.to_le_bytes()[..bytes]);
        }
        frame.truncate(frame.len().saturating_sub(cut));
        if let Ok(header) = Header::read(&frame) {
            prop_assert!(header.frame_bytes <= frame.len());
            prop_assert_eq!(header.ranges.len(), header.arrays.len());
            prop_assert!(frame.get(header.body.clone()).is_some());
            for (range, array) in header.ranges.iter().zip(&header.arrays) {
                let bytes = frame.get(range.clone()).expect("the view lies in the frame");
                // The last element that shape and strides speak of lies in the view, too.
                let ends = array.shape.iter().zip(&array.strides_bytes);
                let last: usize = ends.map(|(count, stride)| count.saturating_sub(1) * stride).sum();
                let empty = array.shape.contains(&0);
                prop_assert!(empty || last + array.dtype.size_bytes() <= bytes.len());
            }
        }
    }

    #[test]
    fn noise_is_no_frame(noise in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(Header::read(&noise).is_err());
    }
}
