//! Kinds with the settings of real ones and nothing behind them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bushbaby_bus::Frame;
use bushbaby_node::settings::{Length, Problem, Settings, SizePx, Time};
use bushbaby_node::{Carries, InputNeed, Kind, NodeContext, NodeError, OutputSpec, Outputs, Sink, Source, Stage, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::file::{Checked, FileProblem, check};
use crate::plan::Plan;

pub(super) const KINDS: [Kind; 19] = [
    Kind::source::<Camera<Usb>>("usb", "A USB camera."),
    Kind::source::<Camera<Rtsp>>("rtsp", "A network camera."),
    Kind::source::<Camera<Http>>("http", "A network camera over HTTP."),
    Kind::source::<Camera<Gst>>("gst", "Any GStreamer pipeline."),
    Kind::source::<Camera<VideoFile>>("video_file", "A video file, or a folder of pictures."),
    Kind::source::<Camera<Scene>>("scene", "A made camera that moves before tags."),
    Kind::source::<Camera<Recorded>>("replay", "Plays what was recorded of a camera."),
    Kind::source::<Mic<Microphone>>("microphone", "A microphone."),
    Kind::source::<Mic<SoundFile>>("sound_file", "A sound file."),
    Kind::stage::<Detector<AprilTag>>("apriltag", "Finds AprilTags and their poses."),
    Kind::stage::<Filter>("gray", "Pictures without colour."),
    Kind::stage::<Listener>("listener", "Hears."),
    Kind::stage::<Ear>("ear", "Reads nothing but sound."),
    Kind::stage::<Drawer>("drawer", "Draws on pictures what others found."),
    Kind::sink::<Reader<Recorder>>("record", "Writes streams into files."),
    Kind::sink::<Reader<Alerts>>("alert", "Tells somebody."),
    Kind::sink::<Reader<Keeper>>("evidence", "Keeps what was heard."),
    Kind::sink::<RobotReader>("networktables", "Tells a robot."),
    Kind::sink::<Reader<Web>>("web", "The page."),
];

/// Checks a text as `pipeline.yaml`.
pub(super) fn checked(text: &str) -> Result<Checked, Vec<FileProblem>> {
    check(text, Path::new("pipeline.yaml"), &KINDS, &environment)
}

/// The plan of a text that has no mistake.
pub(super) fn plan(text: &str) -> Plan {
    checked(text)
        .unwrap_or_else(|problems| panic!("{}", in_words(&problems)))
        .plan
}

/// All problems of a text that has some, as the command line prints them.
pub(super) fn told(text: &str) -> String {
    in_words(&checked(text).map(|_| ()).expect_err("the file has a mistake"))
}

pub(super) fn in_words(problems: &[FileProblem]) -> String {
    let lines: Vec<String> = problems.iter().map(FileProblem::to_string).collect();
    lines.join("\n")
}

pub(super) fn environment(name: &str) -> Option<String> {
    let value = match name {
        "DOOR_USER" => "ada",
        "SIZE_OF_TAGS" => "165mm",
        "DOOR_PASSWORD" => "hunter2",
        "DOOR" => "rtsp://ada:hunter2@10.0.0.7/s1",
        "USB" => "usb:3",
        "YARD" => "yard.flac",
        "FPS" => "30",
        "LISTEN" => "0.0.0.0:5811",
        _ => return None,
    };
    Some(value.to_owned())
}

macro_rules! settings {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name { $($(#[$field_meta])* $field: $type,)* }
    };
}

settings! {
    /// Settings of the `usb` source.
    Usb {
        /// Which camera: its number, its path or its name.
        usb: String,
        /// Size asked of the camera. Absent: the camera's own choice.
        #[serde(default)]
        size: Option<SizePx>,
        /// Pictures a second asked of the camera. Absent: the camera's own choice.
        #[serde(default)]
        fps: Option<u32>,
    }
}
impl Settings for Usb {}

settings! {
    /// Settings of the `rtsp` source.
    Rtsp {
        /// Its address.
        url: String,
        /// Whether its sound is wanted. Absent: if it has any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audio: Option<String>,
    }
}
impl Settings for Rtsp {
    fn check(&self, _: &Path) -> Vec<Problem> {
        // Quotes what it got, as real ones do.
        let bad = self.url.contains("/bad");
        bad.then(|| Problem::new("url", format!("got `{}`, wanted another path", self.url)))
            .into_iter()
            .collect()
    }
}

settings! {
    /// Settings of the `http` source.
    Http {
        /// Its address.
        http: String,
    }
}
impl Settings for Http {}

settings! {
    /// Settings of the `gst` source.
    Gst {
        /// The pipeline.
        gst: String,
    }
}
impl Settings for Gst {}

settings! {
    /// Settings of the `video_file` source.
    VideoFile {
        /// The file or folder.
        video_file: PathBuf,
        /// Whether it starts again at its end.
        #[serde(default = "yes")]
        looped: bool,
    }
}
impl Settings for VideoFile {}

fn yes() -> bool {
    true
}

settings! {
    /// Settings of the `scene` source.
    Scene {
        /// What it shows.
        #[serde(default)]
        scene: Shows,
        /// Size of the picture.
        #[serde(default = "default_size")]
        size: SizePx,
    }
}
impl Settings for Scene {}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Shows {
    #[default]
    Tags,
    Empty,
    Rgbd,
    Nursery,
}

fn default_size() -> SizePx {
    SizePx {
        width: 1280,
        height: 720,
    }
}

settings! {
    /// Settings of the `microphone` source.
    Microphone {
        /// Which microphone.
        #[serde(default = "default_mic")]
        mic: String,
        /// Samples a second. Absent: the microphone's own.
        #[serde(default)]
        rate: Option<u32>,
    }
}
impl Settings for Microphone {}

fn default_mic() -> String {
    "default".to_owned()
}

settings! {
    /// Settings of the `sound_file` source.
    SoundFile {
        /// The file.
        sound_file: PathBuf,
        /// Whether it starts again at its end.
        #[serde(default = "yes")]
        looped: bool,
    }
}
impl Settings for SoundFile {}

settings! {
    /// Settings of the `replay` source.
    Recorded {
        /// The recording.
        replay: PathBuf,
        /// Which of its cameras. Absent: the one of the node's own name.
        #[serde(default)]
        camera: Option<String>,
        /// How fast it is played.
        #[serde(default)]
        speed: Option<f64>,
    }
}
impl Settings for Recorded {}

settings! {
    /// Settings of the recorder.
    Recorder {
        /// The folder that recordings go to.
        to: PathBuf,
        /// What the files are.
        #[serde(default = "default_format")]
        format: String,
        /// Begins a new file after this long. Absent: never.
        #[serde(default)]
        split: Option<Time>,
    }
}
impl Settings for Recorder {}

fn default_format() -> String {
    "mcap".to_owned()
}

settings! {
    /// Settings of the evidence.
    Keeper {
        /// The folder for the files.
        #[serde(default = "default_evidence")]
        to: PathBuf,
    }
}
impl Settings for Keeper {}

fn default_evidence() -> PathBuf {
    "evidence".into()
}

settings! {
    /// Settings of the robot.
    Robot {
        /// Its address.
        #[serde(default)]
        server: Option<String>,
        /// Its team.
        #[serde(default)]
        team: Option<u16>,
        /// Which entry has its heading.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        heading: Option<String>,
    }
}
impl Settings for Robot {}

settings! {
    /// Settings of the alerts.
    Alerts {
        /// By name.
        #[serde(default)]
        alerts: BTreeMap<String, Alert>,
        /// The broker.
        #[serde(default)]
        mqtt: Option<Broker>,
    }
}
impl Settings for Alerts {
    fn check(&self, _: &Path) -> Vec<Problem> {
        let when = |(name, alert): (&String, &Alert)| {
            let error = bushbaby_node::when::When::parse(&alert.when).err()?;
            Some(Problem {
                hint: error.hint,
                ..Problem::new(format!("alerts.{name}.when"), error.message)
            })
        };
        self.alerts.iter().filter_map(when).collect()
    }
}

settings! {
    /// One alert.
    Alert {
        /// What must be so.
        when: String,
        /// Where it is sent to.
        #[serde(default)]
        send: Option<String>,
    }
}

settings! {
    /// The broker.
    Broker {
        /// Where it listens.
        broker: String,
        /// What it wants to know.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
    }
}

settings! {
    /// Settings of the `listener` stage.
    Hearing {
        /// What it listens for.
        #[serde(default)]
        listen_for: Vec<String>,
    }
}
impl Settings for Hearing {}

settings! {
    /// Settings of the `apriltag` stage.
    AprilTag {
        /// Which family the tags are of.
        #[serde(default = "default_family")]
        family: String,
        /// Side of the tag's black square. Absent: no poses.
        #[serde(default)]
        tag_size: Option<Length>,
        /// The lens.
        #[serde(default)]
        calibration: Calibration,
    }
}
impl Settings for AprilTag {
    fn check(&self, base_dir: &Path) -> Vec<Problem> {
        let mut problems = Vec::new();
        if !["36h11", "16h5"].contains(&self.family.as_str()) {
            let problem = Problem::new("family", format!("unknown tag family `{}`", self.family));
            problems.push(problem.with_hint("did you mean `36h11`?"));
        }
        if let Some(file) = self
            .calibration
            .file
            .as_ref()
            .filter(|file| !base_dir.join(file).exists())
        {
            let message = format!("`{}` cannot be read: there is no such file", file.display());
            problems.push(Problem::new("calibration.file", message));
        }
        problems
    }
}

fn default_family() -> String {
    "36h11".to_owned()
}

/// Where the lens is described.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Calibration {
    /// A calibration file.
    file: Option<PathBuf>,
}

settings! {
    /// Settings of the page.
    Web {
        /// Where it listens.
        #[serde(default = "default_listen")]
        listen: String,
        /// What others need to act. Absent: they cannot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
        /// Ports of cameras.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        streams: BTreeMap<String, u16>,
    }
}
impl Settings for Web {}

fn default_listen() -> String {
    "127.0.0.1:5800".to_owned()
}

settings! {
    /// Settings of the `gray` stage.
    Gray {}
}
impl Settings for Gray {}

const fn output(name: &'static str, carries: Carries) -> OutputSpec {
    OutputSpec {
        name,
        carries,
        owes_frames: false,
    }
}

fn never<T>() -> Result<T, NodeError> {
    Err(NodeError::new("these kinds are only read about"))
}

struct Camera<S>(std::marker::PhantomData<S>);
impl<S: Settings + 'static> Source for Camera<S> {
    type Settings = S;
    const OUTPUTS: &'static [OutputSpec] = &[output("image", Carries::Image), output("truth", Carries::Truth)];

    fn outputs(settings: &S, _: &Path) -> Vec<OutputSpec> {
        match serde_json::to_value(settings) {
            Ok(settings) if settings.get("scene").is_some_and(|scene| scene == "rgbd") => {
                vec![output("rgbd", Carries::Rgbd), output("points", Carries::Points)]
            }
            Ok(settings) if settings.get("audio").is_some_and(|audio| audio == "only") => {
                vec![output("audio", Carries::Audio)]
            }
            Ok(settings) if settings.get("scene").is_some_and(|scene| scene == "nursery") => {
                vec![output("audio", Carries::Audio), output("truth", Carries::Events)]
            }
            _ => Self::OUTPUTS.to_vec(),
        }
    }

    fn open(_: S, _: &NodeContext) -> Result<Self, NodeError> {
        never()
    }

    fn step(&mut self, _: &mut Outputs) -> Result<Step, NodeError> {
        never()
    }
}

struct Mic<S>(std::marker::PhantomData<S>);
impl<S: Settings + 'static> Source for Mic<S> {
    type Settings = S;
    const OUTPUTS: &'static [OutputSpec] = &[output("audio", Carries::Audio)];

    fn open(_: S, _: &NodeContext) -> Result<Self, NodeError> {
        never()
    }

    fn step(&mut self, _: &mut Outputs) -> Result<Step, NodeError> {
        never()
    }
}

struct Detector<S>(std::marker::PhantomData<S>);
impl<S: Settings + 'static> Stage for Detector<S> {
    type Settings = S;
    const INPUTS: InputNeed = InputNeed::Images;
    const OUTPUTS: &'static [OutputSpec] = &[output("detections", Carries::Detections)];

    fn open(_: S, _: &NodeContext) -> Result<Self, NodeError> {
        never()
    }

    fn process(&mut self, _: Frame, _: &mut Outputs) -> Result<(), NodeError> {
        never()
    }
}

struct Listener;
impl Stage for Listener {
    type Settings = Hearing;
    const INPUTS: InputNeed = InputNeed::Anything;
    const OUTPUTS: &'static [OutputSpec] = &[
        output("events", Carries::Events),
        output("scores", Carries::Scores),
        output("level", Carries::Level),
    ];

    fn open(_: Hearing, _: &NodeContext) -> Result<Self, NodeError> {
        never()
    }

    fn process(&mut self, _: Frame, _: &mut Outputs) -> Result<(), NodeError> {
        never()
    }
}

struct Filter;
impl Stage for Filter {
    type Settings = Gray;
    const INPUTS: InputNeed = InputNeed::Images;
    const OUTPUTS: &'static [OutputSpec] = &[output("image", Carries::Image)];

    fn open(_: Gray, _: &NodeContext) -> Result<Self, NodeError> {
        never()
    }

    fn process(&mut self, _: Frame, _: &mut Outputs) -> Result<(), NodeError> {
        never()
    }
}

struct Ear;
impl Stage for Ear {
    type Settings = Gray;
    const INPUTS: InputNeed = InputNeed::Sound;
    const OUTPUTS: &'static [OutputSpec] = &[output("events", Carries::Events)];

    fn open(_: Gray, _: &NodeContext) -> Result<Self, NodeError> {
        never()
    }

    fn process(&mut self, _: Frame, _: &mut Outputs) -> Result<(), NodeError> {
        never()
    }
}

struct Drawer;
impl Stage for Drawer {
    type Settings = Gray;
    const INPUTS: InputNeed = InputNeed::ImageFirst;
    const OUTPUTS: &'static [OutputSpec] = &[output("image", Carries::Image)];

    fn open(_: Gray, _: &NodeContext) -> Result<Self, NodeError> {
        never()
    }

    fn process(&mut self, _: Frame, _: &mut Outputs) -> Result<(), NodeError> {
        never()
    }
}

struct Reader<S>(std::marker::PhantomData<S>);
impl<S: Settings + 'static> Sink for Reader<S> {
    type Settings = S;
    const INPUTS: InputNeed = InputNeed::Anything;

    fn open(_: S, _: &NodeContext) -> Result<Self, NodeError> {
        never()
    }

    fn run(self, _: &NodeContext) -> Result<(), NodeError> {
        never()
    }
}

/// A sink that writes what it is told back, with some settings.
struct RobotReader;
impl Sink for RobotReader {
    type Settings = Robot;
    const INPUTS: InputNeed = InputNeed::Anything;
    const OUTPUTS: &'static [OutputSpec] = &[output("heading", Carries::Results)];

    fn outputs(settings: &Robot, _: &Path) -> Vec<OutputSpec> {
        settings.heading.iter().flat_map(|_| Self::OUTPUTS.to_vec()).collect()
    }

    fn open(_: Robot, _: &NodeContext) -> Result<Self, NodeError> {
        never()
    }

    fn run(self, _: &NodeContext) -> Result<(), NodeError> {
        never()
    }
}
