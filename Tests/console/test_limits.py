"""Tests limits for each client: malformed requests, connections, log-ins and event streams, and their log messages."""

import json
import re
import signal
import socket
import subprocess
import threading
import unittest

from . import visits
from .console_project import OPERATOR, PASSWORD, VIEWER, Client, until
from .visits import VisitTest, inside

HEAD = "POST /login HTTP/1.1\r\nHost: localhost\r\n"
MALFORMED = [
    HEAD + "Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
    HEAD + "Transfer-Encoding: chunked\r\n\r\n5\r\nname=Z\r\n",
    HEAD + "Content-Length: x\r\n\r\n",
    HEAD + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    HEAD + "Bad Header: x\r\n\r\n",
    HEAD + "X: " + "a" * 100_000 + "\r\n\r\n",
    "POST /login HTTP/7.3\r\nHost: localhost\r\n\r\n",
    "NONSENSE\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "GET / HTTP/1.1\r\nHost: localhost\r\nX: \x00\r\n\r\n",
]
# Incomplete requests: the client closes its side before the end.
CUT = [
    HEAD + "Content-Length: 100\r\n\r\nname=a",
    HEAD + "Transfer-Encoding: chunked\r\n\r\n5\r\nname",
    HEAD + "Transfer-Encoding: chunked\r\n\r\n",
]

setUpModule = visits.set_up


class ConnectionTest(VisitTest):
    def connection(self, address="127.0.0.1"):
        """Connects to the console from the given loopback address."""
        connection = socket.create_connection(("127.0.0.1", visits.office.port), 45, (address, 0))
        self.addCleanup(connection.close)
        return connection

    @staticmethod
    def rest(connection):
        """Returns all data until the console closes the connection; fails if it stays open."""
        pieces = []
        while True:
            try:
                piece = connection.recv(65_536)
            except ConnectionResetError:
                break
            if not piece:
                break
            pieces.append(piece)
        return b"".join(pieces).decode()

    def answer(self, text, cut=False):
        connection = self.connection()
        connection.sendall(text.encode("latin-1"))
        if cut:
            connection.shutdown(socket.SHUT_WR)
        return self.rest(connection)


class MalformedTests(ConnectionTest):
    def test_malformed_requests_get_400(self):
        told = len(visits.office.log())
        for cut, texts in [(False, MALFORMED), (True, CUT)]:
            for text in texts:
                self.assertRegex(self.answer(text, cut), r"^HTTP/1\.1 400 ", text[:80])
        self.assertEqual(visits.office.log()[told:], "")

    def test_no_error_is_logged_for_a_client_that_disconnects(self):
        told = len(visits.office.log())
        for text in MALFORMED + CUT:
            connection = self.connection()
            # Close with a reset, as if the client were killed.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.sendall(text.encode("latin-1"))
            connection.close()
        self.assertEqual(self.stranger().get("/login").status, 200)
        self.assertEqual(visits.office.log()[told:], "")

    def test_an_answer_to_an_incomplete_request_closes_the_connection(self):
        for path, more, sent, status in [
            ("/login", "Content-Length: 100000", 70_000, 413), ("/api/changes", "Content-Length: 100", 0, 401),
            ("/login", "Origin: http://example.com\r\nContent-Length: 100", 50, 403),
            ("/login", "Transfer-Encoding: chunked\r\nHost: evil.example", 0, 421),
        ]:
            host = "" if "Host" in more else "Host: localhost\r\n"
            answer = self.answer(f"POST {path} HTTP/1.1\r\n{host}{more}\r\n\r\n" + "a" * sent)
            self.assertRegex(answer, rf"^HTTP/1\.1 {status} ")
            self.assertIn("\r\nconnection: close\r\n", answer.lower())


class ConnectionLimitTests(ConnectionTest):
    def test_silent_connections_are_closed(self):
        for text in ["", "GET /login HT", "GET /login HTTP/1.1\r\nHost: localhost\r\n"]:
            connection = self.connection()
            connection.sendall(text.encode())
            self.assertEqual(self.rest(connection), "", text)

    def test_connections_per_address_are_limited(self):
        def login(address):
            connection = self.connection(address)
            try:
                connection.sendall(b"GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            except (ConnectionResetError, BrokenPipeError):
                return ""
            return self.rest(connection)

        held = [self.connection("127.0.0.2") for _ in range(150)]
        # A connection counts after the console has accepted it.
        until(lambda: login("127.0.0.2") == "")
        self.assertIn("200 OK", login("127.0.0.1"))
        self.assertEqual(len(re.findall("WARNING.* from 127.0.0.2: it has 150 connections open", visits.office.log())), 1)
        for connection in held:
            connection.close()

    def test_event_streams_per_account_are_limited(self):
        # A task that waits or runs for the duration of this test.
        task = inside(OPERATOR).post("/tasks", kind="dry-run").headers["Location"]
        self.addCleanup(inside(OPERATOR).post, f"{task}/stop")

        def stream(name):
            connection = self.connection()
            connection.sendall((
                f"GET {task}/events HTTP/1.1\r\nHost: localhost\r\n"
                f"Cookie: console_session={inside(name).cookies['console_session']}\r\n\r\n").encode())
            lines = connection.makefile("rb")
            self.assertIn(b" 200 ", lines.readline())
            return next(line for line in lines if line.startswith((b"data", b"retry")))

        self.assertEqual([stream(VIEWER)[:4] for _ in range(8)], [b"data"] * 8)
        self.assertEqual(stream(VIEWER), b"retry: 15000\n")
        self.assertEqual(stream(OPERATOR)[:4], b"data")


class QueryLimitTests(VisitTest):
    def test_one_account_cannot_use_all_database_sessions(self):
        """While many searches of a viewer wait, an operator still gets a page immediately."""
        office = visits.office
        browsers = [inside(VIEWER) for _ in range(20)]
        answers = []
        threads = [threading.Thread(target=lambda b=b: answers.append(b.get("/registrations").status)) for b in browsers]
        lock = subprocess.Popen(
            [office.tree / "pipeline.sh", "psql", "-X", "-q"], env=office.environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        with lock:
            lock.stdin.write("BEGIN;\nLOCK TABLE tax_registration IN ACCESS EXCLUSIVE MODE;\n\\echo locked\n")
            lock.stdin.flush()
            self.assertEqual(lock.stdout.readline(), "locked\n")
            for thread in threads:
                thread.start()
            until(lambda: office.sql(
                "SELECT count(*) >= 2 FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND application_name = 'registry console pages'") == [["t"]])
            self.assertEqual(inside(OPERATOR).get("/runs").status, 200)
            self.assertEqual(answers, [])
            lock.stdin.close()
        for thread in threads:
            thread.join()
        self.assertEqual(answers, [200] * 20)


class AbandonedRequestTests(ConnectionTest):
    def test_the_statement_of_a_disconnected_client_is_cancelled(self):
        """The console cancels the statement. If it ran into its time-out, the console would log a page that was too slow."""
        office = visits.office
        waiting = ("SELECT count(*) FROM pg_stat_activity"
                   " WHERE wait_event_type = 'Lock' AND application_name = 'registry console pages'")
        cookie = inside(VIEWER).cookie
        told = len(office.log())
        lock = subprocess.Popen(
            [office.tree / "pipeline.sh", "psql", "-X", "-q"], env=office.environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        with lock:
            lock.stdin.write("BEGIN;\nLOCK TABLE tax_registration IN ACCESS EXCLUSIVE MODE;\n\\echo locked\n")
            lock.stdin.flush()
            self.assertEqual(lock.stdout.readline(), "locked\n")
            connection = self.connection()
            connection.sendall(f"GET /registrations HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode())
            until(lambda: office.sql(waiting) == [["1"]])
            connection.close()
            until(lambda: office.sql(waiting) == [["0"]])
            lock.stdin.close()
        # Schedules of other tests may start a run in the meantime.
        self.assertEqual([line for line in office.log()[told:].splitlines() if "task=" not in line], [])


class LoginTests(VisitTest):
    def test_concurrent_log_ins_with_the_right_password_succeed(self):
        statuses = []

        def log_in():
            statuses.append(self.stranger().log_in(VIEWER).status)

        threads = [threading.Thread(target=log_in) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(statuses, [303] * 8)
        self.assertEqual(visits.office.sql("SELECT count(*) FROM console.login_failure"), [["0"]])


class AddressTests(VisitTest):
    """Tests a dual-stack socket, on which all client addresses are IPv6 addresses."""

    @classmethod
    def setUpClass(cls):
        visits.office.kill()
        visits.office.start("--host", "::")
        visits.sessions.clear()

    @classmethod
    def tearDownClass(cls):
        visits.office.sql("DELETE FROM console.login_failure")
        visits.office.kill()
        visits.office.start(SOURCE_URL=visits.source.url)
        visits.sessions.clear()

    def attempt(self, address, password="wrong"):
        client = Client(visits.office.port)
        client.source = address
        return client.log_in(OPERATOR, password).status

    def test_ipv4_addresses_are_distinguished(self):
        self.assertEqual([self.attempt("127.0.0.9") for _ in range(6)], [401] * 5 + [429])
        self.assertEqual(self.attempt("127.0.0.8", PASSWORD), 303)
        found = visits.office.sql(
            "SELECT address, count(*) FROM console.audit WHERE address ~ '127.0.0.[89]' GROUP BY 1 ORDER BY 1")
        self.assertEqual(found, [["127.0.0.8", "1"], ["127.0.0.9", "5"]])
        self.assertIn("listening on :: without TLS", visits.office.log())


class LogTests(VisitTest):
    @staticmethod
    def lines(stem):
        texts = [path.read_text() for path in stem.parent.glob(stem.name + "-*")]
        return [json.loads(line) for text in texts for line in text.splitlines()]

    def test_the_console_has_its_own_log(self):
        office = visits.office
        runs, own = office.folder / "etl.log", office.folder / "console-own.log"
        office.kill()
        office.start(LOG_FILE=str(runs), CONSOLE_LOG_FILE=str(own), LOG_LEVEL="debug")
        port = office.port
        with socket.create_connection(("127.0.0.1", port), 20) as connection:
            connection.sendall(MALFORMED[0].encode())
            self.assertIn(b" 400 ", connection.recv(1000))
        office.kill(signal.SIGTERM)
        office.start(SOURCE_URL=visits.source.url)
        visits.sessions.clear()
        lines = self.lines(own)
        self.assertIn(f"listening on 127.0.0.1:{port}", [line["message"] for line in lines])
        levels = [line["level"] for line in lines if "malformed" in line["message"]]
        self.assertEqual(levels, ["DEBUG"])
        self.assertNotIn("console", [line["name"] for line in self.lines(runs)])

    def test_the_log_of_the_pipeline_is_refused(self):
        ended = visits.office.run("console", "--port", "0", LOG_FILE="/tmp/x.log", CONSOLE_LOG_FILE="/tmp/x.log")
        self.assertEqual(ended.returncode, 64)
        self.assertIn("CONSOLE_LOG_FILE is the same as LOG_FILE", ended.stderr)


class NameTests(VisitTest):
    def statuses(self, *hosts):
        return [self.stranger().get("/login", Host=host).status for host in hosts]

    def test_only_known_host_names_are_served(self):
        port = visits.office.port
        own = [f"127.0.0.1:{port}", f"localhost:{port}", "localhost", "[::1]:8000", "192.0.2.7", "a.localhost:1"]
        self.assertEqual(self.statuses(*own), [200] * len(own))
        others = ["evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil.example", "", "1.2.3"]
        self.assertEqual(self.statuses(*others), [421] * len(others))
        answer = self.stranger().get("/", Host="<b>.example")
        self.assertIn("--public-name", answer.text)
        self.assertIn("&lt;b&gt;.example", answer.text)
        # A client that sends no Host is not a browser.
        with socket.create_connection(("127.0.0.1", port), 20) as connection:
            connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            self.assertIn(b" 200 ", connection.recv(1000))
        self.assertEqual(self.stranger().get("/api/changes", Host="evil.example").headers["Content-Type"],
                         "application/problem+json")

    def test_the_error_for_another_origin_names_the_setting(self):
        answer = self.stranger().request("POST", "/login", {}, {"Origin": "https://registry.example"})
        self.assertProblem(answer, 403)
        self.assertIn("--public-name", answer.text)
        self.assertIn("Origin: https://registry.example", answer.text)

    def test_invalid_public_names_are_refused(self):
        for name in ["https://registry.example/", "*.example", "8443", "registry.example,a..b"]:
            for arguments, variables in [(["--public-name", name], {}), ([], {"CONSOLE_PUBLIC_NAME": name})]:
                ended = visits.office.run("console", "--port", "0", *arguments, **variables)
                self.assertEqual(ended.returncode, 64, ended.stderr)
                self.assertIn(f"--public-name: '{name.split(',')[-1]}' is not a host name", ended.stderr)
                self.assertIn("registry.example.org:8443", ended.stderr)


class ListenTests(VisitTest):
    def refused(self, *arguments):
        ended = visits.office.run("console", "--no-worker", *arguments)
        self.assertEqual(ended.returncode, 69, ended.stderr)
        return ended.stderr

    def test_the_message_names_the_cause(self):
        stderr = self.refused("--host", "999.1.1.1", "--port", "0")
        self.assertIn("unable to listen on '999.1.1.1', port 0: no address has this name", stderr)
        self.assertIn("set --host to an IP address", stderr)
        stderr = self.refused("--host", "192.0.2.7", "--port", "0")
        self.assertIn("this machine does not have this address", stderr)
        port = str(visits.office.port)
        stderr = self.refused("--port", port)
        self.assertIn(f"unable to listen on '127.0.0.1', port {port}: Address already in use", stderr)
        self.assertIn("choose another port with --port N", stderr)


class UsageTests(VisitTest):
    def test_hints_name_the_help_command(self):
        for command in ["console", "schedule"]:
            ended = visits.office.run(command, "--bogus")
            self.assertEqual(ended.returncode, 64, ended.stderr)
            self.assertIn(f"HINT: see './pipeline.sh {command} --help'", ended.stderr)
            self.assertEqual(visits.office.run(command, "--help").returncode, 0)


if __name__ == "__main__":
    unittest.main()
