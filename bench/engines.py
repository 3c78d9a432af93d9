"""Which engines there are, how each is started, and where on this machine it is found."""

import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent


@dataclasses.dataclass(frozen=True)
class Kind:
    """What the harness knows of an engine before it has found one: `arguments` go between the program and the guest."""

    name: str
    program: str
    arguments: tuple[str, ...] = ()
    environment: str = ""  # the variable that names the program; WHERRY_BENCH_<NAME> if empty
    interpreter: bool = False


KINDS = (
    Kind("native", ""),
    Kind("wherry", "wherry", ("run", "--tier", "interp"), interpreter=True),
    Kind("wasm3", "wasm3", ("--stack-size", "1048576"), interpreter=True),
    Kind("wasmi", "wasmi", interpreter=True),
    Kind("wamr", "iwasm", ("--stack-size=1048576",), interpreter=True),
    Kind("silverfir", "silverfir", interpreter=True),
    Kind("wasmedge", "wasmedge", interpreter=True),
    Kind("wasmtime", "wasmtime", ("run", "-C", "cache=n")),
    Kind("winch", "wasmtime", ("run", "-C", "cache=n,compiler=winch")),
    Kind("wasmer", "wasmer", ("run",)),
    Kind("node", "node", ("--no-warnings", str(HERE / "node_wasi.mjs"))),
)


@dataclasses.dataclass(frozen=True)
class Engine:
    name: str
    interpreter: bool
    prefix: tuple[str, ...]  # the command before the guest's file; empty for the native programs
    version: str
    native_dir: pathlib.Path

    def command(self, guest: str, wasm: str, arguments: list[str]) -> list[str] | None:
        """The command that runs a guest, or None if this engine has no form of it."""
        if self.prefix:
            return [*self.prefix, wasm, *arguments]
        native = self.native_dir / guest
        return [str(native), *arguments] if native.exists() else None


def _peers_file(path: str | None) -> dict[str, str]:
    path = path or os.environ.get("WHERRY_BENCH_PEERS")
    if not path:
        return {}
    with open(path, encoding="utf-8") as f:
        return json.load(f).get("engines", {})


def _version(program: str) -> str:
    try:
        out = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"v?\d+\.\d+[\w.+-]*", out.stdout + out.stderr)
    return found.group(0) if found else ""


def find(build_dir: pathlib.Path, peers: str | None = None) -> list[Engine]:
    """The engines of this machine. A program is taken from WHERRY_BENCH_<NAME>, else the peers file, else the build
    (for wherry), else PATH."""
    from_file = _peers_file(peers)
    native_dir = build_dir / "guests" / "native"
    engines = []
    for kind in KINDS:
        if not kind.program:
            if native_dir.is_dir():
                engines.append(Engine(kind.name, False, (), "", native_dir))
            continue
        program = os.environ.get(kind.environment or f"WHERRY_BENCH_{kind.name.upper()}") or from_file.get(kind.name)
        if not program and kind.name == "wherry" and (build_dir / "bin" / "wherry").exists():
            program = str(build_dir / "bin" / "wherry")
        program = program or shutil.which(kind.program)
        if program and os.access(program, os.X_OK):
            prefix = (program, *kind.arguments)
            engines.append(Engine(kind.name, kind.interpreter, prefix, _version(program), native_dir))
    return engines
