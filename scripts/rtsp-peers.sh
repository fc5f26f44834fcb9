#!/usr/bin/env bash
# Sound and pictures from GStreamer's RTSP server, through the program: scripts/rtsp_peers.py. BUSHBABY names a program to test instead
# of the one in target/debug.
set -euo pipefail
cd "$(dirname "$0")/.."
# The system's Python: GStreamer's bindings are installed beside it.
python=/usr/bin/python3
if ! "$python" -c 'import gi; gi.require_version("GstRtspServer", "1.0")' 2>/dev/null; then
  echo "rtsp-peers.sh: install what Debian calls: gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-libav gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly" >&2
  exit 1
fi
if [[ -z ${BUSHBABY:-} ]]; then
  "${CARGO:-cargo}" build --quiet --locked --workspace --bin bushbaby >&2
  export BUSHBABY=$PWD/target/debug/bushbaby
fi
exec "$python" scripts/rtsp_peers.py
