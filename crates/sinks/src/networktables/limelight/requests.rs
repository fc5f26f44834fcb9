//! What robot code may ask in this dialect.

use super::table;
use crate::networktables::entry::Content;
use crate::networktables::wish::{Leds, NoWish, Picture, RobotWish, Wish};

/// Keys of a camera's table that robot code asks by. `robot_orientation_set` asks nothing, it tells: `orientation.rs`.
const REQUESTS: [&str; 18] = [
    "pipeline",
    "ledMode",
    "camMode",
    "stream",
    "snapshot",
    "crop",
    "keystone_set",
    "priorityid",
    "fiducial_id_filters_set",
    "fiducial_offset_set",
    "fiducial_downscale_set",
    "camerapose_robotspace_set",
    "imumode_set",
    "imuassistalpha_set",
    "throttle_set",
    "rewind_enable_set",
    "capture_rewind",
    "llrobot",
];
const PREFIX: &str = "/limelight-";
/// Tags that a filter can name: more than any field has.
const MOST_TAGS: usize = 128;

/// What a value asks for. `None` for a topic that asks nothing of this dialect.
///
/// # Errors
/// [`NoWish`], when the value is none that could be asked for.
pub(crate) fn wish(topic: &str, value: &Content) -> Result<Option<RobotWish>, NoWish> {
    let path = topic.strip_prefix(PREFIX).and_then(|rest| rest.split_once('/'));
    let Some((camera, key)) = path else { return Ok(None) };
    let Some(name) = REQUESTS.into_iter().find(|name| *name == key) else {
        return Ok(None);
    };
    let asked = match name {
        "pipeline" => whole(value)
            .map(Wish::Pipeline)
            .ok_or("the number of a pipeline, from 0"),
        "ledMode" => leds(value).map(Wish::Leds).ok_or("0, 1, 2 or 3"),
        "camMode" => match whole(value) {
            Some(mode @ 0..=1) => Ok(Wish::DriverMode(mode == 1)),
            _ => Err("0 or 1"),
        },
        "stream" => match whole(value) {
            Some(layout @ 0..=2) => Ok(Wish::StreamLayout(layout)),
            _ => Err("0, 1 or 2"),
        },
        "snapshot" => snapshot(value).ok_or("a count"),
        "crop" => numbers(value).map(Wish::Crop).ok_or("four numbers"),
        "priorityid" => match value.whole() {
            Some(id) => Ok(Wish::PriorityTag(u32::try_from(id).ok())),
            None => Err("the number of a tag, or -1"),
        },
        "camerapose_robotspace_set" => numbers(value).map(Wish::OnRobot).ok_or("six numbers"),
        "fiducial_id_filters_set" => tags(value).map(Wish::Tags).ok_or("numbers of tags"),
        "fiducial_downscale_set" => match whole(value) {
            Some(factor @ 0..=5) => Ok(Wish::Downscale(factor)),
            _ => Err("0 to 5"),
        },
        name => any_numbers(value)
            .map(|values| Wish::Other { name, values })
            .ok_or("numbers"),
    };
    match asked {
        Ok(what) => Ok(Some(RobotWish {
            camera: Some(camera.to_owned()),
            what,
        })),
        Err(wanted) => Err(NoWish {
            topic: topic.to_owned(),
            got: format!("{value:?}"),
            wanted,
        }),
    }
}

/// The topics of this dialect that are listened to.
pub(crate) fn topics(cameras: &[String]) -> Vec<String> {
    let of_camera = |camera: &String| REQUESTS.map(|name| format!("/{}/{name}", table(camera)));
    cameras.iter().flat_map(of_camera).collect()
}

fn whole(value: &Content) -> Option<u32> {
    value.whole().and_then(|n| u32::try_from(n).ok())
}

fn leds(value: &Content) -> Option<Leds> {
    match value.whole()? {
        0 => Some(Leds::AsThePipeline),
        1 => Some(Leds::Off),
        2 => Some(Leds::Blink),
        3 => Some(Leds::On),
        _ => None,
    }
}

fn snapshot(value: &Content) -> Option<Wish> {
    let count = u64::try_from(value.whole()?).ok()?;
    Some(Wish::Snapshot {
        count,
        of: Picture::Raw,
    })
}

pub(super) fn numbers<const N: usize>(value: &Content) -> Option<[f64; N]> {
    any_numbers(value)?.try_into().ok()
}

fn tags(value: &Content) -> Option<Vec<u32>> {
    let tag = |id: f64| (id.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&id)).then_some(id as u32);
    let ids = any_numbers(value)?;
    (ids.len() <= MOST_TAGS).then(|| ids.into_iter().map(tag).collect())?
}

fn any_numbers(value: &Content) -> Option<Vec<f64>> {
    match value {
        Content::Doubles(values) => Some(values.clone()).filter(|values| values.iter().all(|v| v.is_finite())),
        _ => value.number().map(|number| vec![number]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(key: &str, value: impl Into<Content>) -> Option<Wish> {
        wish(&format!("/limelight-front/{key}"), &value.into())
            .unwrap()
            .map(|wish| wish.what)
    }

    #[test]
    fn each_key_is_what_limelight_helpers_mean() {
        assert_eq!(asked("pipeline", 2.0), Some(Wish::Pipeline(2)));
        assert_eq!(asked("ledMode", 3.0), Some(Wish::Leds(Leds::On)));
        assert_eq!(asked("camMode", 1.0), Some(Wish::DriverMode(true)));
        assert_eq!(asked("stream", 2_i64), Some(Wish::StreamLayout(2)));
        assert_eq!(
            asked("snapshot", 4.0),
            Some(Wish::Snapshot {
                count: 4,
                of: Picture::Raw
            })
        );
        assert_eq!(
            asked("crop", [-0.5, 0.5, -1.0, 1.0]),
            Some(Wish::Crop([-0.5, 0.5, -1.0, 1.0]))
        );
        assert_eq!(asked("priorityid", -1.0), Some(Wish::PriorityTag(None)));
        assert_eq!(asked("priorityid", 7.0), Some(Wish::PriorityTag(Some(7))));
        assert_eq!(
            asked("fiducial_id_filters_set", vec![3.0, 4.0]),
            Some(Wish::Tags(vec![3, 4]))
        );
        assert_eq!(
            asked("camerapose_robotspace_set", [0.1, 0.0, 0.5, 0.0, -20.0, 0.0]),
            Some(Wish::OnRobot([0.1, 0.0, 0.5, 0.0, -20.0, 0.0]))
        );
        assert_eq!(
            asked("throttle_set", 100.0),
            Some(Wish::Other {
                name: "throttle_set",
                values: vec![100.0]
            })
        );
        assert_eq!(asked("tx", 1.0), None);
        assert_eq!(asked("robot_orientation_set", [0.0; 6]), None);
        assert_eq!(wish("/limelight/pipeline", &1.0.into()), Ok(None));
    }

    #[test]
    fn rubbish_is_refused_in_words() {
        for (key, value) in [
            ("pipeline", Content::from(-1.0)),
            ("pipeline", Content::from(0.5)),
            ("ledMode", Content::from(9.0)),
            ("crop", Content::from([0.0; 3])),
            ("crop", Content::from([f64::NAN; 4])),
            ("fiducial_id_filters_set", Content::from([1e20; 1])),
            ("fiducial_id_filters_set", Content::from([1.0; 129])),
            ("camerapose_robotspace_set", Content::from("above")),
        ] {
            let told = wish(&format!("/limelight-front/{key}"), &value)
                .unwrap_err()
                .to_string();
            assert!(
                told.starts_with("the robot wrote ") && told.contains(", wanted "),
                "{told}"
            );
        }
    }

    #[test]
    fn what_is_so_already_is_no_news() {
        let so = |key: &str, value: Content| {
            let topic = format!("/limelight-front/{key}");
            wish(&topic, &value).unwrap().unwrap().is_so_already()
        };
        assert!(so("priorityid", (-1.0).into()) && so("stream", 0.0.into()));
        // These may have been otherwise before.
        assert!(!so("crop", [-1.0, 1.0, -1.0, 1.0].into()) && !so("camMode", 0.0.into()));
    }
}
