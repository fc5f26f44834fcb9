#!/usr/bin/env bash
# Sets up what is missing: `setup.sh build` to build and run, `setup.sh build test` for the tests as well.
# Names every system package before it installs it; without root it prints the line to run and ends.
set -euo pipefail

missing=()
want() { # command or file to look for, package
  case $1 in
    /*) compgen -G "$1" >/dev/null || missing+=("$2") ;;
    *) command -v "$1" >/dev/null || missing+=("$2") ;;
  esac
}

for part in "$@"; do
  case $part in
    build)
      # turbojpeg needs nasm and cmake, and openh264 is silently slow without nasm; the V4L2 bindings need libclang; the program that
      # reads microphones needs ALSA's library, which pkg-config finds.
      want cc gcc
      want c++ g++
      want make make
      want cmake cmake
      want nasm nasm
      want pkg-config pkg-config
      want /usr/include/alsa/asoundlib.h libasound2-dev
      # libclang itself, not the C++ library libclang-cpp that LLVM's own tools bring along.
      clang=0
      for folder in /usr/lib/llvm-*/lib '/usr/lib/*'; do
        if compgen -G "$folder/libclang.so*" >/dev/null || compgen -G "$folder/libclang-[0-9]*.so*" >/dev/null; then clang=1; fi
      done
      ((clang)) || missing+=(libclang-dev)
      ;;
    test)
      want gst-launch-1.0 gstreamer1.0-tools
      want '/usr/lib/*/gstreamer-1.0/libgstvideoconvert*.so' gstreamer1.0-plugins-base
      want '/usr/lib/*/gstreamer-1.0/libgstmultipart*.so' gstreamer1.0-plugins-good
      want ffmpeg ffmpeg
      want mosquitto_sub mosquitto-clients
      want /usr/sbin/mosquitto mosquitto
      want python3 python3
      python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
      if ! command -v google-chrome >/dev/null && ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null; then
        if grep -q '^ID=ubuntu' /etc/os-release; then missing+=(chromium-browser); else missing+=(chromium); fi
      fi
      if ! command -v chromedriver >/dev/null; then
        if grep -q '^ID=ubuntu' /etc/os-release; then missing+=(chromium-chromedriver); else missing+=(chromium-driver); fi
      fi
      ;;
    *)
      echo "setup.sh: unknown part '$part': wanted build or test" >&2
      exit 2
      ;;
  esac
done

if ((${#missing[@]})); then
  if ! command -v apt-get >/dev/null; then
    echo "setup.sh: install with this system's package manager what Debian calls: ${missing[*]}" >&2
    exit 1
  fi
  if ((EUID != 0)); then
    echo "Some system packages are missing. Run this line, then the same command again:" >&2
    echo "  sudo apt-get update && sudo apt-get install -y ${missing[*]}" >&2
    exit 1
  fi
  echo "Installing system packages: ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if ! command -v cargo >/dev/null; then
  echo "setup.sh: no Rust toolchain: install one as https://rustup.rs says, then run the same command again" >&2
  exit 1
fi
