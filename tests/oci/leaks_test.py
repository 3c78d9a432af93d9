#!/usr/bin/env python3
"""leaks_test.py RUNTIME [COUNT [SECONDS]]: many containers in a loop, and a runtime that is killed at random points,
leave nothing behind: no process, mount, cgroup, descriptor or file."""
import os
import random
import signal
import subprocess
import sys
import time

from bundle import SLEEPER, Bundle, cgroup_directories, run_tests

RUNTIME = os.path.abspath(sys.argv[1])
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 200
SECONDS = float(sys.argv[3]) if len(sys.argv) > 3 else 60


def ours(bundle):
    """Processes that were made for the bundle: their mount namespace has its root file system."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if bundle.dir.name in open(f"/proc/{pid}/mountinfo").read() or \
                    bundle.id in open(f"/proc/{pid}/cgroup").read():
                found.append(pid)
        except OSError:
            pass
    return found


def nothing_left(bundle):
    for _ in range(100):
        left = {"processes": ours(bundle), "state": os.listdir(bundle.root) if bundle.root.exists() else [],
                "cgroups": cgroup_directories("/wherry-test/" + bundle.id),
                "mounts": [line for line in open("/proc/self/mountinfo") if bundle.dir.name in line]}
        if not any(left.values()):
            return
        time.sleep(0.05)
    raise AssertionError(f"left: {left}")


def many():
    with Bundle(RUNTIME, SLEEPER) as b:
        b.write()
        first, ids = b.id, []
        for begin in range(0, COUNT, 20):
            ids = [f"{first}-{n}" for n in range(begin, min(begin + 20, COUNT))]
            for id in ids:
                b.config["linux"]["cgroupsPath"] = "/wherry-test/" + id
                b.write()
                b.call("create", "-b", b.dir, id)
                b.call("start", id)
            listed = b.call("list", "-q").out.split()
            assert sorted(listed) == sorted(ids), listed
            for id in ids:
                b.call("kill", id, "KILL")
                b.call("delete", "--force", id)
                assert not cgroup_directories("/wherry-test/" + id)
        nothing_left(b)


def killed_at_random():
    """`run` and `create` die at any moment; `delete --force` follows."""
    rng = random.Random(1)
    end = time.time() + SECONDS
    rounds = 0
    with Bundle(RUNTIME, SLEEPER) as b:
        b.write()
        while time.time() < end:
            rounds += 1
            command = rng.choice(["create", "run"])
            process = subprocess.Popen([RUNTIME, "--root", str(b.root), command, "-b", str(b.dir), b.id],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rng.random() * 0.06)
            process.send_signal(signal.SIGKILL)
            process.wait()
            b.call("delete", "--force", b.id)
            if rounds % 20 == 0:
                nothing_left(b)
        nothing_left(b)
    print(f"        {rounds} rounds")


def deleted_while_it_starts():
    """create, start and delete race; at the end nothing is there, whoever won."""
    with Bundle(RUNTIME, SLEEPER) as b:
        b.write()
        end = time.time() + SECONDS / 4
        while time.time() < end:
            base = [RUNTIME, "--root", str(b.root)]
            quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            racing = [subprocess.Popen(base + words, **quiet) for words in
                      (["create", "-b", str(b.dir), b.id], ["delete", "--force", b.id], ["start", b.id],
                       ["delete", "--force", b.id], ["state", b.id])]
            for process in racing:
                process.wait(timeout=60)
            b.call("delete", "--force", b.id)
        nothing_left(b)


if __name__ == "__main__":
    sys.exit(run_tests({"many": many, "killed_at_random": killed_at_random,
                        "deleted_while_it_starts": deleted_while_it_starts}))
