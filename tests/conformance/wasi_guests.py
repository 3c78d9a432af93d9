#!/usr/bin/env python3
"""Runs the guests that test WASI from inside: wasi_guests.py WHERRY GUESTS"""
import subprocess
import sys
import tempfile
from pathlib import Path


def check(name, result, code, output):
    if result.returncode == code and result.stdout == output:
        return True
    print(f"FAIL {name}: exit code {result.returncode}, output {result.stdout!r}\n{result.stderr.decode()}")
    return False


def main():
    wherry, guests = sys.argv[1], Path(sys.argv[2])

    def run(*args, stdin=b""):
        return subprocess.run([wherry, "run", "--no-cache", *map(str, args)], input=stdin, capture_output=True, timeout=60)

    good = True
    with tempfile.TemporaryDirectory(prefix="wherry-wasi-guests-") as scratch:
        world = Path(scratch)
        (world / "files").mkdir()
        good &= check("files", run("--dir", f"{world / 'files'}::/", guests / "files.wasm"), 0, b"files ok\n")
        left = list((world / "files").iterdir())
        if left:
            good = False
            print(f"FAIL files: left {left}")

        (world / "inside").mkdir()
        (world / "outside").mkdir()
        (world / "secret").write_text("secret")
        (world / "outside/secret").write_text("secret")
        before = sorted((str(p), p.lstat().st_mtime_ns, p.lstat().st_nlink) for p in world.rglob("*") if "inside" not in str(p))
        good &= check("escape", run("--dir", f"{world / 'inside'}::/", guests / "escape.wasm", world / "inside"), 0,
                      b"escape ok\n")
        after = sorted((str(p), p.lstat().st_mtime_ns, p.lstat().st_nlink) for p in world.rglob("*") if "inside" not in str(p))
        if before != after:
            good = False
            print(f"FAIL escape: outside is not as it was: {before} {after}")

        good &= check("system", run("--env", "KEY=value=x", guests / "system.wasm", "one", "two words", stdin=b"input"), 42,
                      b"system ok\n")
        # Nothing can be written in a read-only directory.
        result = run("--dir", f"{world / 'files'}::/:ro", guests / "files.wasm")
        if result.returncode == 0 or list((world / "files").iterdir()):
            good = False
            print("FAIL files: written in a read-only directory")
    print("all passed" if good else "some failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
