#!/usr/bin/env bash
# run.sh BUILD_DIR SECONDS: every fuzzer of a build, each for that long, from the committed corpus. New inputs go to a scratch
# folder, crashing ones to BUILD_DIR/crashes.
set -uo pipefail
build=$1 seconds=$2
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$build/crashes"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
code=0
for fuzzer in "$build"/bin/*_fuzz; do
  name=$(basename "$fuzzer")
  corpus=$here/corpus/${name%_fuzz}
  mkdir -p "$scratch/$name"
  echo "== $name, $seconds s"
  "$fuzzer" "$scratch/$name" $([ -d "$corpus" ] && echo "$corpus") -max_total_time="$seconds" -timeout=25 -rss_limit_mb=4096 \
    -artifact_prefix="$build/crashes/$name-" -print_final_stats=1 > "$scratch/$name.log" 2>&1 || {
    code=1
    tail -n 60 "$scratch/$name.log"
  }
  grep -h 'stat::number_of_executed_units' "$scratch/$name.log"
done
exit $code
