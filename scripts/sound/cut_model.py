#!/usr/bin/env python3
"""Makes crates/sound/models/ced_tiny_5s.onnx and classes.txt: CED-tiny without its front end, for windows of five seconds.

The graph is fixed to 80,000 samples, folded by ONNX Runtime's basic passes, and cut behind the log-mel: what is left takes
decibels [1, 501, 64] and gives 527 probabilities. Weights stay int8 as in the original. Then both are run on noise and compared.

  python3 -m venv ENV && ENV/bin/pip install numpy onnx==1.23.2 onnxruntime==1.32.0
  ENV/bin/python scripts/sound/cut_model.py [WHOLE.onnx CLASSES.csv]
"""
import csv
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

import carrier
from front_end import RATE_HZ, log_mel

OUT = Path(__file__).resolve().parents[2] / "crates/sound/models"
SAMPLES = 5 * RATE_HZ
LAST_OF_FRONT_END = "node_mul_53"


def session(path, optimized=None):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    if optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(optimized)
    return onnxruntime.InferenceSession(str(path), options)


def cut(whole, body):
    with tempfile.TemporaryDirectory() as folder:
        fixed, folded = Path(folder) / "fixed.onnx", Path(folder) / "folded.onnx"
        model = onnx.load(whole)
        for dim, value in zip(model.graph.input[0].type.tensor_type.shape.dim, (1, SAMPLES)):
            dim.Clear()
            dim.dim_value = value
        onnx.save(model, fixed)
        session(fixed, folded)
        model = onnx.load(folded)
    edge = next(node.output[0] for node in model.graph.node if node.name == LAST_OF_FRONT_END)
    # Folding moves the last transposition before the cut: frames first.
    shape = [1, 1 + SAMPLES // 160, 64]
    model.graph.value_info.append(onnx.helper.make_tensor_value_info(edge, 1, shape))
    model = onnx.utils.Extractor(model).extract_model([edge], ["logits"])
    for node in model.graph.node:
        node.input[:] = ["log_mel" if name == edge else name for name in node.input]
    del model.graph.value_info[:]
    del model.graph.input[:]
    del model.graph.output[:]
    model.graph.input.append(onnx.helper.make_tensor_value_info("log_mel", 1, shape))
    model.graph.output.append(onnx.helper.make_tensor_value_info("logits", 1, [1, 527]))
    onnx.save(model, body)


def main():
    if len(sys.argv) == 3:
        whole, classes = map(Path, sys.argv[1:])
    else:
        model, dataset = carrier.fetched()
        whole, classes = model / "models/tiny.onnx", dataset / "assets/class_labels_indices.csv"
    OUT.mkdir(exist_ok=True)
    body = OUT / "ced_tiny_5s.onnx"
    cut(whole, body)
    names = [row["display_name"] for row in csv.DictReader(open(classes))]
    assert len(names) == 527
    (OUT / "classes.txt").write_text("".join(f"{name}\n" for name in names))
    reference, ours = session(whole), session(body)
    worst = 0.
    for seed in range(8):
        random = np.random.default_rng(seed)
        samples = (random.standard_normal(SAMPLES) * 10 ** random.uniform(-4, -.5)).astype(np.float32)
        wanted = reference.run(None, {"waveform": samples[None]})[0]
        got = ours.run(None, {"log_mel": log_mel(samples).T[None]})[0]
        worst = max(worst, float(np.abs(wanted - got).max()))
    print(f"{body.name}: {body.stat().st_size / 1e6:.1f} MB, largest difference from the whole graph on noise {worst:.1e}")


if __name__ == "__main__":
    main()
