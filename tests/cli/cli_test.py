#!/usr/bin/env python3
"""Runs the wherry command as a user would: exit codes, messages, files. Usage: cli_test.py PATH_TO_WHERRY [unittest options]"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

WHERRY = os.path.abspath(sys.argv.pop(1))
EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples")


class CliTest(unittest.TestCase):
    def setUp(self):
        self._directory = tempfile.TemporaryDirectory()
        self.addCleanup(self._directory.cleanup)
        self.dir = self._directory.name
        # Keys and cache of a user of our own.
        self.home = self.path("home")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("XDG_")} | {"HOME": self.home}

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as f:
            f.write(content if isinstance(content, bytes) else content.encode())
        return self.path(name)

    def run_wherry(self, *args, stdin=b"", env=None):
        return subprocess.run([WHERRY, *args], input=stdin, capture_output=True, timeout=60, cwd=self.dir,
                              env=env or self.environment)

    def check(self, result, code, out=None, err=None):
        self.assertEqual(result.returncode, code, (result.stdout, result.stderr))
        if out is not None:
            self.assertEqual(result.stdout.decode(), out)
        if err is not None:
            self.assertIn(err, result.stderr.decode())
        return result


class Usage(CliTest):
    def test_no_arguments_is_a_usage_error_with_help(self):
        self.check(self.run_wherry(), 2, err="Usage: wherry COMMAND")

    def test_help_goes_to_stdout(self):
        for args in (["--help"], ["help"], ["help", "run"], ["run", "--help"], ["wast", "--help"]):
            result = self.check(self.run_wherry(*args), 0)
            self.assertIn(b"Usage: wherry", result.stdout)
            self.assertEqual(result.stderr, b"")

    def test_every_command_is_listed_and_explains_itself(self):
        for command in ("run", "compile", "snapshot", "cache", "key", "trust", "validate", "inspect", "wat2wasm", "wasm2wat",
                        "wast", "completion"):
            self.assertIn(command.encode(), self.run_wherry("--help").stdout)
            self.assertIn(f"Usage: wherry {command} ".encode(), self.check(self.run_wherry(command, "--help"), 0).stdout)

    def test_version(self):
        self.assertRegex(self.check(self.run_wherry("--version"), 0).stdout.decode(), r"^wherry \d+\.\d+\.\d+\n$")

    def test_mistakes_exit_2(self):
        self.check(self.run_wherry("frobnicate"), 2, err="there is no command 'frobnicate'")
        self.check(self.run_wherry("run"), 2, err="FILE")
        self.check(self.run_wherry("run", "--no-such-option", "x.wasm"), 2, err="--no-such-option")
        self.check(self.run_wherry("run", "--tier", "warp", "x.wasm"), 2, err="--tier")
        self.check(self.run_wherry("run", "--fuel", "lots", "x.wasm"), 2, err="--fuel")
        self.check(self.run_wherry("run", "--max-memory", "12 parsecs", "x.wasm"), 2, err="--max-memory")
        self.check(self.run_wherry("run", "--time-limit", "soon", "x.wasm"), 2, err="--time-limit")
        self.check(self.run_wherry("validate", "--disable", "gravity", "x.wasm"), 2, err="there is no feature 'gravity'")

    def test_completions(self):
        for shell in ("bash", "zsh", "fish"):
            self.assertIn(b"invoke", self.check(self.run_wherry("completion", shell), 0).stdout)
        script = self.run_wherry("completion", "bash").stdout
        subprocess.run(["bash", "-n"], input=script, check=True)
        probe = script + b"\nCOMP_WORDS=(wherry run --inv); COMP_CWORD=2; _wherry; echo \"${COMPREPLY[*]}\"\n"
        self.assertEqual(subprocess.run(["bash"], input=probe, capture_output=True).stdout, b"--invoke\n")


class Run(CliTest):
    def test_invoke_with_typed_arguments(self):
        module = self.write("f.wat", """(module
          (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
          (func (export "many") (param i64 f32 f64) (result i64 f32 f64) (local.get 0) (local.get 1) (local.get 2))
          (func (export "splat") (param i32) (result v128) (i32x4.splat (local.get 0)))
          (func (export "null") (result externref) (ref.null extern))
          (func (export "nothing")))""")
        self.check(self.run_wherry("run", "--invoke", "add", module, "40", "2"), 0, "42\n")
        self.check(self.run_wherry("run", "--invoke", "add", module, "0xffffffff", "-1"), 0, "-2\n")
        self.check(self.run_wherry("run", "--invoke", "many", module, "-9223372036854775808", "1.5", "-inf"), 0,
                   "-9223372036854775808\n1.5\n-inf\n")
        self.check(self.run_wherry("run", "--invoke", "many", module, "1", "0x1p-149", "nan"), 0, "1\n1e-45\nnan\n")
        self.check(self.run_wherry("run", "--invoke", "nothing", module), 0, "")
        self.check(self.run_wherry("run", "--invoke", "null", module), 0, "null\n")
        self.check(self.run_wherry("run", "--invoke", "add", module, "1"), 2, err="2 arguments")
        self.check(self.run_wherry("run", "--invoke", "add", module, "1", "2", "3"), 2, err="2 arguments")
        self.check(self.run_wherry("run", "--invoke", "add", module, "1", "two"), 2, err="'two'")
        self.check(self.run_wherry("run", "--invoke", "add", module, "1", "4294967296"), 2, err="4294967296")
        self.check(self.run_wherry("run", "--invoke", "subtract", module), 1, err="subtract")

    def test_exit_code_is_the_guests(self):
        for code in (0, 1, 7, 125):
            module = self.write("exit.wat", f"""(module
              (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
              (memory (export "memory") 1) (func (export "_start") (call $exit (i32.const {code}))))""")
            self.check(self.run_wherry("run", module), code, "")

    def test_trap_exits_134_with_a_backtrace(self):
        result = self.check(self.run_wherry("run", os.path.join(EXAMPLES, "trap.wat")), 134, "",
                            "trap: integer divide by zero")
        lines = result.stderr.decode().splitlines()
        self.assertIn("divide", lines[1])
        self.assertIn("average", lines[2])
        self.assertIn("_start", lines[3])

    def test_hello_and_implied_run(self):
        hello = os.path.join(EXAMPLES, "hello.wat")
        self.check(self.run_wherry("run", hello), 0, "Hello from a WebAssembly ship\n")
        self.check(self.run_wherry(hello), 0, "Hello from a WebAssembly ship\n")

    def test_module_from_standard_input(self):
        module = b'(module (func (export "f") (result i32) (i32.const 3)))'
        self.check(self.run_wherry("run", "--invoke", "f", "-", stdin=module), 0, "3\n")

    def test_options_after_the_file_are_the_guests(self):
        # argc, through args_sizes_get
        module = self.write("argc.wat", """(module
          (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1)
          (func (export "_start")
            (drop (call $sizes (i32.const 0) (i32.const 4)))
            (call $exit (i32.load (i32.const 0)))))""")
        self.check(self.run_wherry("run", module), 1)
        self.check(self.run_wherry("run", module, "--help", "--", "-x", "--dir", "y"), 6)

    def test_unknown_imports_are_all_listed(self):
        module = self.write("m.wat", """(module (import "env" "one" (func)) (import "env" "two" (func (param i32)))
                                                (func (export "_start")))""")
        result = self.check(self.run_wherry("run", module), 1, "", "unknown import")
        self.assertIn(b"one", result.stderr)
        self.assertIn(b"two", result.stderr)

    def test_linked_modules(self):
        library = self.write("lib.wat", '(module (func (export "seven") (result i32) (i32.const 7)))')
        module = self.write("m.wat", """(module (import "lib" "seven" (func $f (result i32)))
                                        (func (export "g") (result i32) (i32.mul (call $f) (i32.const 6))))""")
        self.check(self.run_wherry("run", "--module", f"lib={library}", "--invoke", "g", module), 0, "42\n")
        self.check(self.run_wherry("run", "--module", library, "--invoke", "g", module), 2, err="NAME=FILE")

    def test_reactor(self):
        module = self.write("m.wat", """(module (global $g (mut i32) (i32.const 0))
          (func (export "_initialize") (global.set $g (i32.const 5)))
          (func (export "get") (result i32) (global.get $g)))""")
        self.check(self.run_wherry("run", "--reactor", module, "get"), 0, "5\n")
        self.check(self.run_wherry("run", "--invoke", "get", module), 0, "5\n")

    def test_limits(self):
        spin = self.write("spin.wat", '(module (func (export "_start") (loop (br 0))))')
        start = time.monotonic()
        self.check(self.run_wherry("run", "--time-limit", "200ms", spin), 134, err="time limit")
        self.assertLess(time.monotonic() - start, 5)
        self.check(self.run_wherry("run", "--fuel", "1000", spin), 134, err="out of fuel")
        deep = self.write("deep.wat", '(module (func $f (export "_start") (call $f)))')
        self.check(self.run_wherry("run", deep), 134, err="call stack exhausted")
        self.check(self.run_wherry("run", "--max-stack", "64k", deep), 134, err="call stack exhausted")
        grow = self.write("grow.wat", """(module (memory 1)
          (func (export "g") (result i32) (memory.grow (i32.const 100))))""")
        self.check(self.run_wherry("run", "--invoke", "g", grow), 0, "1\n")
        self.check(self.run_wherry("run", "--max-memory", "1M", "--invoke", "g", grow), 0, "-1\n")

    def test_environment_is_given_by_name_only(self):
        module = self.write("env.wat", """(module
          (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1)
          (func (export "_start")
            (drop (call $sizes (i32.const 0) (i32.const 4)))
            (call $exit (i32.load (i32.const 0)))))""")
        self.check(self.run_wherry("run", module), 0)
        self.check(self.run_wherry("run", "--env", "A=1", "--env", "B=2", module), 2)
        self.check(self.run_wherry("run", "--env", "PATH", module, env={"PATH": "/bin"}), 1)

    def test_interrupt_ends_a_guest(self):
        spin = self.write("spin.wat", '(module (func (export "_start") (loop (br 0))))')
        process = subprocess.Popen([WHERRY, "run", spin], stderr=subprocess.PIPE)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
        self.assertIn(process.returncode, (-signal.SIGINT, 130), err)


class Files(CliTest):
    def test_missing_and_malformed_files(self):
        self.check(self.run_wherry("run", "nowhere.wasm"), 1, "", "nowhere.wasm: No such file")
        self.check(self.run_wherry("run", self.dir), 1, "", "directory")
        empty = self.write("empty.wasm", b"")
        self.check(self.run_wherry("validate", empty), 1, "", "empty.wasm")
        self.check(self.run_wherry("validate", self.write("cut.wasm", b"\0asm\1\0\0\0\1\5\1")), 1, "", "at offset 0x")
        huge = self.write("huge.wasm", b"\0asm\1\0\0\0\1\xff\xff\xff\xff\x0f")
        self.check(self.run_wherry("validate", huge), 1, "", "at offset 0x")
        bad = self.write("bad.wat", "(module\n  (func (export \"f\")\n    (i32.bogus)))")
        self.check(self.run_wherry("validate", bad), 1, "", "bad.wat:3:")
        invalid = self.write("invalid.wat", '(module (func (result i32) (i64.const 1)))')
        self.check(self.run_wherry("validate", invalid), 1, "", "type mismatch")

    def test_validate(self):
        good = self.write("good.wat", "(module (func (result v128) (v128.const i32x4 1 2 3 4)))")
        self.check(self.run_wherry("validate", good), 0, "")
        self.check(self.run_wherry("validate", "--disable", "simd", good), 1, "", "simd")

    def test_wat_round_trip(self):
        source = os.path.join(EXAMPLES, "fac.wat")
        self.check(self.run_wherry("wat2wasm", source, "-o", "a.wasm"), 0, "")
        with open(self.path("a.wasm"), "rb") as f:
            self.assertEqual(f.read(4), b"\0asm")
        self.check(self.run_wherry("wasm2wat", "a.wasm", "-o", "b.wat"), 0, "")
        self.check(self.run_wherry("wat2wasm", "b.wat", "-o", "c.wasm"), 0, "")
        with open(self.path("a.wasm"), "rb") as a, open(self.path("c.wasm"), "rb") as c:
            self.assertEqual(a.read(), c.read())
        self.check(self.run_wherry("run", "--invoke", "fac", "c.wasm", "5"), 0, "120\n")

    def test_output_is_whole_or_absent(self):
        bad = self.write("bad.wat", "(module (func")
        self.write("out.wasm", "precious")
        self.check(self.run_wherry("wat2wasm", bad, "-o", "out.wasm"), 1)
        with open(self.path("out.wasm")) as f:
            self.assertEqual(f.read(), "precious")
        good = self.write("good.wat", "(module)")
        self.check(self.run_wherry("wat2wasm", good, "-o", "no/such/dir.wasm"), 1, "", "dir.wasm")
        self.assertEqual(sorted(os.listdir(self.dir)), ["bad.wat", "good.wat", "out.wasm"])
        self.check(self.run_wherry("wat2wasm", good, "-o", "/dev/full"), 1, "", "space")

    def test_inspect(self):
        module = self.write("m.wat", """(module
          (import "wasi_snapshot_preview1" "path_open"
            (func (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
          (import "env" "go" (func (param i32) (result f64)))
          (memory (export "memory") 1 2)
          (func (export "f") (param i64) (result v128) (v128.const i64x2 0 0)))""")
        text = self.check(self.run_wherry("inspect", module), 0).stdout.decode()
        for word in ("env", "go", "memory", "simd", "path_open"):
            self.assertIn(word, text)
        data = json.loads(self.check(self.run_wherry("inspect", "--json", module), 0).stdout)
        self.assertEqual([i["name"] for i in data["imports"]], ["path_open", "go"])
        self.assertEqual({e["name"]: e["kind"] for e in data["exports"]}, {"memory": "memory", "f": "func"})
        self.assertIn("simd", data["features"])
        self.assertTrue(any("dir" in need for need in data["needs"]), data["needs"])

    def test_wast(self):
        good = self.write("good.wast", """(module (func (export "f") (result i32) (i32.const 1)))
                                          (assert_return (invoke "f") (i32.const 1))""")
        self.check(self.run_wherry("wast", good), 0)
        bad = self.write("bad.wast", """(module (func (export "f") (result i32) (i32.const 1)))
                                        (assert_return (invoke "f") (i32.const 2))""")
        self.assertIn(b"bad.wast:2:", self.check(self.run_wherry("wast", bad), 1).stdout)

    def test_directories(self):
        os.mkdir(self.path("data"))
        self.write("data/note", "text")
        # Opens "note" beneath descriptor 3 with the given rights; exits with the errno.
        def module(rights, flags):
            return self.write("open.wat", f"""(module
              (import "wasi_snapshot_preview1" "path_open"
                (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
              (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
              (memory (export "memory") 1) (data (i32.const 0) "note")
              (func (export "_start")
                (call $exit (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4) (i32.const {flags})
                                        (i64.const {rights}) (i64.const 0) (i32.const 0) (i32.const 64)))))""")
        read = module(2, 0)
        self.check(self.run_wherry("run", read), 8)  # badf: nothing was granted
        self.check(self.run_wherry("run", "--dir", "data", read), 0)
        self.check(self.run_wherry("run", "--dir", "data::/d", read), 0)
        self.check(self.run_wherry("run", "--dir", "/d:data", read), 0)
        self.check(self.run_wherry("run", "--dir", "/d:data:readonly", read), 0)
        self.check(self.run_wherry("run", "--dir", "nowhere", read), 1, "", "nowhere")
        write = module(64, 8)  # fd_write, truncate
        self.assertNotEqual(self.run_wherry("run", "--dir", "data::/d:ro", write).returncode, 0)
        with open(self.path("data/note")) as f:
            self.assertEqual(f.read(), "text")
        self.check(self.run_wherry("run", "--dir", "data::/d", write), 0)


class ManyInstances(CliTest):
    APP = """(module (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1) (data (i32.const 0) "\\10\\00\\00\\00\\06\\00\\00\\00") (data (i32.const 16) "cold!\\n")
      (func (export "warm_up") (i64.store (i32.const 16) (i64.const 0x0a216d726177)))
      (func (export "_start") (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 100)))))"""

    def test_a_snapshot_starts_warm(self):
        app = self.write("app.wat", self.APP)
        self.check(self.run_wherry("run", app), 0, out="cold!\n")
        self.check(self.run_wherry("snapshot", "--init", "warm_up", app, "-o", "ready.wasm"), 0)
        self.check(self.run_wherry("run", "ready.wasm"), 0, out="warm!\n")
        self.check(self.run_wherry("run", "--invoke", "warm_up", "ready.wasm"), 1, err='no export "warm_up"')
        self.check(self.run_wherry("snapshot", "--init", "nothing", app, "-o", "-"), 1, err='no export "nothing"')

    def test_a_snapshot_that_cannot_be_is_an_error(self):
        opens = self.write("opens.wat", """(module
          (import "wasi_snapshot_preview1" "path_open"
            (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
          (memory (export "memory") 1) (data (i32.const 0) "f")
          (func (export "init") (drop (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 1)
            (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 100)))))""")
        self.check(self.run_wherry("snapshot", "--dir", ".", "--init", "init", opens, "-o", "x.wasm"), 1, err="files open")
        self.assertFalse(os.path.exists(self.path("x.wasm")))

    def test_statistics(self):
        app = self.write("app.wat", self.APP)
        text = self.check(self.run_wherry("run", "--stats", app), 0, out="cold!\n").stderr.decode()
        self.assertIn("calls 1\n", text)
        self.assertIn("memory_bytes 65536\n", text)
        text = self.check(self.run_wherry("run", "--stats=prometheus", app), 0, out="cold!\n").stderr.decode()
        self.assertIn("# TYPE wherry_calls_total counter\nwherry_calls_total 1\n", text)

    def test_limits(self):
        app = self.write("app.wat", self.APP)
        self.check(self.run_wherry("run", "--max-output", "5", app), 0, out="")
        two = self.write("two.wat", "(module (memory 2) (memory 2) (func (export \"_start\")))")
        self.check(self.run_wherry("run", "--max-total-memory", "200k", two), 1, err="the store's 204800 bytes")

    def test_threads(self):
        app = self.write("threads.wat", """(module (import "env" "memory" (memory 1 1 shared))
          (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (func (export "wasi_thread_start") (param i32 i32)
            (i32.store (i32.const 4) (i32.add (local.get 1) (i32.const 1)))
            (i32.atomic.store (i32.const 0) (i32.const 1))
            (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
          (func (export "_start")
            (if (i32.le_s (call $spawn (i32.const 40)) (i32.const 0)) (then (unreachable)))
            (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))
            (call $exit (i32.add (i32.load (i32.const 4)) (i32.atomic.load (i32.const 0))))))""")
        self.check(self.run_wherry("run", app), 42)
        self.check(self.run_wherry("run", "--max-threads", "0", app), 134, err="unreachable")


HAVE_COMPILER = os.path.exists(os.path.join(os.path.dirname(WHERRY), "wherry-compiler"))

# Runs until it is told how long: `spin 3` is some seconds of interpretation, less than one of native code.
SPIN = """(module
  (func (export "spin") (param $rounds i32) (result i64) (local $i i32) (local $x i64)
    (local.set $x (i64.const 88172645463325252))
    (loop $outer
      (local.set $i (i32.const 1000))
      (loop $again (local.set $x (call $step (local.get $x)))
        (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (br_if $outer (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $x))
  (func $step (param $x i64) (result i64)
    (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 13))))
    (local.set $x (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 7))))
    (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 17)))))"""


@unittest.skipUnless(HAVE_COMPILER, "built without the compiler")
class NativeCode(CliTest):
    def setUp(self):
        super().setUp()
        self.module = self.write("spin.wasm", b"")
        self.write("spin.wat", SPIN)
        self.check(self.run_wherry("wat2wasm", "spin.wat", "-o", "spin.wasm"), 0)
        self.expected = self.check(self.run_wherry("run", "--tier", "interp", "--invoke", "spin", "spin.wasm", "10"), 0).stdout.decode()

    def spin(self, *options, rounds="10", file="spin.aot.wasm"):
        return self.run_wherry("run", "--no-cache", *options, "--invoke", "spin", file, rounds)

    def cached(self):
        return self.check(self.run_wherry("cache", "list"), 0).stdout.decode().splitlines()[:-1]

    def wait_for_cache(self):
        for _ in range(300):
            if self.cached():
                return
            time.sleep(0.1)
        self.fail("nothing came into the cache")

    def test_compiled_files_run_and_are_still_modules(self):
        self.check(self.run_wherry("compile", "spin.wasm"), 0, "")
        self.check(self.spin(), 0, self.expected, "")
        self.assertEqual(self.spin().stderr, b"")
        self.check(self.run_wherry("validate", "spin.aot.wasm"), 0)
        self.check(self.spin("--tier", "interp"), 0, self.expected)
        with open(self.path("spin.wasm"), "rb") as plain, open(self.path("spin.aot.wasm"), "rb") as compiled:
            self.assertTrue(compiled.read().startswith(plain.read()))
        # Compiled again: the native code is left out first.
        self.check(self.run_wherry("compile", "spin.aot.wasm", "-o", "again.wasm"), 0)
        self.assertEqual(os.path.getsize(self.path("again.wasm")), os.path.getsize(self.path("spin.aot.wasm")))

    def test_what_does_not_fit_is_said_and_runs_all_the_same(self):
        self.check(self.run_wherry("compile", "spin.wasm"), 0, "")
        self.check(self.spin("--bounds", "checks"), 0, self.expected, "compiled for other settings")
        self.check(self.run_wherry("compile", "--bounds", "checks", "spin.wasm", "-o", "checks.wasm"), 0, "")
        result = self.check(self.spin("--bounds", "checks", file="checks.wasm"), 0, self.expected)
        self.assertEqual(result.stderr, b"")
        other = "aarch64" if os.uname().machine == "x86_64" else "x86_64"
        self.check(self.run_wherry("compile", "--target", other, "spin.wasm", "-o", "other.wasm"), 0, "")
        self.check(self.spin(file="other.wasm"), 0, self.expected, "for other processors")

    def test_a_strangers_code_does_not_run(self):
        self.check(self.run_wherry("key", "generate", "release"), 0, None)
        self.check(self.run_wherry("compile", "--sign", "release.key", "spin.wasm"), 0, "")
        self.check(self.run_wherry("compile", "spin.wasm", "-o", "unsigned.wasm"), 0, "")
        self.environment["HOME"] = self.path("stranger")
        self.check(self.spin(file="unsigned.wasm"), 0, self.expected, "nobody signed it")
        self.check(self.spin(), 0, self.expected, "not trusted: ed25519 ")
        self.check(self.run_wherry("trust", "add", "release.pub"), 0)
        self.assertIn(b" release\n", self.run_wherry("trust", "list").stdout)
        self.assertEqual(self.check(self.spin(), 0, self.expected).stderr, b"")
        self.check(self.run_wherry("trust", "remove", "release"), 0)
        self.check(self.spin(), 0, self.expected, "not trusted")
        self.check(self.run_wherry("trust", "remove", "release"), 1, err="release")
        self.check(self.run_wherry("key", "generate", "release"), 1, err="release.key")

    def test_changed_files_run_without_their_native_code(self):
        self.check(self.run_wherry("compile", "spin.wasm"), 0, "")
        with open(self.path("spin.aot.wasm"), "rb") as f:
            content = bytearray(f.read())
        for at in (70000, len(content) // 2, len(content) - 432 + 20):
            changed = bytearray(content)
            changed[at] ^= 1
            self.check(self.spin(file=self.write("changed.wasm", bytes(changed))), 0, self.expected, "warning")
        whole = os.path.getsize(self.path("spin.wasm"))
        self.check(self.spin(file=self.write("cut.wasm", bytes(content[:whole]))), 0, self.expected)

    def test_output_is_whole_or_absent(self):
        before = sorted(os.listdir(self.dir))
        self.check(self.run_wherry("compile", "spin.wasm", "-o", "missing/out.wasm"), 1, err="missing/out.wasm")
        self.check(self.run_wherry("compile", "spin.wasm", "--sign", "nobody.key"), 1, err="nobody.key")
        self.check(self.run_wherry("compile", "--compiler", "/bin/false", "spin.wasm"), 1, err="compiler")
        self.write("bad.wasm", b"\0asm\1\0\0\0\x0c")
        self.check(self.run_wherry("compile", "bad.wasm"), 1, err="bad.wasm")
        os.remove(self.path("bad.wasm"))
        self.assertEqual([name for name in sorted(os.listdir(self.dir)) if name != "home"],
                         [name for name in before if name != "home"])

    def test_a_program_that_takes_long_is_compiled_for_the_next_run(self):
        self.assertEqual(self.cached(), [])
        result = self.run_wherry("run", "--invoke", "spin", "spin.wasm", "60000")
        self.check(result, 0)
        self.wait_for_cache()
        self.assertEqual(self.run_wherry("run", "--invoke", "spin", "spin.wasm", "60000").stdout, result.stdout)
        self.check(self.run_wherry("cache", "clear"), 0)
        self.assertEqual(self.cached(), [])

    def test_a_program_that_ends_too_soon_is_compiled_afterwards(self):
        # It is surely still compiling when the program ends.
        self.write("slow-compiler", "#!/bin/sh\nsleep 5\n")
        os.chmod(self.path("slow-compiler"), 0o755)
        begin = time.monotonic()
        self.check(self.run_wherry("run", "--compiler", self.path("slow-compiler"), "--invoke", "spin", "spin.wasm", "9000"), 0)
        self.assertLess(time.monotonic() - begin, 4.5)
        self.check(self.run_wherry("cache", "add", "spin.wasm"), 0)
        self.wait_for_cache()
        self.check(self.run_wherry("cache", "prune", "--max-size", "1"), 0)
        self.assertEqual(self.cached(), [])

    def test_the_cache_is_left_alone_when_told(self):
        self.check(self.run_wherry("run", "--no-cache", "--invoke", "spin", "spin.wasm", "20000"), 0)
        self.check(self.run_wherry("run", "--tier", "interp", "--invoke", "spin", "spin.wasm", "20000"), 0)
        self.assertEqual(self.cached(), [])
        self.check(self.run_wherry("cache", "dir"), 0, os.path.join(self.home, ".cache", "wherry") + "\n")


if __name__ == "__main__":
    unittest.main()
