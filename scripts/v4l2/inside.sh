#!/bin/busybox sh
# Runs as the first process of the virtual machine: loads a made camera and plays with it while `bushbaby` watches.
export PATH=/bin HOME=/root XDG_STATE_HOME=/tmp/state
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /tmp /root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/shm
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs tmpfs /tmp
exec </dev/null

failed() {
	echo "V4L2-TEST FAILED: $1"
	echo "--- what bushbaby said:"
	cat /tmp/run.log
	bushbaby status
	dmesg | tail -20
	poweroff -f
}

# $1 seconds at most, until the command behind it succeeds.
until_true() {
	left=$(($1 * 5))
	shift
	while ! "$@"; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		usleep 200000
	done
}

frames() {
	bushbaby streams --json 2>/dev/null | grep '"front/image"' | sed 's/.*"frames":\([0-9]*\).*/\1/'
}

has_frames() { [ "$(frames)" -ge "$1" ] 2>/dev/null; }
says() { bushbaby status 2>/dev/null | grep -q "$1"; }

while read -r module options; do
	insmod "$module" $options || failed "insmod $module"
done </modules.list
until_true 20 [ -e /dev/video0 ] || failed "no /dev/video0"

echo "--- cameras"
bushbaby cameras >/tmp/cameras.log 2>&1 || failed "bushbaby cameras"
cat /tmp/cameras.log
grep -q yuyv /tmp/cameras.log || failed "the camera is not listed with its formats"
grep -q /dev/video1 /tmp/cameras.log && failed "a device that gives no pictures is listed"
bushbaby doctor

echo "--- pictures"
bushbaby run /camera.yaml >/tmp/run.log 2>&1 &
until_true 60 has_frames 30 || failed "no pictures"
bushbaby streams --json | grep '"front/image"'
bushbaby streams --json | grep '"front/image"' | grep -q '"clock":"end_of_frame"' || failed "no time stamp of the driver"
bushbaby streams --json | grep '"front/image"' | grep -q '640x360 yuyv' || failed "another picture than asked for"

echo "--- busy"
timeout 20 bushbaby --instance second run /camera.yaml --for 5s >/tmp/second.log 2>&1
grep 'is used by `bushbaby`' /tmp/second.log || { cat /tmp/second.log; failed "a busy camera is not told"; }

echo "--- unplugged"
echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind
until_true 30 says 'not plugged in' || failed "the loss is not told"
bushbaby status | grep front

echo "--- plugged in again"
before=$(frames)
echo vivid.0 >/sys/bus/platform/drivers/vivid/bind
until_true 60 has_frames $((before + 30)) || failed "no pictures after it came back"
says 'running' || failed "not running"
bushbaby streams

bushbaby stop
wait
echo "V4L2-TEST PASSED"
poweroff -f
