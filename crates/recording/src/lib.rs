//! Recordings: what is written where in an MCAP or MP4 file, and mending what was cut off. Pure: bytes and times come in as arguments.
//!
//! # An MCAP recording
//!
//! Topics are stream names ([`topics`]). Of every message `log_time` = `publish_time` = the capture time on the wall clock in
//! nanoseconds, and `sequence` = the lower 32 bits of the frame's `seq`. Messages are Foxglove's protobuf messages unless said
//! ([`Contents`]). `frame_id` is the camera's node; of the right view `NODE/right`.
//!
//! | topic | message | when |
//! |---|---|---|
//! | `NODE/image` (any stream of pictures, by its name) | `foxglove.CompressedVideo` (H.264), `foxglove.CompressedImage` (JPEG) or `foxglove.RawImage` (`rgb8` `bgr8` `mono8` `yuyv` `nv12`; I420 becomes `nv12`, or `rgb8` where a side is odd) | each frame. It may change within a file: two channels then share the topic |
//! | `NODE/rgbd/rgb`, `NODE/rgbd/rgb_right` | the same | each frame |
//! | `NODE/rgbd/depth` | `foxglove.RawImage`: `16UC1` whole millimetres, 0 where it is not known; or `32FC1` metres, NaN | each frame, when asked for |
//! | `NODE/rgbd/confidence` | `foxglove.RawImage` `32FC1`, 0 to 1 | each frame, when asked for |
//! | `NODE/points` | `foxglove.PointCloud`: `x` `y` `z` float32, and with colours `red` `green` `blue` `alpha` uint8 | each frame |
//! | `NODE/audio` (any stream of sound, by its name) | `foxglove.RawAudio`, `pcm-s16`: float32 is rounded, what is no number is silence. Its time is that of the first sample | each piece |
//! | `NODE/calibration`, `NODE/calibration_right` | `foxglove.CameraCalibration`, with `cx` `cy` as ROS counts them (ours - 0.5) | at the start of each file, and when it changes |
//! | `STREAM/info`, for pictures, captures, points and sound | JSON `bushbaby.Info`: `generation`, `clock` (how capture times are known), `arrays` (name, dtype, shape, encoding, and of pictures `matrix` and `range`; the shape of sound is `[0, channels]`), `body` (with the calibration as we write it; of sound without `position` and `filled`) | at the start of each file, and when it changes |
//! | `X/detections`, `X/results`, `X/truth`, `X/events` (any stream of results, by its name) | JSON `bushbaby.Result`: `captured_at_ns`, `origin` (`stream`, `generation`, `seq`, `captured_at_ns`), `body` | each frame |
//! | `X/results/ARRAY` | `foxglove.RawImage` (`mono8`, `16UC1`, `32FC1`): an array that came with a result, as a mask | each frame that has it |
//! | `X/detections/annotations` | `foxglove.ImageAnnotations` | each frame of what was found in pictures |
//! | `X/detections/poses` | `foxglove.FrameTransforms`: parent the camera's node, child `tag36h11:7`; of a pose of somebody's own its label | each frame with poses |
//! | `X/events/log` | `foxglove.Log`: `baby_cry 0.91 began` | each beginning and each end |
//! | `_health/NODE` | `foxglove.Log` | each change |
//!
//! The metadata record `bushbaby` stands before the first chunk: `version`, `instance`, `started_at` (RFC 3339) and, where there was
//! a supervisor, `nodes` (JSON: name to `kind` and `role`). The file's header names `bushbaby VERSION` as its library.
//!
//! Every chunk brings the schemas and channels of its messages with it, so that each can be read alone. Video and JPEG stand in
//! chunks without compression, all else in chunks of zstd. A chunk is closed at the latest one second after its first message.
//! The end of the file has statistics, chunk indexes, channels and schemas; of a recorder that was killed it is missing, and
//! [`mend`] writes it.
//!
//! # An MP4 recording
//!
//! One file a camera, fragmented, one H.264 track, a fragment at the latest every second.
//!
//! # A WAV recording
//!
//! One file after the other for each stream of sound, 16-bit PCM ([`wav`]).

#![deny(missing_docs)]

pub mod annex_b;
pub mod container;
mod contents;
pub mod mend;
pub mod messages;
pub mod mp4;
pub mod read;
pub mod topics;
pub mod wav;

pub use container::{McapWriter, Message};
pub use contents::Contents;
