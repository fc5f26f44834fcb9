"""Prints how old pictures are when they are drawn, and how soon the first one is: `python3 web/tests/figures.py [SECONDS]`.

The product that was built last, `scene → apriltag → page` at 1280x720 and 30 frames a second, one page in headless Chromium. The
figures are the machine's as much as ours: stop everything else, and say what it is beside them.
"""

import sys
import time

from product import Product, program
from test_page import FRONT, PIPELINE
from webdriver import Browser, wait_for


def main(seconds):
    """Measures five openings of the page and one stretch of watching."""
    print(f"{program()}, {seconds:.0f} s")
    with Product(PIPELINE) as product, Browser() as browser:
        first = []
        for _ in range(5):
            browser.open("about:blank")
            browser.open(product.url)
            first.append(wait_for(
                "the first picture", lambda: browser.run("return window.bushbaby?.stats()[arguments[0]]?.first_ms", FRONT)
            ))
        time.sleep(seconds)
        stats = browser.run("return window.bushbaby.stats()[arguments[0]]", FRONT)
        nodes = product.status()["nodes"]
    print("first picture after", ", ".join(f"{ms:.0f}" for ms in first), "ms")
    print(f"drawn {stats['fps']:.1f} fps, {stats['age_ms']['p50']:.0f} ms old in the median, {stats['age_ms']['p95']:.0f} ms at 95 %")
    print(f"with results {stats['with_results']} of {stats['drawn']}, {stats['bits_per_second'] / 1e6:.1f} Mbit/s")
    print(", ".join(f"{name} {100 * node.get('cpu', 0):.0f} % of a core" for name, node in nodes.items()))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 15.0)
