# Two commands for newcomers: `make demo` and `make test`. The others are for those who work on it.

CARGO ?= cargo

.PHONY: help demo build test lint soak bench peers measure wheel test-v4l2 reference clean

help:
	@echo "make demo    build it, show a made camera with tags in your browser"
	@echo "make test    all tests, the ones in a real browser included"
	@echo "make lint    formatter and lints, warnings as errors"
	@echo "make bench   the bus beside this machine's own memory copy"
	@echo "make peers   the bus, recordings, sound scores, robots and H.264 beside the programs of others"
	@echo "make measure how old a picture is when the browser draws it"
	@echo "make wheel   dist/bushbaby-….whl: the Python package with the command in it"
	@echo "make soak    kills, freezes and an hour's work: two hours"

demo:
	@scripts/setup.sh build
	$(CARGO) build --release --locked -p bushbaby
	target/release/bushbaby demo

build:
	@scripts/setup.sh build
	$(CARGO) build --release --locked -p bushbaby -p bushbaby-microphone

test:
	@scripts/setup.sh build test
	scripts/python-env.sh
	$(CARGO) test --workspace --locked
	scripts/python-tests.sh
	scripts/browser-tests.sh
	scripts/wheel-tests.sh

lint:
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

bench: build
	target/release/bushbaby bench bus

peers:
	scripts/peers.sh
	scripts/recording-tests.sh
	scripts/rtsp-peers.sh
	scripts/webrtc-peer.sh
	scripts/sound/peers.sh
	scripts/networktables/peers.sh
	scripts/networktables/photon.sh

measure: build
	python3 scripts/measure_page.py

wheel:
	@scripts/setup.sh build
	scripts/wheel.sh

soak: build
	scripts/soak/run.sh

test-v4l2:
	scripts/v4l2/run.sh

reference: build
	target/release/bushbaby reference --write docs/reference

clean:
	$(CARGO) clean
