"""A web server on the loopback interface that misbehaves as it is told, for the tests of downloading."""

import contextlib
import re
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Reply:
    """How one request is answered; without arguments beside `body`, as a good server does."""

    body: bytes = b""
    status: int = 200
    etag: str | None = '"one"'
    modified: str | None = None
    ranges: bool = True  # honours Range
    if_range: bool = True  # honours If-Range
    tagged_parts: bool = True  # sends the ETag with a part, too
    shift: int = 0  # a part begins this many bytes after the place that was asked for
    length: int | None = None  # the Content-Length to claim instead of the true one
    chunked: bool = False
    content_type: str = "application/octet-stream"
    stop_after: int | None = None  # body bytes after which nothing more comes, ...
    then: str = "close"  # ... because the connection is closed, reset or silent ("stall")


class BadServer(ThreadingHTTPServer):
    """Answers the requests with `replies` in turn, and all further ones with the last of them."""

    daemon_threads = True

    def __init__(self, *replies: Reply):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies = list(replies)
        self.requests: list[tuple[str, dict[str, str]]] = []  # path and headers of each
        self.closing = threading.Event()

    def __enter__(self) -> "BadServer":
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *exception) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()

    @property
    def asked(self) -> list[str | None]:
        """The Range of each request."""
        return [headers.get("Range") for _, headers in self.requests]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address) -> None:
        pass  # a client that hangs up is what some tests are about


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: BadServer

    def do_GET(self) -> None:
        turn = len(self.server.requests)
        self.server.requests.append((self.path, dict(self.headers)))
        reply = self.server.replies[min(turn, len(self.server.replies) - 1)]
        status, start = self._place(reply)
        content = reply.body[start:] if status != 416 else b""
        self.send_response(status)
        if status in (206, 416):
            span = f"{start}-{len(reply.body) - 1}" if status == 206 else "*"
            self.send_header("Content-Range", f"bytes {span}/{len(reply.body)}")
        if reply.etag and (status != 206 or reply.tagged_parts):
            self.send_header("ETag", reply.etag)
        if reply.modified:
            self.send_header("Last-Modified", reply.modified)
        self.send_header("Content-Type", reply.content_type)
        if reply.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            content = b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content)
        else:
            self.send_header("Content-Length", str(len(content) if reply.length is None else reply.length))
        self.end_headers()
        self.wfile.write(content[: reply.stop_after])
        if reply.stop_after is not None or reply.length is not None:
            self._stop(reply.then)

    def _place(self, reply: Reply) -> tuple[int, int]:
        """Status, and the byte that the answer begins with."""
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        condition = self.headers["If-Range"]
        if reply.status != 200 or not wanted or not reply.ranges:
            return reply.status, 0
        if reply.if_range and condition and condition not in (reply.etag, reply.modified):
            return 200, 0
        start = int(wanted[1]) + reply.shift
        return (206, start) if start < len(reply.body) else (416, 0)

    def _stop(self, how: str) -> None:
        self.close_connection = True
        if how == "stall":
            self.wfile.flush()
            self.server.closing.wait()
        if how == "reset":
            # With a lingering time of zero a socket is closed by a reset instead of an orderly end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_message(self, *arguments) -> None:
        pass


@contextlib.contextmanager
def closed_port() -> Iterator[str]:
    """The address of a server that does not exist: a port that is taken, but does not listen."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{holder.getsockname()[1]}"
