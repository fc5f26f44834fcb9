"""Ten clips of five seconds, the same as in crates/sound/tests/made.rs."""
import numpy as np

RATE_HZ, LENGTH = 16_000, 80_000


def noise(seed):
    """Numbers from -1 to 1 that are the same in every language."""
    state, out = seed, np.empty(LENGTH)
    for i in range(LENGTH):
        state = (state * 1_664_525 + 1_013_904_223) & 0xFFFFFFFF
        out[i] = (state >> 8) / 8_388_608. - 1.
    return out


def cry(t):
    phase = 2 * np.pi * (450 * t - 80 / (2 * np.pi * .8) * np.cos(2 * np.pi * .8 * t))
    return sum(np.sin(h * phase) / h for h in range(1, 9)) * np.abs(np.sin(np.pi * t / 1.2)) * .15


def clips():
    t = np.arange(LENGTH) / RATE_HZ
    beat = np.mod(t, 4)
    wail = 2 * np.pi * (900 * t - 400 / (2 * np.pi * .3) * np.cos(2 * np.pi * .3 * t))
    made = [
        noise(1) * .1,
        np.sin(2 * np.pi * 1000 * t) * .5,
        np.sin(2 * np.pi * 3100 * t) * .4 * ((beat < 3) & (np.mod(beat, 1) < .5)),
        cry(t),
        cry(t) + noise(2) * .02,
        np.sin(wail) * .3,
        noise(3) * np.exp(-60 * np.mod(t, .5)) * .8,
        noise(4) * .0005,
        np.sin(2 * np.pi * (100 * t + 690 * t * t)) * .3,
        np.where(np.mod(t * 200, 1) < .5, 1., -1.),
    ]
    return [clip.astype(np.float32) for clip in made]
