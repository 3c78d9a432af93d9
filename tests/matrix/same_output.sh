#!/usr/bin/env bash
# same_output.sh PROGRAM_A PROGRAM_B ARGUMENTS...: both programs print the same, and something.
set -euo pipefail
a=$1 b=$2
shift 2
printed=$(mktemp -d)
trap 'rm -rf "$printed"' EXIT
"$a" "$@" > "$printed/a" &
"$b" "$@" > "$printed/b"
wait $!
[ -s "$printed/a" ] || { echo "$a printed nothing"; exit 1; }
diff "$printed/a" "$printed/b" | head -n 20
cmp "$printed/a" "$printed/b"
echo "$(wc -l < "$printed/a") lines are the same"
