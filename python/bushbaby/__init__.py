"""Eyes and ears for robots, labs and homes."""

from ._core import __version__ as __version__
