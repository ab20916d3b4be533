"""Tests log-in, sessions, log-out, the limits on log-in attempts, and redirects; also behind TLS."""

import re
import unittest
import urllib.parse

from . import visits
from .console_project import OPERATOR, PASSWORD, VIEWER
from .routes import OPEN, routes
from .texts import text
from .visits import VisitTest, inside, things, token

setUpModule = visits.set_up


class SessionTests(VisitTest):
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
        # The database does not contain the session's token.
        stored = visits.office.sql("SELECT token_hash FROM console.session")
        self.assertNotIn([browser.cookies["console_session"]], stored)

    def test_a_log_in_starts_a_new_session(self):
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

    def test_a_forgotten_password_has_its_own_command(self):
        page = self.stranger().get("/login").text
        self.assertIn("console user add NAME", page.split(text("login_whom"))[1])
        self.assertIn("console user password NAME", page.split(text("login_forgotten"))[1])

    def outside(self, browser):
        return browser.get("/").headers["Location"] == "/login?to=%2F"

    def test_a_log_out_ends_the_session(self):
        browser, other = visits.office.browser(OPERATOR), inside(OPERATOR)
        kept = dict(browser.cookies)
        self.assertEqual(browser.post("/logout").headers["Location"], "/login")
        self.assertEqual(browser.cookies, {})
        browser.cookies = kept
        self.assertTrue(self.outside(browser))
        self.assertFalse(self.outside(other))

    def test_a_kept_rollback_names_the_day_of_the_data(self):
        page = inside(OPERATOR).get("/rollback").text
        form = dict(re.findall(r'name="(as_of_date|snapshot|publication)" value="([^"]+)"', page))
        browser = self.stranger()
        answer = browser.request("POST", "/rollback", form)
        kept = dict(re.findall(r'name="(kept_[a-z_]+)" value="([^"]+)"', answer.text))
        answer = browser.request("POST", "/login", {"name": OPERATOR, "password": PASSWORD, "to": "/", **kept})
        self.assertEqual(answer.status, 200)
        for name, label in [("as_of_date", "run_as_of"), ("snapshot", "run_snapshot")]:
            self.assertIn(f"<dt>{text(label)}</dt><dd>{form[name]}</dd>", answer.text)

    def test_a_new_password_ends_sessions_and_tokens(self):
        visits.office.console("user", "add", "temporary", stdin=PASSWORD + "\n")
        browser, bearer = visits.office.browser("temporary"), self.bearer("temporary")
        other = inside(OPERATOR)
        self.assertFalse(self.outside(browser))
        self.assertEqual(self.stranger().get("/api/registrations", **bearer).status, 200)
        visits.office.console("user", "password", "temporary", stdin="another password\n")
        self.assertTrue(self.outside(browser))
        self.assertEqual(self.stranger().get("/api/registrations", **bearer).status, 401)
        self.assertEqual(self.stranger().log_in("temporary").status, 401)
        self.assertEqual(browser.log_in("temporary", "another password").status, 303)
        self.assertFalse(self.outside(browser))
        visits.office.console("user", "remove", "temporary")
        self.assertTrue(self.outside(browser))
        self.assertFalse(self.outside(other))
        visits.office.sql("DELETE FROM console.login_failure")

    def test_tokens_are_listed_and_revoked_one_by_one(self):
        first, second = self.bearer(VIEWER), self.bearer(VIEWER)
        self.assertEqual(self.stranger().get("/api/changes", **first).status, 200)
        lines = [line.split("\t") for line in visits.office.console("user", "tokens", VIEWER).splitlines()]
        self.assertEqual([line[1] for line in lines], [VIEWER] * 2)
        self.assertNotEqual(lines[0][3], "used never")
        self.assertEqual(lines[1][3], "used never")
        visits.office.console("user", "revoke", lines[0][0])
        statuses = [self.stranger().get("/api/changes", **bearer).status for bearer in [first, second]]
        self.assertEqual(statuses, [401, 200])
        entry = visits.office.sql(
            "SELECT action, subject, detail->>'token' FROM console.audit ORDER BY id DESC LIMIT 1")
        self.assertEqual(entry, [["account.token.revoke", VIEWER, lines[0][0]]])
        visits.office.console("user", "revoke", lines[1][0])

    def bearer(self, name):
        return {"Authorization": "Bearer " + visits.office.console("user", "token", name).strip()}

    def test_tokens_can_only_read_the_api(self):
        bearer = self.bearer(OPERATOR)
        before = things()
        for path in set(routes("get")) - OPEN:
            status = self.stranger().get(path, **bearer).status
            self.assertEqual(status, 200 if path.startswith("/api/") else 303, path)
        for path in set(routes("post")) - {"/login"}:
            self.assertEqual(self.stranger().request("POST", path, {}, bearer).status, 303 if path == "/logout" else 401, path)
        self.assertEqual(things(), before)
        token = bearer["Authorization"].split()[1]
        browser = self.stranger()
        browser.cookies["console_session"] = token
        self.assertTrue(self.outside(browser))
        for wrong in ["Bearer", "Bearer ", "Bearer " + "0" * 64, "Basic b2xnYTph", token, "Bearer " + token + "0"]:
            self.assertEqual(self.stranger().get("/api/changes", Authorization=wrong).status, 401, wrong)

    def test_redirects_stay_on_the_console(self):
        for to in [
            "//example.com", "/\\example.com", "\\\\example.com", "https://example.com", "http:example.com",
            "javascript:1", "/\t/example.com", "\t//example.com", " //example.com", "/\r\nSet-Cookie: a=b", "/\n",
            "example.com", "", "/台", "///example.com", "/" + "a" * 3000, "@example.com", "/\u2028",
        ]:
            query = urllib.parse.quote(to, safe="")
            places = [inside(OPERATOR).get(f"/login?to={query}"), self.stranger().get(f"/language?set=en&to={query}")]
            self.assertEqual([answer.headers["Location"] for answer in places], ["/", "/"], repr(to))
            self.assertIn('name="to" value="/"', self.stranger().get(f"/login?to={query}").text)
        for to, place in [("//example.com", "/"), ("/registrations?name=%E5%8F%B0&sort=name",) * 2]:
            answer = self.stranger().request("POST", "/login", {"name": OPERATOR, "password": PASSWORD, "to": to})
            self.assertEqual(answer.headers["Location"], place)


class LimitTests(VisitTest):
    def setUp(self):
        self.addCleanup(visits.office.sql, "DELETE FROM console.login_failure")
        visits.office.sql("DELETE FROM console.login_failure")

    def statuses(self, *attempts, **headers):
        return [self.attempt(name, password, **headers).status for name, password in attempts]

    def attempt(self, name, password, **headers):
        return self.stranger().request("POST", "/login", {"name": name, "password": password}, headers)

    def test_wrong_passwords(self):
        self.assertEqual(self.statuses(*[(OPERATOR, "wrong")] * 5), [401] * 5)
        answer = self.attempt(OPERATOR, PASSWORD)
        self.assertEqual((answer.status, answer.headers["Retry-After"]), (429, "900"))
        self.assertNotIn("Set-Cookie", answer.headers)
        # X-Forwarded-For is not trusted, because any client can send it.
        self.assertEqual(self.statuses((OPERATOR, PASSWORD), **{"X-Forwarded-For": "192.0.2.1"}), [429])
        self.assertEqual(self.statuses((VIEWER, PASSWORD)), [303])
        visits.office.sql("UPDATE console.login_failure SET failed_at = failed_at - interval '15 minutes'")
        self.assertEqual(self.statuses((OPERATOR, PASSWORD)), [303])

    def test_a_right_password_resets_the_count(self):
        self.assertEqual(self.statuses(*[(OPERATOR, "wrong")] * 4 + [(OPERATOR, PASSWORD)]), [401] * 4 + [303])
        self.assertEqual(self.statuses(*[(OPERATOR, "wrong")] * 5), [401] * 5)

    def test_many_names_from_one_address(self):
        visits.office.sql(
            "INSERT INTO console.login_failure (name, address)"
            " SELECT 'n' || i, '127.0.0.1' FROM generate_series(1, 19) i")
        self.assertEqual(self.statuses(("nobody", "wrong"), (OPERATOR, PASSWORD)), [401, 429])

    def test_invalid_names(self):
        for name in ["", "'; DROP TABLE console.account; --", "x" * 10_000, "台", "<b>"]:
            answer = self.attempt(name, "wrong")
            self.assertEqual(answer.status, 401)
            self.assertNotIn("<b>", answer.text)
        self.assertProblem(self.attempt("olga\0", "wrong"), 400)


class BehindTLSTests(VisitTest):
    """Tests the console behind a TLS proxy."""

    @classmethod
    def setUpClass(cls):
        cls.restart(CONSOLE_BEHIND_TLS="yes", CONSOLE_PUBLIC_NAME="registry.example")
        cls.addClassCleanup(cls.restart)

    @staticmethod
    def restart(**variables):
        visits.office.kill()
        visits.office.start(SOURCE_URL=visits.source.url, **variables)
        visits.sessions.clear()

    def setUp(self):
        visits.office.sql("DELETE FROM console.login_failure")

    def test_cookie(self):
        browser = self.stranger()
        cookie = browser.log_in(OPERATOR).headers["Set-Cookie"]
        self.assertRegex(cookie, r"^__Host-console_session=[0-9a-f]{64};")
        self.assertEqual(
            sorted(cookie.split("; ")[1:]), ["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=Lax", "Secure"])
        self.assertEqual(browser.get("/").status, 200)
        # Without the prefix, the cookie could have been set over an insecure connection.
        browser.cookies = {"console_session": browser.cookies["__Host-console_session"]}
        self.assertEqual(browser.get("/").status, 303)
        self.assertIn("Secure", self.stranger().get("/language?set=en&to=/").headers["Set-Cookie"])

    def test_headers(self):
        for path in ["/login", "/", "/nothing", "/api/changes", "/assets/console.css"]:
            self.assertEqual(self.stranger().get(path).headers["Strict-Transport-Security"], "max-age=31536000")

    def test_origin(self):
        browser = visits.office.browser(OPERATOR)
        own = {"form_token": token(browser)}
        for origin, status in [("https://example.com", 403), ("https://registry.example", 303)]:
            answer = browser.request("POST", "/logout", own, {"Origin": origin, "Host": "registry.example"})
            self.assertEqual(answer.status, status)
        # Some proxies send their own Host.
        browser = visits.office.browser(OPERATOR)
        own = {"form_token": token(browser)}
        self.assertEqual(browser.request("POST", "/logout", own, {"Origin": "https://registry.example"}).status, 303)

    def test_only_trusted_proxies_set_the_client_address(self):
        def attempt(forwarded, source):
            client = self.stranger()
            client.source = source
            return client.request(
                "POST", "/login", {"name": OPERATOR, "password": "wrong"}, {"X-Forwarded-For": forwarded}).status

        # For a local client that is not a proxy, its own address counts.
        found = [attempt(f"198.51.100.{number}", "127.0.0.3") for number in range(6)]
        self.assertEqual(found, [401] * 5 + [429])
        # Behind several proxies, the last address that is not a proxy counts.
        self.assertEqual(attempt("198.51.100.9, 127.0.0.1", "127.0.0.1"), 401)
        found = visits.office.sql(
            "SELECT DISTINCT address FROM console.audit WHERE address ~ '^198|127.0.0.3' ORDER BY 1")
        self.assertEqual(found, [["127.0.0.3"], ["198.51.100.9"]])
        self.assertEqual(visits.office.log().count("X-Forwarded-For from 127.0.0.3 is ignored"), 1)

    def test_the_proxy_sets_the_client_address(self):
        def attempt(forwarded, password="wrong"):
            return self.stranger().request(
                "POST", "/login", {"name": OPERATOR, "password": password}, {"X-Forwarded-For": forwarded}).status

        # Any client could have written the addresses before the proxy's entry.
        self.assertEqual([attempt(f"10.0.0.{number}, 192.0.2.1") for number in range(6)], [401] * 5 + [429])
        self.assertEqual(attempt("192.0.2.1, 192.0.2.2", PASSWORD), 303)
        self.assertEqual(attempt("192.0.2.1", PASSWORD), 429)
        addresses = visits.office.sql(
            "SELECT DISTINCT address FROM console.audit WHERE address LIKE '192.%' ORDER BY 1")
        self.assertEqual(addresses, [["192.0.2.1"], ["192.0.2.2"]])
        self.assertEqual(attempt("<script>" * 100), 401)


if __name__ == "__main__":
    unittest.main()
