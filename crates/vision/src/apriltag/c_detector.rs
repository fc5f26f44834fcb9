//! The detector over the AprilTag C library: checks what it is given, so that the library meets only what it can stand.

use super::{
    DetectError, DetectorSettings, GrayView, TagDetection, TagDetector, c_library::Library, edges::refined,
    second_reading::parts_clearly,
};
use std::{sync::RwLock, thread};

/// Longest side: the library keeps twice a pixel's place in 16 bits.
const MAX_SIDE_PX: u32 = 32_767;
/// Most pixels: the largest cameras have 100 million.
const MAX_PX: u64 = 1 << 27;
/// A smaller picture cannot hold a tag, and the library's tiles of 4 px and its tables need this much.
const MIN_SIDE_PX: u32 = 8;
/// What a thread of the library reserves for its stack on the usual systems.
const STACK_BYTES: usize = 8 << 20;

/// The AprilTag C library as a [`TagDetector`].
///
/// Its time is that of the library alone: pictures are not copied, whatever their stride.
#[derive(Debug)]
pub struct CDetector {
    library: Library,
    settings: DetectorSettings,
    /// Rows of a very flat picture, repeated to the height that the library needs.
    taller: Vec<u8>,
}

impl CDetector {
    /// Makes a detector and starts its threads.
    ///
    /// # Errors
    /// [`DetectError::Setting`] for a setting that cannot be followed, [`DetectError::ThreadStart`] when the system refuses a thread,
    /// [`DetectError::OutOfMemory`] when the family's table of codes does not fit.
    pub fn new(settings: &DetectorSettings) -> Result<Self, DetectError> {
        settings.check()?;
        let read_hamming = settings.hamming().max(settings.family.doubtful_hamming());
        let mut library = Library::new(settings, read_hamming)?;
        if settings.threads > 1 {
            threads_can_start(settings.threads)?;
        }
        library.start_threads(settings.threads)?;
        Ok(Self {
            library,
            settings: settings.clone(),
            taller: Vec::new(),
        })
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &DetectorSettings {
        &self.settings
    }
}

impl TagDetector for CDetector {
    fn detect(&mut self, image: GrayView<'_>) -> Result<Vec<TagDetection>, DetectError> {
        check(image)?;
        let decimate = self.settings.decimate;
        let [width, height] = [image.width_px, image.height_px].map(|v| smaller(v, decimate));
        if width < MIN_SIDE_PX || height < MIN_SIDE_PX {
            return Ok(Vec::new());
        }
        let family = self.settings.family;
        let rows = rows_needed(width, height, self.settings.threads);
        let mut tags = if rows > height {
            let rows_px = rows * decimate.ceil() as u32 + 8;
            self.library
                .detect(repeat_last_row(image, rows_px, &mut self.taller), family)?
        } else {
            self.library.detect(image, family)?
        };
        let max_hamming = self.settings.hamming();
        tags.retain_mut(|tag| {
            if tag.hamming > max_hamming && parts_clearly(image, tag, family.layout(), self.settings.contrast) {
                tag.hamming = 0;
            }
            tag.hamming <= max_hamming
        });
        if self.settings.refine_edges {
            let layout = family.layout();
            for tag in &mut tags {
                let cell_px = tag.shortest_side_px() / layout.border_width as f64;
                tag.corners_px = refined(image, &tag.corners_px, cell_px, !layout.reversed_border);
            }
        }
        let min_side_px = f64::from(self.settings.min_side_px);
        tags.retain(|tag| {
            tag.corners_px.as_flattened().iter().all(|v| v.is_finite()) && tag.shortest_side_px() >= min_side_px
        });
        // The library's threads finish in any order.
        tags.sort_by(|a, b| {
            let place = |tag: &TagDetection| tag.corners_px[0];
            a.id.cmp(&b.id)
                .then(place(a)[0].total_cmp(&place(b)[0]))
                .then(place(a)[1].total_cmp(&place(b)[1]))
        });
        Ok(tags)
    }
}

fn check(image: GrayView<'_>) -> Result<(), DetectError> {
    let GrayView {
        bytes,
        width_px,
        height_px,
        stride_bytes,
    } = image;
    if width_px == 0 || height_px == 0 {
        return Err(DetectError::EmptyImage { width_px, height_px });
    }
    if stride_bytes < width_px as usize {
        return Err(DetectError::Stride { stride_bytes, width_px });
    }
    let too_large = DetectError::ImageTooLarge {
        width_px,
        height_px,
        max_side_px: MAX_SIDE_PX,
        max_px: MAX_PX,
    };
    // The library's own buffers have the picture's stride.
    let padded = u64::try_from(stride_bytes)
        .ok()
        .and_then(|stride| stride.checked_mul(u64::from(height_px)))
        .filter(|&bytes| bytes <= i32::MAX as u64);
    let pixels = u64::from(width_px) * u64::from(height_px);
    if width_px.max(height_px) > MAX_SIDE_PX || pixels > MAX_PX || padded.is_none() {
        return Err(too_large);
    }
    let wanted_bytes = stride_bytes * (height_px as usize - 1) + width_px as usize;
    if bytes.len() < wanted_bytes {
        return Err(DetectError::ShortBuffer {
            got_bytes: bytes.len(),
            wanted_bytes,
        });
    }
    Ok(())
}

/// A side after the library has decimated it.
fn smaller(side_px: u32, decimate: f32) -> u32 {
    if decimate == 1.5 {
        side_px / 3 * 2
    } else {
        side_px.div_ceil(decimate as u32)
    }
}

/// Least height, after decimation, at which the library's pools surely hold every border between two areas of a picture.
///
/// It cuts a picture into bands of rows and makes room for a fixed number of borders in each, without looking whether they suffice.
/// In bands of one or two rows a fine pattern of upright stripes has more.
fn rows_needed(width_px: u32, height_px: u32, threads: u32) -> u32 {
    let enough = |&height: &u32| 2 * border_room(width_px, height, threads) >= 3 * u64::from(width_px);
    (height_px..MAX_SIDE_PX).find(enough).unwrap_or(height_px)
}

/// Borders that one band of the library's `gradient_clusters` has room for.
fn border_room(width_px: u32, height_px: u32, threads: u32) -> u64 {
    const CHUNK: u64 = 2048;
    let [width, height, bands] = [width_px, height_px, 10 * threads].map(u64::from);
    let rows_in_band = 1 + (height - 1) / bands;
    let buckets = width * height / 5 / ((height - 1) / rows_in_band + 1);
    (1 + 2 * buckets / CHUNK) * CHUNK
}

/// Copies a picture and repeats its last row until it is `height_px` high.
fn repeat_last_row<'a>(image: GrayView<'_>, height_px: u32, buffer: &'a mut Vec<u8>) -> GrayView<'a> {
    let width = image.width_px as usize;
    let last = image.height_px as usize - 1;
    buffer.clear();
    for row in 0..height_px as usize {
        let start = row.min(last) * image.stride_bytes;
        buffer.extend_from_slice(&image.bytes[start..start + width]);
    }
    GrayView {
        bytes: buffer,
        width_px: image.width_px,
        height_px,
        stride_bytes: width,
    }
}

/// Starts as many threads as the library will, all at once, and ends them.
///
/// The library loses the threads that did start when one does not; ours end. What happens between this and the library's own start is
/// caught there.
fn threads_can_start(threads: u32) -> Result<(), DetectError> {
    let gate = RwLock::new(());
    thread::scope(|scope| {
        let closed = gate.write();
        let refused = (0..threads).any(|_| {
            let thread = thread::Builder::new().stack_size(STACK_BYTES);
            thread.spawn_scoped(scope, || drop(gate.read())).is_err()
        });
        drop(closed);
        if refused {
            Err(DetectError::ThreadStart { threads })
        } else {
            Ok(())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_pictures_get_rows_until_the_librarys_pools_suffice() {
        assert_eq!(rows_needed(1280, 720, 1), 720);
        assert_eq!(rows_needed(1920, 1080, 16), 1080);
        assert_eq!(
            rows_needed(1024, 8, 64),
            8,
            "the least pool is enough for narrow pictures"
        );
        let rows = rows_needed(5000, 30, 4);
        assert!(border_room(5000, 30, 4) < 5000 && border_room(5000, rows, 4) >= 7500);
        assert!(rows < 200);
    }

    #[test]
    fn sides_shrink_as_in_the_library() {
        assert_eq!([1, 7, 8, 9].map(|v| smaller(v, 2.0)), [1, 4, 4, 5]);
        assert_eq!([1, 3, 640].map(|v| smaller(v, 1.5)), [0, 2, 426]);
    }
}
