#!/usr/bin/env python3
"""oci_test.py RUNTIME: wherry-oci on bundles, without any engine."""
import json
import os
import pathlib
import signal
import socket
import array
import stat
import subprocess
import sys
import threading
import time

from bundle import (ARGS, HELLO, SLEEPER, SPINNER, TRAP, Bundle, cgroup_directories, exits, opens, run_tests, says)

RUNTIME = os.path.abspath(sys.argv[1])
TESTS = {}


def test(f):
    TESTS[f.__name__] = f
    return f


def bundle(*args, **kwargs):
    return Bundle(RUNTIME, *args, **kwargs)


def equal(a, b):
    assert a == b, f"{a!r} is not {b!r}"


@test
def life():
    with bundle(says("hi\n", "(call $sleep (i64.const 300000000000))")) as b:
        pid_file = b.dir / "pid"
        b.create("--pid-file", pid_file)
        state = b.state()
        equal(state["status"], "created")
        equal(state["pid"], int(pid_file.read_text()))
        equal(state["bundle"], str(b.dir))
        equal(b.create(check=False).code, 1)  # The name is taken.
        assert b.state()["status"] == "created"
        b.call("start", b.id)
        equal(b.state()["status"], "running")
        equal(b.call("start", b.id, check=False).code, 1)
        equal(b.call("delete", b.id, check=False).code, 1)
        equal(json.loads(b.call("ps", "--format", "json", b.id).out), [state["pid"]])
        assert b.id in b.call("list").out
        equal([c["id"] for c in json.loads(b.call("list", "--format=json").out)], [b.id])
        assert cgroup_directories("/wherry-test/" + b.id)
        b.call("kill", b.id, "KILL")
        b.wait_for("stopped")
        equal(b.call("kill", b.id, "15", check=False).code, 1)
        b.call("delete", b.id)
        equal(b.call("state", b.id, check=False).code, 1)
        equal(b.call("delete", b.id, check=False).code, 1)
        equal(b.call("delete", "--force", b.id).code, 0)
        equal(os.listdir(b.root), [])
        equal(cgroup_directories("/wherry-test/" + b.id), [])


@test
def exit_codes():
    for guest, code in ((HELLO, 0), (exits(42), 42), (TRAP, 137)):
        with bundle(guest) as b:
            result = b.run()
            assert result.code == code, result
    with bundle(TRAP) as b:
        assert "unreachable" in b.run().err


@test
def arguments_and_environment():
    with bundle(ARGS) as b:
        b.config["process"]["args"] += ["one", "two words"]
        b.config["process"]["env"] = ["A=1", "B=x=y"]
        b.config["process"]["cwd"] = "/work/here"
        os.environ["SECRET_OF_THE_ENGINE"] = "1"
        equal(b.run().out, "/app.wat\0one\0two words\0A=1\0B=x=y\0PWD=/work/here\0")
        assert (b.rootfs / "work/here").is_dir()


@test
def entry_point_and_path():
    with bundle() as b:
        b.config["process"]["args"] = ["app.wat#other"]
        equal(b.run().out, "hello")
    with bundle() as b:
        b.config["process"]["args"] = ["/app.wat#nothing"]
        result = b.run()
        assert result.code == 1 and "exports no function nothing" in result.err, result
    with bundle() as b:
        b.config["process"]["args"] = ["/missing.wasm"]
        result = b.run()
        assert result.code == 1 and "no such file or directory" in result.err, result
    with bundle() as b:
        (b.rootfs / "part.wasm").write_bytes(b"\0asm\x0d\0\1\0")
        b.config["process"]["args"] = ["/part.wasm"]
        assert "component" in b.run().err


@test
def signals_end_the_guest():
    for guest in (SLEEPER, SPINNER):
        for private_pid in (True, False):
            with bundle(guest) as b:
                if not private_pid:
                    b.config["linux"]["namespaces"] = [n for n in b.config["linux"]["namespaces"] if n["type"] != "pid"]
                b.write()
                with open(os.devnull) as null:
                    run = subprocess.Popen([RUNTIME, "--root", str(b.root), "run", "-b", str(b.dir), b.id], stdin=null,
                                           stdout=subprocess.DEVNULL)
                for _ in range(500):
                    found = b.call("state", b.id, check=False)
                    if '"running"' in found.out:
                        break
                    time.sleep(0.02)
                time.sleep(0.1)
                began = time.time()
                b.call("kill", b.id)  # SIGTERM
                equal(run.wait(timeout=30), 143)
                assert time.time() - began < 15
    with bundle() as b:  # Before it is started, too.
        b.create()
        b.call("kill", b.id, "SIGTERM")
        b.wait_for("stopped")


@test
def pause_resume_and_kill_while_paused():
    with bundle(SLEEPER) as b:
        b.create()
        b.call("start", b.id)
        b.call("pause", b.id)
        equal(b.state()["status"], "paused")
        equal(b.call("exec", b.id, "/app.wat", check=False).code, 1)
        b.call("resume", b.id)
        equal(b.state()["status"], "running")
        b.call("pause", b.id)
        b.call("kill", b.id, "9")
        b.wait_for("stopped")
        b.call("delete", b.id)


@test
def exec_runs_modules_and_programs():
    with bundle(SLEEPER) as b:
        (b.rootfs / "more.wat").write_text(says("more\n"))
        (b.rootfs / "exit.wat").write_text(exits(7))
        b.create()
        b.call("start", b.id)
        equal(b.call("exec", b.id, "/more.wat").out, "more\n")
        equal(b.call("exec", b.id, "/exit.wat", check=False).code, 7)
        missing = b.call("exec", b.id, "/missing", check=False)
        assert missing.code == 1 and "no such file or directory" in missing.err, missing
        process = b.dir / "process.json"
        process.write_text(json.dumps({"args": ["/more.wat"], "cwd": "/", "user": {"uid": 5, "gid": 5}}))
        pid_file = b.dir / "exec.pid"
        b.call("exec", "--process", process, "--detach", "--pid-file", pid_file, b.id)
        assert int(pid_file.read_text()) > 1
        busybox = pathlib.Path("/bin/busybox")
        if busybox.exists():
            (b.rootfs / "busybox").write_bytes(busybox.read_bytes())
            (b.rootfs / "busybox").chmod(0o755)
            equal(b.call("exec", b.id, "/busybox", "echo", "native").out, "native\n")
            # It sees the guest's process and not its memory.
            equal(b.call("exec", b.id, "/busybox", "cat", "/proc/1/mem", check=False).out, "")
            environment = b.call("exec", b.id, "/busybox", "cat", "/proc/1/environ", check=False).out
            assert "SECRET_OF_THE_ENGINE" not in environment


@test
def a_guest_cannot_reach_its_own_process():
    # WASI's errno: 0 would be success. Reading and writing, by every name.
    for path in ("proc/self/mem", "proc/1/mem", "proc/thread-self/mem", "proc/self/task/1/mem", "proc/1/task/1/mem"):
        for rights in (0x2, 0x40, 0x42):
            with bundle(opens(path, rights=rights)) as b:
                result = b.run()
                if path in ("proc/self/mem", "proc/1/mem"):
                    continue  # Opens what covers it: see below.
                assert result.code != 0, (path, rights, result)
    with bundle(SLEEPER) as b:
        b.create()
        mounts = [line.split() for line in open(f"/proc/{b.state()['pid']}/mountinfo")]
        points = {mount[4]: mount for mount in mounts}
        assert "ro" in points["/proc"][5].split(","), points["/proc"]
        equal(points["/proc/1/mem"][3], "/null")
        assert "/proc/1/task" in points and "/proc/1/maps" in points
    for path in ("proc/self/root", "proc/self/cwd", "proc/self/exe", "proc/self/fd/0", "proc/1/fd/3"):
        with bundle(opens(path)) as b:
            result = b.run()
            assert result.code not in (0, 1, 137), (path, result)


@test
def mounts_and_the_root():
    with bundle(opens("data/file", flags=1, rights=0x42)) as b:  # O_CREAT, write
        (b.dir / "volume").mkdir()
        mount = {"destination": "/data", "type": "bind", "source": str(b.dir / "volume"), "options": ["rbind", "rw"]}
        b.config["mounts"].append(mount)
        equal(b.run().code, 0)
        assert (b.dir / "volume/file").exists()
        mount["options"] = ["rbind", "ro"]
        (b.dir / "volume/file").unlink()
        assert b.run().code != 0
        assert not (b.dir / "volume/file").exists()
    with bundle(opens("made", flags=1, rights=0x42)) as b:
        equal(b.run().code, 0)
        assert (b.rootfs / "made").exists()
        (b.rootfs / "made").unlink()
        b.config["root"]["readonly"] = True
        assert b.run().code != 0
        assert not (b.rootfs / "made").exists()
    with bundle(opens("tmp/x", flags=1, rights=0x42)) as b:
        b.config["mounts"].append({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["size=64k"]})
        b.config["root"]["readonly"] = False
        equal(b.run().code, 0)
        assert not (b.rootfs / "tmp/x").exists()
    with bundle(SLEEPER) as b:
        b.config["linux"]["maskedPaths"] = ["/proc/version", "/proc/fs", "/proc/no/such"]
        b.config["linux"]["readonlyPaths"] = ["/proc/sys"]
        b.create()
        mounts = open(f"/proc/{b.state()['pid']}/mountinfo").read()
        for point in ("/proc/version", "/proc/fs", "/proc/sys"):
            assert f" {point} " in mounts, mounts
    with bundle() as b:
        b.config["mounts"].append({"destination": "/x", "type": "bind", "source": "/does/not/exist"})
        result = b.run()
        assert result.code == 1 and "mount /x" in result.err, result
        equal(os.listdir(b.root), [])


@test
def hooks_of_all_kinds():
    kinds = ("prestart", "createRuntime", "createContainer", "poststart", "poststop")
    with bundle() as b:
        log = b.dir / "log"
        b.config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", f"echo {kind} $(cat) >> {log}"]}] for kind in kinds}
        b.config["annotations"] = {"a": "b"}
        equal(b.run().code, 0)
        lines = log.read_text().splitlines()
        equal([line.split()[0] for line in lines], list(kinds))
        for line in lines:
            state = json.loads(line.split(" ", 1)[1])
            equal(state["id"], b.id)
            equal(state["annotations"], {"a": "b"})
    for kind in kinds[:3]:  # One that fails stops the container, and nothing is left.
        with bundle() as b:
            b.config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", "echo why >&2; exit 3"]}]}
            result = b.run()
            assert result.code == 1 and "failed with code 3: why" in result.err, result
            equal(os.listdir(b.root), [])
            equal(cgroup_directories("/wherry-test/" + b.id), [])
    with bundle() as b:  # One that hangs is killed.
        b.config["hooks"] = {"createRuntime": [{"path": "/bin/sleep", "args": ["sleep", "600"], "timeout": 1}]}
        result = b.run()
        assert result.code == 1 and "took more than 1 s" in result.err, result
    with bundle() as b:
        b.config["hooks"] = {"poststop": [{"path": "/does/not/exist"}]}
        equal(b.run().code, 0)


@test
def identity_and_limits():
    with bundle(SLEEPER) as b:
        process = b.config["process"]
        process["user"] = {"uid": 1234, "gid": 567, "additionalGids": [8, 9], "umask": 0o27}
        process["capabilities"] = {k: ["CAP_CHOWN"] for k in ("bounding", "permitted", "effective", "inheritable")}
        process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}]
        process["oomScoreAdj"] = 100
        b.config["hostname"] = "boat"
        b.create()
        b.call("start", b.id)
        pid = b.state()["pid"]
        status = dict(line.split(":\t", 1) for line in open(f"/proc/{pid}/status").read().splitlines() if ":\t" in line)
        equal(status["Uid"].split(), ["1234"] * 4)
        equal(status["Gid"].split(), ["567"] * 4)
        equal(sorted(status["Groups"].split()), ["8", "9"])
        equal(status["Umask"], "0027")
        equal(status["NoNewPrivs"].strip(), "1")
        equal(int(status["CapBnd"], 16), 1)
        equal(int(status["CapPrm"], 16), 1)
        equal(int(status["CapEff"], 16), 1)
        equal(status["Name"].strip(), "app.wat")
        limits = open(f"/proc/{pid}/limits").read()
        assert "100                  200" in limits, limits
        equal(open(f"/proc/{pid}/oom_score_adj").read().strip(), "100")
        equal(open(f"/proc/{pid}/cmdline").read().split("\0")[0], "/app.wat")
        for kind in ("mnt", "pid", "net", "ipc", "uts"):
            assert os.readlink(f"/proc/{pid}/ns/{kind}") != os.readlink(f"/proc/self/ns/{kind}"), kind
        # No descriptor of the host is left in it.
        for _ in range(250):  # Until the guest has begun.
            targets = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
            if not any(str(b.root) in target or target.startswith("socket:") for target in targets):
                break
            time.sleep(0.02)
        else:
            raise AssertionError(targets)


@test
def a_user_namespace():
    with bundle(SLEEPER) as b:
        b.config["linux"]["namespaces"].append({"type": "user"})
        mappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
        b.config["linux"]["uidMappings"] = b.config["linux"]["gidMappings"] = mappings
        b.dir.chmod(0o755)
        os.chown(b.rootfs, 100000, 100000)  # Its root makes the mount points.
        result = b.create(check=False)
        if "user namespace" in result.err and "Operation not permitted" in result.err:
            return
        equal(result.code, 0)
        b.call("start", b.id)
        status = open(f"/proc/{b.state()['pid']}/status").read()
        assert "Uid:\t100000\t100000" in status, status
        (b.rootfs / "more.wat").write_text(says("more\n"))
        equal(b.call("exec", b.id, "/more.wat").out, "more\n")


@test
def joined_namespaces():
    with bundle(SLEEPER) as first, bundle(SLEEPER) as second:
        first.create()
        first.call("start", first.id)
        pid = first.state()["pid"]
        for space in second.config["linux"]["namespaces"]:
            if space["type"] in ("network", "ipc", "uts", "pid"):
                space["path"] = f"/proc/{pid}/ns/" + {"network": "net"}.get(space["type"], space["type"])
        del second.config["hostname"]
        second.create()
        second.call("start", second.id)
        other = second.state()["pid"]
        for kind in ("net", "ipc", "uts", "pid"):
            equal(os.readlink(f"/proc/{other}/ns/{kind}"), os.readlink(f"/proc/{pid}/ns/{kind}"))
        second.call("kill", second.id, "KILL")
        second.wait_for("stopped")
        second.call("delete", second.id)
        equal(first.state()["status"], "running")


@test
def seccomp_filters():
    guest = says("hello\n")
    with bundle(guest) as b:
        b.config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
                                        "syscalls": [{"names": ["mkdirat", "no_such_call"], "action": "SCMP_ACT_ERRNO"}]}
        equal(b.run().out, "hello\n")
        b.config["process"]["noNewPrivileges"] = False
        equal(b.run().out, "hello\n")
        b.config["linux"]["seccomp"]["defaultAction"] = "SCMP_ACT_NONSENSE"
        assert "is no action" in b.run().err
    with bundle(SLEEPER) as b:
        b.config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW"}
        b.create()
        assert "Seccomp:\t2" in open(f"/proc/{b.state()['pid']}/status").read()


@test
def cgroup_limits():
    with bundle(SLEEPER) as b:
        b.config["linux"]["resources"].update({"memory": {"limit": 64 << 20}, "pids": {"limit": 50},
                                               "cpu": {"shares": 512, "quota": 50000, "period": 100000}})
        result = b.create(check=False)
        if "no cgroup controller" in result.err:
            print("        no controllers here:", result.err.strip())
            return
        equal(result.code, 0)
        b.call("start", b.id)

        def value(*names):
            for directory in cgroup_directories("/wherry-test/" + b.id):
                for name in names:
                    if os.path.exists(f"{directory}/{name}"):
                        return open(f"{directory}/{name}").read().strip()

        equal(value("memory.limit_in_bytes", "memory.max"), str(64 << 20))
        equal(value("pids.max"), "50")
        b.call("update", "--memory", 32 << 20, "--pids-limit", 60, b.id)
        equal(value("memory.limit_in_bytes", "memory.max"), str(32 << 20))
        equal(value("pids.max"), "60")
        resources = b.dir / "resources.json"
        resources.write_text(json.dumps({"pids": {"limit": 70}}))
        b.call("update", "-r", resources, b.id)
        equal(value("pids.max"), "70")
        for _ in range(50):  # Until the guest has begun.
            stats = json.loads(b.call("events", "--stats", b.id).out)
            if stats["data"]["wasm"]["linearMemory"] != 0:
                break
        equal(stats["type"], "stats")
        assert stats["data"]["memory"]["usage"]["usage"] > 0
        equal(stats["data"]["wasm"]["linearMemory"], 2 * 65536)
        assert stats["data"]["pids"]["current"] >= 1


@test
def the_kernel_enforces_memory():
    grow = """(module (memory (export "memory") 1)
      (func (export "_start") (local $i i32) (drop (memory.grow (i32.const 2000)))
        (loop $l (i32.store (local.get $i) (i32.const 1)) (local.set $i (i32.add (local.get $i) (i32.const 4096)))
          (br_if $l (i32.lt_u (local.get $i) (i32.const 131072000))))))"""
    with bundle(grow) as b:
        b.config["linux"]["resources"]["memory"] = {"limit": 32 << 20, "swap": 32 << 20}
        result = b.run()
        if "no cgroup controller" in result.err:
            return
        equal(result.code, 137)


@test
def a_terminal():
    with bundle(says("tty\n")) as b:
        b.config["process"]["terminal"] = True
        assert "console socket" in b.create(check=False).err
        path = str(b.dir / "console.sock")
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen(1)
        got = []

        def accept():
            connection, _ = server.accept()
            _, control, _, _ = connection.recvmsg(256, socket.CMSG_LEN(4))
            fds = array.array("i")
            fds.frombytes(control[0][2][:4])
            got.append(fds[0])

        thread = threading.Thread(target=accept)
        thread.start()
        b.create("--console-socket", path)
        thread.join(timeout=20)
        b.call("start", b.id)
        equal(os.read(got[0], 100), b"tty\r\n")
        b.wait_for("stopped")


@test
def inherited_sockets_and_no_other_descriptors():
    with bundle(SLEEPER) as b:
        b.write()
        ours, theirs = socket.socketpair()
        fd = os.dup2(theirs.fileno(), 3, inheritable=True)
        pid = subprocess.run([RUNTIME, "--root", str(b.root), "create", "-b", str(b.dir), "--preserve-fds", "1", b.id],
                             pass_fds=[fd], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        os.close(3)
        equal(pid.returncode, 0)
        pid = b.state()["pid"]
        assert os.readlink(f"/proc/{pid}/fd/3").startswith("socket:")


@test
def network_rules():
    with bundle() as b:
        equal(b.run().out, "hello\n")  # The default rules are rules.
        b.config["annotations"] = {"run.wherry.network": "listen:tcp:127.0.0.1:8080;connect:tcp:example.com:443"}
        equal(b.run().out, "hello\n")
        b.config["annotations"] = {"run.wherry.network": "connect:everything"}
        result = b.run()
        assert result.code == 1 and "connect:everything" in result.err, result


@test
def logs():
    with bundle() as b:
        b.config["process"]["args"] = ["/missing.wasm"]
        b.write()
        log = b.dir / "log"
        b.call("create", "-b", b.dir, b.id, options=["--log", str(log), "--log-format", "json"], check=False)
        line = json.loads(log.read_text().splitlines()[-1])
        equal(line["level"], "error")
        assert "no such file" in line["msg"]
        log.unlink()
        b.call("create", "-b", b.dir, b.id, options=[f"--log={log}"], check=False)
        assert 'level=error msg="' in log.read_text()


@test
def information():
    with bundle() as b:
        features = json.loads(b.call("features").out)
        assert "startContainer" in features["hooks"]
        assert b.call("--version").out.startswith("wherry-oci version ")
        equal(b.call("nonsense", check=False).code, 1)
        equal(b.call("start", check=False).code, 1)
        equal(b.call("spec", "-b", b.dir, check=False).code, 1)  # It is there.


@test
def linux_containers_go_to_others():
    runtimes = [name for name in ("crun", "runc") if any(os.access(f"{d}/{name}", os.X_OK) for d in ("/usr/bin", "/usr/sbin"))]
    if not runtimes or not os.path.exists("/bin/busybox"):
        print("        neither crun nor runc, or no busybox: skipped")
        return
    for runtime in runtimes:
        with bundle() as b:
            (b.rootfs / "busybox").write_bytes(open("/bin/busybox", "rb").read())
            (b.rootfs / "busybox").chmod(0o755)
            b.config["process"]["args"] = ["/busybox", "sleep", "300"]
            b.config["annotations"] = {"module.wasm.image/variant": "compat"}  # Of its pod.
            env = dict(os.environ, WHERRY_OCI_DELEGATE=runtime)
            created = b.create(env=env, check=False)
            if "hybrid" in created.err:
                print("        crun refuses hybrid cgroups here: skipped")
                continue
            equal(created.code, 0)
            b.call("start", b.id)
            equal(b.state()["status"], "running")
            equal(b.call("exec", b.id, "/busybox", "echo", "there").out, "there\n")
            assert b.id in b.call("list", "-q").out
            b.call("kill", b.id, "KILL")
            b.wait_for("stopped")
            b.call("delete", b.id)
            equal(b.call("state", b.id, check=False).code, 1)


@test
def hostile_bundles():
    """Links and `..` in a root file system lead nowhere, and nothing is left half made."""
    with bundle() as b:
        outside = b.dir / "outside"
        outside.mkdir()
        for name, target in (("etc", str(outside)), ("var", "../../outside"), ("dev", str(outside))):
            (b.rootfs / name).symlink_to(target)
        (b.dir / "volume").mkdir()
        source = {"type": "bind", "source": str(b.dir / "volume"), "options": ["rbind"]}
        b.config["mounts"] += [dict(source, destination=d) for d in ("/etc/made", "/var/made", "/../../outside/made")]
        b.config["mounts"].append({"destination": "/etc/file", "type": "bind", "source": str(b.dir / "config.json")})
        b.config["linux"]["maskedPaths"] += ["/var/../../../../../etc/passwd"]
        b.config["process"]["cwd"] = "/etc/work/../here"
        b.run()
        equal(os.listdir(outside), [])
        equal(os.listdir(b.root), [])
        equal(cgroup_directories("/wherry-test/" + b.id), [])
    with bundle() as b:  # The module itself is a link out of the root.
        secret = b.dir / "secret.wat"
        secret.write_text(says("secret\n"))
        (b.rootfs / "link.wat").symlink_to(secret)
        (b.rootfs / "up.wat").symlink_to("../secret.wat")
        for name in ("/link.wat", "/up.wat", "/../secret.wat"):
            b.config["process"]["args"] = [name]
            result = b.run()
            assert result.code == 1 and "secret" not in result.out, result
    bad = [("process", "args", [1]), ("process", "cwd", "relative"), ("process", "env", {"a": 1}), ("root", "path", 5),
           ("linux", "namespaces", [{"type": "nonsense"}]), ("linux", "namespaces", [{"type": "pid"}, {"type": "pid"}]),
           ("linux", "cgroupsPath", "/../../x"), ("linux", "sysctl", {"kernel.core_pattern": "|/bin/sh"}),
           ("linux", "sysctl", {"net/../../kernel/core_pattern": "x"}), ("linux", "rootfsPropagation", "sideways"),
           ("linux", "devices", [{"path": "relative", "type": "c", "major": 1, "minor": 3}])]
    for part, name, value in bad:
        with bundle() as b:
            b.config[part][name] = value
            result = b.run(env=dict(os.environ, WHERRY_OCI_DELEGATE="crun"))
            assert result.code != 0 and "hello" not in result.out, (part, name, value, result)
            assert not b.root.exists() or os.listdir(b.root) == [], (part, name, os.listdir(b.root))
            equal(cgroup_directories("/wherry-test/" + b.id), [])
    for text in ("", "{", "[]", "null", '{"ociVersion":"1.0.2"}', "[" * 100000, '{"ociVersion":"1.0.2","root":{"path":"x"}}'):
        with bundle() as b:
            (b.dir / "config.json").write_text(text)
            result = b.call("create", "-b", b.dir, b.id, check=False)
            assert 0 < result.code < 128, (text[:20], result)
    with bundle() as b:  # What nobody knows is nobody's business.
        b.config["futureThings"] = {"a": [1, 2]}
        b.config["linux"]["futureThings"] = "x"
        b.config["process"]["futureThings"] = [None]
        equal(b.run().out, "hello\n")
    for id in ("..", ".", "a/b", "", "x" * 300, "a b"):
        with bundle() as b:
            b.write()
            assert b.call("create", "-b", b.dir, id, check=False).code != 0, id
            equal(b.call("delete", "--force", id, check=False).code, 1)


if __name__ == "__main__":
    wanted = sys.argv[2:]
    sys.exit(run_tests({name: f for name, f in TESTS.items() if not wanted or name in wanted}))
