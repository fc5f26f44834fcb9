#!/usr/bin/env python3
"""Writes crates/sound/tests/data/expected_scores.txt: what the whole graph, front end included, says in ONNX Runtime of ten made
clips, one a line, 527 scores each. The graph is run as it is written, without the optimizer's shortcuts in eight bits.

  ENV/bin/python scripts/sound/expected_scores.py [WHOLE.onnx]      (the environment of cut_model.py)
"""
import sys
from pathlib import Path

import carrier
from made_clips import clips
from reference import Reference

OUT = Path(__file__).resolve().parents[2] / "crates/sound/tests/data/expected_scores.txt"


def main():
    reference = Reference(sys.argv[1] if len(sys.argv) > 1 else carrier.whole_model())
    lines = (" ".join(f"{score:.6f}" for score in reference.scores(clip)) for clip in clips())
    OUT.write_text("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main()
