"""A console with an object of each kind, and HTTP requests to it without a browser."""

import json
import re
import unittest

from . import hostile
from .console_project import OPERATOR, Client, ConsoleProject
from .source import Source

office = source = None
sessions = {}


def set_up():
    """Sets up a module (setUpModule). Its task runs until the source releases its answer."""
    global office, source
    office = ConsoleProject()
    unittest.addModuleCleanup(office.close)
    source = Source(hostile.day(2))
    unittest.addModuleCleanup(source.close)
    hostile.load_two_days(office)
    office.add_accounts()
    office.start(SOURCE_URL=source.url)
    sessions.clear()
    source.hold()
    browser = inside(OPERATOR)
    browser.post("/schedules", name="first", kind="run", cron="0 0 1 1 *", timing_kind="cron")
    browser.post("/tasks", kind="dry-run")


def inside(name):
    """Returns a client with a session. Each account logs in only once, because hashing a password is slow."""
    if name not in sessions:
        sessions[name] = office.browser(name).cookies
    browser = Client(office.port)
    browser.cookies = dict(sessions[name])
    return browser


def token(browser):
    return re.search(r'name="form_token" value="([0-9a-f]{64})"', browser.get("/").text)[1]


def things():
    """Returns the objects that requests of operators could change."""
    return office.sql("SELECT count(*) FROM console.task") + office.sql(
        "SELECT id, name, is_paused FROM console.schedule") + office.sql("SELECT stop_asked_by FROM console.task")


class VisitTest(unittest.TestCase):
    def stranger(self):
        return Client(office.port)

    def assertProblem(self, answer, status):
        """Checks an error: a page with the usual layout, or a JSON document of the API."""
        self.assertEqual(answer.status, status, answer.text)
        kind = answer.headers["Content-Type"]
        if kind == "application/problem+json":
            self.assertEqual(json.loads(answer.text)["status"], status)
        else:
            self.assertEqual(kind, "text/html; charset=utf-8")
            self.assertIn(f"<small>{status}</small>", answer.text)
            self.assertIn('<header class="site">', answer.text)
