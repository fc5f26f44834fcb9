//! What robot code may ask in this dialect.

use super::ROOT;
use crate::networktables::entry::Content;
use crate::networktables::wish::{Leds, NoWish, Picture, RobotWish, Wish};

/// Names of the topics below a camera that robot code writes.
const REQUESTS: [&str; 5] = [
    "pipelineIndexRequest",
    "driverModeRequest",
    "fpsLimitRequest",
    "inputSaveImgCmd",
    "outputSaveImgCmd",
];
/// Those beside the cameras.
const LED_MODE: &str = "ledModeRequest";
const FIELD_LAYOUT: &str = "apriltag_field_layout";

/// What a value asks for. `None` for a topic that asks nothing of this dialect.
///
/// # Errors
/// [`NoWish`], when the value is none that could be asked for.
pub(crate) fn wish(topic: &str, value: &Content) -> Result<Option<RobotWish>, NoWish> {
    let Some(rest) = topic.strip_prefix(ROOT).and_then(|rest| rest.strip_prefix('/')) else {
        return Ok(None);
    };
    let wrong = |wanted| NoWish {
        topic: topic.to_owned(),
        got: format!("{value:?}"),
        wanted,
    };
    let whole = || value.whole();
    let wish = |camera: Option<&str>, what| {
        Ok(Some(RobotWish {
            camera: camera.map(str::to_owned),
            what,
        }))
    };
    let (camera, name) = match rest.split_once('/') {
        Some((camera, name)) => (Some(camera), name),
        None => (None, rest),
    };
    let count = || {
        whole()
            .and_then(|n| u64::try_from(n).ok())
            .ok_or_else(|| wrong("a count"))
    };
    match (camera, name) {
        (Some(_), "pipelineIndexRequest") => match whole().map(u32::try_from) {
            Some(Ok(index)) => wish(camera, Wish::Pipeline(index)),
            Some(Err(_)) | None => Err(wrong("the number of a pipeline, from 0")),
        },
        (Some(_), "driverModeRequest") => match value {
            Content::Bool(on) => wish(camera, Wish::DriverMode(*on)),
            _ => Err(wrong("true or false")),
        },
        (Some(_), "fpsLimitRequest") => match whole() {
            Some(fps) => wish(camera, Wish::FpsLimit(u32::try_from(fps).ok())),
            None => Err(wrong("pictures a second, or -1")),
        },
        (Some(_), "inputSaveImgCmd") => wish(
            camera,
            Wish::Snapshot {
                count: count()?,
                of: Picture::Raw,
            },
        ),
        (Some(_), "outputSaveImgCmd") => wish(
            camera,
            Wish::Snapshot {
                count: count()?,
                of: Picture::Drawn,
            },
        ),
        (None, LED_MODE) => match whole() {
            Some(-1) => wish(None, Wish::Leds(Leds::AsThePipeline)),
            Some(0) => wish(None, Wish::Leds(Leds::Off)),
            Some(1) => wish(None, Wish::Leds(Leds::On)),
            Some(2) => wish(None, Wish::Leds(Leds::Blink)),
            _ => Err(wrong("-1, 0, 1 or 2")),
        },
        (None, FIELD_LAYOUT) => match value {
            Content::Text(json) => wish(None, Wish::FieldLayout(json.clone())),
            _ => Err(wrong("text")),
        },
        _ => Ok(None),
    }
}

/// The topics of this dialect that are listened to.
pub(crate) fn topics(cameras: &[String]) -> Vec<String> {
    let of_camera = |camera: &String| REQUESTS.map(|name| format!("{ROOT}/{camera}/{name}"));
    let mut topics: Vec<String> = cameras.iter().flat_map(of_camera).collect();
    topics.extend([LED_MODE, FIELD_LAYOUT].map(|name| format!("{ROOT}/{name}")));
    topics
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(topic: &str, value: impl Into<Content>) -> Result<Option<Wish>, NoWish> {
        wish(topic, &value.into()).map(|wish| wish.map(|wish| wish.what))
    }

    #[test]
    fn each_request_is_what_photonlib_means() {
        let of = |name: &str| format!("/photonvision/front/{name}");
        assert_eq!(asked(&of("pipelineIndexRequest"), 3_i64), Ok(Some(Wish::Pipeline(3))));
        assert_eq!(asked(&of("driverModeRequest"), true), Ok(Some(Wish::DriverMode(true))));
        assert_eq!(asked(&of("fpsLimitRequest"), -1_i64), Ok(Some(Wish::FpsLimit(None))));
        assert_eq!(
            asked(&of("inputSaveImgCmd"), 2_i64),
            Ok(Some(Wish::Snapshot {
                count: 2,
                of: Picture::Raw
            }))
        );
        assert_eq!(
            asked("/photonvision/ledModeRequest", 1_i64),
            Ok(Some(Wish::Leds(Leds::On)))
        );
        let named = wish(&of("driverModeRequest"), &true.into()).unwrap().unwrap();
        assert_eq!(named.to_string(), "driver mode of `front`");
    }

    #[test]
    fn what_cannot_be_asked_for_is_said_and_what_is_no_request_is_not() {
        let told = |value: Content| {
            asked("/photonvision/front/pipelineIndexRequest", value)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            told((-2_i64).into()),
            "the robot wrote -2 to `/photonvision/front/pipelineIndexRequest`, wanted the number of a pipeline, from 0"
        );
        told(f64::NAN.into());
        told("two".into());
        told(f64::MAX.into());
        assert_eq!(asked("/photonvision/front/pipelineIndexState", 1_i64), Ok(None));
        assert_eq!(asked("/SmartDashboard/pipelineIndexRequest", 1_i64), Ok(None));
        assert_eq!(asked("/photonvision", 1_i64), Ok(None));
    }

    #[test]
    fn all_requests_of_each_camera_are_listened_to() {
        let topics = topics(&["a".to_owned(), "b".to_owned()]);
        assert_eq!(topics.len(), 12);
        assert!(topics.contains(&"/photonvision/b/driverModeRequest".to_owned()));
    }
}
