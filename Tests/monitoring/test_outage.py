"""Tests throttling and an outage of the endpoint during runs: no run fails, and no event is lost or duplicated.

OUTAGE_SECONDS sets the duration of the outage; the default is 3."""

import http.client
import http.server
import json
import os
import threading
import time
import unittest

from .aws import Account, GROUP
from .registry import Project, snapshot


class Endpoint:
    """A proxy for the account that forwards requests, throttles them, or is down."""

    def __init__(self, account):
        self.account = account
        self.throttled = 0
        self.port = 0
        self.server = None
        self.begin()

    def begin(self):
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if endpoint.throttled > 0:
                    endpoint.throttled -= 1
                    return self.answer(400, b'{"__type":"ThrottlingException","message":"Rate exceeded"}')
                upstream = http.client.HTTPConnection(endpoint.account.url.removeprefix("http://"), timeout=60)
                upstream.request("POST", self.path, body, dict(self.headers))
                answer = upstream.getresponse()
                self.answer(answer.status, answer.read())

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        """Stops listening."""
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"


class OutageTests(unittest.TestCase):
    def test_throttling_and_an_outage_lose_nothing(self):
        account = Account()
        self.addCleanup(account.close)
        endpoint = Endpoint(account)
        project = Project()
        self.addCleanup(project.close)
        project.environment |= account.variables() | {"AWS_ENDPOINT_URL": endpoint.url, "CLOUDWATCH_LOG_GROUP": GROUP}
        # The group does not exist: the first process creates it.
        project.run("dry-run", "--source", project.write("first.csv", snapshot(30)), "--chunk-size", "7", expect=0)
        endpoint.throttled = 5
        project.run("dry-run", "--source", project.write("second.csv", snapshot(31)), "--chunk-size", "7", expect=0)
        self.assertEqual(endpoint.throttled, 0)
        endpoint.end()
        until = time.monotonic() + float(os.environ.get("OUTAGE_SECONDS", "3"))
        runs = 0
        while runs < 2 or time.monotonic() < until:
            source = project.write(f"outage{runs}.csv", snapshot(32 + runs))
            ended = project.run("dry-run", "--source", source, expect=0, CLOUDWATCH_EXIT_SECONDS="0.2")
            self.assertIn("wait in the spool's '.unsent'", ended.stderr)
            runs += 1
        waiting = list((project.tree / "spool/.unsent").glob("*.events"))
        self.assertGreaterEqual(len(waiting), 2 * runs)
        endpoint.begin()
        self.addCleanup(endpoint.end)
        project.run("dry-run", "--source", project.write("last.csv", snapshot(30)), expect=0)
        arrived = [json.loads(message)["event_id"] for message in account.messages("console")]
        logged = [json.loads(line)["event_id"] for line in project.log_lines()]
        self.assertEqual(len(arrived), len(set(arrived)))
        self.assertEqual(sorted(arrived), sorted(logged))
        self.assertEqual(list((project.tree / "spool/.unsent").glob("*.events")), [])

    def test_a_failure_that_arrives_a_day_late_raises_the_alarm_and_counts_once(self):
        account = Account()
        self.addCleanup(account.close)
        endpoint = Endpoint(account)
        self.addCleanup(endpoint.end)
        project = Project()
        self.addCleanup(project.close)
        project.environment |= account.variables() | {"AWS_ENDPOINT_URL": endpoint.url, "CLOUDWATCH_LOG_GROUP": GROUP}
        endpoint.end()
        project.run("dry-run", "--source", project.write("one.csv", snapshot(3)), expect=0, CLOUDWATCH_EXIT_SECONDS="0.2")
        project.run("run", "--source", "/nonexistent.csv", expect=69, CLOUDWATCH_EXIT_SECONDS="0.2")
        # A day passes.
        for path in (project.tree / "spool/.unsent").glob("*.events"):
            head, *lines = path.read_text().splitlines(keepends=True)
            aged = [f"{int(line.split(' ', 1)[0]) - 86_400_000} {line.split(' ', 1)[1]}" for line in lines]
            path.write_text(head + "".join(aged))
        endpoint.begin()
        project.run("dry-run", "--source", project.write("two.csv", snapshot(4)), expect=0)
        events = account.client("logs").get_log_events(logGroupName=GROUP, logStreamName="console", startFromHead=True)["events"]
        (failed,) = [event for event in events if '"event":"etl_failed"' in event["message"]]
        now = time.time() * 1000
        self.assertLess(now - failed["timestamp"], 300_000, "the alarm evaluates the last five minutes")
        self.assertGreaterEqual(json.loads(failed["message"])["delayed_seconds"], 86_399)
        (started,) = [event for event in events if json.loads(event["message"]).get("event") == "etl_started"
                      and json.loads(event["message"])["run_id"] == json.loads(failed["message"])["run_id"]]
        self.assertGreater(now - started["timestamp"], 86_000_000, "other events keep their time")


if __name__ == "__main__":
    unittest.main()
