"""A web server on loopback that sends at a limited speed.

nginx's `limit_rate` counts whole seconds and sends the bytes of the first one at once: it favours small files.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Iterator

BLOCK = 1 << 16
CATCH_UP_S = 0.01
"""How much delay a connection may make up for, such as that of an inexact sleep. A real line makes up for none."""


@contextmanager
def limited(folder: Path) -> Iterator[str]:
    """Serves the files of a folder: NAME at N million bytes a second as `/N/NAME`. Yields the server's URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            speed, name = self.path[1:].split("/")
            with open(folder / Path(name).name, "rb") as file:
                size = os.fstat(file.fileno()).st_size
                self.send_response(200)
                self.send_header("Content-Length", str(size))
                self.end_headers()
                self.send_body(file.fileno(), size, float(speed) * 1e6)

        def send_body(self, file: int, size: int, bytes_a_second: float) -> None:
            sent, due = 0, time.monotonic()
            while sent < size:
                count = min(BLOCK, size - sent)
                # A block leaves when its last byte is due.
                due = max(due, time.monotonic() - CATCH_UP_S) + count / bytes_a_second
                time.sleep(max(0, due - time.monotonic()))
                while count > 0:
                    done = os.sendfile(self.connection.fileno(), file, sent, count)
                    sent, count = sent + done, count - done

        def log_message(self, format: str, *values: object) -> None:
            """Logs nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
