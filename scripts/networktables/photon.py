"""The robot's side: photonlib and pyntcore read what the node `networktables` tells, and compare it with what was sent.

`scripts/networktables/photon.sh` starts it: PROGRAM [COUNT [RESULTS_A_SECOND [READS_A_SECOND]]]. Robot code reads 50 times a second.
Counted are the results that were sent, those that the node took (it numbers them), those that WPILib's server had for a reader that
keeps all, and those that photonlib had. photonlib keeps 20 results between two reads, so that 200 a second are lost to it whenever it
is not asked for 0.1 s: that is told, and is no failure as long as the server had them.
"""

import json
import statistics
import struct
import subprocess
import sys
import threading
import time

import ntcore
from photonlibpy import PhotonCamera
from wpilib import Timer

# Scalars of the Limelight dialect, each read as LimelightHelpers reads it.
SCALARS = ["tv", "tx", "ty", "txnc", "tync", "ta", "tl", "cl", "getpipe", "tid", "hb"]
NEVER = -12345.0
RESULT_TYPE = "photonstruct:PhotonPipelineResult:4b2ff16a964b5e2bf04be0c1454d91c4"
# Results that photonlib keeps between two reads.
STORED_BY_PHOTONLIB = 20
PATIENCE_S = 30


def main():
    program, count, rate = sys.argv[1], int((sys.argv[2:] or [10000])[0]), float((sys.argv[3:] or [200])[0])
    pause_s = 1 / float((sys.argv[4:] or [1000])[0])
    robot = ntcore.NetworkTableInstance.getDefault()
    # It would keep its persistent values in a file of the working folder.
    robot.startServer(persist_filename="", listen_address="127.0.0.1")
    camera = PhotonCamera("front")
    options = ntcore.PubSubOptions(periodic=0.01, sendAll=True, keepDuplicates=True, pollStorage=count + 100)
    everything = robot.getRawTopic("/photonvision/front/rawBytes").subscribe(RESULT_TYPE, b"", options)
    child = subprocess.Popen([program, "127.0.0.1", str(count), str(rate)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        failed = compare(robot, camera, everything, child, count, rate, pause_s)
    finally:
        child.stdin.close()
        child.wait(PATIENCE_S)
    sys.exit(failed or child.returncode)


def compare(robot, camera, everything, child, count, rate, pause_s):
    wait("the node connects", robot.isConnected)
    table = robot.getTable("photonvision").getSubTable(".timesync")
    wait("the node hears of the robot's clock", lambda: any(table.getSubTable(name).getEntry("pong_rx_count").getInteger(0) > 0 for name in table.getSubTables()))
    # Robot code has its entries from the start; a value that was told before reaches a new entry a moment later.
    entries = {key: robot.getTable("limelight-front").getEntry(key) for key in SCALARS}
    # They are looked at afterwards: robot code has no such thread beside it.
    told = []
    all_told = threading.Event()

    def listen():
        for line in child.stdout:
            told.append(line)
            if len(told) == count:
                all_told.set()

    threading.Thread(target=listen, daemon=True).start()
    child.stdin.write("go\n")
    child.stdin.flush()
    read = {}
    doubled = 0
    last = asked = time.monotonic()
    longest_s = 0
    # They come in their order: after the last there is none.
    while count not in read and time.monotonic() - last < 5:
        longest_s = max(longest_s, time.monotonic() - asked)
        asked = time.monotonic()
        for result in camera.getAllUnreadResults():
            arrived_us = time.monotonic_ns() // 1000
            doubled += result.metadata.sequenceID in read
            read[result.metadata.sequenceID] = (result, arrived_us)
            last = time.monotonic()
        # Robot code comes round at its own pace: that is what is tried.
        time.sleep(pause_s)
    is_connected = camera.isConnected()
    all_told.wait(PATIENCE_S)
    had = [struct.unpack_from("<q", value.value)[0] for value in everything.readQueue()]
    # The robot's clock beside the one that the truth is told by.
    offset_us = statistics.median(Timer.getFPGATimestamp() * 1e6 - time.monotonic_ns() / 1e3 for _ in range(50))
    problems = []
    if len(told) != count or sorted(had) != list(range(1, count + 1)) or doubled:
        problems.append(f"{len(told)} were sent, {max(had, default=0)} taken, the server had {len(had)}; photonlib had {doubled} twice")
    if not set(read) <= set(had) or (len(read) < count and longest_s * rate < STORED_BY_PHOTONLIB):
        problems.append(f"photonlib had {len(read)} of {len(had)}")
    captures, ways = [], []
    for truth in map(json.loads, told):
        if truth["n"] not in read:
            continue
        result, arrived_us = read[truth["n"]]
        problems += [f"result {truth['n']}: {problem}" for problem in differences(result, truth["body"])]
        captures.append(abs(result.metadata.captureTimestampMicros - offset_us - truth["captured_us"]))
        ways.append((arrived_us - truth["sent_us"]) / 1e3)
        if result.metadata.timeSinceLastPong > 5e6:
            problems.append(f"result {truth['n']}: the robot's clock was last heard of {result.metadata.timeSinceLastPong} us ago")
    if not is_connected:
        problems.append("photonlib says that the camera is not connected")
    problems += [f"`{key}` is no double" for key, entry in entries.items() if entry.getDouble(NEVER) == NEVER]
    if captures and max(captures) > 1000:
        problems.append(f"a capture time is {max(captures):.0f} us off")
    captures.sort(), ways.sort()
    share = lambda values, part: values[min(len(values) - 1, int(len(values) * part))] if values else float("nan")  # noqa: E731
    print(f"sent       {len(told)}")
    print(f"taken      {max(had, default=0)} by the node, {len(had)} had by the server")
    print(f"photonlib  {len(read)} of {count}, {doubled} twice; read every {pause_s * 1e3:.0f} ms, the longest pause was {longest_s * 1e3:.0f} ms")
    print(f"capture    off by {share(captures, 0.5):.0f} us in the median, {share(captures, 1):.0f} us at most")
    print(f"to robot   {share(ways, 0.5):.1f} ms in the median after the detection, {share(ways, 0.95):.1f} ms p95")
    print(f"limelight  {len(SCALARS)} scalars read by getEntry(…).getDouble()")
    for problem in problems[:20]:
        print(f"FAILED     {problem}")
    if len(problems) > 20:
        print(f"FAILED     and {len(problems) - 20} more")
    return 1 if problems or len(told) != count else 0


def wait(what, is_so):
    until = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > until:
            sys.exit(f"photon.py: after {PATIENCE_S} s it is not so that {what}")
        time.sleep(0.02)


def differences(result, body):
    """What photonlib reads otherwise than it was sent."""
    tags = sorted(body["items"], key=lambda tag: -area(tag["corners"]))
    targets = result.getTargets()
    if [target.fiducialId for target in targets] != [tag["id"] for tag in tags]:
        yield f"ids {[target.fiducialId for target in targets]}, wanted {[tag['id'] for tag in tags]}"
        return
    for target, tag in zip(targets, tags):
        corners = [[corner.x, corner.y] for corner in target.detectedCorners]
        if corners != tag["corners"]:
            yield f"corners {corners}, wanted {tag['corners']}"
        if target.poseAmbiguity != tag["ambiguity"]:
            yield f"ambiguity {target.poseAmbiguity}, wanted {tag['ambiguity']}"
        for name, found, pose in [("best", target.bestCameraToTarget, tag["pose"]), ("alt", target.altCameraToTarget, tag["pose_alt"])]:
            if not is_same(found, target_in_wpilib(pose)):
                yield f"pose {name} {found}, wanted {pose}"
    multitag = result.multitagResult
    field = body.get("field")
    if (multitag is None) != (field is None):
        yield f"multitag {multitag}, wanted {field}"
    elif field:
        if list(multitag.fiducialIDsUsed) != field["tags"]:
            yield f"multitag of {multitag.fiducialIDsUsed}, wanted {field['tags']}"
        rows, t = field["camera"]["R"], field["camera"]["t"]
        # A point of WPILib's camera is (z, -x, -y) of ours.
        rotation = [[row[2], -row[0], -row[1]] for row in rows]
        if not is_same(multitag.estimatedPose.best, (rotation, t)):
            yield f"multitag pose {multitag.estimatedPose.best}, wanted {field['camera']}"


def area(corners):
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(corners, corners[1:] + corners[:1]))) / 2


def target_in_wpilib(pose):
    """Ours is x right, y down, z ahead, and into the tag; theirs x ahead, y left, z up, and x out of the tag."""
    rows, (x, y, z) = pose["R"], pose["t"]
    turned = [rows[2], [-v for v in rows[0]], [-v for v in rows[1]]]
    return [[-row[2], row[0], -row[1]] for row in turned], [z, -x, -y]


def is_same(transform, wanted):
    rotation, t = wanted
    q = transform.rotation().getQuaternion()
    w, x, y, z = q.W(), q.X(), q.Y(), q.Z()
    found = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    off = [abs(a - b) for rows in zip(found, rotation) for a, b in zip(*rows)]
    off += [abs(a - b) for a, b in zip([transform.X(), transform.Y(), transform.Z()], t)]
    return max(off) < 1e-9


if __name__ == "__main__":
    main()
