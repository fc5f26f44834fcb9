//! Image views, conversions, resizing and JPEG; pure.
