//! Disks that fail as told.

use std::io;
use std::sync::{Arc, Condvar, Mutex};

use crate::record::disk::{Disk, Growing};

/// A disk in memory, with as much room as it is told.
#[derive(Debug, Clone, Default)]
pub(super) struct ToldDisk {
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Debug, Default)]
struct State {
    files: Vec<(String, Vec<u8>)>,
    room: usize,
    is_stuck: bool,
    refused: u32,
}

impl ToldDisk {
    pub(super) fn with_room(room: usize) -> Self {
        let disk = Self::default();
        disk.set_room(room);
        disk
    }

    pub(super) fn set_room(&self, room: usize) {
        self.state.0.lock().unwrap().room = room;
    }

    /// Every write waits from now on, or goes on.
    pub(super) fn set_stuck(&self, is_stuck: bool) {
        self.state.0.lock().unwrap().is_stuck = is_stuck;
        self.state.1.notify_all();
    }

    pub(super) fn refused(&self) -> u32 {
        self.state.0.lock().unwrap().refused
    }

    pub(super) fn try_file(&self, index: usize) -> Option<Vec<u8>> {
        let state = self.state.0.lock().unwrap();
        state.files.get(index).map(|(_, bytes)| bytes.clone())
    }

    pub(super) fn file(&self, index: usize) -> Vec<u8> {
        self.state.0.lock().unwrap().files[index].1.clone()
    }
}

impl Disk for ToldDisk {
    fn create(&mut self, name: &str) -> io::Result<Box<dyn Growing>> {
        let mut state = self.state.0.lock().unwrap();
        state.files.push((name.to_owned(), Vec::new()));
        Ok(Box::new(ToldFile {
            disk: self.clone(),
            index: state.files.len() - 1,
        }))
    }

    fn ours(&mut self) -> io::Result<Vec<(String, u64)>> {
        let state = self.state.0.lock().unwrap();
        Ok(state
            .files
            .iter()
            .map(|(name, bytes)| (name.clone(), bytes.len() as u64))
            .collect())
    }

    fn remove(&mut self, _name: &str) -> io::Result<()> {
        Ok(())
    }

    fn path(&self) -> String {
        "the disk".to_owned()
    }
}

struct ToldFile {
    disk: ToldDisk,
    index: usize,
}

impl Growing for ToldFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (state, changed) = &*self.disk.state;
        let mut state = changed
            .wait_while(state.lock().unwrap(), |state| state.is_stuck)
            .unwrap();
        if bytes.len() > state.room {
            state.refused += 1;
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.room -= bytes.len();
        let index = self.index;
        state.files[index].1.extend_from_slice(bytes);
        Ok(())
    }

    fn amend(&mut self, head: &[u8]) -> io::Result<()> {
        self.disk.state.0.lock().unwrap().files[self.index].1[..head.len()].copy_from_slice(head);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}
