"""What the console lets whom do, and what its answers say: by plain HTTP, without a browser."""

import csv
import io
import json
import re
import socket
import unittest
import urllib.parse

from monitoring.registry import SOURCE

from . import hostile
from .office import OPERATOR, PASSWORD, VIEWER, Client, Office, until
from .routes import OPEN, OPERATORS_ONLY, routes
from .source import Source
from .texts import entries, text

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
office = source = None
sessions = {}


def setUpModule():
    global office, source
    office = Office()
    unittest.addModuleCleanup(office.close)
    source = Source(hostile.day(2))
    unittest.addModuleCleanup(source.close)
    hostile.load_two_days(office)
    office.add_accounts()
    office.start(SOURCE_URL=source.url)
    # The first of each thing. The task is not to end while it is asked for.
    source.hold()
    browser = office.browser(OPERATOR)
    browser.post("/schedules", name="first", kind="run", cron="0 0 1 1 *", timing_kind="cron")
    browser.post("/tasks", kind="dry-run")


def inside(name):
    """A browser that was logged in once: hashing a password takes its time."""
    if name not in sessions:
        sessions[name] = office.browser(name).cookies
    browser = Client(office.port)
    browser.cookies = dict(sessions[name])
    return browser


def token(browser):
    return re.search(r'name="form_token" value="([0-9a-f]{64})"', browser.get("/").text)[1]


def things():
    """What orders would change."""
    return office.sql("SELECT count(*) FROM console.task") + office.sql(
        "SELECT id, name, is_paused FROM console.schedule") + office.sql("SELECT stop_asked_by FROM console.task")


class HTTPTest(unittest.TestCase):
    def stranger(self):
        return Client(office.port)

    def assertProblem(self, answer, status):
        """A page in the look of all others, or for the API a document."""
        self.assertEqual(answer.status, status, answer.text)
        kind = answer.headers["Content-Type"]
        if kind == "application/problem+json":
            self.assertEqual(json.loads(answer.text)["status"], status)
        else:
            self.assertEqual(kind, "text/html; charset=utf-8")
            self.assertIn(f"<small>{status}</small>", answer.text)
            self.assertIn('<header class="site">', answer.text)


class AccessTests(HTTPTest):
    def test_strangers_are_sent_to_the_log_in(self):
        for path in routes("get"):
            answer = self.stranger().get(path + "?a=1&b=%E5%8F%B0")
            if path in OPEN:
                self.assertLess(answer.status, 400, path)
            elif path.startswith("/api/"):
                self.assertProblem(answer, 401)
                self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")
            else:
                to = urllib.parse.quote(path + "?a=1&b=%E5%8F%B0", safe="")
                self.assertEqual((answer.status, answer.headers["Location"]), (303, f"/login?to={to}"), path)
                self.assertEqual(answer.text, "")

    def test_strangers_change_nothing(self):
        before = things()
        for path in set(routes("post")) - {"/login"}:
            self.assertProblem(self.stranger().request("POST", path, {"form_token": "0" * 64}), 401)
        self.assertEqual(things(), before)

    def test_pages_are_there_for_viewers_and_operators(self):
        for name in [VIEWER, OPERATOR]:
            browser = inside(name)
            # Events go on for as long as the task does.
            for path in set(routes("get")) - OPEN - {"/tasks/1/events"}:
                answer = browser.get(path)
                if name == VIEWER and path in OPERATORS_ONLY:
                    self.assertProblem(answer, 403)
                else:
                    self.assertEqual(answer.status, 200, path)

    def test_viewers_see_no_buttons_that_are_not_for_them(self):
        seen = {VIEWER: set(), OPERATOR: set()}
        for name, found in seen.items():
            browser = inside(name)
            for path in set(routes("get")) - OPEN - OPERATORS_ONLY - {"/tasks/1/events"}:
                page = browser.get(path).text
                found.update(re.findall(r'<form [^>]*method="post" action="([^"]+)"', page))
                found.update(set(re.findall(r'href="([^"]+)"', page)) & OPERATORS_ONLY)
        self.assertEqual(seen[VIEWER], {"/logout"})
        self.assertGreaterEqual(
            seen[OPERATOR],
            {"/logout", "/tasks", "/tasks/1/stop", "/schedules/1", "/schedules/1/pause"} | OPERATORS_ONLY)

    def test_viewers_change_nothing(self):
        before = things()
        browser = inside(VIEWER)
        for path in set(routes("post")) - {"/login", "/logout"}:
            answer = browser.post(path, kind="dry-run", name="theirs", timing_kind="every")
            self.assertProblem(answer, 403)
            self.assertIn(text("problem_operators_only"), answer.text)
        self.assertEqual(things(), before)

    def test_forms_bring_their_sessions_token(self):
        before = things()
        browser, other = inside(OPERATOR), office.browser(OPERATOR)
        forms = [{}, {"form_token": ""}, {"form_token": "0" * 64}, {"form_token": token(other)}]
        for path in set(routes("post")) - {"/login"}:
            for form in forms:
                answer = browser.request("POST", path, {"kind": "dry-run", **form})
                self.assertProblem(answer, 403)
                self.assertIn(text("problem_foreign_form"), answer.text)
        self.assertEqual(things(), before)
        self.assertEqual(browser.get("/").status, 200)

    def test_forms_come_from_our_own_pages(self):
        before = things()
        browser = inside(OPERATOR)
        own = {"form_token": token(browser), "kind": "dry-run"}
        foreign = [
            {"Origin": "http://example.com"}, {"Origin": "null"}, {"Origin": ""}, {"Origin": "http://127.0.0.1"},
            {"Origin": f"http://127.0.0.1:{office.port}.example.com"}, {"Origin": f"http://127.0.0.1:{office.port + 1}"},
            {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"},
        ]
        for path in routes("post"):
            for headers in foreign:
                self.assertProblem(browser.request("POST", path, own, headers), 403)
        self.assertEqual(things(), before)
        answer = browser.request("POST", "/schedules/1/pause", own, {"Origin": f"http://127.0.0.1:{office.port}"})
        self.assertEqual(answer.status, 303)
        self.assertNotEqual(things(), before)
        browser.post("/schedules/1/resume")

    def test_what_only_reads_changes_nothing(self):
        before = things()
        browser = inside(OPERATOR)
        for path in routes("post"):
            for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"]:
                self.assertProblem(browser.request(method, path, {"form_token": token(browser)}), 405)
        self.assertEqual(things(), before)


class SessionTests(HTTPTest):
    def cookie(self, browser):
        answer = browser.log_in(OPERATOR)
        self.assertEqual((answer.status, answer.headers["Location"]), (303, "/"))
        return answer.headers["Set-Cookie"]

    def test_cookie(self):
        browser = self.stranger()
        cookie = self.cookie(browser)
        self.assertRegex(cookie, r"^console_session=[0-9a-f]{64};")
        self.assertEqual(
            sorted(cookie.split("; ")[1:]), ["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=Lax"], cookie)
        # Whoever reads the database is not in.
        stored = office.sql("SELECT token_hash FROM console.session")
        self.assertNotIn([browser.cookies["console_session"]], stored)

    def test_log_in_begins_a_new_session(self):
        browser = self.stranger()
        browser.cookies["console_session"] = "0" * 64
        self.cookie(browser)
        first = browser.cookies["console_session"]
        self.assertNotEqual(first, "0" * 64)
        self.cookie(browser)
        self.assertNotEqual(browser.cookies["console_session"], first)
        old = self.stranger()
        old.cookies["console_session"] = first
        self.assertEqual(old.get("/").status, 303)

    def outside(self, browser):
        return browser.get("/").headers["Location"] == "/login?to=%2F"

    def test_logged_out_is_out(self):
        browser, other = office.browser(OPERATOR), inside(OPERATOR)
        kept = dict(browser.cookies)
        self.assertEqual(browser.post("/logout").headers["Location"], "/login")
        self.assertEqual(browser.cookies, {})
        browser.cookies = kept
        self.assertTrue(self.outside(browser))
        self.assertFalse(self.outside(other))

    def test_new_password_ends_sessions_and_tokens(self):
        office.console("user", "add", "temporary", stdin=PASSWORD + "\n")
        browser, bearer = office.browser("temporary"), self.bearer("temporary")
        other = inside(OPERATOR)
        self.assertFalse(self.outside(browser))
        self.assertEqual(self.stranger().get("/api/registrations", **bearer).status, 200)
        office.console("user", "password", "temporary", stdin="another password\n")
        self.assertTrue(self.outside(browser))
        self.assertEqual(self.stranger().get("/api/registrations", **bearer).status, 401)
        self.assertEqual(self.stranger().log_in("temporary").status, 401)
        self.assertEqual(browser.log_in("temporary", "another password").status, 303)
        self.assertFalse(self.outside(browser))
        office.console("user", "remove", "temporary")
        self.assertTrue(self.outside(browser))
        self.assertFalse(self.outside(other))
        office.sql("DELETE FROM console.login_failure")

    def bearer(self, name):
        return {"Authorization": "Bearer " + office.console("user", "token", name).strip()}

    def test_tokens_read_the_api_alone(self):
        bearer = self.bearer(OPERATOR)
        before = things()
        for path in set(routes("get")) - OPEN:
            status = self.stranger().get(path, **bearer).status
            self.assertEqual(status, 200 if path.startswith("/api/") else 303, path)
        for path in set(routes("post")) - {"/login"}:
            self.assertEqual(self.stranger().request("POST", path, {}, bearer).status, 401, path)
        self.assertEqual(things(), before)
        token = bearer["Authorization"].split()[1]
        browser = self.stranger()
        browser.cookies["console_session"] = token
        self.assertTrue(self.outside(browser))
        for wrong in ["Bearer", "Bearer ", "Bearer " + "0" * 64, "Basic b2xnYTph", token, "Bearer " + token + "0"]:
            self.assertEqual(self.stranger().get("/api/changes", Authorization=wrong).status, 401, wrong)

    def test_ways_back_lead_nowhere_else(self):
        for to in [
            "//example.com", "/\\example.com", "\\\\example.com", "https://example.com", "http:example.com", "javascript:1",
            "/\t/example.com", "\t//example.com", " //example.com", "/\r\nSet-Cookie: a=b", "/\n", "example.com", "", "/台",
            "///example.com", "/" + "a" * 3000, "@example.com", "/\u2028",
        ]:
            query = urllib.parse.quote(to, safe="")
            places = [inside(OPERATOR).get(f"/login?to={query}"), self.stranger().get(f"/language?set=en&to={query}")]
            self.assertEqual([answer.headers["Location"] for answer in places], ["/", "/"], repr(to))
            self.assertIn('name="to" value="/"', self.stranger().get(f"/login?to={query}").text)
        for to, place in [("//example.com", "/"), ("/registrations?name=%E5%8F%B0&sort=name",) * 2]:
            answer = self.stranger().request("POST", "/login", {"name": OPERATOR, "password": PASSWORD, "to": to})
            self.assertEqual(answer.headers["Location"], place)


class LimitTests(HTTPTest):
    def setUp(self):
        self.addCleanup(office.sql, "DELETE FROM console.login_failure")
        office.sql("DELETE FROM console.login_failure")

    def statuses(self, *attempts, **headers):
        return [self.attempt(name, password, **headers).status for name, password in attempts]

    def attempt(self, name, password, **headers):
        return self.stranger().request("POST", "/login", {"name": name, "password": password}, headers)

    def test_wrong_passwords(self):
        self.assertEqual(self.statuses(*[(OPERATOR, "wrong")] * 5), [401] * 5)
        answer = self.attempt(OPERATOR, PASSWORD)
        self.assertEqual((answer.status, answer.headers["Retry-After"]), (429, "900"))
        self.assertNotIn("Set-Cookie", answer.headers)
        # Another address that anybody can claim is none.
        self.assertEqual(self.statuses((OPERATOR, PASSWORD), **{"X-Forwarded-For": "192.0.2.1"}), [429])
        self.assertEqual(self.statuses((VIEWER, PASSWORD)), [303])
        office.sql("UPDATE console.login_failure SET failed_at = failed_at - interval '15 minutes'")
        self.assertEqual(self.statuses((OPERATOR, PASSWORD)), [303])

    def test_right_passwords_count_as_nothing(self):
        self.assertEqual(self.statuses(*[(OPERATOR, "wrong")] * 4 + [(OPERATOR, PASSWORD)]), [401] * 4 + [303])
        self.assertEqual(self.statuses(*[(OPERATOR, "wrong")] * 5), [401] * 5)

    def test_many_names_from_one_address(self):
        office.sql(
            "INSERT INTO console.login_failure (name, address) SELECT 'n' || i, '127.0.0.1' FROM generate_series(1, 19) i")
        self.assertEqual(self.statuses(("nobody", "wrong"), (OPERATOR, PASSWORD)), [401, 429])

    def test_names_that_are_none(self):
        for name in ["", "'; DROP TABLE console.account; --", "x" * 10_000, "台", "<b>"]:
            answer = self.attempt(name, "wrong")
            self.assertEqual(answer.status, 401)
            self.assertNotIn("<b>", answer.text)
        self.assertProblem(self.attempt("olga\0", "wrong"), 400)


class AnswerTests(HTTPTest):
    def assertHeaders(self, answer, what):
        for name, value in HEADERS.items():
            self.assertEqual(answer.headers.get_all(name), [value], (what, name))

    def test_headers_of_every_answer(self):
        stranger, viewer, browser = self.stranger(), inside(VIEWER), inside(OPERATOR)
        for path in routes("get") + ["/nothing", "/api/nothing", "/assets/nothing", "/registrations?ban=x"]:
            for client in [stranger, browser]:
                if path == "/tasks/1/events" and client is browser:
                    continue
                answer = client.get(path)
                self.assertHeaders(answer, path)
                if path.startswith("/assets/c"):
                    self.assertIn("immutable", answer.headers["Cache-Control"])
                elif path.startswith("/api/") and answer.status == 200:
                    self.assertEqual(answer.headers["Cache-Control"], "private, no-cache")
                else:
                    self.assertEqual(answer.headers["Cache-Control"], "no-store", path)
                self.assertNotIn("Strict-Transport-Security", answer.headers)
        for client in [stranger, viewer, browser]:
            for path in routes("post"):
                answer = client.request("POST", path, {})
                self.assertGreaterEqual(answer.status, 400)
                self.assertHeaders(answer, path)

    def test_events(self):
        browser = inside(OPERATOR)
        with socket.create_connection(("127.0.0.1", office.port), 20) as connection:
            connection.sendall((
                "GET /tasks/1/events HTTP/1.1\r\nHost: a\r\n"
                f"Cookie: console_session={browser.cookies['console_session']}\r\n\r\n").encode())
            stream = connection.makefile("rb")
            head = b"".join(iter(stream.readline, b"\r\n")).decode()
            for line in ["Content-Type: text/event-stream; charset=utf-8", "Cache-Control: no-store", "X-Accel-Buffering: no"]:
                self.assertIn(line + "\r\n", head)
            self.assertIn("Content-Security-Policy", head)
            self.assertIn(b"data: ", next(line for line in stream if line.startswith(b"data")))

    def test_queries_that_are_not_text(self):
        browser = inside(OPERATOR)
        others = {}
        for path in set(routes("get")) - {"/assets/console.css", "/healthz", "/tasks/1/events"}:
            for value in ["%00", "%FF", "%C0%80", "%ED%A0%80", "%E5%8F", "%"]:
                answer = browser.get(f"{path}?ban={value}")
                if answer.status != 400:
                    others.setdefault(path, []).append((value, answer.status))
        self.assertEqual(others, {})

    def test_forms_that_are_not_text(self):
        browser = office.browser(OPERATOR)
        before = things()
        others = {}
        form = b"form_token=" + token(browser).encode()
        for path in sorted(routes("post"), key="/logout".__eq__):
            for value in [b"%00", b"%FF", b"%C0%80", b"%", b"\0", b"\xff"]:
                answer = self.sent(browser, path, form + b"&name=" + value)
                if answer.status != 400:
                    others.setdefault(path, []).append((value, answer.status))
        self.assertEqual(others, {})
        self.assertProblem(self.sent(browser, "/tasks", b"&".join([b"a=b"] * 101)), 400)
        self.assertEqual(things(), before)

    def sent(self, browser, path, body):
        return browser.send("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def test_what_is_too_much(self):
        browser = inside(OPERATOR)
        for path in routes("post"):
            for length in [70_000, 5_000_000]:
                self.assertProblem(self.sent(browser, path, b"name=" + b"a" * length), 413)
        # As large as a form may be: then it is its token that is missing.
        self.assertProblem(self.sent(browser, "/tasks", b"name=" + b"a" * 65_000), 403)

    def test_what_is_not_there(self):
        browser = inside(OPERATOR)
        others = {}
        paths = [
            "/nothing", "/assets/nothing", "/assets/..%2f..%2fetc%2fpasswd", "/tasks/0", "/tasks/x", "/tasks/-1",
            "/tasks/99999999999999999999", "/runs/9223372036854775807", "/runs/%00", "/runs/%FF", "/schedules/7",
            "/registrations/1", "/registrations/1234567x", "/registrations/%EF%BC%91%EF%BC%91111111", "/api/nothing",
            "/findings?run=99", "/findings.csv?run=99", "/api/registrations/00000001",
        ]
        for path in paths:
            answer = browser.get(path)
            if answer.status == 404:
                self.assertProblem(answer, 404)
            else:
                others[path] = answer.status
        self.assertEqual(others, {})
        self.assertProblem(browser.get("/api/registrations/1"), 400)
        self.assertProblem(browser.post("/nothing"), 404)

    def test_head_is_get_without_its_body(self):
        browser = inside(OPERATOR)
        paths = ["/", "/registrations", "/registrations.csv", "/api/registrations", "/assets/console.css", "/healthz"]
        heads = [browser.request("HEAD", path) for path in paths]
        self.assertEqual([(head.status, head.text) for head in heads], [(200, "")] * len(paths))
        for path, head in zip(paths, heads):
            self.assertEqual(head.headers["Content-Type"], browser.get(path).headers["Content-Type"])

    def test_api_answers_are_asked_about_before_they_are_used_again(self):
        browser = inside(VIEWER)
        for path in ["/api/registrations?limit=3", "/api/registrations/99000001", "/api/changes", "/api/openapi.json"]:
            answer = browser.get(path)
            tag = answer.headers["ETag"]
            self.assertRegex(tag, r'^"[0-9a-f]{64}"$')
            json.loads(answer.text)
            self.assertEqual(browser.get(path).headers["ETag"], tag)
            for known in [tag, f"W/{tag}", f'"other", {tag}', "*"]:
                again = browser.get(path, **{"If-None-Match": known})
                self.assertEqual((again.status, again.text, again.headers["ETag"]), (304, "", tag), known)
            self.assertEqual(browser.get(path, **{"If-None-Match": '"other"'}).status, 200)
        self.assertNotEqual(browser.get("/api/registrations?limit=2").headers["ETag"],
                            browser.get("/api/registrations?limit=3").headers["ETag"])

    def test_hostile_values_in_the_api_and_in_csv(self):
        browser = inside(VIEWER)
        for ban, name in hostile.NAMES.items():
            business = json.loads(browser.get(f"/api/registrations/{ban}").text)
            self.assertEqual(business["registration"]["business_name"], name)
            self.assertEqual(business["history"][0]["after"]["business_name"], name)
        sheet = browser.get("/registrations.csv?ban=990000").text
        rows = list(csv.DictReader(io.StringIO(sheet.removeprefix("\ufeff"))))
        for row in rows:
            # An apostrophe stands before what a spreadsheet would take for a formula, and before an apostrophe.
            name = row["營業人名稱"]
            self.assertNotIn(name[0], "=+-@\t\r")
            self.assertEqual(name.removeprefix("'"), hostile.NAMES[row["統一編號"]])
        self.assertEqual(len(rows), len(hostile.NAMES))


class AuditTests(HTTPTest):
    def test_every_action_is_written_down(self):
        office.sql("DELETE FROM console.login_failure")
        last = int(office.sql("SELECT max(id) FROM console.audit")[0][0])
        browser = self.stranger()
        browser.log_in(OPERATOR, "wrong")
        browser.log_in(OPERATOR)
        browser.post("/schedules", name="noted", kind="run", cron="0 0 1 1 *", timing_kind="cron")
        schedule = office.sql("SELECT id FROM console.schedule WHERE name = 'noted'")[0][0]
        for action in ["", "/pause", "/resume", "/remove"]:
            browser.post(f"/schedules/{schedule}{action}", name="noted", kind="run", cron="0 0 2 1 *", timing_kind="cron")
        ran = browser.post("/tasks", kind="dry-run").headers["Location"].removeprefix("/tasks/")
        browser.post(f"/tasks/{ran}/stop")
        until(lambda: office.sql(f"SELECT state FROM console.task WHERE id = {ran}") == [["stopped"]])
        again = browser.post(f"/tasks/{ran}/retry", what="all").headers["Location"].removeprefix("/tasks/")
        browser.post(f"/tasks/{again}/stop")
        rollback = re.findall(r'name="(snapshot|publication)" value="([^"]+)"', browser.get("/rollback").text)
        back = browser.post("/rollback", **dict(rollback)).headers["Location"].removeprefix("/tasks/")
        browser.post(f"/tasks/{back}/stop")
        browser.post("/logout")
        rows = office.sql(
            "SELECT coalesce(account, '-'), address, action, coalesce(subject, '-'), at > now() - interval '1 minute'"
            f" FROM console.audit WHERE id > {last} ORDER BY id")
        expected = [
            ("-", "login.failed", OPERATOR), (OPERATOR, "login", "-"), (OPERATOR, "schedule.create", "noted"),
            (OPERATOR, "schedule.change", "noted"), (OPERATOR, "schedule.pause", "noted"),
            (OPERATOR, "schedule.resume", "noted"), (OPERATOR, "schedule.remove", "noted"),
            (OPERATOR, "task.create", ran), (OPERATOR, "task.stop", ran), (OPERATOR, "task.retry", again),
            (OPERATOR, "task.stop", again), (OPERATOR, "registry.rollback", back), (OPERATOR, "task.stop", back),
            (OPERATOR, "logout", "-"),
        ]
        self.assertEqual(rows, [[who, "127.0.0.1", what, on, "t"] for who, what, on in expected])
        page = inside(OPERATOR).get("/audit").text
        for _, action, _ in expected:
            self.assertIn(f"<code>{action}</code>", page)
        office.sql("DELETE FROM console.login_failure")


class DatabaseTests(HTTPTest):
    """The role that pages read with can do nothing else, and they do read with it."""

    def refused(self, statements):
        """The errors, of each statement that does not succeed."""
        asked = [word for statement in statements for word in ["-c", statement]]
        told = office.run("psql", "-X", "-q", "-A", "-t", "-c", "SET ROLE registry_console", *asked).stderr
        return [line for line in told.splitlines() if line.startswith("ERROR")]

    def test_role_reads_the_registry_alone(self):
        tables = [row[0] for row in office.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        self.assertGreaterEqual(set(tables), {"tax_registration", "registration_change", "etl_job_run", "publication"})
        self.assertEqual(self.refused(f"SELECT count(*) FROM {table}" for table in tables), [])
        writes = ["CREATE TABLE public.mine ()"] + [
            write.format(table) for table in tables for write in [
                "DELETE FROM {}", "TRUNCATE {}", "INSERT INTO {} DEFAULT VALUES", "ALTER TABLE {} ADD x integer",
                "DROP TABLE {}"]]
        refusals = self.refused(writes)
        self.assertEqual(len(refusals), len(writes), refusals)
        for refusal in refusals:
            self.assertRegex(refusal, "permission denied|must be owner")
        desk = ["account", "session", "audit", "task", "schedule", "login_failure"]
        refusals = self.refused(f"SELECT count(*) FROM console.{table}" for table in desk)
        self.assertEqual(refusals, ["ERROR:  permission denied for schema console"] * len(desk))

    def test_pages_read_with_it(self):
        browser = inside(VIEWER)
        pages = ["/", "/registrations", "/registrations/99000001", "/changes", "/runs", "/findings", "/api/changes"]
        self.assertEqual([browser.get(path).status for path in pages], [200] * len(pages))
        office.sql("REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM registry_console")
        try:
            for path in pages:
                answer = browser.get(path)
                self.assertProblem(answer, 503)
                self.assertIn("docs/roles.sql", answer.text)
        finally:
            office.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO registry_console")
        self.assertEqual([browser.get(path).status for path in pages], [200] * len(pages))


class LanguageTests(HTTPTest):
    """Nothing is said in one language alone."""

    def test_texts(self):
        keys = set()
        for entry in entries():
            self.assertEqual(len(entry), 3, entry)
            key, chinese, english = entry
            self.assertTrue(key and chinese.strip() and english.strip(), entry)
            self.assertNotIn(key, keys)
            keys.add(key)
            if key != "language_other":
                self.assertNotRegex(re.sub("台 or 臺", "", english), r"[\u3400-\u9fff\uff00-\uffef]", entry)
            self.assertEqual(sorted(re.findall(r"%\d", chinese)), sorted(re.findall(r"%\d", english)), entry)
        for file in sorted((SOURCE / "Sources/ConsoleWeb/Templates").glob("*.mustache")):
            for key in re.findall(r"\{\{[#^/]?t\.(\w+)\}\}", file.read_text(encoding="utf-8")):
                self.assertIn(key, keys, file.name)

    def test_pages(self):
        keys = {entry[0] for entry in entries() if "_" in entry[0]}
        for language in ["en", "zh-TW"]:
            browser = inside(OPERATOR)
            browser.get(f"/language?set={language}&to=/")
            for path in set(routes("get")) - OPEN - {"/tasks/1/events"} | {"/nothing"}:
                if path.endswith(".csv") or path.startswith("/api/") or path == "/schedules/next":
                    continue
                # A value of the registry names a text, to no effect.
                page = browser.get(path).text.replace("{{t.log_out}}", "")
                self.assertIn(f'<html lang="{language}">', page)
                words = set(re.findall(r"[a-z]+(?:_[a-z0-9]+)+", re.sub(r"<[^>]*>", " ", page)))
                self.assertEqual(words & keys, set(), path)
                self.assertNotRegex(page, r"<(h1|h2|th|dt|label|button|legend|summary)\b[^>]*>\s*</\1>", path)
            # Pages without data have one language, but for the link to the other.
            for path in ["/schedules/new", "/nothing", "/tasks", "/audit"]:
                page = re.sub(r"<a [^>]*hreflang.*?</a>|<[^>]*>", " ", browser.get(path).text)
                if language == "en":
                    self.assertNotRegex(page, r"[\u3400-\u9fff]", path)
                else:
                    self.assertRegex(page, r"[\u3400-\u9fff]", path)


class ZBehindTLSTests(HTTPTest):
    """Behind a proxy that speaks TLS."""

    @classmethod
    def setUpClass(cls):
        office.kill()
        office.start(SOURCE_URL=source.url, CONSOLE_BEHIND_TLS="yes")
        sessions.clear()

    def setUp(self):
        office.sql("DELETE FROM console.login_failure")

    def test_cookie(self):
        browser = self.stranger()
        cookie = browser.log_in(OPERATOR).headers["Set-Cookie"]
        self.assertRegex(cookie, r"^__Host-console_session=[0-9a-f]{64};")
        self.assertEqual(
            sorted(cookie.split("; ")[1:]), ["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=Lax", "Secure"])
        self.assertEqual(browser.get("/").status, 200)
        # The name without the prefix anybody on the way could have set.
        browser.cookies = {"console_session": browser.cookies["__Host-console_session"]}
        self.assertEqual(browser.get("/").status, 303)
        self.assertIn("Secure", self.stranger().get("/language?set=en&to=/").headers["Set-Cookie"])

    def test_headers(self):
        for path in ["/login", "/", "/nothing", "/api/changes", "/assets/console.css"]:
            self.assertEqual(self.stranger().get(path).headers["Strict-Transport-Security"], "max-age=31536000")

    def test_origin(self):
        browser = office.browser(OPERATOR)
        own = {"form_token": token(browser)}
        for origin, status in [("https://example.com", 403), ("https://registry.example", 303)]:
            answer = browser.request("POST", "/logout", own, {"Origin": origin, "Host": "registry.example"})
            self.assertEqual(answer.status, status)

    def test_proxy_says_where_a_request_comes_from(self):
        def attempt(forwarded, password="wrong"):
            return self.stranger().request(
                "POST", "/login", {"name": OPERATOR, "password": password}, {"X-Forwarded-For": forwarded}).status

        # What stands before the proxy's own word anybody may have written.
        self.assertEqual([attempt(f"10.0.0.{number}, 192.0.2.1") for number in range(6)], [401] * 5 + [429])
        self.assertEqual(attempt("192.0.2.1, 192.0.2.2", PASSWORD), 303)
        self.assertEqual(attempt("192.0.2.1", PASSWORD), 429)
        addresses = office.sql("SELECT DISTINCT address FROM console.audit WHERE address LIKE '192.%' ORDER BY 1")
        self.assertEqual(addresses, [["192.0.2.1"], ["192.0.2.2"]])
        self.assertEqual(attempt("<script>" * 100), 401)


if __name__ == "__main__":
    unittest.main()
