#!/usr/bin/env bash
# demo.sh BUILD_DIR: a minute with Wherry. Every line printed after a $ is what is run.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
export PATH="$PWD/$build/bin:$PATH"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# Its key and its cache are its own too.
export XDG_CACHE_HOME=$scratch/cache XDG_DATA_HOME=$scratch/data XDG_CONFIG_HOME=$scratch/config

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() { printf '$ %s\n' "$*"; "$@"; }

say "A function, from the text format, with typed arguments:"
run wherry run --invoke fac examples/fac.wat 20

say "What a module has, and what it would need to be granted:"
run wherry inspect examples/hello.wat

say "A WASI program. It gets what it is given, and nothing else:"
run wherry run examples/hello.wat

guests=$build/guests
if [ -e "$guests/sieve.wasm" ]; then
  say "Programs compiled from C by clang:"
  for guest in sieve nbody; do run wherry run "$guests/$guest.wasm"; done
  say "The same ahead of time, in a file that still runs anywhere; native code is trusted if it is this user's:"
  run wherry compile "$guests/nbody.wasm" -o "$scratch/nbody.aot.wasm"
  run wherry run "$scratch/nbody.aot.wasm"
else
  say "No WASI toolchain here: the C guests are skipped."
fi

say "A trap is one clear message, with a backtrace, and exit code 134:"
printf '$ wherry run examples/trap.wat\n'
wherry run examples/trap.wat || echo "(exit code $?)"

say "And from text to binary and back:"
run wherry wat2wasm examples/fac.wat -o "$scratch/fac.wasm"
run wherry wasm2wat "$scratch/fac.wasm"
