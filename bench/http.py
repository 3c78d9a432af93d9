#!/usr/bin/env python3
"""http.py [--build-dir build/release] [--seconds 5] [--rounds 3] [--json FILE] [-- WHERRY OPTION...]: the HTTP sample in C under
wrk, 64 connections kept alive on the loopback: as WebAssembly in Wherry, and natively from the same source, in turn."""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


def seconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * UNITS[unit]


def measure(command, duration, connections):
    server = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        port = int(server.stdout.readline().decode().rsplit(":", 1)[1])
        out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{duration}s", "--latency", f"http://127.0.0.1:{port}/"],
                             capture_output=True, text=True, check=True).stdout
    finally:
        server.kill()
        used = os.wait4(server.pid, 0)[2]
    if "Socket errors" in out or "Non-2xx" in out:
        sys.exit(out)
    requests = int(re.search(r"(\d+) requests in", out)[1])
    return {"requests_per_second": float(re.search(r"Requests/sec: +([\d.]+)", out)[1]),
            "cpu": (used.ru_utime + used.ru_stime) / requests,  # What a busy machine changes least.
            "p50": seconds(re.search(r"50% +(\S+)", out)[1]), "p99": seconds(re.search(r"99% +(\S+)", out)[1])}


def main():
    arguments = sys.argv[1:]
    more = arguments[arguments.index("--") + 1:] if "--" in arguments else []
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build-dir", type=Path, default=Path("build/release"))
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments[:len(arguments) - len(more) - ("--" in arguments)])
    guests = options.build_dir / "guests/net"
    servers = {"native": [guests / "http_server", "127.0.0.1:0"],
               "wherry": [options.build_dir / "bin/wherry", "run", *more, "--net", "listen:tcp:127.0.0.1:0",
                          guests / "http_server.wasm", "127.0.0.1:0"]}
    rounds = {name: [] for name in servers}
    for _ in range(options.rounds):
        for name, command in servers.items():
            rounds[name].append(measure(list(map(str, command)), options.seconds, options.connections))
    result = {name: {key: statistics.median(one[key] for one in all) for key in all[0]} for name, all in rounds.items()}
    for name, one in result.items():
        print(f"{name:8} {one['requests_per_second']:8.0f} requests/s   {one['cpu'] * 1e6:5.1f} us of CPU each   p50 {one['p50'] * 1e6:6.0f} us   p99 {one['p99'] * 1e6:6.0f} us")
    print(f"wherry / native: {result['wherry']['requests_per_second'] / result['native']['requests_per_second']:.2f} of the requests, "
          f"{result['wherry']['cpu'] / result['native']['cpu']:.2f} of the CPU, {result['wherry']['p99'] / result['native']['p99']:.2f} of the p99")
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
