"""Tests authorization: clients without a log-in, viewers, operators, and forms from other origins."""

import re
import unittest
import urllib.parse

from . import visits
from .console_project import OPERATOR, VIEWER
from .routes import OPEN, OPERATORS_ONLY, routes
from .texts import text
from .visits import VisitTest, inside, things, token

setUpModule = visits.set_up


class AccessTests(VisitTest):
    def test_without_a_session_pages_redirect_to_the_log_in(self):
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

    def test_without_a_session_nothing_can_be_changed(self):
        before = things()
        for path in set(routes("post")) - {"/login"}:
            form = {"form_token": "0" * 64, "reason": "<b>"}
            answer = self.stranger().request("POST", path, form)
            if path == "/logout":
                self.assertEqual((answer.status, answer.headers["Location"]), (303, "/login"))
                continue
            # The log-in page keeps the form, without the token.
            self.assertEqual(answer.status, 401)
            self.assertIn('name="kept_field_reason" value="&lt;b&gt;"', answer.text)
            self.assertNotIn("0" * 64, answer.text)
            foreign = self.stranger().request("POST", path, form, {"Origin": "https://example.com"})
            self.assertProblem(foreign, 403)
        self.assertEqual(things(), before)

    def test_viewers_and_operators_get_their_pages(self):
        for name in [VIEWER, OPERATOR]:
            browser = inside(name)
            # The event stream lasts as long as the task.
            for path in set(routes("get")) - OPEN - {"/tasks", "/tasks/1/events"}:
                answer = browser.get(path)
                if name == VIEWER and path in OPERATORS_ONLY:
                    self.assertProblem(answer, 403)
                else:
                    self.assertEqual(answer.status, 200, path)

    def test_viewers_see_no_buttons_of_operators(self):
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
            {"/logout", "/tasks", "/tasks/1/stop", "/schedules/1", "/schedules/1/pause"}
            # Only a load that was rolled back has the link to load it again.
            | OPERATORS_ONLY - {"/runs/1/reload"})

    def test_viewers_cannot_change_anything(self):
        before = things()
        browser = inside(VIEWER)
        for path in set(routes("post")) - {"/login", "/logout"}:
            answer = browser.post(path, kind="dry-run", name="theirs", timing_kind="every")
            self.assertProblem(answer, 403)
            self.assertIn(text("problem_operators_only"), answer.text)
        self.assertEqual(things(), before)

    def test_forms_need_the_token_of_their_session(self):
        before = things()
        browser, other = inside(OPERATOR), visits.office.browser(OPERATOR)
        forms = [{}, {"form_token": ""}, {"form_token": "0" * 64}, {"form_token": token(other)}]
        for path in set(routes("post")) - {"/login"}:
            for form in forms:
                answer = browser.request("POST", path, {"kind": "dry-run", **form})
                self.assertProblem(answer, 403)
                self.assertIn(text("problem_foreign_form"), answer.text)
        self.assertEqual(things(), before)
        self.assertEqual(browser.get("/").status, 200)

    def test_forms_from_other_origins_are_refused(self):
        before = things()
        browser = inside(OPERATOR)
        own = {"form_token": token(browser), "kind": "dry-run"}
        origin = f"http://127.0.0.1:{visits.office.port}"
        foreign = [
            {"Origin": "http://example.com"}, {"Origin": "null"}, {"Origin": ""}, {"Origin": "http://127.0.0.1"},
            {"Origin": f"{origin}.example.com"}, {"Origin": f"http://127.0.0.1:{visits.office.port + 1}"},
            {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"},
        ]
        for path in routes("post"):
            for headers in foreign:
                self.assertProblem(browser.request("POST", path, own, headers), 403)
        self.assertEqual(things(), before)
        answer = browser.request("POST", "/schedules/1/pause", own, {"Origin": origin})
        self.assertEqual(answer.status, 303)
        self.assertNotEqual(things(), before)
        browser.post("/schedules/1/resume")

    def test_other_methods_are_refused(self):
        before = things()
        browser = inside(OPERATOR)
        for path in routes("post"):
            for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"]:
                self.assertProblem(browser.request(method, path, {"form_token": token(browser)}), 405)
        self.assertEqual(things(), before)


if __name__ == "__main__":
    unittest.main()
