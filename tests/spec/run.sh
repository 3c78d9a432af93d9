#!/usr/bin/env bash
# run.sh WHERRY SUITE [OPTIONS for wherry wast]: every file of the spec suite's core. Expected failures are the lines of
# expected_failures.txt (file:line, as the runner prints them); a listed failure that passes is an error too.
set -uo pipefail
wherry=$(realpath "$1") suite=$(realpath -m "$2")
shift 2
if [ ! -d "$suite/core" ]; then
  echo "skipped: no spec suite at $suite (set WHERRY_TESTSUITE to a checkout of it)"
  exit 77
fi
here=$(cd "$(dirname "$0")" && pwd)
# Not part of the standard nor of any feature that Wherry has: custom descriptors.
mapfile -t files < <(cd "$suite/core" && find . -name '*.wast' -not -path './proposals/custom-descriptors/*' | sort)
cd "$suite/core" && exec "$wherry" wast --expected-failures "$here/expected_failures.txt" "$@" "${files[@]#./}"
