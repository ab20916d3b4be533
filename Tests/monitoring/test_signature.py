"""Compares a signature with a session token with botocore's signature of the same request."""

import http.server
import threading
import unittest

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .aws import REGION
from .registry import Project, snapshot

KEY_ID = "AKIDEXAMPLE"
# Contains characters that careless code would take for a separator or encode twice.
SECRET = "wJalr/XUtnFEMI+K7MDENG:bPxRfiCY%2FEXAMPLE=KEY"
TOKEN = "IQoJb3JpZ2luX2VjE+/token=="


class SignatureTests(unittest.TestCase):
    def test_a_session_token_is_signed_as_botocore_signs_it(self):
        requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                requests.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *arguments):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.addCleanup(server.server_close)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        project = Project()
        self.addCleanup(project.close)
        url = f"http://127.0.0.1:{server.server_port}"
        project.run(
            "fetch", "--source", project.write("one.csv", snapshot(3)), expect=0, AWS_REGION=REGION, AWS_ENDPOINT_URL=url,
            AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET, AWS_SESSION_TOKEN=TOKEN, CLOUDWATCH_LOG_GROUP="/g")
        self.assertTrue(requests)
        for headers, body in requests:
            self.check({name.lower(): value for name, value in headers.items()}, body, url)

    def check(self, headers, body, url):
        authorization = headers["authorization"]
        signed = authorization.split("SignedHeaders=")[1].split(",")[0].split(";")
        self.assertTrue({"host", "x-amz-date", "x-amz-security-token", "x-amz-target", "content-type"} <= set(signed))
        request = AWSRequest("POST", url + "/", data=body, headers={name: headers[name] for name in signed})
        request.context["timestamp"] = headers["x-amz-date"]
        auth = SigV4Auth(Credentials(KEY_ID, SECRET, TOKEN), "logs", REGION)
        text = auth.string_to_sign(request, auth.canonical_request(request))
        scope = f"{KEY_ID}/{headers['x-amz-date'][:8]}/{REGION}/logs/aws4_request"
        self.assertIn(f"Credential={scope},", authorization)
        self.assertEqual(authorization.split("Signature=")[1], auth.signature(text, request))


if __name__ == "__main__":
    unittest.main()
