"""A recording proxy for the API requests to an AWS account."""

import http.client
import http.server
import threading
import urllib.parse


class Recorder:
    """Forwards requests to an account and records them. `answers` holds the actions that it answers itself, as AWS would."""

    def __init__(self, account):
        calls = self.calls = []
        self.answers = {}
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service = self.headers["Authorization"].split("/")[3].replace("monitoring", "cloudwatch")
                target = self.headers.get("X-Amz-Target")
                fields = dict(urllib.parse.parse_qsl(body.decode(errors="replace"))) if not target else {}
                action = target.split(".")[-1] if target else fields.get("Action", self.path.split("/")[-1])
                calls.append((f"{service}:{action}", fields))
                if action in recorder.answers:
                    status, content = recorder.answers[action](calls)
                    return self.answer(status, content, {"Content-Type": "text/xml"})
                upstream = http.client.HTTPConnection(account.url.removeprefix("http://"), timeout=60)
                upstream.request("POST", self.path, body, dict(self.headers))
                answer = upstream.getresponse()
                self.answer(answer.status, answer.read(), dict(answer.getheaders()))

            def answer(self, status, content, headers):
                self.send_response(status)
                for name in ["Content-Type", "smithy-protocol"]:
                    if name in headers:
                        self.send_header(name, headers[name])
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
