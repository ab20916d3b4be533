"""A web server on loopback whose answers a test can delay, to control the duration of a run."""

import http.server
import threading


class Source:
    def __init__(self, content):
        self.content = content
        self.asked = threading.Event()
        self.open = threading.Event()
        self.open.set()
        source = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                # The content at the time of the request: a test may change it later.
                content = source.content
                source.asked.set()
                source.open.wait(600)
                if self.path != "/registry.csv":
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                pass

            def handle(self):
                try:
                    super().handle()
                except ConnectionError:
                    pass  # the run was stopped

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/registry.csv"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def hold(self):
        """Delays all answers until release()."""
        self.asked.clear()
        self.open.clear()

    def release(self):
        self.open.set()

    def close(self):
        self.release()
        self.server.shutdown()
        self.server.server_close()
