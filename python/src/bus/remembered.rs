//! What Python decided of arrays that look alike is not asked again.
//!
//! Order, encodings and body of a frame that has arrays and nothing else follow from names, dtypes and shapes. The rules are
//! Python (`bushbaby._payload`); a camera's frames all look alike, so they are asked once for each look.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bushbaby_bus::{DType, FrameLayout};
use numpy::{PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::payload::dtype_of;

/// Looks that are remembered; a program that sends more of them asks Python again.
const MOST: usize = 32;

static DECIDED: Mutex<VecDeque<Arc<Decided>>> = Mutex::new(VecDeque::new());

/// Arrays as they were given, with what the decision depends on.
pub(crate) struct Given<'py> {
    look: Look,
    arrays: Vec<Bound<'py, PyUntypedArray>>,
}

#[derive(Debug, PartialEq, Eq)]
struct Look {
    camera: String,
    is_dict: bool,
    /// Name, type and shape of each, in the order of the dict; a lone one has no name.
    arrays: Vec<(String, DType, Vec<usize>)>,
}

/// What becomes of arrays of one look.
#[derive(Debug)]
pub(crate) struct Decided {
    look: Look,
    pub(crate) layout: FrameLayout,
    pub(crate) body: Vec<u8>,
    /// For each array that is sent, its place among those given.
    places: Vec<usize>,
}

impl<'py> Given<'py> {
    /// Looks at a value; `None` for all but an array, and a dict of arrays with names.
    pub(crate) fn of(value: &Bound<'py, PyAny>, camera: &str) -> Option<Self> {
        let mut given = Self {
            look: Look {
                camera: camera.to_owned(),
                is_dict: false,
                arrays: Vec::new(),
            },
            arrays: Vec::new(),
        };
        if let Ok(dict) = value.cast_exact::<PyDict>() {
            given.look.is_dict = true;
            for (name, array) in dict {
                given.add(name.cast::<PyString>().ok()?.to_str().ok()?, &array)?;
            }
        } else {
            given.add("", value)?;
        }
        (!given.arrays.is_empty()).then_some(given)
    }

    fn add(&mut self, name: &str, array: &Bound<'py, PyAny>) -> Option<()> {
        let array = array.cast::<PyUntypedArray>().ok()?;
        let dtype = dtype_of(name, array).ok()?;
        self.look
            .arrays
            .push((name.to_owned(), dtype, array.shape().to_owned()));
        self.arrays.push(array.clone());
        Some(())
    }

    /// Returns what was decided of arrays that look like these.
    pub(crate) fn remembered(&self) -> Option<Arc<Decided>> {
        decided().iter().find(|decided| decided.look == self.look).cloned()
    }

    /// Remembers a decision: the arrays that are `sent`, with all that goes along.
    ///
    /// One that converted an array is not remembered: it has to be made again.
    pub(crate) fn remember(self, sent: &[Bound<'py, PyUntypedArray>], layout: &FrameLayout, body: &[u8]) {
        let place = |sent: &Bound<'py, PyUntypedArray>| self.arrays.iter().position(|array| array.is(sent));
        let Some(places) = sent.iter().map(place).collect() else {
            return;
        };
        let mut all = decided();
        if all.len() == MOST {
            all.pop_front();
        }
        all.push_back(Arc::new(Decided {
            look: self.look,
            layout: layout.clone(),
            body: body.to_owned(),
            places,
        }));
    }

    /// The arrays that are sent, in their order.
    pub(crate) fn in_order(&self, decided: &Decided) -> Vec<Bound<'py, PyUntypedArray>> {
        decided.places.iter().map(|place| self.arrays[*place].clone()).collect()
    }
}

fn decided() -> MutexGuard<'static, VecDeque<Arc<Decided>>> {
    DECIDED.lock().unwrap_or_else(PoisonError::into_inner)
}
