//! Camera models, AprilTag detection, poses and calibration files; pure.
