"""Bundles for the tests of wherry-oci, and the runtime called on them."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

SKIPPED = 77  # ctest's SKIP_RETURN_CODE

# Guests are text: the runtime takes .wat. `$put` writes the N bytes at 16 to standard output.
HEAD = """(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $env_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $env (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func $put (param $n i32)
    (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (local.get $n))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func $sleep (param $ns i64)
    (i64.store (i32.const 1024) (i64.const 0)) (i32.store8 (i32.const 1032) (i32.const 0))
    (i32.store (i32.const 1040) (i32.const 1)) (i64.store (i32.const 1048) (local.get $ns))
    (i64.store (i32.const 1056) (i64.const 1)) (i32.store16 (i32.const 1064) (i32.const 0))
    (drop (call $poll (i32.const 1024) (i32.const 1100) (i32.const 1) (i32.const 1180))))
"""


def says(text, then=""):
    data = text.replace("\n", "\\n").replace('"', '\\"')
    return HEAD + f"""
  (data (i32.const 16) "{data}")
  (func (export "_start") (call $put (i32.const {len(text)})) {then})
  (func (export "other") (call $put (i32.const 5))))"""


HELLO = says("hello\n")
SLEEPER = says("up\n", "(call $sleep (i64.const 300000000000))")
SPINNER = HEAD + '(func (export "_start") (loop $l (br $l))))'
TRAP = HEAD + '(func (export "_start") unreachable))'
ARGS = HEAD + """
  (func $dump (param $size i32)
    (i32.store (i32.const 0) (i32.const 4096)) (i32.store (i32.const 4) (local.get $size))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (drop (call $args_sizes (i32.const 0) (i32.const 4))) (drop (call $args (i32.const 2048) (i32.const 4096)))
    (call $dump (i32.load (i32.const 4)))
    (drop (call $env_sizes (i32.const 0) (i32.const 4))) (drop (call $env (i32.const 2048) (i32.const 4096)))
    (call $dump (i32.load (i32.const 4)))))"""


def exits(code):
    return HEAD + f'(func (export "_start") (call $exit (i32.const {code}))))'


def opens(path, flags=0, rights=0x2):
    """Exits with the errno of opening `path` (relative to /)."""
    return HEAD + f"""(data (i32.const 16) "{path}")
  (func (export "_start") (call $exit (call $path_open (i32.const 3) (i32.const 1) (i32.const 16)
     (i32.const {len(path)}) (i32.const {flags}) (i64.const {rights}) (i64.const 0) (i32.const 0) (i32.const 8)))))"""


class Bundle:
    """A bundle and a state root in a temporary directory; everything is deleted at the end of `with`."""

    def __init__(self, runtime, guest=HELLO, name="app.wat", prefix="t"):
        self.runtime = str(runtime)
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="wherry-oci-"))
        self.root = self.dir / "state"
        self.rootfs = self.dir / "rootfs"
        self.rootfs.mkdir()
        self.id = prefix + self.dir.name.replace("wherry-oci-", "-")
        (self.rootfs / name).write_text(guest)
        subprocess.run([self.runtime, "spec", "-b", self.dir], check=True)
        self.config = json.loads((self.dir / "config.json").read_text())
        self.config["process"]["args"] = ["/" + name]
        self.config["root"]["readonly"] = False
        self.config["linux"]["cgroupsPath"] = "/wherry-test/" + self.id

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.root.exists():
            for left in os.listdir(self.root):
                self.call("delete", "--force", left, check=False)
        for group in cgroup_directories("/wherry-test"):
            try:
                os.rmdir(group)
            except OSError:
                pass  # Another test's.
        shutil.rmtree(self.dir, ignore_errors=True)

    def write(self):
        (self.dir / "config.json").write_text(json.dumps(self.config))

    def call(self, *args, check=True, options=(), timeout=60, **kwargs):
        """Runs a command. Output goes through files: a container keeps the streams open."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            line = [self.runtime, "--root", str(self.root), *options, *map(str, args)]
            code = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=out, stderr=err, timeout=timeout,
                                  cwd=self.dir, **kwargs).returncode
            out.seek(0), err.seek(0)
            result = Result(code, out.read().decode(errors="replace"), err.read().decode(errors="replace"))
        if check and code != 0:
            raise AssertionError(f"{args}: {result}")
        return result

    def run(self, *args, **kwargs):
        self.write()
        return self.call("run", "-b", self.dir, *args, self.id, **{"check": False, **kwargs})

    def create(self, *args, **kwargs):
        self.write()
        return self.call("create", "-b", self.dir, *args, self.id, **kwargs)

    def state(self, id=None):
        return json.loads(self.call("state", id or self.id).out)

    def wait_for(self, status, seconds=20):
        for _ in range(int(seconds / 0.02)):
            if self.state()["status"] == status:
                return
            time.sleep(0.02)
        raise AssertionError(f"not {status}: {self.state()}")


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return f"code {self.code}, out {self.out!r}, err {self.err!r}"


def cgroup_directories(part):
    """Directories of control groups whose path ends with `part`."""
    found = []
    for line in open("/proc/self/mountinfo"):
        left, right = line.split(" - ")
        if right.startswith("cgroup"):
            path = left.split()[4] + part
            if os.path.isdir(path):
                found.append(path)
    return found


def run_tests(tests, needs_root=True):
    if needs_root and os.geteuid() != 0:
        print("skipped: needs root")
        return SKIPPED
    failed = 0
    for name, test in tests.items():
        began = time.time()
        try:
            test()
            print(f"ok      {name}  ({time.time() - began:.2f} s)", flush=True)
        except Exception as error:  # noqa: BLE001: every failure is told
            import traceback
            traceback.print_exc()
            print(f"FAILED  {name}: {error}", flush=True)
            failed += 1
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0
