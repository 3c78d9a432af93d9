"""Runs commands through the launcher and collects what they cost."""

import dataclasses
import os
import pathlib
import statistics
import subprocess

TIMED_OUT = 999


@dataclasses.dataclass(frozen=True)
class Run:
    """One run of one command. Times in seconds, memory in KiB."""

    status: int
    wall: float
    first_output: float
    user: float
    system: float
    rss: int
    output: str
    errors: str

    @property
    def cpu(self) -> float:
        return self.user + self.system

    def failure(self) -> str:
        """Why the run did not end well; empty if it did."""
        if self.status == 0:
            return ""
        if self.status == TIMED_OUT:
            return "time limit"
        lines = [line for line in (self.errors + "\n" + self.output).splitlines() if line.strip()]
        return f"exit {self.status}" + (f": {lines[0].strip()[:100]}" if lines else "")


class Launcher:
    def __init__(self, build_dir: pathlib.Path):
        self.program = build_dir / "bin" / "bench-launch"
        if not self.program.exists():
            raise FileNotFoundError(f"{self.program} is missing: configure with -DWHERRY_BENCH=ON and build")

    def run(self, command: list[str], limit: int = 60, cwd: str | None = None) -> Run:
        # The launcher reports on descriptor 3.
        read_end, write_end = os.pipe()
        argv = ["sh", "-c", f'exec "$0" "$@" 3>&{write_end} {write_end}>&-', str(self.program), str(limit), *command]
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              pass_fds=(write_end,), cwd=cwd) as process:
            os.close(write_end)
            out, err = process.communicate()
        with os.fdopen(read_end, encoding="ascii") as report:
            fields = report.read().split()
        if len(fields) != 6:
            raise RuntimeError(f"no report for {command}: {err.decode(errors='replace')}")
        status, wall, first, user, system, rss = map(int, fields)
        return Run(status, wall / 1e9, first / 1e9, user / 1e6, system / 1e6, rss, out.decode(errors="replace"),
                   err.decode(errors="replace"))


class PlainRunner:
    """Runs commands for their answers alone, where no launcher has been built."""

    def run(self, command: list[str], limit: int = 60, cwd: str | None = None) -> Run:
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=limit, check=False,
                                  cwd=cwd, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return Run(TIMED_OUT, 0, 0, 0, 0, 0, "", "")
        return Run(done.returncode, 0, 0, 0, 0, 0, done.stdout, done.stderr)


@dataclasses.dataclass
class Series:
    """The runs of one guest in one engine, in the order of the rounds; or the reason there are none."""

    runs: list[Run] = dataclasses.field(default_factory=list)
    reason: str = ""
    scores: list[float] = dataclasses.field(default_factory=list)  # for guests that time themselves: seconds a unit

    def times(self, metric: str) -> list[float]:
        return self.scores or [getattr(run, metric) for run in self.runs]

    def median(self, metric: str) -> float | None:
        return statistics.median(self.times(metric)) if self.runs and not self.reason else None

    def to_json(self) -> dict:
        if self.reason:
            return {"could_not": self.reason}
        result = {"rss_kib": max(run.rss for run in self.runs)}
        if self.scores:
            result["seconds_a_unit"] = self.scores
        for metric in ("wall", "cpu", "user", "first_output"):
            values = [getattr(run, metric) for run in self.runs]
            result[metric] = {"median": statistics.median(values), "min": min(values), "all": values}
        return result


def paired_ratio(a: Series, b: Series, metric: str) -> float | None:
    """The median over the rounds of a's time over b's in the same round."""
    if a.reason or b.reason or not a.runs or not b.runs:
        return None
    pairs = [(x, y) for x, y in zip(a.times(metric), b.times(metric)) if y > 0]
    return statistics.median(x / y for x, y in pairs) if pairs else None
