"""Tests HTTP responses: headers, errors, rejected requests, and the API's JSON and CSV."""

import csv
import io
import json
import re
import socket
import unittest
import urllib.parse

from . import hostile, visits
from .console_project import OPERATOR, VIEWER
from .routes import routes
from .texts import text
from .visits import VisitTest, inside, things, token

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
setUpModule = visits.set_up


class AnswerTests(VisitTest):
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
                # A log-out without a session leads to the log-in page.
                self.assertGreaterEqual(answer.status, 303 if path == "/logout" else 400)
                self.assertHeaders(answer, path)

    def test_events(self):
        browser = inside(OPERATOR)
        with socket.create_connection(("127.0.0.1", visits.office.port), 20) as connection:
            connection.sendall((
                "GET /tasks/1/events HTTP/1.1\r\nHost: localhost\r\n"
                f"Cookie: console_session={browser.cookies['console_session']}\r\n\r\n").encode())
            stream = connection.makefile("rb")
            head = b"".join(iter(stream.readline, b"\r\n")).decode()
            for line in [
                "Content-Type: text/event-stream; charset=utf-8", "Cache-Control: no-store", "X-Accel-Buffering: no",
            ]:
                self.assertIn(line + "\r\n", head)
            self.assertIn("Content-Security-Policy", head)
            self.assertIn(b"data: ", next(line for line in stream if line.startswith(b"data")))

    def test_invalid_utf8_in_queries(self):
        browser = inside(OPERATOR)
        others = {}
        for path in set(routes("get")) - {"/assets/console.css", "/healthz", "/tasks/1/events"}:
            for value in ["%00", "%FF", "%C0%80", "%ED%A0%80", "%E5%8F", "%"]:
                answer = browser.get(f"{path}?ban={value}")
                if answer.status != 400:
                    others.setdefault(path, []).append((value, answer.status))
        self.assertEqual(others, {})

    def test_invalid_utf8_in_forms(self):
        browser = visits.office.browser(OPERATOR)
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

    def test_concurrent_changes_of_a_schedule(self):
        browser = inside(OPERATOR)
        browser.post("/schedules", name="shared", kind="run", cron="0 0 1 1 *", timing_kind="cron")
        path = "/schedules/" + visits.office.sql("SELECT id FROM console.schedule WHERE name = 'shared'")[0][0]
        self.addCleanup(browser.post, path + "/remove")
        version = lambda answer: re.search(r'name="version" value="([0-9a-f]+)"', answer.text)[1]
        change = lambda **more: browser.post(path, name="shared", kind="run", timing_kind="cron", **more)
        opened = version(browser.get(path))
        self.assertEqual(change(cron="0 5 1 1 *", version=opened).status, 303)
        # A preview of the times does not renew the form's version.
        self.assertEqual(version(change(cron="0 6 1 1 *", version=opened, preview="1")), opened)
        refused = change(cron="0 6 1 1 *", version=opened)
        self.assertEqual(refused.status, 409)
        self.assertEqual(visits.office.sql("SELECT timing FROM console.schedule WHERE name = 'shared'"), [["0 5 1 1 *"]])
        # A user who has seen the conflict can save.
        self.assertEqual(change(cron="0 6 1 1 *", version=version(refused)).status, 303)

    def test_all_faults_of_a_schedule_are_shown_at_their_fields(self):
        answer = inside(OPERATOR).post(
            "/schedules", name="faulty", kind="run", timing_kind="cron", cron="61 2 * * *", time_zone="Taipei",
            repeats="x", retries="99")
        self.assertEqual(answer.status, 400)
        self.assertIn(text("schedule_faults").replace("%1", "4"), answer.text)
        out_of_range = text("timing_out_of_range").replace("%1", "61").replace("%2", "0").replace("%3", "59")
        for problem in [
            out_of_range, text("timing_zone").replace("%1", "Taipei"), text("schedule_fault_repeats"),
            text("schedule_fault_retries"),
        ]:
            self.assertEqual(answer.text.count(problem), 1, problem)
        self.assertEqual(answer.text.count('class="problem"'), 4)
        # The fold with the time zone is open.
        self.assertIn('<details class="advanced" open>', answer.text)
        self.assertNotIn('<details class="advanced" open>', inside(OPERATOR).get("/schedules/new").text)

    def test_requests_that_are_too_large(self):
        browser = inside(OPERATOR)
        for path in routes("post"):
            for length in [70_000, 5_000_000]:
                self.assertProblem(self.sent(browser, path, b"name=" + b"a" * length), 413)
        # Within the size limit, the form is refused because its token is missing.
        self.assertProblem(self.sent(browser, "/tasks", b"name=" + b"a" * 65_000), 403)

    def test_unknown_paths(self):
        browser = inside(OPERATOR)
        others = {}
        paths = [
            "/nothing", "/assets/nothing", "/assets/..%2f..%2fetc%2fpasswd", "/tasks/0", "/tasks/x", "/tasks/-1",
            "/tasks/99999999999999999999", "/runs/9223372036854775807", "/runs/%00", "/runs/%FF", "/schedules/7",
            "/registrations/1", "/registrations/1234567x", "/registrations/%EF%BC%91%EF%BC%91111111", "/api/nothing",
            "/findings.csv?run=99", "/api/registrations/00000001",
        ]
        for path in paths:
            answer = browser.get(path)
            if answer.status == 404:
                self.assertProblem(answer, 404)
            else:
                others[path] = answer.status
        self.assertEqual(others, {})
        for path in ["/api/registrations/1", "/api/registrations?head_office=x", "/api/changes?ban=1234567"]:
            answer = browser.get(path)
            self.assertProblem(answer, 400)
            self.assertIn("BAN (the number of a business): exactly eight digits", json.loads(answer.text)["detail"])
        self.assertProblem(browser.post("/nothing"), 404)
        # What is no BAN is not called an unknown one.
        self.assertIn(text("problem_no_ban"), browser.get("/registrations/abc").text)
        self.assertNotIn(text("problem_no_business"), browser.get("/registrations/abc").text)

    def test_a_search_for_another_number_of_digits(self):
        browser = inside(VIEWER)
        for digits in ["99999999999", "77777"]:
            self.assertIn(
                text("reg_none_digits").replace("%1", str(len(digits))), browser.get(f"/registrations?q={digits}").text)
        self.assertIn(text("reg_none"), browser.get("/registrations?q=99999999999&city=%E8%87%BA%E5%8C%97%E5%B8%82").text)

    def test_a_business_was_first_recorded_when_it_was_published(self):
        browser = inside(VIEWER)
        published = visits.office.sql(
            "SELECT to_char(published_at AT TIME ZONE 'Asia/Taipei', 'YYYY-MM-DD HH24:MI:SS') FROM publication ORDER BY id")
        visits.office.sql("UPDATE tax_registration SET created_at = created_at - interval '9 s' WHERE ban = '99000001'")
        page = browser.get("/registrations/99000001").text
        record = page.split(f"<summary>{text('reg_record')}</summary>")[1]
        self.assertIn(f"<dt>{text('reg_created_at')}</dt><dd>{published[0][0]}</dd>", record)

    def test_wrong_fields_of_the_findings_stay_on_the_page(self):
        browser = inside(VIEWER)
        for query, status, problem in [
            ("run=99", 404, text("finding_no_run").replace("%1", "99")), ("ban=1234", 400, text("reg_problem_ban")),
        ]:
            answer = browser.get(f"/findings?{query}")
            self.assertEqual(answer.status, status)
            self.assertIn(problem, answer.text)
            self.assertNotIn(text("finding_none"), answer.text)
            # The runs can be chosen.
            self.assertRegex(answer.text, r'<option value="2"[^>]*>#2[^<]*2026-09-02')
            self.assertIn('<input name="ban"', answer.text)
        self.assertEqual(browser.get("/findings.csv?ban=1234").status, 400)

    def test_findings_as_csv(self):
        browser = inside(VIEWER)
        answer = browser.get("/findings.csv?severity=error")
        self.assertEqual(answer.headers["Content-Disposition"], 'attachment; filename="findings-2-2026-09-02.csv"')
        rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
        self.assertEqual({row[text("finding_severity")] for row in rows}, {text("finding_error")})
        meanings = {row[text("finding_sheet_meaning")] for row in rows}
        self.assertIn(text("finding_code_invalid_ban"), meanings)
        # The sample has a value that is too long for its column.
        self.assertIn(text("finding_too_long").replace("%1", "營業人名稱").replace("%2", "255"), meanings)

    def test_head_is_get_without_its_body(self):
        browser = inside(OPERATOR)
        paths = ["/", "/registrations", "/registrations.csv", "/api/registrations", "/assets/console.css", "/healthz"]
        heads = [browser.request("HEAD", path) for path in paths]
        self.assertEqual([(head.status, head.text) for head in heads], [(200, "")] * len(paths))
        for path, head in zip(paths, heads):
            self.assertEqual(head.headers["Content-Type"], browser.get(path).headers["Content-Type"])

    def test_conditional_requests_to_the_api(self):
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

    def test_files_are_named_after_what_was_asked(self):
        browser = inside(VIEWER)
        for path, name in [
            ("/changes.csv?since=&kind=changed&name=%E5%95%86%E8%A1%8C", "changes-changed-商行-2026-09-02.csv"),
            ("/changes.csv?since=2026-08-25", "changes-2026-08-25-2026-09-02.csv"),
            ("/changes.csv?since=2026-08-25&until=2026-09-01", "changes-2026-08-25-2026-09-01.csv"),
            ("/registrations.csv?q=%E5%95%86%E8%A1%8C", "registrations-商行-2026-09-02.csv"),
        ]:
            answer = browser.get(path)
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.headers["Content-Type"], "text/csv; charset=utf-8")
            given = answer.headers["Content-Disposition"]
            self.assertEqual(urllib.parse.unquote(given.split("filename*=UTF-8''")[1]), name)
            self.assertTrue(answer.text.startswith("\ufeff") and answer.text.endswith("\r\n"))
        self.assertEqual(browser.get("/changes.csv?since=never").status, 400)
        # A HEAD request and an aborted download leave the next one free.
        self.assertEqual(browser.request("HEAD", "/changes.csv").status, 200)
        self.assertEqual(browser.get("/changes.csv").status, 200)

    def test_columns_of_changes_are_offered_once(self):
        page = inside(VIEWER).get("/changes").text
        labels = re.findall(r"<option[^>]*>([^<]*)", re.search(r'<select name="column">.*?</select>', page, re.DOTALL)[0])
        self.assertEqual(len({label.split("（")[0] for label in labels}), len(labels), labels)

    def test_hostile_values_in_the_api_and_in_csv(self):
        browser = inside(VIEWER)
        for ban, name in hostile.NAMES.items():
            business = json.loads(browser.get(f"/api/registrations/{ban}").text)
            self.assertEqual(business["registration"]["business_name"], name)
            self.assertEqual(business["history"][0]["after"]["business_name"], name)
        sheet = browser.get("/registrations.csv?ban=990000").text
        rows = list(csv.DictReader(io.StringIO(sheet.removeprefix("\ufeff"))))
        for row in rows:
            # An apostrophe precedes values that a spreadsheet would take for a formula, and values that begin with one.
            name = row["營業人名稱"]
            self.assertNotIn(name[0], "=+-@\t\r")
            self.assertEqual(name.removeprefix("'"), hostile.NAMES[row["統一編號"]])
        self.assertEqual(len(rows), len(hostile.NAMES))


if __name__ == "__main__":
    unittest.main()
