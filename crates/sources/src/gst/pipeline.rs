//! From the pipeline as people paste it to the arguments of `gst-launch-1.0`: our caps and our sink where it ends.

use super::cut::{Cut, boolean};
use super::words::{self, OpenQuote};

/// The pixel formats that travel as they are; whatever else a pipeline gives, `videoconvert` turns into the nearest of them.
const RAW_CAPS: &str = "video/x-raw,format=(string){I420,NV12,YUY2,BGR,RGB,GRAY8}";

/// The name of our caps filter, by which its line is found in what `gst-launch-1.0 -v` prints.
pub(super) const CAPS_NAME: &str = "bushbaby_caps";

/// Where one picture ends and the next begins in the pipe.
pub(super) const BOUNDARY: &str = "bushbaby";

/// Programs whose name a pasted command line begins with.
const LAUNCHERS: [&str; 3] = ["gst-launch-1.0", "gst-launch", "gst-launch-1.0.exe"];

/// What a pipeline must not end in and what we do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PipelineError {
    /// A quote without its pair.
    #[error(transparent)]
    Quote(#[from] OpenQuote),
    /// Nothing but white space.
    #[error("the pipeline is empty")]
    Empty,
    /// Which of them is the picture?
    #[error("the pipeline has {0} elements `appsink`, wanted one: its pictures are the camera's")]
    ManyAppsinks(usize),
    /// Something is linked behind a sink.
    #[error("something is linked behind `appsink`, which is where a pipeline ends")]
    BehindAppsink,
    /// It writes elsewhere.
    #[error("the pipeline ends in `{0}`, so its pictures go elsewhere")]
    OtherSink(String),
}

impl PipelineError {
    /// What to do about it.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Quote(_) => "close it, or write \\\" for a quote that is meant as such",
            Self::Empty => "for example `gst: v4l2src device=/dev/video0`",
            Self::ManyAppsinks(_) => "make the others `fakesink`, or write one camera for each",
            Self::BehindAppsink => "take out what follows it",
            Self::OtherSink(_) => "leave the sink out (ours is put there), or end in `appsink`",
        }
    }
}

/// A pipeline, ready to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pipeline {
    /// The arguments of `gst-launch-1.0`.
    pub(super) arguments: Vec<String>,
    /// Whether the pictures come from something that does not end by itself (a camera, not a file).
    pub(super) is_live: bool,
    /// The sink of the string that ours stands for, when that is not `appsink`: worth a word in the log.
    pub(super) replaced_sink: Option<String>,
}

impl Pipeline {
    /// Reads a pipeline in the words of `gst-launch-1.0` or OpenCV.
    ///
    /// # Errors
    /// [`PipelineError`].
    pub(super) fn parse(text: &str) -> Result<Self, PipelineError> {
        let mut words = words::split(text)?;
        strip_command(&mut words);
        let cut = Cut::of(words)?;
        let last = cut.before.rsplit(|word| word == "!").next().unwrap_or_default();
        let is_live = is_live(&cut.before);
        let is_paced = cut.sync.unwrap_or(!is_live);
        let ending = ending(last, is_paced, is_live && !is_paced);
        let arguments = ["-v".to_owned()]
            .into_iter()
            .chain(cut.before)
            .chain(ending)
            .chain(cut.behind)
            .collect();
        Ok(Self {
            arguments,
            is_live,
            replaced_sink: cut.replaced,
        })
    }
}

/// Takes the program and its options off a pasted command line.
fn strip_command(words: &mut Vec<String>) {
    if words
        .first()
        .is_some_and(|first| LAUNCHERS.contains(&first.rsplit('/').next().unwrap_or_default()))
    {
        let options = words[1..].iter().take_while(|word| word.starts_with('-')).count();
        words.drain(..=options);
    }
}

/// Whether the pictures come at the pace of a camera, and not as fast as they can be read.
fn is_live(words: &[String]) -> bool {
    let mut elements = words.split(|word| word == "!");
    !elements.any(|words| {
        let is_set = |name: &str| {
            words
                .iter()
                .any(|word| word.strip_prefix(name).and_then(boolean) == Some(true))
        };
        words.iter().any(|word| match word.as_str() {
            "filesrc" | "multifilesrc" | "splitfilesrc" | "splitmuxsrc" => true,
            "videotestsrc" | "gltestsrc" | "imagefreeze" => !is_set("is-live="),
            other => other.starts_with("uri=file:"),
        })
    })
}

/// What is put behind the last element: formats that we know, only the newest pictures, their lengths, our pipe.
///
/// - `last`: the words behind the last link.
/// - `is_paced`: whether pictures leave when their time has come (a file), and not at once (a camera).
/// - `is_leaky`: whether an old picture is dropped for a new one.
fn ending(last: &[String], is_paced: bool, is_leaky: bool) -> Vec<String> {
    let first = last.first().map_or("", String::as_str);
    let mut words: Vec<String> = Vec::new();
    let mut add = |element: &[&str]| {
        words.push("!".to_owned());
        words.extend(element.iter().map(|word| (*word).to_owned()));
    };
    let name = format!("name={CAPS_NAME}");
    if first.starts_with("image/jpeg") || first.ends_with("jpegenc") || first == "jpegparse" {
        add(&["capsfilter", &name, "caps=image/jpeg"]);
    } else {
        // Pictures in the memory of a Jetson's hardware must come out of it first.
        if first.starts_with("video/x-raw(memory:NVMM)")
            || ["nvarguscamerasrc", "nvv4l2camerasrc", "nvv4l2decoder"].contains(&first)
        {
            add(&["nvvidconv"]);
        }
        add(&["videoconvert"]);
        add(&["capsfilter", &name, &format!("caps={RAW_CAPS}")]);
    }
    let mut queue = vec!["queue", "max-size-buffers=2", "max-size-bytes=0", "max-size-time=0"];
    if is_leaky {
        queue.push("leaky=downstream");
    }
    add(&queue);
    add(&["multipartmux", &format!("boundary={BOUNDARY}")]);
    // Descriptor 0 is the pipe to us: `gst-launch-1.0` reads no standard input, and prints to its standard output.
    add(&["fdsink", "fd=0", if is_paced { "sync=true" } else { "sync=false" }]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> String {
        Pipeline::parse(text).unwrap().arguments.join(" ")
    }

    const LIVE: &str = "! videoconvert ! capsfilter name=bushbaby_caps caps=video/x-raw,format=(string){I420,NV12,YUY2,BGR,RGB,GRAY8} \
                        ! queue max-size-buffers=2 max-size-bytes=0 max-size-time=0 leaky=downstream \
                        ! multipartmux boundary=bushbaby ! fdsink fd=0 sync=false";

    #[test]
    fn our_caps_and_sink_stand_where_the_string_leaves_them_out() {
        for text in [
            "v4l2src",
            "v4l2src !",
            "v4l2src ! appsink",
            "v4l2src ! appsink drop=1 max-buffers = 2 name=x",
            "gst-launch-1.0 -v -e v4l2src ! appsink",
        ] {
            assert_eq!(line(text), format!("-v v4l2src {LIVE}"), "{text}");
        }
    }

    #[test]
    fn the_caps_of_an_opencv_string_stay() {
        let text = "v4l2src device=/dev/video2 ! video/x-raw, width=640 ! videoconvert ! video/x-raw, format=BGR ! appsink drop=1";
        assert_eq!(
            line(text),
            format!("-v {} {LIVE}", text.strip_suffix(" ! appsink drop=1").unwrap())
        );
    }

    #[test]
    fn pictures_leave_the_memory_of_a_jetson() {
        for text in [
            "nvarguscamerasrc sensor-id=0",
            "nvarguscamerasrc ! video/x-raw(memory:NVMM), width=1280",
            "nvarguscamerasrc ! 'video/x-raw(memory:NVMM), width=1280'",
        ] {
            assert!(line(text).contains("! nvvidconv ! videoconvert ! capsfilter"), "{text}");
        }
        let converted = "nvarguscamerasrc ! video/x-raw(memory:NVMM), width=(int)1280 ! nvvidconv flip-method=0 ! video/x-raw, format=(string)BGRx ! videoconvert ! video/x-raw, format=(string)BGR ! appsink";
        assert_eq!(line(converted).matches("nvvidconv").count(), 1);
    }

    #[test]
    fn jpeg_travels_as_it_is() {
        for text in [
            "v4l2src ! image/jpeg,width=1280,height=720",
            "v4l2src ! 'image/jpeg, width=1280' ! appsink",
            "videotestsrc ! jpegenc",
            "x ! nvjpegenc quality=80",
        ] {
            let line = line(text);
            assert!(
                line.contains("! capsfilter name=bushbaby_caps caps=image/jpeg ! queue")
                    && !line.contains("videoconvert"),
                "{line}"
            );
        }
    }

    #[test]
    fn files_are_paced_and_lose_nothing_cameras_are_not_and_drop_the_old() {
        for text in [
            "filesrc location=a.mp4 ! decodebin",
            "videotestsrc",
            "uridecodebin uri=file:///a.mp4",
            "v4l2src ! appsink sync=true",
        ] {
            let pipeline = Pipeline::parse(text).unwrap();
            let line = pipeline.arguments.join(" ");
            assert!(line.ends_with("sync=true") && !line.contains("leaky"), "{line}");
            assert_eq!(pipeline.is_live, text.starts_with("v4l2src"), "{line}");
        }
        for text in [
            "v4l2src",
            "videotestsrc is-live=true",
            "rtspsrc location=rtsp://a/b ! decodebin",
            "libcamerasrc",
        ] {
            let pipeline = Pipeline::parse(text).unwrap();
            let line = pipeline.arguments.join(" ");
            assert!(
                pipeline.is_live && line.ends_with("sync=false") && line.contains("leaky=downstream"),
                "{line}"
            );
        }
        let line = line("filesrc location=a.mp4 ! decodebin ! appsink sync=false");
        assert!(line.ends_with("sync=false") && !line.contains("leaky"), "{line}");
    }

    #[test]
    fn a_window_is_replaced_and_other_branches_stay() {
        let pipeline = Pipeline::parse("v4l2src ! xvimagesink sync=false").unwrap();
        assert_eq!(pipeline.replaced_sink.as_deref(), Some("xvimagesink"));
        assert_eq!(pipeline.arguments.join(" "), format!("-v v4l2src {LIVE}"));
        let branches = line("v4l2src ! tee name=t ! queue ! appsink name=x t. ! queue ! filesink location=a");
        assert!(
            branches.ends_with("sync=false t. ! queue ! filesink location=a"),
            "{branches}"
        );
    }

    #[test]
    fn what_cannot_be_a_camera_is_refused_in_words() {
        let told = |text: &str| {
            let error = Pipeline::parse(text).unwrap_err();
            format!("{error} [{}]", error.hint())
        };
        assert_eq!(
            told("  "),
            "the pipeline is empty [for example `gst: v4l2src device=/dev/video0`]"
        );
        assert_eq!(told("appsink"), told(""));
        assert_eq!(told("gst-launch-1.0 -v"), told(""));
        assert_eq!(
            told("a ! filesink location=b"),
            "the pipeline ends in `filesink`, so its pictures go elsewhere [leave the sink out (ours is put there), or end in `appsink`]"
        );
        assert_eq!(
            told("a ! appsink b. ! appsink"),
            "the pipeline has 2 elements `appsink`, wanted one: its pictures are the camera's [make the others `fakesink`, or write one camera for each]"
        );
        assert_eq!(
            told("a ! appsink ! b"),
            "something is linked behind `appsink`, which is where a pipeline ends [take out what follows it]"
        );
    }
}
