"""An HTTP server between nono and a service: it passes requests on, and changes what a test wants.

A hook gets (request, forward) and returns an Answer; forward(request) asks the real service.
"""

import dataclasses
import http.client
import http.server
import socket
import struct
import threading
import time
import urllib.parse


@dataclasses.dataclass
class Request:
    method: str
    path: str
    headers: dict
    body: bytes


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: bytes


class Endless:
    """A body without end, in large pieces."""


class Drip:
    """A body of which one byte comes, and then nothing for longer than anybody waits."""


HOP = ("connection", "transfer-encoding", "content-length", "date", "server")


SO_TIMESTAMPNS = 35


def arrival(connection):
    """When the kernel got what can be read first, by time.perf_counter(): however late this program wakes."""
    room = socket.CMSG_SPACE(16)
    _, notes, _, _ = connection.recvmsg(1, room, socket.MSG_PEEK)
    now, wall = time.perf_counter(), time.time_ns()
    for level, kind, stamp in notes:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("qq", stamp[:16])
            return now - (wall - seconds * 10**9 - nanoseconds) / 1e9
    return now


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self):
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)  # inherited by what it accepts
        super().server_bind()


class Middle:
    """`spent` is, for each answer, the seconds from the arrival of its request to its last byte."""

    def __init__(self, target, hook=None):
        self.target = urllib.parse.urlsplit(target)
        self.hook = hook or (lambda request, forward: forward(request))
        self.requests = []
        self.answers = []
        self.closing = threading.Event()
        self.spent = []
        self.server = Server(("127.0.0.1", 0), self.handler())
        self.server.handle_error = lambda *_: None  # nono cuts what is too long: that is the test
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()

    def forward(self, request):
        link = http.client.HTTPConnection(self.target.netloc, timeout=120)
        try:
            headers = {k: v for k, v in request.headers.items()
                       if k.lower() not in (*HOP, "host", "accept-encoding")}
            link.request(request.method, request.path, request.body or None, headers)
            got = link.getresponse()
            answer = Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
        finally:
            link.close()
        self.answers.append(answer)
        return answer

    def handler(self):
        middle = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle_one_request(self):
                try:
                    self.began = arrival(self.connection)
                except OSError:
                    self.close_connection = True
                    return
                super().handle_one_request()

            def serve(self):
                length = int(self.headers.get("Content-Length", "0"))
                request = Request(self.command, self.path, dict(self.headers.items()),
                                  self.rfile.read(length))
                middle.requests.append(request)
                try:
                    self.give(middle.hook(request, middle.forward))
                    middle.spent.append(time.perf_counter() - self.began)
                except OSError:
                    self.close_connection = True

            def give(self, answer):
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    if name not in HOP:
                        self.send_header(name, value)
                if isinstance(answer.body, bytes):
                    self.send_header("content-length", str(len(answer.body)))
                    self.end_headers()
                    self.wfile.write(answer.body)
                    return
                self.close_connection = True
                self.send_header("connection", "close")
                self.end_headers()
                if isinstance(answer.body, Drip):
                    self.wfile.write(b"{")
                    middle.closing.wait(120)
                while isinstance(answer.body, Endless) and not middle.closing.is_set():
                    self.wfile.write(b" " * 65536)

            do_GET = do_POST = serve

        return Handler


def wait_for(what, seconds):
    """Waits until `what()` is true; false where it never was."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.05)
    return False
