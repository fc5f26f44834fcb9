use md5::{Digest, Md5};

use super::*;
use crate::networktables::seen::{Of, Poses};
use crate::networktables::testing::{nothing, seen, two_tags};
use bushbaby_vision::apriltag::Family;
use bushbaby_vision::pose::Angles;

const METADATA: Metadata = Metadata {
    sequence_id: 12,
    captured_us: 5_000_000,
    published_us: 5_012_500,
    since_pong_us: -1,
};

#[test]
fn a_picture_without_targets_is_34_bytes() {
    let mut wanted = vec![12, 0, 0, 0, 0, 0, 0, 0];
    wanted.extend([0x40, 0x4b, 0x4c, 0, 0, 0, 0, 0]);
    wanted.extend([0x14, 0x7c, 0x4c, 0, 0, 0, 0, 0]);
    wanted.extend([0xff; 8]);
    wanted.extend([0, 0]);
    assert_eq!(result(&METADATA, &seen(&nothing())), wanted);
}

#[test]
fn two_tags_and_a_place_are_763_bytes_as_photonvision_lays_them_out() {
    let bytes = result(&METADATA, &seen(&two_tags()));
    assert_eq!(bytes.len(), 763);
    assert_eq!(bytes[32], 2);
    // The first tag: yaw, pitch, area, skew; its number; no object.
    assert_eq!(bytes[65..69], [7, 0, 0, 0]);
    assert_eq!(bytes[69..73], [0xff; 4]);
    assert_eq!(bytes[73..77], [0, 0, 0x80, 0xbf], "-1 in 32 bits");
    let float = |at: usize| f64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    assert_eq!([float(77), float(85), float(93)], [2.0, 0.0, 0.0], "2 m ahead");
    assert!(
        float(101).abs() < 1e-12 && (float(125).abs() - 1.0).abs() < 1e-12,
        "turned by 180 degrees about z"
    );
    assert_eq!(float(189), 0.25, "the ambiguity");
    assert_eq!(bytes[197], 4);
    assert_eq!([float(198), float(206)], [288.0, 272.0], "left-bottom");
    assert_eq!(bytes[262], 4);
    // The second tag ends at 32 + 1 + 2 x 294; then the place.
    assert_eq!(bytes[621], 1);
    assert_eq!(
        [float(622), float(630), float(638)],
        [3.0, 1.0, 0.5],
        "the camera on the field"
    );
    assert_eq!([float(734), float(742), float(750)], [0.5, 0.5, 0.0], "its errors");
    assert_eq!(bytes[758..], [2, 3, 0, 7, 0]);
}

#[test]
fn each_schema_is_the_one_that_its_name_stands_for() {
    for (name, fields) in SCHEMAS {
        let digest = Md5::digest(fields.as_bytes());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(name.ends_with(&digest), "{name}: its fields have {digest}");
    }
    assert_eq!(SCHEMAS[0].0, RESULT_TYPE);
    assert!(RESULT_TYPE.ends_with(RESULT_PROPERTIES[0].1));
}

#[test]
fn one_tag_alone_is_no_multitag_result() {
    let mut body = two_tags();
    body["field"]["tags"] = serde_json::json!([7]);
    assert_eq!(result(&METADATA, &seen(&body)).last(), Some(&0));
}

/// Reads what photonlib reads, in its order.
struct Reader<'b>(&'b [u8]);

#[derive(Debug, PartialEq)]
struct ReadTarget {
    angles: [f64; 4],
    ids: [i32; 2],
    confidence: f32,
    best: [f64; 7],
    alt: [f64; 7],
    ambiguity: f64,
    rectangle: Vec<[f64; 2]>,
    corners: Vec<[f64; 2]>,
}

#[derive(Debug, PartialEq)]
struct ReadPlace {
    best: [f64; 7],
    alt: [f64; 7],
    errors: [f64; 3],
    ids: Vec<i16>,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (taken, rest) = self.0.split_first_chunk::<N>().expect("the bytes end too early");
        self.0 = rest;
        *taken
    }

    fn floats<const N: usize>(&mut self) -> [f64; N] {
        std::array::from_fn(|_| f64::from_le_bytes(self.take()))
    }

    fn list<T>(&mut self, one: impl Fn(&mut Self) -> T) -> Vec<T> {
        let [count] = self.take();
        assert!(count as i8 >= 0, "a negative count");
        (0..count).map(|_| one(self)).collect()
    }

    fn target(&mut self) -> ReadTarget {
        ReadTarget {
            angles: self.floats(),
            ids: [i32::from_le_bytes(self.take()), i32::from_le_bytes(self.take())],
            confidence: f32::from_le_bytes(self.take()),
            best: self.floats(),
            alt: self.floats(),
            ambiguity: self.floats::<1>()[0],
            rectangle: self.list(Self::floats),
            corners: self.list(Self::floats),
        }
    }

    fn all(&mut self) -> ([i64; 4], Vec<ReadTarget>, Option<ReadPlace>) {
        let metadata = std::array::from_fn(|_| i64::from_le_bytes(self.take()));
        let targets = self.list(Self::target);
        let [present] = self.take();
        let place = (present == 1).then(|| ReadPlace {
            best: self.floats(),
            alt: self.floats(),
            errors: self.floats(),
            ids: self.list(|reader| i16::from_le_bytes(reader.take())),
        });
        assert!(self.0.is_empty(), "{} bytes too many", self.0.len());
        (metadata, targets, place)
    }
}

fn seven(transform: &Transform) -> [f64; 7] {
    let ([x, y, z], [w, i, j, k]) = (transform.translation_m(), transform.quaternion());
    [x, y, z, w, i, j, k]
}

/// Numbers that look like chance and are the same in each run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 11
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn between(&mut self, least: f64, most: f64) -> f64 {
        least + (most - least) * self.next() as f64 / (1_u64 << 53) as f64
    }

    fn points(&mut self, count: u64) -> Vec<[f64; 2]> {
        (0..count)
            .map(|_| [self.between(0.0, 2000.0), self.between(0.0, 2000.0)])
            .collect()
    }

    fn transform(&mut self) -> Transform {
        let angles = Angles {
            yaw_deg: self.between(-180.0, 180.0),
            pitch_deg: self.between(-89.0, 89.0),
            roll_deg: self.between(-180.0, 180.0),
        };
        Transform::from_angles(angles, std::array::from_fn(|_| self.between(-20.0, 20.0)))
    }

    fn target(&mut self) -> Target {
        let square = self.points(4);
        let corners = self.below(131);
        Target {
            tag: (self.below(4) > 0).then(|| (self.below(600) as u32, Family::Tag36h11)),
            label: String::new(),
            yaw_pitch_deg: [self.between(-90.0, 90.0), self.between(-90.0, 90.0)],
            from_middle_deg: [0.0; 2],
            area_percent: self.between(0.0, 100.0),
            skew_deg: self.between(-180.0, 180.0),
            aim_px: [0.0; 2],
            square_px: [square[0], square[1], square[2], square[3]],
            corners_px: self.points(corners),
            poses: (self.below(3) > 0).then(|| Poses {
                best: self.transform(),
                alt: self.transform(),
                ambiguity: self.between(0.0, 1.0),
            }),
        }
    }

    fn place(&mut self) -> Place {
        Place {
            field_from_camera: self.transform(),
            field_from_robot: None,
            tags: (0..self.below(131)).map(|_| self.below(600) as u32).collect(),
            error_px: self.between(0.0, 9.0),
        }
    }
}

#[test]
fn whatever_is_packed_reads_back() {
    let mut dice = Dice(7);
    for _ in 0..300 {
        let numbers: [i64; 4] = std::array::from_fn(|_| (dice.next() as i64).wrapping_mul(-4_097));
        let [sequence_id, captured_us, published_us, since_pong_us] = numbers;
        let metadata = Metadata {
            sequence_id,
            captured_us,
            published_us,
            since_pong_us,
        };
        let seen = Seen {
            of: Of::Tags,
            targets: (0..dice.below(6)).map(|_| dice.target()).collect(),
            camera: None,
            place: (dice.below(2) == 0).then(|| dice.place()),
            refused: Vec::new(),
        };
        let bytes = result(&metadata, &seen);
        let (read_metadata, read_targets, read_place) = Reader(&bytes).all();
        assert_eq!(read_metadata, numbers);
        let wanted: Vec<ReadTarget> = seen.targets.iter().map(as_read).collect();
        assert_eq!(read_targets, wanted);
        let places = seen.place.as_ref().filter(|place| place.tags.len() >= 2);
        let wanted = places.map(|place| ReadPlace {
            best: seven(&wpilib_camera(&place.field_from_camera)),
            alt: seven(&wpilib_camera(&place.field_from_camera)),
            errors: [place.error_px, place.error_px, 0.0],
            ids: place.tags.iter().take(MOST_TARGETS).map(|id| *id as i16).collect(),
        });
        assert_eq!(read_place, wanted);
    }
}

/// What photonlib should read of a target.
fn as_read(target: &Target) -> ReadTarget {
    let nowhere = Transform::identity();
    let (best, alt, ambiguity) = target.poses.map_or((nowhere, nowhere, -1.0), |poses| {
        (wpilib_target(&poses.best), wpilib_target(&poses.alt), poses.ambiguity)
    });
    let [yaw, pitch] = target.yaw_pitch_deg;
    ReadTarget {
        angles: [yaw, pitch, target.area_percent, target.skew_deg],
        ids: [target.tag.map_or(-1, |(id, _)| id as i32), -1],
        confidence: -1.0,
        best: seven(&best),
        alt: seven(&alt),
        ambiguity,
        rectangle: target.square_px.to_vec(),
        corners: target.corners_px.iter().copied().take(MOST_TARGETS).collect(),
    }
}
