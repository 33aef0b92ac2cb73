# SPDX-License-Identifier: EUPL-1.2
"""Witnesses for the end-to-end tests: the real `vix witness`, and liars in Python that stand before
one and spoil its answers."""
import http.client
import http.server
import re
import shutil
import signal
import socket
import subprocess
import threading

from actors import (
    DEADLINE, SANITIZER_REPORTS, VIX, Answer, kept_port, new_directory, run_vix,
)


class Witness:
    """`vix witness run` with a directory of its own; it keeps its port when it is started again."""

    def __init__(self, name, log, tls=None):
        self.name, self.log_key, self.tls = name, log, tls
        self.directory = new_directory()
        self.folder = self.directory / "w"
        made = run_vix("witness", "init", self.folder, "--name", name)
        assert made.returncode == 0, made.stderr
        self.vkey = made.stdout.strip()
        self.process, self.port = None, kept_port()
        self.lines, self.changed = [], threading.Condition()

    @property
    def url(self):
        return f"https://localhost:{self.port}" if self.tls else f"http://127.0.0.1:{self.port}"

    @property
    def setting(self):
        """What stands behind `witness=`."""
        return f"{self.vkey} {self.url}"

    def command(self):
        tls = ["--cert", self.tls.cert("server"), "--key", self.tls.key("server")] if self.tls else []
        return [VIX, "witness", "run", self.folder, "--log", self.log_key,
                "--listen", f"127.0.0.1:{self.port}", *tls]

    def start(self):
        with self.changed:
            self.lines = []
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.reader = threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True)
        self.reader.start()
        line = self.wait_for_line("<5>ready ")
        self.port = int(re.search(r"listening=127\.0\.0\.1:(\d+) ", line)[1])
        return self

    def _read(self, stream):
        for raw in stream:
            with self.changed:
                self.lines.append(raw.decode().rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.lines.append(None)
            self.changed.notify_all()

    def wait_for_line(self, *words):
        def found():
            return next((line for line in self.lines
                         if line is None or all(word in line for word in words)), False)
        with self.changed:
            assert self.changed.wait_for(lambda: found() is not False, DEADLINE), self.lines
            line = found()
        assert line is not None, f"the witness ended without {words}: {self.lines}"
        return line

    def _ended(self):
        status = self.process.wait(DEADLINE)
        self.reader.join(DEADLINE)
        self.process.stderr.close()
        self.process = None
        for report in SANITIZER_REPORTS:
            assert not any(report in line for line in self.lines if line), self.lines
        return status

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            assert self._ended() == 0, self.lines

    def kill(self):
        """As a power cut would."""
        self.process.kill()
        self._ended()

    def remove(self):
        self.stop()
        shutil.rmtree(self.directory)

    def post(self, body, path="/add-checkpoint", **headers):
        return self.request("POST", path, body, **headers)

    def request(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        connection.request(method, path, body=body.encode() if isinstance(body, str) else body,
                           headers={k.replace("_", "-"): v for k, v in headers.items()})
        response = connection.getresponse()
        answer = Answer(response.status, response.getheaders(), response.read())
        connection.close()
        return answer

    def show(self):
        done = run_vix("witness", "show", self.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout


class Liar:
    """An HTTP server that answers what `tell` makes of a request: `tell(liar, body)` returns
    (status, headers, body) or bytes to be sent as they are. With a real witness behind it."""

    def __init__(self, name, log, tell):
        self.real = Witness(name, log).start()
        self.tell, self.asked, self.changed = tell, 0, threading.Condition()
        liar = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with liar.changed:
                    liar.asked += 1
                    liar.changed.notify_all()
                answer = liar.tell(liar, body)
                self.close_connection = True
                try:
                    if isinstance(answer, bytes):
                        self.wfile.write(answer)
                        return
                    status, headers, content = answer
                    self.send_response(status)
                    for header, value in headers.items():
                        self.send_header(header, value)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:
                    pass  # who asked has had enough

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,),
                                       daemon=True)
        self.thread.start()

    @property
    def setting(self):
        return f"{self.real.vkey} http://127.0.0.1:{self.server.server_address[1]}"

    def truth(self, body):
        """What the real witness says."""
        answer = self.real.post(body)
        return answer.status, {"Content-Type": answer.headers["content-type"]}, answer.body

    def remove(self):
        self.server.shutdown()
        self.server.server_close()
        self.real.remove()


class Silent:
    """Accepts connections, and never says a word."""

    def __init__(self, vkey):
        self.vkey = vkey
        self.socket = socket.create_server(("127.0.0.1", 0))

    @property
    def setting(self):
        return f"{self.vkey} http://127.0.0.1:{self.socket.getsockname()[1]}"

    def remove(self):
        self.socket.close()
