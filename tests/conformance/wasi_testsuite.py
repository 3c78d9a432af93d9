#!/usr/bin/env python3
"""Runs the preview 1 tests of WebAssembly/wasi-testsuite: wasi_testsuite.py WHERRY [NAME...]

WHERRY_WASI_TESTSUITE names a checkout of the suite's branch prod/testsuite-base, which holds the built modules. Without it
nothing is run, and this says so (exit code 77). WHERRY_ARGS are further arguments for `wherry run`.
"""
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77
SECONDS = 60


def specification(module):
    """The test's JSON, in the suite's short form or as a list of operations; both give what to run and to expect."""
    path = module.with_suffix(".json")
    spec = json.loads(path.read_text()) if path.exists() else {}
    expected = {"exit_code": spec.get("exit_code", 0)}
    for stream in ("stdout", "stderr"):
        if stream in spec:
            expected[stream] = spec[stream]
    run = spec
    for operation in spec.get("operations", []):
        if operation["type"] == "run":
            run = operation
        elif operation["type"] == "wait":
            expected["exit_code"] = operation.get("exit_code", 0)
        elif operation["type"] == "read":
            expected[operation.get("id", "stdout")] = operation.get("payload", "")
        else:
            raise ValueError(f"{path}: unknown operation {operation['type']}")
    return run, expected


def run_test(wherry, module):
    """What went wrong, or None."""
    run, expected = specification(module)
    with tempfile.TemporaryDirectory(prefix="wherry-wasi-testsuite-") as scratch:
        command = [wherry, "run", "--no-cache", *shlex.split(os.environ.get("WHERRY_ARGS", ""))]
        for name, value in run.get("env", {}).items():
            command += ["--env", f"{name}={value}"]
        if run.get("root"):
            # A copy: the tests write, and the suite stays as it is.
            root = Path(scratch) / "root"
            shutil.copytree(module.parent / run["root"], root)
            command += ["--dir", f"{root}::/"]
        command += [str(module), *run.get("args", [])]
        try:
            result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return f"no end after {SECONDS} s"
    actual = {"exit_code": result.returncode, "stdout": result.stdout.decode(errors="replace"),
              "stderr": result.stderr.decode(errors="replace")}
    for key, value in expected.items():
        if actual[key] != value:
            return f"{key}: expected {value!r}, got {actual[key]!r}\n{actual['stderr']}"
    return None


def main():
    suite = os.environ.get("WHERRY_WASI_TESTSUITE")
    if not suite:
        print("skipped: WHERRY_WASI_TESTSUITE does not name a checkout of wasi-testsuite (branch prod/testsuite-base)")
        return SKIPPED
    wherry, names = sys.argv[1], sys.argv[2:]
    modules = sorted(Path(suite).glob("tests/*/testsuite/wasm32-wasip1/*.wasm"))
    if names:
        modules = [m for m in modules if m.stem in names]
    if not modules:
        print(f"no tests in {suite}")
        return 1
    failures = 0
    for module in modules:
        problem = run_test(wherry, module)
        if problem:
            failures += 1
            print(f"FAIL {module.parent.parent.parent.name}/{module.stem}: {problem}")
    print(f"{len(modules) - failures} of {len(modules)} passed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
