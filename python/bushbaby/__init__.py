"""Eyes and ears for robots, labs and homes: frames of cameras and microphones as NumPy arrays, in any number of processes.

```python
import bushbaby as bb

for frame in bb.subscribe("front"):
    print(frame.seq, frame.age_ms, frame.array.mean())
```
"""

from typing import TypeAlias

import numpy as _np
import numpy.typing as _npt

from ._core import Frame, Loan, Origin, Publisher, Subscription, __version__
from ._errors import (
    Ambiguous,
    BadName,
    BadValue,
    Closed,
    Damaged,
    Error,
    Forked,
    NotAPicture,
    PickleRefused,
    SharedMemoryFull,
    Stale,
    StreamTaken,
    TooManyReaders,
)
from ._open import latest, publish, subscribe
from ._results import Box, Mask, Pose, Result, Tag, TagPose, Text, Unknown
from ._source import Source
from ._stage import Stage, stage
from ._sync import Sync, sync
from ._tags import detect_tags

Image: TypeAlias = _npt.NDArray[_np.uint8]
"""A picture: uint8 of shape (height, width, 3), RGB."""

__all__ = [
    "Ambiguous",
    "BadName",
    "BadValue",
    "Box",
    "Closed",
    "Damaged",
    "Error",
    "Forked",
    "Frame",
    "Image",
    "Loan",
    "Mask",
    "NotAPicture",
    "Origin",
    "PickleRefused",
    "Pose",
    "Publisher",
    "Result",
    "SharedMemoryFull",
    "Source",
    "Stage",
    "Stale",
    "StreamTaken",
    "Subscription",
    "Sync",
    "Tag",
    "TagPose",
    "Text",
    "TooManyReaders",
    "Unknown",
    "__version__",
    "detect_tags",
    "latest",
    "publish",
    "stage",
    "subscribe",
    "sync",
]
