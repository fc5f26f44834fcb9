"""Runs all tests of the page: `python3 web/tests/run.py`. Needs Chromium, ChromeDriver and a built `bushbaby`."""

import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent

if __name__ == "__main__":
    if sys.version_info < (3, 11):
        raise SystemExit("these tests need Python 3.11 or later")
    sys.path.insert(0, str(HERE))
    suite = unittest.defaultTestLoader.discover(str(HERE), pattern="test_*.py")
    sys.exit(not unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful())
