//! Making pages of shared memory real before they are written, with an error where a write would end in SIGBUS.
#![allow(unsafe_code)] // The system is asked to fill, or to take back, pages of a mapping by their addresses.

use std::ffi::c_void;
use std::sync::LazyLock;

use rustix::io::Errno;
use rustix::mm::{Advice, madvise};
use rustix::param::page_size;

/// A place in shared memory, by address. It stays mapped, and nobody else uses it, as long as the caller holds the slot
/// that it is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) address: usize,
    pub(crate) bytes: usize,
}

/// The system has no page left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

/// How pages are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// `MADV_POPULATE_WRITE`, Linux 5.14 and later: says so when the pages do not fit.
    Populate,
    /// A write to each page: the caller has made sure, under the instance's lock, that they fit.
    Touch,
}

impl Way {
    /// Returns the best one that this kernel knows.
    pub(crate) fn of_this_kernel() -> Self {
        static WAY: LazyLock<Way> = LazyLock::new(|| {
            // SAFETY: an empty range touches nothing; only whether the advice is known is asked.
            match unsafe { madvise(std::ptr::null_mut(), 0, Advice::LinuxPopulateWrite) } {
                Ok(()) => Way::Populate,
                Err(_) => Way::Touch,
            }
        });
        *WAY
    }
}

/// Makes every page of the place real. What is in it may change: nobody has written there yet.
pub(crate) fn populate(place: Place, way: Way) -> Result<(), Full> {
    if place.bytes == 0 {
        return Ok(());
    }
    match way {
        Way::Populate => populate_pages(place),
        Way::Touch => {
            touch(place);
            Ok(())
        }
    }
}

fn populate_pages(place: Place) -> Result<(), Full> {
    let page = page_size();
    let start = place.address / page * page;
    let end = (place.address + place.bytes).next_multiple_of(page);
    loop {
        // SAFETY: the range is part of a live mapping of shared memory; filling its pages changes no byte of it.
        let done = unsafe { madvise(start as *mut c_void, end - start, Advice::LinuxPopulateWrite) };
        match done {
            Ok(()) => return Ok(()),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => {
                give_back(place);
                return Err(Full);
            }
        }
    }
}

/// Frees the pages that lie wholly in the place, but for those where it begins and ends: they belong to its neighbours,
/// too.
fn give_back(place: Place) {
    let page = page_size();
    let start = place.address.next_multiple_of(page);
    let end = (place.address + place.bytes) / page * page;
    if start < end {
        // SAFETY: whole pages of a slot that only the caller holds, and that nobody has written to: they read as zero
        // afterwards.
        // An error leaves them as they are, which costs memory and nothing else.
        let _ = unsafe { madvise(start as *mut c_void, end - start, Advice::LinuxRemove) };
    }
}

fn touch(place: Place) {
    let page = page_size();
    let last = place.address + place.bytes - 1;
    let firsts = (place.address / page * page + page..=last).step_by(page);
    for address in std::iter::once(place.address).chain(firsts) {
        // SAFETY: the byte lies in a slot that is mapped for writing and that only the caller holds; volatile, so that
        // the write takes place.
        unsafe { std::ptr::write_volatile(address as *mut u8, 0) };
    }
}
