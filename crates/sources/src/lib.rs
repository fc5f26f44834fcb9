//! Cameras: usb, rtsp, gst, video files and a made scene.
