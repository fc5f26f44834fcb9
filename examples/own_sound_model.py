"""A stage of your own that listens: how much of a window is loud. `bushbaby run examples/own_sound_model.yaml`

Put your own model where `Loudness` is: it is handed a window of sound and returns a score.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

import bushbaby as bb


@dataclass
class Heard:
    """A result of our own. An alert finds it by its label: `when: own finds loud above 0.2`."""

    label: str
    score: float


class Loudness:
    """Stands where a model would: the share of a window's tenths of a second that are louder than the rest by far."""

    def score(self, samples: npt.NDArray[np.float32], sample_rate: int) -> float:
        tenth = sample_rate // 10
        tenths = samples[: len(samples) // tenth * tenth].reshape(-1, tenth)
        rms = np.sqrt((tenths**2).mean(axis=1)) + 1e-6
        return float((rms > 4 * np.median(rms)).mean())


class OwnSoundModel(bb.Stage):
    """Says how sure the model is of each window of sound."""

    threshold: float = 0.1

    def setup(self) -> None:
        self.model = Loudness()

    def step(self, sound: bb.Frame) -> list[Heard]:
        # With `window:` in the file, `sound.array` is one channel of float32, -1 to 1, always of the same length.
        score = self.model.score(sound.array, sound.sample_rate)
        return [Heard("loud", score)] if score >= self.threshold else []
