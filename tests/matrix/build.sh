#!/usr/bin/env bash
# build.sh PRESET JOBS TARGET...: configures and builds a preset without its own matrix.
set -euo pipefail
preset=$1 jobs=$2
shift 2
cmake --preset "$preset" --log-level=WARNING -DWHERRY_MATRIX=OFF
cmake --build --preset "$preset" -j "$jobs" --target "$@"
