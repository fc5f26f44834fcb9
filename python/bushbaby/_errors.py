"""What can go wrong. Every message says who, what was there, what was wanted and what to do."""

from __future__ import annotations


class Error(Exception):
    """Base of everything that bushbaby raises for reasons of its own."""


class Stale(Error):
    """There is no frame that is young enough: the camera stands still, or nobody writes the stream."""


class Closed(Error):
    """The subscription or publisher was closed, or the instance that it belonged to has stopped."""


class BadName(Error, ValueError):
    """Not the name of a stream or of an instance."""


class BadValue(Error, ValueError):
    """Something that cannot be sent, or an argument that cannot be."""


class Ambiguous(Error, ValueError):
    """The name of a node that writes several streams, none of which is known to be its first: say which one."""


class Damaged(Error, ValueError):
    """A frame, or what it says about itself, cannot be read."""


class NotAPicture(Error, ValueError):
    """The frame holds no picture, or one that cannot be decoded."""


class PickleRefused(Error):
    """A pickled object, and this side did not say `pickle=True`. Unpickling runs whatever the sender wants."""


class SharedMemoryFull(Error, MemoryError):
    """`/dev/shm` has no room. Nothing was written."""


class StreamTaken(Error):
    """Somebody else writes this stream now."""


class TooManyReaders(Error):
    """All places for readers of this stream are taken."""


class Forked(Error, RuntimeError):
    """Opened before `os.fork()`, used in the child: open it again there."""
