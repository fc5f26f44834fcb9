//! What readers tell a publisher: that they came, what they received, that they go. Small datagrams to a socket in the
//! instance's folder.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::names::StreamName;
use crate::pacing::ReaderId;
use crate::root;

const MAGIC: [u8; 4] = *b"bbc1";
const MESSAGE_BYTES: usize = 40;
/// A publisher's socket takes few messages at a time; one that is not emptied for so long belongs to a process that
/// stands still.
const SEND_PATIENCE: Duration = Duration::from_millis(100);

/// What a reader says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Message {
    /// It is there.
    Joined { reader: ReaderId },
    /// It was there before the publisher, and has found it now.
    Connected { reader: ReaderId },
    /// It received this frame, and with it all before.
    Received {
        reader: ReaderId,
        generation: u64,
        seq: u64,
    },
    /// It ends.
    Left { reader: ReaderId },
}

impl Message {
    fn to_bytes(self) -> [u8; MESSAGE_BYTES] {
        let (kind, reader, generation, seq) = match self {
            Self::Joined { reader } => (1, reader, 0, 0),
            Self::Received {
                reader,
                generation,
                seq,
            } => (2, reader, generation, seq),
            Self::Left { reader } => (3, reader, 0, 0),
            Self::Connected { reader } => (4, reader, 0, 0),
        };
        let mut bytes = [0; MESSAGE_BYTES];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4] = kind;
        bytes[8..24].copy_from_slice(&reader.to_le_bytes());
        bytes[24..32].copy_from_slice(&generation.to_le_bytes());
        bytes[32..40].copy_from_slice(&seq.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; MESSAGE_BYTES] = bytes.try_into().ok()?;
        if bytes[..4] != MAGIC {
            return None;
        }
        let reader = ReaderId::from_le_bytes(*bytes[8..].first_chunk()?);
        let generation = u64::from_le_bytes(*bytes[24..].first_chunk()?);
        let seq = u64::from_le_bytes(*bytes[32..].first_chunk()?);
        match bytes[4] {
            1 => Some(Self::Joined { reader }),
            2 => Some(Self::Received {
                reader,
                generation,
                seq,
            }),
            3 => Some(Self::Left { reader }),
            4 => Some(Self::Connected { reader }),
            _ => None,
        }
    }
}

/// The publisher's end.
#[derive(Debug)]
pub(crate) struct Ear {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Ear {
    /// Takes the stream's place, also from a dead publisher. The caller holds the instance's lock, and the stream has
    /// no other live publisher.
    pub(crate) fn open(root: &Path, stream: &StreamName) -> io::Result<Self> {
        let path = path_of(root, stream);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let socket = UnixDatagram::bind(&path)?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, path })
    }

    /// Returns the next message that is there. What is none of ours is left out.
    pub(crate) fn next(&self) -> Option<Message> {
        let mut bytes = [0; MESSAGE_BYTES + 1];
        loop {
            match self.socket.recv(&mut bytes) {
                Ok(count) => {
                    if let Some(message) = Message::from_bytes(&bytes[..count]) {
                        return Some(message);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
    }

    pub(crate) fn socket(&self) -> &UnixDatagram {
        &self.socket
    }

    /// Gives the stream's place up, while no other publisher can have taken it: whoever holds the ear a moment longer
    /// must not do that later.
    pub(crate) fn leave(&self) {
        // A file that is gone already is what we want.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A reader's end.
#[derive(Debug)]
pub(crate) struct Mouth {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Mouth {
    pub(crate) fn open(root: &Path, stream: &StreamName) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_write_timeout(Some(SEND_PATIENCE))?;
        Ok(Self {
            socket,
            path: path_of(root, stream),
        })
    }

    /// Tells the publisher, if there is one. A message that does not arrive makes this reader silent, for which
    /// publishers are prepared.
    pub(crate) fn say(&self, message: Message) {
        let bytes = message.to_bytes();
        while let Err(error) = self.socket.send_to(&bytes, &self.path) {
            if error.kind() != io::ErrorKind::Interrupted {
                return;
            }
        }
    }
}

fn path_of(root: &Path, stream: &StreamName) -> PathBuf {
    root.join(format!("w-{:016x}", root::hash(stream.as_str().as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> StreamName {
        "front/image".parse().unwrap()
    }

    #[test]
    fn what_a_reader_says_is_what_the_publisher_hears() {
        let root = tempfile::tempdir().unwrap();
        let ear = Ear::open(root.path(), &stream()).unwrap();
        let mouth = Mouth::open(root.path(), &stream()).unwrap();
        let reader = u128::MAX - 7;
        let said = [
            Message::Joined { reader },
            Message::Received {
                reader,
                generation: 3,
                seq: u64::MAX,
            },
            Message::Left { reader },
            Message::Connected { reader },
        ];
        said.into_iter().for_each(|message| mouth.say(message));
        let heard: Vec<Message> = std::iter::from_fn(|| ear.next()).collect();
        assert_eq!(heard, said);
    }

    #[test]
    fn noise_is_not_heard() {
        let root = tempfile::tempdir().unwrap();
        let ear = Ear::open(root.path(), &stream()).unwrap();
        let mouth = Mouth::open(root.path(), &stream()).unwrap();
        let path = path_of(root.path(), &stream());
        for noise in [&b""[..], b"bbc1", &[0; 40], &[255; 41], &[1; 4000]] {
            mouth.socket.send_to(noise, &path).unwrap();
        }
        mouth.say(Message::Joined { reader: 1 });
        assert_eq!(ear.next(), Some(Message::Joined { reader: 1 }));
        assert_eq!(ear.next(), None);
    }

    #[test]
    fn a_new_publisher_takes_the_place_of_a_dead_one_and_speaking_to_nobody_is_no_error() {
        let root = tempfile::tempdir().unwrap();
        let mouth = Mouth::open(root.path(), &stream()).unwrap();
        mouth.say(Message::Joined { reader: 1 });
        std::mem::forget(Ear::open(root.path(), &stream()).unwrap());
        let ear = Ear::open(root.path(), &stream()).unwrap();
        mouth.say(Message::Joined { reader: 2 });
        assert_eq!(ear.next(), Some(Message::Joined { reader: 2 }));
    }
}
