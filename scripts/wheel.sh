#!/usr/bin/env bash
# Builds the wheel: extension, stubs and the `bushbaby` command in one file. `wheel.sh` makes it for others, into dist/;
# `wheel.sh dev` makes one of the development build, into target/wheel-dev/, for tests. Prints its path.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}
case ${1:-release} in
  release) profile=(--release) built=release out=dist chosen=(--package bushbaby --package bushbaby-microphone) ;;
  # Of the whole workspace, as `cargo test` builds them: with the features of these two alone all would be compiled once more.
  dev) profile=(--profile dev) built=debug out=target/wheel-dev chosen=(--workspace --bin bushbaby --bin bushbaby-microphone) ;;
  *)
    echo "wheel.sh: unknown build '$1': wanted release or dev" >&2
    exit 2
    ;;
esac

env=target/wheel-env
if [[ ! -x $env/bin/maturin ]]; then
  "${PYTHON:-python3}" -m venv "$env" >&2
  "$env/bin/python" -m pip install --quiet --disable-pip-version-check 'maturin==1.16.*' >&2
fi

# The command is a program of its own that needs no Python; maturin only packs it, and beside it the one that reads microphones.
programs=(bushbaby bushbaby-microphone)
"$cargo" build --quiet --locked "${profile[@]}" "${chosen[@]}" >&2
scripts=python/bushbaby.data/scripts
packed=(python/bushbaby.data python/LICENSE-MIT python/LICENSE-APACHE python/NOTICE)
trap 'rm -rf "${packed[@]}"' EXIT
rm -rf "${packed[@]}"
mkdir -p "$scripts"
for program in "${programs[@]}"; do
  cp "target/$built/$program" "$scripts/$program"
  strip "$scripts/$program"
done
cp LICENSE-MIT LICENSE-APACHE NOTICE python/

rm -rf "$out"
# Without this maturin would build the extension for the wheel's own interpreter again and again.
PYO3_PYTHON="$PWD/$env/bin/python" "$env/bin/maturin" build --quiet --locked "${profile[@]}" --manifest-path python/Cargo.toml --out "$out" >&2
echo "$PWD"/"$out"/*.whl
