"""The front end of CED in numpy: what crates/sound/src/log_mel.rs must give, kept apart from it on purpose."""
import numpy as np

RATE_HZ, FFT, HOP, BANDS = 16_000, 512, 160, 64


def mel_bands():
    """HTK bands from 0 to 8000 Hz without normalisation: shape (257, 64)."""
    top = 2595 * np.log10(1 + RATE_HZ / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, BANDS + 2) / 2595) - 1)
    bins = np.linspace(0, RATE_HZ / 2, FFT // 2 + 1)
    width = np.diff(edges)
    slope = edges[None] - bins[:, None]
    return np.maximum(0, np.minimum(-slope[:, :-2] / width[:-1], slope[:, 2:] / width[1:]))


def log_mel(samples):
    """Mono samples at 16 kHz, full scale 1, to decibels: shape (64, 1 + samples // 160)."""
    window = .5 - .5 * np.cos(2 * np.pi * np.arange(FFT) / FFT)
    padded = np.pad(samples.astype(np.float64), FFT // 2, mode="reflect")
    count = 1 + (len(padded) - FFT) // HOP
    frames = np.stack([padded[i * HOP:i * HOP + FFT] for i in range(count)]) * window
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    return (10 * np.log10(np.maximum(power @ mel_bands(), 1e-10))).T.astype(np.float32)
