#!/usr/bin/env python3
"""include_graph.py SOURCE_DIR: whether the rooms of src/ keep to the dependency rule.

    base <- {platform, wasm} <- runtime <- engine <- {interp, jit, llvm, native, artifact} <- api <- wasi <- {capi, oci} <- cli

An arrow never points back, and siblings do not include each other. Rooms that know no operating system include none of
its headers. include/wherry holds the vocabulary that every room speaks, and the public API, which belongs to `api`.
"""
import pathlib
import re
import sys

RANKS = [["base"], ["platform", "wasm"], ["runtime"], ["engine"], ["interp", "jit", "llvm", "native", "artifact"], ["api"],
         ["wasi"], ["capi", "oci"], ["cli"]]
RANK = {room: rank for rank, rooms in enumerate(RANKS) for room in rooms}

# Headers of include/wherry that rooms below `api` may use.
VOCABULARY = {"config.h", "features.h", "features.inc", "result.h", "trap.h", "trap.inc", "types.h", "v128.h"}

# Rooms that pass through src/platform to the operating system.
PORTABLE = {"base", "wasm", "runtime", "engine", "interp", "native"}
SYSTEM = re.compile(r"^(sys|netinet|arpa|net|linux|asm)/|^(aio|dirent|dlfcn|fcntl|fnmatch|ftw|glob|grp|netdb|poll|pthread"
                    r"|pwd|sched|semaphore|signal|spawn|syslog|termios|ucontext|unistd|utime|wait|execinfo|link|elf)\.h$"
                    r"|^csignal$")

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def violations(room, text):
    """The includes of a file of `room` that break the rule, with the reason."""
    found = []
    for match in INCLUDE.finditer(text):
        header = match.group(1) or match.group(2)
        first = header.split("/")[0]
        if first in RANK and "/" in header:
            if first != room and RANK[first] >= RANK[room]:
                found.append((header, f"{room} may not depend on {first}"))
        elif first == "wherry":
            if header.split("/", 1)[1] not in VOCABULARY and RANK[room] < RANK["api"]:
                found.append((header, f"{room} is below the public API"))
        elif room in PORTABLE and SYSTEM.search(header):
            found.append((header, f"{room} knows no operating system"))
    return found


def check(root):
    source = root / "src"
    problems = []
    files = 0
    for path in sorted(source.rglob("*")):
        if path.suffix not in (".h", ".cc", ".inc", ".c", ".cpp"):
            continue
        files += 1
        room = path.relative_to(source).parts[0]
        name = path.relative_to(root)
        if room not in RANK:
            problems.append(f"{name}: src/{room} has no place in the dependency rule")
            continue
        problems += [f"{name}: {header}: {why}" for header, why in violations(room, path.read_text(errors="replace"))]
    if files == 0:
        problems.append(f"{source}: no sources found")
    for problem in problems:
        print(problem)
    print(f"{files} files, {len(problems)} violations")
    return 1 if problems else 0


def self_test():
    """The checker must see what it is for."""
    bad = [("wasm", '#include "runtime/store.h"'), ("wasm", '#include "platform/memory.h"'),
           ("interp", '#include "artifact/cache.h"'), ("runtime", "#include <sys/mman.h>"),
           ("base", "#include <unistd.h>"), ("engine", '# include "wherry/store.h"'), ("wasi", '#include "cli/run.h"')]
    good = [("wasm", '#include "base/utf8.h"'), ("cli", '#include "wasi/preview1.h"'), ("platform", "#include <unistd.h>"),
            ("engine", '#include "wherry/config.h"'), ("interp", '#include "wasm/ops.h"'), ("api", "#include <vector>")]
    wrong = [case for case in bad if not violations(*case)] + [case for case in good if violations(*case)]
    for case in wrong:
        print("judged wrongly:", case)
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(self_test() if sys.argv[1] == "--self-test" else check(pathlib.Path(sys.argv[1])))
