"""Runs programs of airo-camera-toolkit against bushbaby: see README.md. What is theirs is read where it is installed."""

import builtins
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
THEIRS = Path(importlib.util.find_spec("airo_camera_toolkit").origin).parent / "cameras"
OURS = "bushbaby.airo.multiprocess"

EXAMPLES = {
    "multiprocess_rgb_camera": "MultiprocessRGBPublisher, MultiprocessRGBReceiver",
    "multiprocess_rgbd_camera": "MultiprocessRGBDPublisher, MultiprocessRGBDReceiver",
    "multiprocess_stereo_rgbd_camera": "MultiprocessStereoRGBDPublisher, MultiprocessStereoRGBDReceiver",
}


def main() -> None:
    os.environ["BUSHBABY_INSTANCE"] = f"theirs-{os.getpid()}"
    with tempfile.TemporaryDirectory() as folder:
        for name, classes in EXAMPLES.items():
            run(example(Path(folder), name, classes))
            print(f"example {name}: ran to its end, only the import of {classes} changed", flush=True)
        run(HERE / "theirs.py", "checks")
        run(HERE / "theirs.py", "logger", folder)


def run(program: Path, *arguments: str) -> None:
    """Runs it with the stand-ins at hand, for at most two minutes; its end must be a good one."""
    path = os.pathsep.join([str(HERE), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, program, *arguments],
        env={**os.environ, "PYTHONPATH": path, "MPLBACKEND": "Agg"},
        stdin=subprocess.DEVNULL,
        stdout=sys.stdout if arguments else subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    if done.returncode != 0:
        sys.exit(f"{program.name}: exit code {done.returncode}\n{done.stderr}")


def example(folder: Path, name: str, classes: str) -> Path:
    """Writes the example of one of their modules as a program of its own: its imports, ours in the place of the classes that it
    defines itself, and the part under `__main__`, unchanged."""
    text = (THEIRS / "multiprocess" / f"{name}.py").read_text()
    imports = text[: re.search(r"^class ", text, re.MULTILINE).start()]
    body = text[text.index('if __name__ == "__main__":') :]
    program = folder / f"{name}_example.py"
    program.write_text(
        "import stand_ins\nstand_ins.put_zed_in_place()\nstand_ins.Windows().put_in_place()\n"
        "import rerun\nrerun.init = lambda *_, **__: None\n"
        f"{imports}\nfrom {OURS} import {classes}\n{body}"
    )
    return program


def checks() -> None:
    """Their checks of a camera, on a received one."""
    import airo_camera_toolkit.cameras.manual_test_hw as theirs
    import stand_ins

    import bushbaby.airo

    builtins.input = lambda text="": print("   asked:", " ".join(text.split())[:70])
    # A profile of a hundred frames prints fifty lines; that it ran is what counts here.
    theirs.profile = lambda work, *arguments: (work(*arguments), print(f"   {work.__name__}: ran"))
    arguments = {"resolution": (1280, 720), "fps": 60, "depth_mode": "NEURAL"}
    with bushbaby.airo.publish(stand_ins.Zed, name="camera", **arguments):
        camera = bushbaby.airo.receive("camera")
        theirs.manual_test_stereo_rgbd_camera(camera)
        theirs.profile_rgb_throughput(camera)
        theirs.profile_rgbd_throughput(camera)
    print("checks of manual_test_hw: all ran on a received camera")


def logger(folder: str) -> None:
    """Their logger to Rerun, its import lines changed; it writes to a file for three seconds."""
    import rerun
    import stand_ins

    import bushbaby.airo

    text = (THEIRS / "multiprocess" / "multiprocess_rerun_logger.py").read_text()
    changed, count = re.subn(
        r"from airo_camera_toolkit\.cameras\.multiprocess\.\w+ import (\w+)", rf"from {OURS} import \1", text
    )
    assert count == 2, "their logger imports two receivers"
    names: dict = {"__name__": "their_logger"}
    exec(compile(changed, "multiprocess_rerun_logger.py", "exec"), names)
    file = Path(folder) / "log.rrd"
    rerun.connect_grpc = lambda *_: rerun.save(file)
    with bushbaby.airo.publish(stand_ins.Zed, name="camera", resolution=(1280, 720), depth_mode="NEURAL"):
        theirs = names["MultiprocessRGBDRerunLogger"]("camera")
        thread = threading.Thread(target=theirs.run)
        thread.start()
        time.sleep(3)
        theirs.stop()
        thread.join()
    rerun.disconnect()
    assert file.stat().st_size > 1_000_000, "it logged no pictures"
    print(f"logger: {file.stat().st_size / 1e6:.0f} MB of pictures in 3 s")


if __name__ == "__main__":
    {"checks": checks, "logger": logger}.get(sys.argv[1] if sys.argv[1:] else "", main)(*sys.argv[2:])
