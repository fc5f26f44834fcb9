#![allow(unsafe_code)] // this file alone speaks with the AprilTag C library
//! The AprilTag C library (3.4) behind safe calls: its families, one detector, one picture.
//!
//! In: settings and pictures that the caller has checked. Out: what the library found, copied; nothing of its memory stays.

use super::{DetectError, DetectorSettings, Family, GrayView, TagDetection};
use apriltag_sys as sys;
use std::{ptr::NonNull, slice};

// Built into the library, missing from its bindings.
unsafe extern "C" {
    fn tag36h10_create() -> *mut sys::apriltag_family;
    fn tag36h10_destroy(family: *mut sys::apriltag_family);
}

/// Where a family's bits stand and which codes it has.
#[derive(Debug)]
pub(super) struct Layout {
    /// Cells across the reported square.
    pub(super) border_width: usize,
    /// Cells across the whole tag.
    pub(super) total_width: usize,
    /// Whether the reported square is white inside and black outside.
    pub(super) reversed_border: bool,
    /// The cell of each bit, highest bit first; (0, 0) is the first cell of the whole tag.
    pub(super) bit_cells: Vec<(usize, usize)>,
    /// One code a tag.
    pub(super) codes: Vec<u64>,
}

impl Layout {
    /// The cells of the black ring: just inside the reported square, or just outside where the border is reversed.
    pub(super) fn black_ring(&self) -> impl Iterator<Item = (usize, usize)> {
        let inside = (self.total_width - self.border_width) / 2;
        let (first, side) = if self.reversed_border {
            (inside - 1, self.border_width + 2)
        } else {
            (inside, self.border_width)
        };
        let last = first + side - 1;
        (0..side - 1).flat_map(move |i| {
            [
                (first + i, first),
                (last, first + i),
                (last - i, last),
                (first, last - i),
            ]
        })
    }
}

/// Copies a family's layout out of the library.
pub(super) fn layout(family: Family) -> Layout {
    let handle = FamilyHandle::new(family);
    // SAFETY: the handle owns a complete family for as long as it lives; `codes` has `ncodes` entries and the two
    // bit arrays have `nbits` each.
    let (raw, codes, xs, ys) = unsafe {
        let raw = *handle.family.as_ptr();
        let bits = raw.nbits as usize;
        (
            raw,
            slice::from_raw_parts(raw.codes, raw.ncodes as usize).to_vec(),
            slice::from_raw_parts(raw.bit_x, bits).to_vec(),
            slice::from_raw_parts(raw.bit_y, bits).to_vec(),
        )
    };
    let (border, total) = (raw.width_at_border, raw.total_width);
    // The library counts cells from the reported square; outer ones are negative numbers in an unsigned field.
    let cell = |v: u32| usize::try_from(v.cast_signed() + (total - border) / 2).unwrap_or_default();
    Layout {
        border_width: usize::try_from(border).unwrap_or_default(),
        total_width: usize::try_from(total).unwrap_or_default(),
        reversed_border: raw.reversed_border,
        bit_cells: xs.into_iter().map(cell).zip(ys.into_iter().map(cell)).collect(),
        codes,
    }
}

/// A detector of the library with its one family.
#[derive(Debug)]
pub(super) struct Library {
    detector: NonNull<sys::apriltag_detector>,
    family: FamilyHandle,
}

// SAFETY: the detector and its family belong to this value alone, and nothing in them is tied to a thread: the library's own
// threads only wait on a mutex and a condition inside the pool, which any thread may use.
unsafe impl Send for Library {}

impl Library {
    /// Makes a detector from checked settings. No thread is started yet: see [`Library::start_threads`].
    ///
    /// It will put right up to `max_hamming` wrong bits, at most 2.
    pub(super) fn new(settings: &DetectorSettings, max_hamming: u32) -> Result<Self, DetectError> {
        let out_of_memory = DetectError::OutOfMemory {
            family: settings.family,
            max_hamming,
        };
        let family = FamilyHandle::new(settings.family);
        // SAFETY: plain constructor.
        let detector = NonNull::new(unsafe { sys::apriltag_detector_create() }).ok_or(out_of_memory.clone())?;
        let mut library = Self { detector, family };
        let shortest_px = settings.min_side_px / settings.decimate;
        // SAFETY: the detector is complete, owned, and no other reference to it exists.
        let raw = unsafe { library.detector.as_mut() };
        raw.quad_decimate = settings.decimate;
        raw.quad_sigma = 0.0; // any other value would let the library write into the picture
        // From a smaller picture the squares are too rough to be read; else we do this better afterwards (see `edges`).
        raw.refine_edges = settings.decimate > 1.0;
        raw.qtp.min_white_black_diff = i32::from(settings.contrast);
        // A contour has at least 1/sqrt(2) points for each pixel of its length.
        raw.qtp.min_cluster_pixels = ((4.0 * 0.7 * shortest_px) as i32).max(5);
        // SAFETY: both are alive; the family is given to this detector only and outlives it (see `Drop`). The library's table
        // holds all codes with up to this many wrong bits.
        let table = unsafe {
            let family = library.family.family.as_ptr();
            sys::apriltag_detector_add_family_bits(raw, family, max_hamming.cast_signed());
            (*family).impl_
        };
        if table.is_null() {
            return Err(out_of_memory);
        }
        Ok(library)
    }

    /// Starts the library's own threads, or none for 1, and says whether they all run.
    ///
    /// The library makes its pool inside the first detection and keeps it; when it cannot, it returns an empty list and leaves
    /// no pool. So the first detection is made here, on a black square, and the pool is looked at. (`errno` says nothing: it holds
    /// whatever some earlier call left there.) The threads that had started before the one that could not are lost inside the library,
    /// parked: this is why the caller tries by its own means first.
    pub(super) fn start_threads(&mut self, threads: u32) -> Result<(), DetectError> {
        // SAFETY: the detector is alive and owned.
        unsafe { self.detector.as_mut() }.nthreads = threads.cast_signed();
        let black = GrayView {
            bytes: &[0; 64 * 64],
            width_px: 64,
            height_px: 64,
            stride_bytes: 64,
        };
        self.detect(black, Family::default()).map(drop)
    }

    /// Looks at one picture. The caller has checked that its sides are at least 8 px after decimation, at most 32767 px, that
    /// `stride * height` is an `i32` and that the buffer holds all rows.
    pub(super) fn detect(&mut self, image: GrayView<'_>, family: Family) -> Result<Vec<TagDetection>, DetectError> {
        let mut picture = sys::image_u8 {
            width: image.width_px.cast_signed(),
            height: image.height_px.cast_signed(),
            stride: image.stride_bytes as i32,
            // With `quad_sigma` 0 and `debug` off the library only reads.
            buf: image.bytes.as_ptr().cast_mut(),
        };
        // SAFETY: the detector is alive and borrowed alone; the picture is valid for reading throughout the call and not kept.
        let (list, pool, threads) = unsafe {
            let list = sys::apriltag_detector_detect(self.detector.as_ptr(), &raw mut picture);
            let raw = self.detector.as_ref();
            (list, raw.wp, raw.nthreads)
        };
        // SAFETY: the library returns an array of pointers to complete detections, which stay ours until destroyed below.
        let found = unsafe {
            let entries = (*list).data.cast::<*const sys::apriltag_detection>();
            (0..usize::try_from((*list).size).unwrap_or_default())
                .map(|i| copied(&**entries.add(i), family))
                .collect()
        };
        // SAFETY: the array came from the library just now and is not used again.
        unsafe { sys::apriltag_detections_destroy(list) };
        if pool.is_null() {
            return Err(DetectError::ThreadStart {
                threads: threads.cast_unsigned(),
            });
        }
        Ok(found)
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: owned and not used again; this also frees the table inside the family, which is dropped after it.
        unsafe { sys::apriltag_detector_destroy(self.detector.as_ptr()) };
    }
}

fn copied(raw: &sys::apriltag_detection, family: Family) -> TagDetection {
    TagDetection {
        id: raw.id.cast_unsigned(),
        family,
        corners_px: raw.p,
        hamming: raw.hamming.cast_unsigned(),
        margin: raw.decision_margin,
    }
}

/// One family as the library made it.
#[derive(Debug)]
struct FamilyHandle {
    family: NonNull<sys::apriltag_family>,
    destroy: unsafe extern "C" fn(*mut sys::apriltag_family),
}

impl FamilyHandle {
    fn new(family: Family) -> Self {
        type Create = unsafe extern "C" fn() -> *mut sys::apriltag_family;
        type Destroy = unsafe extern "C" fn(*mut sys::apriltag_family);
        let (create, destroy): (Create, Destroy) = match family {
            Family::Tag36h11 => (sys::tag36h11_create, sys::tag36h11_destroy),
            Family::Tag16h5 => (sys::tag16h5_create, sys::tag16h5_destroy),
            Family::Tag25h9 => (sys::tag25h9_create, sys::tag25h9_destroy),
            Family::Tag36h10 => (tag36h10_create, tag36h10_destroy),
            Family::TagStandard41h12 => (sys::tagStandard41h12_create, sys::tagStandard41h12_destroy),
            Family::TagStandard52h13 => (sys::tagStandard52h13_create, sys::tagStandard52h13_destroy),
            Family::TagCircle21h7 => (sys::tagCircle21h7_create, sys::tagCircle21h7_destroy),
            Family::TagCircle49h12 => (sys::tagCircle49h12_create, sys::tagCircle49h12_destroy),
            Family::TagCustom48h12 => (sys::tagCustom48h12_create, sys::tagCustom48h12_destroy),
        };
        // SAFETY: plain constructors. They write into their few hundred bytes without checking, so null cannot come back.
        let family = unsafe { NonNull::new_unchecked(create()) };
        Self { family, destroy }
    }
}

impl Drop for FamilyHandle {
    fn drop(&mut self) {
        // SAFETY: owned, made by the matching constructor, not used again.
        unsafe { (self.destroy)(self.family.as_ptr()) };
    }
}
