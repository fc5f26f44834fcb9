"""The Python part of `bushbaby bench bus`: two processes and more, beside this machine's own memcpy in the same run.

Figures are defined as in the Rust part: MB/s are whole frames received unpaced; latency runs from just before the copy into the
bus until one byte of every page was touched, paced; a frame is torn when a page carries another frame's stamp.
"""
