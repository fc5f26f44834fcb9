//! `scene`: a made camera that moves before tags, with the truth about each picture.

use std::path::Path;
use std::time::Duration;

use bushbaby_bus::{CaptureClock, CaptureTime, MonoTime};
use bushbaby_node::image::{self, ImageMeta};
use bushbaby_node::settings::{Length, Problem, Settings as NodeSettings, SizePx};
use bushbaby_node::{Carries, Kind, NodeContext, NodeError, OutputSpec, Outputs, Source, Step, Stop};
use bushbaby_pixels::{ColorSpace, PixelFormat};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::render::{Plan, Renderer};
use super::truth::FAMILY;
use super::world::PLACES;

/// The kind.
pub const KIND: Kind = Kind::source::<Scene>(
    "scene",
    "A made camera that moves before AprilTags, with the truth about each picture.",
);

/// Settings of the `scene` source.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SceneSettings {
    /// What it shows: `tags`, a room with AprilTags of family 36h11 in it.
    #[serde(default)]
    pub scene: Shows,
    /// Size of the pictures.
    #[serde(default = "default_size")]
    pub size: SizePx,
    /// Pictures a second.
    #[serde(default = "default_fps")]
    pub fps: f64,
    /// Noise of the sensor: standard deviation in grey levels.
    #[serde(default = "default_noise")]
    pub noise: f64,
    /// Blur of the lens: standard deviation in pixels.
    #[serde(default = "default_blur")]
    pub blur: f64,
    /// Distortion of the lens: OpenCV's coefficients k1, k2, p1, p2, k3. Empty: none.
    #[serde(default)]
    pub distortion: Vec<f64>,
    /// Decides the way of the camera and the noise: the same seed gives the same pictures.
    #[serde(default)]
    pub seed: u64,
    /// Which tags hang in the room, one to eight; the first is always in the picture.
    #[serde(default = "default_tags")]
    pub tags: Vec<u32>,
    /// Side of the tags' black border. The room grows with it.
    #[serde(default = "default_tag_size")]
    pub tag_size: Length,
}

/// What a scene shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shows {
    /// A room with AprilTags.
    #[default]
    Tags,
}

fn default_size() -> SizePx {
    SizePx {
        width: 1280,
        height: 720,
    }
}

fn default_fps() -> f64 {
    30.0
}

fn default_noise() -> f64 {
    2.0
}

fn default_blur() -> f64 {
    0.5
}

fn default_tags() -> Vec<u32> {
    (0..6).collect()
}

fn default_tag_size() -> Length {
    Length { metres: 0.165 }
}

impl NodeSettings for SceneSettings {
    fn check(&self, _: &Path) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |key: &str, message: String| problems.push(Problem::new(key, message));
        let SizePx { width, height } = self.size;
        if !(160..=3840).contains(&width) || !(120..=2160).contains(&height) {
            wrong("size", format!("got `{}`, wanted 160x120 to 3840x2160", self.size));
        }
        if !(0.1..=240.0).contains(&self.fps) {
            wrong("fps", format!("got `{}`, wanted 0.1 to 240", self.fps));
        }
        if !(0.0..=50.0).contains(&self.noise) {
            wrong("noise", format!("got `{}`, wanted 0 to 50 grey levels", self.noise));
        }
        if !(0.0..=5.0).contains(&self.blur) {
            wrong("blur", format!("got `{}`, wanted 0 to 5 pixels", self.blur));
        }
        if !(0.01..=5.0).contains(&self.tag_size.metres) {
            wrong("tag_size", format!("got `{}`, wanted 10mm to 5m", self.tag_size));
        }
        if self.tags.is_empty() || self.tags.len() > PLACES {
            wrong("tags", format!("got {} tags, wanted one to {PLACES}", self.tags.len()));
        }
        for (index, id) in self.tags.iter().enumerate() {
            if *id >= FAMILY.count() {
                wrong(
                    &format!("tags.{index}"),
                    format!("got `{id}`, wanted 0 to {} ({FAMILY})", FAMILY.count() - 1),
                );
            } else if self.tags[..index].contains(id) {
                wrong(&format!("tags.{index}"), format!("tag `{id}` is there twice"));
            }
        }
        if let Err(error) = self.plan().camera() {
            wrong("distortion", error.to_string());
        }
        problems
    }
}

impl SceneSettings {
    fn plan(&self) -> Plan {
        Plan {
            size_px: [self.size.width, self.size.height],
            fps: self.fps,
            noise: self.noise,
            blur_px: self.blur,
            distortion: self.distortion.clone(),
            seed: self.seed,
            family: FAMILY,
            tags: self.tags.clone(),
            tag_side_m: self.tag_size.metres,
        }
    }
}

/// The source.
#[derive(Debug)]
pub struct Scene {
    renderer: Renderer,
    meta: ImageMeta,
    size_px: [u32; 2],
    pace: Pace,
    stop: Stop,
}

impl Source for Scene {
    type Settings = SceneSettings;
    const OUTPUTS: &'static [OutputSpec] = &[
        OutputSpec {
            name: "image",
            carries: Carries::Image,
            owes_frames: true,
        },
        OutputSpec {
            name: "truth",
            carries: Carries::Truth,
            owes_frames: false,
        },
    ];

    fn open(settings: SceneSettings, context: &NodeContext) -> Result<Self, NodeError> {
        let plan = settings.plan();
        let size_px = plan.size_px;
        let camera = plan
            .camera()
            .map_err(|error| NodeError::new(error.to_string()).for_good())?;
        Ok(Self {
            renderer: Renderer::new(plan).map_err(|error| NodeError::new(error.to_string()).for_good())?,
            meta: ImageMeta::new(context.name(), Some(&camera)),
            size_px,
            pace: Pace::new(settings.fps),
            stop: context.stop.clone(),
        })
    }

    fn step(&mut self, out: &mut Outputs) -> Result<Step, NodeError> {
        let Some(picture) = self.pace.wait_for_next(&self.stop) else {
            return Ok(Step::Idle);
        };
        let Self { renderer, meta, .. } = self;
        let mut captured = None;
        image::send_once_filled(
            out,
            "image",
            PixelFormat::I420,
            self.size_px,
            ColorSpace::JPEG,
            meta,
            |mut planes| {
                if let [y, u, v] = planes.as_mut_slice() {
                    renderer.draw(picture, y, u, v);
                }
                // A camera's picture is there once it is complete; drawing stands for the exposure.
                let now = CaptureTime::now(CaptureClock::Rendered);
                captured = Some(now);
                Ok(now)
            },
        )?;
        if let Some(captured) = captured
            && out.is_wanted("truth")?
        {
            let origin = out.last_sent("image");
            out.send_result("truth", &renderer.truth(picture, out.node()), captured, origin.as_ref())?;
        }
        Ok(Step::Sent)
    }
}

/// One picture each frame time by the monotonic clock; a picture whose time is over is left out rather than sent late.
#[derive(Debug)]
struct Pace {
    start: MonoTime,
    frame_time: Duration,
    next: u64,
}

impl Pace {
    fn new(fps: f64) -> Self {
        Self {
            start: MonoTime::now(),
            frame_time: Duration::from_secs_f64(1.0 / fps),
            next: 0,
        }
    }

    /// Waits until the next picture is due and returns its number; `None` when that takes longer than a step may.
    fn wait_for_next(&mut self, stop: &Stop) -> Option<u64> {
        const MOST: Duration = Duration::from_millis(200);
        let early = self.early(MonoTime::now().since(self.start));
        if early > Duration::ZERO && (stop.wait(early.min(MOST)) || early > MOST) {
            return None;
        }
        Some(self.take(MonoTime::now().since(self.start)))
    }

    /// How long it is until the next picture, `elapsed` after the start.
    fn early(&self, elapsed: Duration) -> Duration {
        self.frame_time.mul_f64(self.next as f64).saturating_sub(elapsed)
    }

    /// Returns the number of the picture whose time it is.
    fn take(&mut self, elapsed: Duration) -> u64 {
        let now = elapsed.as_secs_f64() / self.frame_time.as_secs_f64();
        let picture = self.next.max(now as u64);
        self.next = picture + 1;
        picture
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_keep_their_pace_and_those_whose_time_is_over_are_left_out() {
        let mut pace = Pace::new(50.0);
        let ms = Duration::from_millis;
        assert_eq!(pace.early(ms(0)), ms(0));
        assert_eq!(pace.take(ms(0)), 0);
        assert_eq!(pace.early(ms(5)), ms(15));
        // Woken a little too late, then much too late.
        assert_eq!(pace.take(ms(21)), 1);
        assert_eq!(pace.early(ms(30)), ms(10));
        assert_eq!(pace.take(ms(171)), 8);
        assert_eq!(pace.early(ms(175)), ms(5));
    }

    fn problems(change: impl FnOnce(&mut SceneSettings)) -> Vec<String> {
        let mut settings: SceneSettings = serde_json::from_str("{}").unwrap();
        change(&mut settings);
        let found = settings.check(Path::new("."));
        found
            .into_iter()
            .map(|problem| format!("{}: {}", problem.path, problem.message))
            .collect()
    }

    #[test]
    fn every_setting_that_cannot_be_is_named_with_what_may_stand_there() {
        assert!(problems(|_| {}).is_empty());
        let wrong = problems(|settings| {
            settings.size = SizePx {
                width: 100,
                height: 720,
            };
            settings.fps = 0.0;
            settings.noise = f64::NAN;
            settings.blur = -1.0;
            settings.tags = vec![5, 587, 5];
            settings.tag_size = Length { metres: 0.0 };
            settings.distortion = vec![-2.0, 0.0, 0.0, 0.0, 0.0];
        });
        assert_eq!(
            wrong,
            [
                "size: got `100x720`, wanted 160x120 to 3840x2160",
                "fps: got `0`, wanted 0.1 to 240",
                "noise: got `NaN`, wanted 0 to 50 grey levels",
                "blur: got `-1`, wanted 0 to 5 pixels",
                "tag_size: got `0mm`, wanted 10mm to 5m",
                "tags.1: got `587`, wanted 0 to 586 (tag36h11)",
                "tags.2: tag `5` is there twice",
                "distortion: the lens bends too much: its picture folds over itself, or would need more than twice the straight one",
            ]
        );
        assert_eq!(
            problems(|settings| settings.tags.clear()),
            ["tags: got 0 tags, wanted one to 8"]
        );
        let three = problems(|settings| settings.distortion = vec![0.1, 0.2, 0.3]);
        assert!(
            three[0].starts_with("distortion: camera: model `pinhole` with 3"),
            "{three:?}"
        );
    }
}
