#!/usr/bin/env python3
"""Compares Wherry with other engines on the same guests, in one run. See README.md beside this file."""

import argparse
import dataclasses
import json
import os
import pathlib
import platform
import re
import statistics
import sys
import time

import engines as engine_list
import report
from measure import Launcher, PlainRunner, Series, paired_ratio

ROOT = engine_list.ROOT
RESULTS = engine_list.HERE / "results"


@dataclasses.dataclass(frozen=True)
class Guest:
    """A program and the right answer: `expected` exactly, or a `match` somewhere in the output. A guest that times
    itself gives a `score` pattern whose first group is its speed (units a second)."""

    name: str
    kind: str
    args: list[str]
    expected: str = ""
    check_args: list[str] | None = None
    check_expected: str = ""
    wasm: str = ""
    match: str = ""
    score: str = ""

    def problem(self, output: str, small: bool) -> str:
        if self.match:
            return "" if re.search(self.match, output) else f"wrong answer: {output.strip()[:60]!r}"
        wanted = self.check_expected if small and self.check_args is not None else self.expected
        return "" if output.strip() == wanted else f"wrong answer: {output.strip()[:60]!r}, expected {wanted!r}"

    def arguments(self, small: bool) -> list[str]:
        return self.check_args if small and self.check_args is not None else self.args


def load_guests(build_dir: pathlib.Path, wanted: str | None, extra: str | None) -> list[Guest]:
    """Our guests that are built, and those of an extra list; `wanted` selects by name or kind."""
    guests = []
    for path in (engine_list.HERE / "guests.json", extra):
        if not path:
            continue
        with open(path, encoding="utf-8") as f:
            entries = json.load(f)
        for entry in entries["guests"] if isinstance(entries, dict) else entries:
            guest = Guest(**entry)
            if not guest.wasm:
                guest = dataclasses.replace(guest, wasm=str(build_dir / "guests" / f"{guest.name}.wasm"))
            guests.append(guest)
    if wanted:
        names = wanted.split(",")
        for name in names:
            if not any(name in (g.name, g.kind) for g in guests):
                sys.exit(f"bench: no guest or kind {name}")
        guests = [g for g in guests if g.name in names or g.kind in names]
    for guest in guests:
        if not os.path.exists(guest.wasm):
            print(f"skipped: {guest.name} is not built ({guest.wasm})")
    return [g for g in guests if os.path.exists(g.wasm)]


def choose_engines(args) -> list[engine_list.Engine]:
    found = engine_list.find(args.build_dir, args.peers)
    if not args.engines:
        return found
    by_name = {e.name: e for e in found}
    missing = [name for name in args.engines.split(",") if name not in by_name]
    if missing:
        sys.exit(f"bench: not found on this machine: {', '.join(missing)} (there are: {', '.join(by_name)})")
    return [by_name[name] for name in args.engines.split(",")]


def run_rounds(launcher: Launcher | PlainRunner, guests: list[Guest], engines: list[engine_list.Engine], args, small: bool):
    """Every round runs each guest in all engines one after the other, so that what disturbs the machine disturbs all."""
    series = {(g.name, e.name): Series() for g in guests for e in engines}
    for number in range(args.repeat):
        for guest in guests:
            for engine in engines[number % len(engines):] + engines[:number % len(engines)]:
                s = series[guest.name, engine.name]
                if s.reason:
                    continue
                command = engine.command(guest.name, guest.wasm, guest.arguments(small))
                if command is None:
                    s.reason = "no such program"
                    continue
                run = launcher.run(command, args.limit)
                s.reason = run.failure() or guest.problem(run.output, small)
                s.runs.append(run)
                if guest.score and not s.reason:
                    s.scores.append(1 / float(re.search(guest.score, run.output).group(1)))
            if args.verbose:
                print(f"round {number + 1}: {guest.name}", file=sys.stderr)
    return series


def metadata(engines, args) -> dict:
    return {"time": time.strftime("%Y-%m-%dT%H:%M:%S"), "machine": cpu_name(), "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.release()}", "repeat": args.repeat,
            "load": round(os.getloadavg()[0], 2), "engines": {e.name: e.version for e in engines}}


def cpu_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
            found = re.search(r"model name\s*:\s*(.*)", f.read())
        return found.group(1) if found else platform.machine()
    except OSError:
        return platform.machine()


def run_table(guests, engines, series, metric: str, base: str) -> str:
    """Times in milliseconds with the ratio to the base engine's; then the geometric means of those ratios."""
    names = [e.name for e in engines]
    rows = []
    for guest in guests:
        row = [guest.name]
        for name in names:
            s = series[guest.name, name]
            median = s.median(metric)
            ratio = paired_ratio(s, series[guest.name, base], metric) if base in names else None
            unit = milliseconds_or_unit(median, bool(s.scores))
            row.append("could not" if median is None else unit + (f" ({ratio:.2f})" if ratio and name != base else ""))
        rows.append(row)
    if base in names:
        row = [f"geomean over {base}"]
        for name in names:
            ratios = [paired_ratio(series[g.name, name], series[g.name, base], metric) for g in guests]
            ratios = [r for r in ratios if r]
            row.append(f"{report.geomean(ratios):.2f} of {len(ratios)}" if ratios else "-")
        rows.append(row)
    return report.table(rows, [f"{metric}, ms (over {base})", *names])


def milliseconds_or_unit(seconds: float | None, scored: bool) -> str:
    if seconds is not None and scored:
        return f"{seconds * 1e6:.1f} us/unit"
    return report.milliseconds(seconds)


def standing(guests, engines, series, metric: str) -> str:
    """How wherry stands against each other interpreter and against the best of them on each guest."""
    others = [e.name for e in engines if e.interpreter and e.name != "wherry"]
    if not others or not any(e.name == "wherry" for e in engines):
        return ""
    lines = []
    for name in others:
        ratios = {g.name: paired_ratio(series[g.name, "wherry"], series[g.name, name], metric) for g in guests}
        ratios = {k: v for k, v in ratios.items() if v}
        if ratios:
            worst = max(ratios, key=ratios.get)
            lines.append(f"wherry over {name}: geomean {report.geomean(list(ratios.values())):.3f} of {len(ratios)} guests, "
                         f"worst {worst} {ratios[worst]:.2f}")
    slower = []
    for guest in guests:
        ratios = [(paired_ratio(series[guest.name, "wherry"], series[guest.name, name], metric), name) for name in others]
        ratios = [r for r in ratios if r[0]]
        if ratios and max(ratios)[0] > 1.1:
            slower.append("{} {:.2f} of {}".format(guest.name, *max(ratios)))
    lines.append("slower than the best interpreter by more than 10%: " + (", ".join(slower) or "none"))
    return "\n".join(lines)


def command_run(args) -> int:
    launcher = Launcher(args.build_dir)
    guests, engines = load_guests(args.build_dir, args.guests, args.extra), choose_engines(args)
    if not guests or not engines:
        sys.exit("bench: nothing to run")
    base = args.base if any(e.name == args.base for e in engines) else engines[0].name
    series = run_rounds(launcher, guests, engines, args, small=False)
    print(run_table(guests, engines, series, args.metric, base))
    reasons = [f"  {g.name} in {e.name}: {series[g.name, e.name].reason}" for g in guests for e in engines
               if series[g.name, e.name].reason not in ("", "no such program")]
    if reasons:
        print("\ncould not:", *reasons, sep="\n")
    if text := standing(guests, engines, series, args.metric):
        print("\n" + text)
    result = {"kind": "run", **metadata(engines, args), "guests": {
        g.name: {"kind": g.kind, "engines": {e.name: series[g.name, e.name].to_json() for e in engines}} for g in guests}}
    path = write_json(result, args.json, "run")
    write_plot(result, path.with_suffix(".svg"), args.metric, base)
    wrong = [r for r in reasons if "in wherry:" in r]
    return 1 if wrong else 0


def command_check(args) -> int:
    """Every guest once, small, for its answer alone."""
    guests, engines = load_guests(args.build_dir, args.guests, args.extra), choose_engines(args)
    args.repeat = 1
    series = run_rounds(PlainRunner(), guests, engines, args, small=True)
    failures = 0
    for (guest, engine), s in series.items():
        if s.reason and s.reason != "no such program":
            failures += 1
            print(f"FAILED {guest} in {engine}: {s.reason}")
    print(f"{sum(not s.reason for s in series.values())} passed, {failures} failed")
    return 1 if failures else 0


def command_startup(args) -> int:
    """Hello-world from process start to exit, and the first output of a large module."""
    launcher = Launcher(args.build_dir)
    engines = choose_engines(args)
    small = {"hello.c": str(args.build_dir / "guests" / "hello.wasm"), "hello.wat": str(args.build_dir / "guests" / "hello_wat.wasm")}
    cases = [(name, wasm, []) for name, wasm in small.items() if os.path.exists(wasm)]
    yosys = args.yosys or os.environ.get("WHERRY_BENCH_YOSYS")
    if yosys:
        cases.append(("yosys -V", yosys, ["-V"]))
    else:
        print("skipped: yosys -V (name its module with --yosys or WHERRY_BENCH_YOSYS)")
    hello = "hello_static"
    series = {(case, e.name): Series() for case, _, _ in cases for e in engines}
    for number in range(args.repeat):
        for case, wasm, arguments in cases:
            if case == "yosys -V" and number >= max(3, args.repeat // 10):
                continue
            for engine in engines:
                s = series[case, engine.name]
                if s.reason:
                    continue
                command = engine.command(hello if case != "yosys -V" else "yosys", wasm, arguments)
                if command is None:
                    s.reason = "no such program"
                    continue
                run = launcher.run(command, args.limit)
                wanted = "Yosys" if case == "yosys -V" else "Hello, world!"
                s.reason = run.failure() or ("" if wanted in run.output else f"wrong answer: {run.output[:60]!r}")
                s.runs.append(run)
    rows = []
    for case, _, _ in cases:
        metric = "first_output" if case == "yosys -V" else "wall"
        for engine in engines:
            s = series[case, engine.name]
            if s.reason:
                rows.append([case, engine.name, f"could not: {s.reason[:60]}", "", "", ""])
                continue
            times = s.times(metric)
            rows.append([case, engine.name, f"{statistics.median(times) * 1e3:.2f}", f"{min(times) * 1e3:.2f}",
                         report.milliseconds(s.median("cpu")), f"{max(r.rss for r in s.runs) / 1024:.1f}"])
    print(report.table(rows, ["case", "engine", "median ms", "min ms", "cpu ms", "peak RSS MiB"]))
    write_json({"kind": "startup", **metadata(engines, args), "cases": {
        case: {e.name: series[case, e.name].to_json() for e in engines} for case, _, _ in cases}}, args.json, "startup")
    return 0


def command_engines(args) -> int:
    for engine in engine_list.find(args.build_dir, args.peers):
        print(f"{engine.name:10} {engine.version or '-':14} {' '.join(engine.prefix) or engine.native_dir}")
    return 0


def command_plot(args) -> int:
    path = pathlib.Path(args.json) if args.json else max(RESULTS.glob("run*.json"), key=os.path.getmtime, default=None)
    if path is None:
        sys.exit("bench: no result to plot; run first")
    with open(path, encoding="utf-8") as f:
        write_plot(json.load(f), path.with_suffix(".svg"), args.metric, args.base)
    return 0


def write_json(result: dict, path: str | None, kind: str) -> pathlib.Path:
    target = pathlib.Path(path) if path else RESULTS / f"{kind}-{time.strftime('%Y%m%d-%H%M%S')}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "w", encoding="utf-8") as f:
        json.dump(result, f, indent=1)
    print(f"\nwritten: {target}")
    return target


def write_plot(result: dict, path: pathlib.Path, metric: str, base: str) -> None:
    names = [base, *(n for n in result["engines"] if n != base)]
    rows = []
    for guest, entry in result["guests"].items():
        times = {n: seconds(e, metric) for n, e in entry["engines"].items() if "could_not" not in e}
        if times.get(base):
            rows.append((guest, {n: t / times[base] for n, t in times.items() if t}))
    if not rows:
        return
    machine = f"{result['machine']}, medians of {result['repeat']}, {metric} time"
    path.write_text(report.dot_plot(machine, rows, names), encoding="utf-8")
    print(f"written: {path}")


def seconds(entry: dict, metric: str) -> float:
    return statistics.median(entry["seconds_a_unit"]) if "seconds_a_unit" in entry else entry[metric]["median"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, function, text in (("run", command_run, "time the guests in each engine"),
                                 ("check", command_check, "run every guest small, for its answer alone"),
                                 ("startup", command_startup, "time hello-world and the loading of a large module"),
                                 ("engines", command_engines, "list the engines found"),
                                 ("plot", command_plot, "draw the plot of a result again")):
        sub = commands.add_parser(name, help=text)
        sub.set_defaults(function=function)
        sub.add_argument("--build-dir", type=pathlib.Path, default=ROOT / "build" / "release")
        sub.add_argument("--peers", help="a JSON file that says where engines are: {\"engines\": {NAME: PROGRAM}}")
        sub.add_argument("--json", help="where the result is written (plot: read)")
        sub.add_argument("--metric", choices=("wall", "cpu", "user"), default="cpu", help="the time that is compared")
        sub.add_argument("--base", default="wherry", help="the engine that ratios are over")
        sub.add_argument("--engines", help="names, separated by commas; all that are found if not given")
        sub.add_argument("--guests", help="names or kinds, separated by commas; all if not given")
        sub.add_argument("--extra", help="a JSON file with further guests, as guests.json but naming their wasm")
        sub.add_argument("--repeat", type=int, default=40 if name == "startup" else 5)
        sub.add_argument("--limit", type=int, default=60, help="seconds before a run is given up")
        sub.add_argument("--yosys", help="the yosys.wasm whose loading is measured (startup)")
        sub.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    return args.function(args)


if __name__ == "__main__":
    sys.exit(main())
