#!/usr/bin/env python3
"""How long one window of 5 s takes: our engine with its front end beside the same model in ONNX Runtime, one core each, in turns.

  speed.py BUSHBABY MODEL     BUSHBABY is the release build; MODEL the .onnx that it has inside
Times are the processor's, so that what else runs counts little; the machine's speed changes within minutes, so the ratio is what holds.
"""
import json
import statistics
import subprocess
import sys
import time

import numpy as np
import onnxruntime

ROUNDS, WINDOWS = 5, 20


def main():
    program, model = sys.argv[1:]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    window = {given.name: np.random.default_rng(1).standard_normal(given.shape, dtype=np.float32)}
    session.run(None, window)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        told = json.loads(subprocess.run([program, "bench", "sound", "--json"], check=True, stdout=subprocess.PIPE).stdout)
        ours.append(told)
        for _ in range(WINDOWS):
            begun = time.process_time()
            session.run(None, window)
            theirs.append((time.process_time() - begun) * 1e3)
    our_ms, their_ms = statistics.median(told["model_ms"] for told in ours), statistics.median(theirs)
    streams = [f"{statistics.median(told['streams'][hop]['streams'] for told in ours):.0f} at {hop}" for hop in ("1000ms", "500ms")]
    print(f"sound: a window takes {our_ms:.1f} ms with its front end, the model alone in ONNX Runtime {their_ms:.1f} ms "
          f"(we take {our_ms / their_ms:.2f} of that); streams a core: {', '.join(streams)}")


if __name__ == "__main__":
    main()
