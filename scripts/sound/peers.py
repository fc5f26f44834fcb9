#!/usr/bin/env python3
"""Compares the scores of our engine and front end with the whole graph in ONNX Runtime, on the first five seconds of files.

  peers.py SCORES_PROGRAM FILE…     SCORES_PROGRAM is the example `scores` of crates/sound
Files are mono at 16 kHz; shorter ones are repeated. Fails when any of the 527 scores differs by more than 1e-4.
"""
import json
import subprocess
import sys

import numpy as np
import soundfile

import carrier
from made_clips import LENGTH, RATE_HZ
from reference import Reference

LIMIT = 1e-4


def main():
    program, *files = sys.argv[1:]
    told = subprocess.run([program, *files], check=True, stdout=subprocess.PIPE, text=True).stdout
    reference, differences = Reference(carrier.whole_model()), []
    for path, line in zip(files, told.splitlines(), strict=True):
        samples, rate = soundfile.read(path, dtype="float32")
        assert rate == RATE_HZ and samples.ndim == 1, path
        wanted = reference.scores(np.resize(samples, LENGTH) if len(samples) < LENGTH else samples[:LENGTH])
        differences.append(float(np.abs(wanted - np.array(json.loads(line))).max()))
    print(f"sound: {len(files)} clips, largest difference from the whole graph in ONNX Runtime {max(differences):.1e}, "
          f"in the median {np.median(differences):.1e}, at most {LIMIT:.0e} is allowed")
    sys.exit(max(differences) > LIMIT)


if __name__ == "__main__":
    main()
