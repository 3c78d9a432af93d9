#!/usr/bin/env python3
"""network_test.py WHERRY GUESTS [unittest options]: the samples of guests/net under the command, against real clients and
servers on the loopback: curl, wrk, sockets of Python's, a small name server."""
import http.server
import os
import re
import resource
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

WHERRY = GUESTS = None


class Process:
    """A guest under the command. `serving`: it says where it listens."""

    def __init__(self, *args, serving=True, **kwargs):
        self.process = subprocess.Popen([WHERRY, "run", *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        stdin=subprocess.DEVNULL, **kwargs)
        self.port = None
        if serving:
            line = self.process.stdout.readline().decode()
            match = re.fullmatch(r"listening on .*:(\d+)\n", line)
            if not match:
                self.process.kill()
                raise AssertionError(f"{line!r} {self.process.communicate()[1].decode()}")
            self.port = int(match[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def connect(self, timeout=30):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def settle(self, count, seconds=20):
        """Waits until no more than `count` descriptors are open; how many are."""
        end = time.monotonic() + seconds
        while self.descriptors() > count and time.monotonic() < end:
            time.sleep(0.02)
        return self.descriptors()


def run(*args, timeout=60):
    return subprocess.run([WHERRY, "run", *map(str, args)], capture_output=True, timeout=timeout, stdin=subprocess.DEVNULL)


def http_server(*more, guest="http_server.wasm", patience=10):
    return Process("--net", "listen:tcp:127.0.0.1:0", *more, GUESTS / guest, "127.0.0.1:0", patience)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until_open(port, seconds=30):
    """Until somebody listens there; not by connecting, which the guest would see."""
    end = time.monotonic() + seconds
    wanted = f"0100007F:{port:04X} 00000000:0000 0A"
    while wanted not in Path("/proc/net/tcp").read_text():
        if time.monotonic() > end:
            raise AssertionError(f"nobody listens on {port}")
        time.sleep(0.02)


def read_response(connection):
    """Status line and body of one response with a Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        got = connection.recv(65536)
        if not got:
            return data, b""
        data += got
    head, body = data.split(b"\r\n\r\n", 1)
    length = int(re.search(rb"Content-Length: (\d+)", head)[1])
    while len(body) < length:
        body += connection.recv(65536)
    return head.split(b"\r\n")[0], body


class Responder(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"page " + self.path.encode()
        self.send_response(200 if self.path != "/none" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class WebServer:
    """An HTTP server of Python's, on a port of the loopback."""

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Responder)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.server_port
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class NameServer:
    """Answers with `answers[name]`: a list of addresses, or a list of such lists, one a question in turn."""

    def __init__(self, answers):
        self.answers, self.asked = answers, []

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.socket.close()

    def serve(self):
        while True:
            try:
                query, client = self.socket.recvfrom(4096)
            except OSError:
                return
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += query[at] + 1
            kind, = struct.unpack(">H", query[at + 1:at + 3])
            name = ".".join(labels).lower()
            self.asked.append((name, kind))
            known = self.answers.get(name)
            found = []
            if known:
                in_turn = isinstance(known[0], list)
                addresses = known[0] if in_turn else known
                if in_turn and kind == 1 and len(known) > 1:
                    known.pop(0)
                family = socket.AF_INET if kind == 1 else socket.AF_INET6
                for address in addresses:
                    try:
                        found.append(socket.inet_pton(family, address))
                    except OSError:
                        pass
            reply = query[:2] + struct.pack(">HHHHH", 0x8180 if known else 0x8183, 1, len(found), 0, 0) + query[12:at + 5]
            for address in found:
                reply += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 1, len(address)) + address
            self.socket.sendto(reply, client)


class HttpServer(unittest.TestCase):
    """The same for the servers in C, Rust and Go."""

    def curl(self, server, path, *args):
        result = subprocess.run(["curl", "-sS", "--max-time", "30", *args, f"http://127.0.0.1:{server.port}{path}"],
                                capture_output=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def basics(self, server, hello):
        self.assertEqual(self.curl(server, "/"), hello)
        self.assertEqual(self.curl(server, "/echo", "-d", "some text"), b"some text")
        with tempfile.NamedTemporaryFile() as file:
            data = os.urandom(60000)
            file.write(data)
            file.flush()
            self.assertEqual(self.curl(server, "/echo", "--data-binary", "@" + file.name), data)
        # Two requests on one connection.
        connections = self.curl(server, "/", "-w", "%{num_connects}\n", "-o", "/dev/null", "-o", "/dev/null",
                                f"http://127.0.0.1:{server.port}/")
        self.assertEqual(connections, b"1\n0\n")

    def test_c(self):
        with http_server() as server:
            self.basics(server, b"Hello from Wherry!\n")
            self.assertEqual(self.curl(server, "/none", "-w", "%{http_code}", "-o", "/dev/null"), b"404")
            self.assertEqual(self.curl(server, "/", "-I", "-w", "%{http_code}", "-o", "/dev/null"), b"200")
            self.assertEqual(self.curl(server, "/big"), b"x" * (1 << 20))
            with server.connect() as c:
                c.sendall(b"GET / HTTP/1.1\r\n\r\n" * 3 + b"POST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\nab")
                c.sendall(b"cGET /none HTTP/1.1\r\nConnection: close\r\n\r\n")
                data = b""
                while got := c.recv(65536):
                    data += got
                self.assertEqual(data.count(b"Hello from Wherry!"), 3)
                self.assertIn(b"\r\n\r\nabcHTTP/1.1 404", data)

    def test_rust(self):
        if not (GUESTS / "http_server_rs.wasm").exists():
            self.skipTest("no rustc for wasm32-wasi")
        with Process("--net", "listen:tcp:127.0.0.1:0", GUESTS / "http_server_rs.wasm", "127.0.0.1:0") as server:
            self.basics(server, b"Hello from Rust!\n")

    def test_go(self):
        if not (GUESTS / "http_server_go.wasm").exists():
            self.skipTest("no Go toolchain with GOOS=wasip1")
        port = free_port()
        with Process("--tcplisten", f"127.0.0.1:{port}", GUESTS / "http_server_go.wasm", serving=False) as server:
            server.port = port
            wait_until_open(port)
            self.basics(server, b"Hello from Go!\n")

    def test_load(self):
        if not shutil.which("wrk"):
            self.skipTest("no wrk")
        with http_server() as server:
            before = server.descriptors()
            result = subprocess.run(["wrk", "-t1", "-c64", "-d2s", "--latency", f"http://127.0.0.1:{server.port}/"],
                                    capture_output=True, text=True, check=True)
            self.assertGreater(float(re.search(r"Requests/sec: +([\d.]+)", result.stdout)[1]), 0)
            self.assertNotIn("Socket errors", result.stdout)
            self.assertNotIn("Non-2xx", result.stdout)
            self.assertLessEqual(server.settle(before + 1), before + 1)  # One more: the epoll descriptor.


class Connections(unittest.TestCase):
    def test_many(self):
        count = 5000
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < count + 100:
            self.skipTest(f"at most {hard} descriptors")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        with http_server(patience=300) as server:
            before = server.descriptors()
            held = [server.connect() for _ in range(count)]
            # Each of them is served, also while all are open.
            for c in held[::50]:
                c.sendall(b"GET / HTTP/1.1\r\n\r\n")
            for c in held[::50]:
                self.assertEqual(read_response(c), (b"HTTP/1.1 200 OK", b"Hello from Wherry!\n"))
            self.assertGreaterEqual(server.descriptors(), before + count)
            for c in held:
                c.close()
            self.assertLessEqual(server.settle(before + 1), before + 1)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    def test_hostile_clients_leave_nothing(self):
        with http_server(patience=1) as server:
            before = server.descriptors()
            # Slow-loris: a byte at a time keeps no connection open.
            slow = [server.connect() for _ in range(50)]
            start = time.monotonic()
            while time.monotonic() - start < 2.5:
                for c in slow:
                    try:
                        c.sendall(b"G")
                    except OSError:
                        pass
                time.sleep(0.1)
            self.assertLessEqual(server.settle(before + 1), before + 1)
            # Resets in mid-request, and while the answer is on its way.
            for request in (b"GET / HT", b"POST /echo HTTP/1.1\r\nContent-Length: 50000\r\n\r\nabc",
                            b"GET /big HTTP/1.1\r\n\r\n" * 5):
                for _ in range(20):
                    c = server.connect()
                    c.sendall(request)
                    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    c.close()
            # Half-closed: the answer comes, and then the end.
            for _ in range(20):
                c = server.connect()
                c.sendall(b"GET / HTTP/1.1\r\n\r\n")
                c.shutdown(socket.SHUT_WR)
                self.assertEqual(read_response(c)[1], b"Hello from Wherry!\n")
                self.assertEqual(c.recv(1), b"")
                c.close()
            self.assertLessEqual(server.settle(before + 1), before + 1)
            # Nothing of all this was seen by others.
            with server.connect() as c:
                c.sendall(b"GET / HTTP/1.1\r\n\r\n")
                self.assertEqual(read_response(c)[0], b"HTTP/1.1 200 OK")

    def test_limits_are_kept_while_waiting(self):
        start = time.monotonic()
        result = run("--time-limit", "300ms", "--net", "listen:tcp:127.0.0.1:0", GUESTS / "http_server.wasm", "127.0.0.1:0")
        self.assertEqual(result.returncode, 134)
        self.assertLess(time.monotonic() - start, 20)
        for arguments in (["--tcplisten", "127.0.0.1:0", GUESTS / "accept.wasm"],
                          ["--net", "listen:udp:127.0.0.1:0", GUESTS / "udp_echo.wasm", "127.0.0.1:0"]):
            self.assertEqual(run("--time-limit", "300ms", *arguments).returncode, 134)


class StandardSockets(unittest.TestCase):
    def talk(self, port):
        for text in (b"hello", b"again"):
            with socket.create_connection(("127.0.0.1", port), 30) as c:
                c.sendall(text)
                c.shutdown(socket.SHUT_WR)
                self.assertEqual(c.makefile("rb").read(), text.upper())
        socket.create_connection(("127.0.0.1", port), 30).close()

    def serve(self, *arguments):
        port = free_port()
        with Process("--tcplisten", f"127.0.0.1:{port}", *arguments, serving=False) as guest:
            wait_until_open(port)
            self.talk(port)
            self.assertEqual(guest.process.wait(20), 0)

    def test_tcplisten(self):
        self.serve(GUESTS / "accept.wasm")

    def test_after_directories(self):
        self.serve("--dir", "/tmp::/tmp", GUESTS / "accept.wasm", 4)

    def test_socket_activation(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            # As systemd starts a service: sockets from descriptor 3 on, and our own process number.
            command = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" run --socket-activation "$1"'
            pid = os.fork()
            if pid == 0:
                os.dup2(listener.fileno(), 3)
                os.set_inheritable(3, True)  # In case it was that already.
                os.execv("/bin/sh", ["sh", "-c", command, WHERRY, str(GUESTS / "accept.wasm")])
            self.talk(listener.getsockname()[1])
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)


class Clients(unittest.TestCase):
    def test_http(self):
        with WebServer() as web:
            result = run("--net", f"connect:tcp:127.0.0.1:{web.port}", GUESTS / "http_client.wasm", "127.0.0.1", web.port, "/a")
            self.assertEqual((result.returncode, result.stdout, result.stderr), (0, b"page /a", b""))
            result = run("--net", f"connect:tcp:localhost:{web.port}", GUESTS / "http_client.wasm", "localhost", web.port)
            self.assertEqual((result.returncode, result.stdout), (0, b"page /"), result.stderr)
            result = run("--net", f"connect:tcp:loopback:*", GUESTS / "http_client.wasm", "127.0.0.1", web.port, "/none")
            self.assertEqual(result.returncode, 22)

    def test_udp(self):
        with Process("--net", "listen:udp:127.0.0.1:0", "--net", "connect:udp:127.0.0.1:*", GUESTS / "udp_echo.wasm",
                     "127.0.0.1:0", 3) as server:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.settimeout(30)
                for text in (b"ping", b"", os.urandom(60000)):
                    client.sendto(text, ("127.0.0.1", server.port))
                    self.assertEqual(client.recvfrom(65536), (text, ("127.0.0.1", server.port)))
            self.assertEqual(server.process.wait(20), 0)


class Policy(unittest.TestCase):
    def fetch(self, rules, host, port, *more):
        options = [option for rule in rules for option in ("--net", rule)]
        result = run(*options, *more, GUESTS / "http_client.wasm", host, port)
        return result.returncode, result.stdout, result.stderr.decode()

    def test_nothing_by_default(self):
        with WebServer() as web:
            code, out, err = self.fetch([], "127.0.0.1", web.port)
            self.assertEqual((code, out), (1, b""))
            self.assertIn("wherry: network: refused a socket for tcp: no rule is about it\n", err)
            code, out, err = self.fetch(["connect:tcp:*:*"], "127.0.0.1", web.port)
            self.assertEqual((code, out), (1, b""))
            self.assertIn(f"refused connect tcp 127.0.0.1:{web.port}: no rule names this special address", err)
            for host in ("0.0.0.0", "::", "::1", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "0177.0.0.1", "2130706433",
                         "0x7f000001", "127.1", "0x7f.1", "127.0.0.1."):
                code, out, err = self.fetch(["connect:tcp:*:*"], host, web.port)
                self.assertEqual((code, out), (1, b""), host)

    def test_rules_of_a_file(self):
        with WebServer() as web, tempfile.NamedTemporaryFile("w") as file:
            file.write(f"# what it may reach\nconnect:tcp:127.0.0.1:{web.port} # the server\n")
            file.flush()
            code, out, _ = self.fetch([], "127.0.0.1", web.port, "--net-rules", file.name)
            self.assertEqual((code, out), (0, b"page /"))
            file.write("connect:tcp:nowhere\n")
            file.flush()
            code, _, err = self.fetch([], "127.0.0.1", web.port, "--net-rules", file.name)
            self.assertEqual(code, 1)
            self.assertIn("line 3: network rule 'connect:tcp:nowhere'", err)

    def test_names(self):
        with WebServer() as web, NameServer({"a.test": ["127.0.0.1"], "two.test": ["169.254.169.254", "127.0.0.1"]}) as dns:
            def fetch(rule, host):
                return self.fetch([rule], host, web.port, "--dns", dns.address)

            code, out, err = fetch(f"connect:tcp:a.test@loopback:{web.port}", "a.test")
            self.assertEqual((code, out), (0, b"page /"), err)
            # The address that is allowed is tried, the other one is not even told.
            code, out, err = fetch(f"connect:tcp:two.test@loopback:{web.port}", "two.test")
            self.assertEqual((code, out), (0, b"page /"), err)
            self.assertIn("refused connect 169.254.169.254, an answer for two.test: no rule names this special address", err)
            # A name that may not be resolved is not asked for.
            asked = len(dns.asked)
            code, out, err = fetch(f"connect:tcp:b.test@loopback:{web.port}", "a.test")
            self.assertEqual((code, out), (1, b""))
            self.assertIn("refused resolve a.test: no rule allows it", err)
            self.assertEqual(len(dns.asked), asked)
            code, out, err = fetch(f"connect:tcp:none.test@loopback:{web.port}", "none.test")
            self.assertEqual((code, out), (1, b""))

    def test_rebinding(self):
        """A name that is allowed, and answers with an address that is not."""
        with WebServer() as web:
            for answer in ("127.0.0.1", "0.0.0.0", "169.254.169.254", "10.0.0.1", "::1", "::ffff:127.0.0.1", "::",
                           "64:ff9b::7f00:1", "fe80::1", "fd00:ec2::254"):
                with NameServer({"evil.test": [answer]}) as dns:
                    code, out, err = self.fetch(["connect:tcp:evil.test:*"], "evil.test", web.port, "--dns", dns.address)
                    self.assertEqual((code, out), (1, b""), answer)
                    self.assertIn("an answer for evil.test", err, answer)
            # Nor later: each answer is checked anew, the first being good.
            with NameServer({"evil.test": [["203.0.113.1"], ["127.0.0.1"]]}) as dns:
                for _ in range(2):
                    code, out, err = self.fetch(["resolve:*", "connect:tcp:198.51.100.0/24:*"], "evil.test", web.port, "--dns",
                                                dns.address)
                    self.assertEqual((code, out), (1, b""))
                    self.assertIn("an answer for evil.test", err)


if __name__ == "__main__":
    WHERRY, GUESTS = sys.argv[1], Path(sys.argv[2])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], warnings="ignore")
