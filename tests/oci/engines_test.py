#!/usr/bin/env python3
"""engines_test.py RUNTIME [NAME...]: wherry-oci under real engines: Podman (with conmon and buildah) and containerd.

Everything happens in mount and network namespaces of this test's own and in a temporary directory, and is torn down. An
engine that is not installed is skipped, and said so.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from bundle import HELLO, SKIPPED, SLEEPER, TRAP, exits, run_tests, says

PRIVATE = "WHERRY_TEST_IN_PRIVATE_NAMESPACES"
TESTS = {}


def test(f):
    TESTS[f.__name__] = f
    return f


def equal(a, b):
    assert a == b, f"{a!r} is not {b!r}"


def limit(name):
    import resource
    return resource.getrlimit(name)[1]


class Lab:
    """The engines' configuration and state, all beneath one directory."""

    def __init__(self, runtime):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="wherry-engines-"))
        self.runtime = runtime
        self.daemon = None
        # crun refuses both versions of cgroups at once; this namespace sees v1 alone where there is one.
        if os.path.ismount("/sys/fs/cgroup/unified"):
            subprocess.run(["umount", "/sys/fs/cgroup/unified"], check=True)
        os.makedirs("/run/netns", exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run/netns"], check=True)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=False)
        import resource
        files = min(limit(resource.RLIMIT_NOFILE), 20000)
        pid_max = int(open("/proc/sys/kernel/pid_max").read())
        processes = limit(resource.RLIMIT_NPROC)
        processes = pid_max if processes < 0 or processes > pid_max else processes
        d = self.dir
        (d / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{d}/podman/root"\nrunroot = "{d}/podman/run"\n')
        (d / "containers.conf").write_text(f"""[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "wherry"
tmp_dir = "{d}/podman/tmp"
runtime_supports_json = ["wherry"]
runtime_supports_nocgroup = ["wherry"]
[engine.runtimes]
wherry = ["{runtime}"]
[containers]
log_driver = "k8s-file"
default_ulimits = ["nofile=1024:{files}", "nproc={processes}:{processes}"]
""")
        (d / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        (d / "containerd.toml").write_text(f"""version = 2
root = "{d}/containerd/root"
state = "{d}/containerd/state"
[grpc]
  address = "{d}/c.sock"
[ttrpc]
  address = "{d}/c.sock.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "{d}/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:latest"
  stream_server_address = "127.0.0.1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.wherry]
    runtime_type = "io.containerd.runc.v2"
    pod_annotations = ["*"]
    container_annotations = ["*"]
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.wherry.options]
      BinaryName = "{runtime}"
""")
        self.env = dict(os.environ, CONTAINERS_STORAGE_CONF=str(d / "storage.conf"),
                        CONTAINERS_CONF=str(d / "containers.conf"), CONTAINERD_ADDRESS=str(d / "c.sock"))

    def call(self, *args, check=True, timeout=120, **kwargs):
        done = subprocess.run([str(a) for a in args], env=self.env, text=True, timeout=timeout, check=False,
                              stdin=kwargs.pop("stdin", subprocess.DEVNULL), capture_output=True, **kwargs)
        if check and done.returncode != 0:
            raise AssertionError(f"{args}: {done}")
        return done

    def image(self, name, files, args, annotations=()):
        """An image with files of its own, in Podman's store."""
        work = self.call("buildah", "from", "scratch").stdout.strip()
        for path, source in files.items():
            text = self.dir / "file"
            text.write_bytes(source if isinstance(source, bytes) else source.encode())
            text.chmod(0o755 if isinstance(source, bytes) else 0o644)
            self.call("buildah", "copy", work, text, path)
        self.call("buildah", "config", "--os", "linux", "--cmd", json.dumps(args),
                  *[w for a in annotations for w in ("--annotation", a)], work)
        self.call("buildah", "commit", "--rm", work, f"localhost/{name}")

    def start_containerd(self):
        if self.daemon is not None:
            return
        log = open(self.dir / "containerd.log", "w")
        self.daemon = subprocess.Popen(["containerd", "-c", str(self.dir / "containerd.toml")], env=self.env,
                                       stdout=log, stderr=log)
        for _ in range(200):
            if self.call("ctr", "version", check=False).returncode == 0:
                return
            time.sleep(0.1)
        raise AssertionError("containerd does not start: " + (self.dir / "containerd.log").read_text()[-2000:])

    def to_containerd(self, name, namespace="default"):
        archive = self.dir / f"{name}.tar"
        if not archive.exists():
            self.call("podman", "save", "--format", "oci-archive", "-o", archive, f"localhost/{name}")
        self.call("ctr", "-n", namespace, "images", "import", archive)

    def close(self):
        if shutil.which("podman"):
            self.call("podman", "rm", "-fa", "-t", "0", check=False)
            self.call("podman", "pod", "rm", "-fa", check=False)
        if self.daemon is not None:
            for namespace in ("default", "k8s.io"):
                for task in self.call("ctr", "-n", namespace, "t", "ls", "-q", check=False).stdout.split():
                    self.call("ctr", "-n", namespace, "t", "kill", "-s", "KILL", task, check=False)
                    time.sleep(0.3)
                    self.call("ctr", "-n", namespace, "t", "rm", "-f", task, check=False)
                for container in self.call("ctr", "-n", namespace, "c", "ls", "-q", check=False).stdout.split():
                    self.call("ctr", "-n", namespace, "c", "rm", container, check=False)
            self.daemon.send_signal(signal.SIGTERM)
            self.daemon.wait(timeout=30)
        for line in reversed(open("/proc/self/mountinfo").read().splitlines()):
            point = line.split()[4]
            if point.startswith(str(self.dir)):
                subprocess.run(["umount", "-l", point], check=False)
        shutil.rmtree(self.dir, ignore_errors=True)


LAB = None


def podman(*args, **kwargs):
    return LAB.call("podman", *args, **kwargs)


@test
def podman_runs_modules():
    LAB.image("hello", {"/app.wat": HELLO}, ["/app.wat"], ["module.wasm.image/variant=compat"])
    LAB.image("codes", {"/exit.wat": exits(42), "/trap.wat": TRAP, "/sleep.wat": SLEEPER, "/more.wat": says("more\n")},
              ["/exit.wat"])
    equal(podman("run", "--rm", "--network=none", "localhost/hello").stdout, "hello\n")
    equal(podman("run", "--rm", "--network=none", "localhost/codes", check=False).returncode, 42)
    equal(podman("run", "--rm", "--network=none", "localhost/codes", "/trap.wat", check=False).returncode, 137)
    missing = podman("run", "--rm", "--network=none", "localhost/codes", "/missing.wasm", check=False)
    equal(missing.returncode, 127)
    equal(podman("run", "--rm", "--network=none", "--cgroups=disabled", "localhost/hello").stdout, "hello\n")
    equal(podman("run", "--rm", "--network=none", "--read-only", "--user", "1000:1000", "localhost/hello").stdout, "hello\n")
    equal(podman("run", "--rm", "--network=none", "-t", "localhost/hello").stdout, "hello\n")  # \r goes in text mode


@test
def podman_manages_modules():
    podman("run", "-d", "--name", "one", "--network=none", "--memory", "64m", "localhost/codes", "/sleep.wat")
    equal(podman("inspect", "-f", "{{.State.Status}}", "one").stdout.strip(), "running")
    equal(podman("exec", "one", "/more.wat").stdout, "more\n")
    podman("pause", "one")
    equal(podman("inspect", "-f", "{{.State.Status}}", "one").stdout.strip(), "paused")
    podman("unpause", "one")
    podman("update", "--memory", "80m", "one")
    began = time.time()
    podman("stop", "-t", "20", "one")
    assert time.time() - began < 18
    equal(podman("inspect", "-f", "{{.State.ExitCode}}", "one").stdout.strip(), "143")
    equal(podman("logs", "one").stdout, "up\n")
    podman("rm", "one")
    podman("run", "-d", "--name", "two", "--network=none", "localhost/codes", "/sleep.wat")
    podman("kill", "two")
    podman("rm", "-f", "-t", "0", "two")


@test
def podman_pods_mix_modules_and_programs():
    busybox = shutil.which("busybox")
    if busybox is None or not shutil.which("crun") and not shutil.which("runc"):
        print("        no busybox, or neither crun nor runc: skipped")
        return
    LAB.image("busybox", {"/busybox": open(busybox, "rb").read()}, ["/busybox", "sleep", "300"])
    podman("pod", "create", "--name", "pod", "--infra-image", "localhost/busybox", "--infra-command", "/busybox sleep 300",
           "--network=none")
    podman("run", "-d", "--pod", "pod", "--name", "wasm", "localhost/codes", "/sleep.wat")
    podman("run", "-d", "--pod", "pod", "--name", "linux", "localhost/busybox")
    pids = [podman("inspect", "-f", "{{.State.Pid}}", name).stdout.strip() for name in ("wasm", "linux")]
    equal(*[os.readlink(f"/proc/{pid}/ns/net") for pid in pids])
    equal(podman("exec", "linux", "/busybox", "echo", "there").stdout, "there\n")
    podman("pod", "stop", "-t", "2", "pod")
    podman("pod", "rm", "-f", "pod")


@test
def containerd_runs_modules():
    if not shutil.which("containerd") or not shutil.which("ctr"):
        print("        containerd is not installed: skipped")
        return
    LAB.start_containerd()
    for name in ("hello", "codes"):
        LAB.to_containerd(name)

    def ctr_run(image, *args, options=(), check=True):
        return LAB.call("ctr", "run", "--runc-binary", LAB.runtime, *options, f"localhost/{image}:latest", *args, check=check)

    equal(ctr_run("hello", "h1", options=["--rm"]).stdout, "hello\n")
    equal(ctr_run("codes", "h2", options=["--rm"], check=False).returncode, 42)
    ctr_run("codes", "c1", "/sleep.wat", options=["-d"])
    tasks = LAB.call("ctr", "t", "ls").stdout
    assert "c1" in tasks and "RUNNING" in tasks, tasks
    equal(LAB.call("ctr", "t", "exec", "--exec-id", "e1", "c1", "/more.wat").stdout, "more\n")
    LAB.call("ctr", "t", "pause", "c1")
    LAB.call("ctr", "t", "resume", "c1")
    assert str(json.loads(LAB.call("ctr", "t", "metrics", "--format", "json", "c1").stdout))
    assert len(LAB.call("ctr", "t", "ps", "c1").stdout.splitlines()) == 2
    LAB.call("ctr", "t", "kill", "-s", "TERM", "c1")
    for _ in range(100):
        if "STOPPED" in LAB.call("ctr", "t", "ls").stdout:
            break
        time.sleep(0.1)
    LAB.call("ctr", "t", "rm", "c1", check=False)
    LAB.call("ctr", "c", "rm", "c1")


def main():
    global LAB
    if os.geteuid() != 0:
        print("skipped: needs root")
        return SKIPPED
    missing = [name for name in ("podman", "conmon", "buildah", "unshare") if not shutil.which(name)]
    if missing:
        print("skipped: not installed:", ", ".join(missing))
        return SKIPPED
    if PRIVATE not in os.environ:
        os.environ[PRIVATE] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--net", "--propagation", "private", sys.executable, *sys.argv])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # Torn down then, too.
    LAB = Lab(os.path.abspath(sys.argv[1]))
    try:
        return run_tests({name: f for name, f in TESTS.items() if not sys.argv[2:] or name in sys.argv[2:]})
    finally:
        LAB.close()


if __name__ == "__main__":
    sys.exit(main())
