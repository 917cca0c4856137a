"""A web server on the loopback interface that misbehaves as it is told, for the tests of downloading."""

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Reply:
    """How one request is answered; without arguments beside `body`, as a good server does."""

    body: bytes = b""
    status: int = 200
    content_type: str = "application/octet-stream"
    encoding: str | None = None  # the Content-Encoding to claim
    length: bool = True  # states the Content-Length; else the body comes in chunks
    stop_after: int | None = None  # body bytes after which the connection is closed, or ...
    silent: bool = False  # ... stays open, and nothing more comes


NOWHERE = "http://127.0.0.1:1"  # a port on which nothing listens


class BadServer(ThreadingHTTPServer):
    """Answers the requests with `replies` in turn, and all further ones with the last of them."""

    daemon_threads = True

    def __init__(self, *replies: Reply):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies = list(replies)
        self.requests: list[str] = []  # method and path of each
        self.asked = threading.Event()
        self.closing = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> "BadServer":
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *exception) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address) -> None:
        pass  # a client that closes the connection is what some tests are about


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: BadServer

    def do_GET(self) -> None:
        reply = self.server.replies[min(len(self.server.requests), len(self.server.replies) - 1)]
        self.server.requests.append(f"{self.command} {self.path}")
        self.server.asked.set()
        part = "Range" in self.headers and reply.status == 200
        content = reply.body[:1] if part else reply.body
        self.send_response(206 if part else reply.status)
        self.send_header("Content-Type", reply.content_type)
        if part:
            self.send_header("Content-Range", f"bytes 0-0/{len(reply.body)}")
        if reply.encoding:
            self.send_header("Content-Encoding", reply.encoding)
        if reply.length:
            self.send_header("Content-Length", str(len(content)))
        else:
            self.send_header("Transfer-Encoding", "chunked")
            content = b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[: reply.stop_after])
            if reply.stop_after is not None:
                self.close_connection = True
                self.wfile.flush()
                if reply.silent:
                    self.server.closing.wait()

    do_HEAD = do_GET

    def log_message(self, *arguments) -> None:
        pass
