"""Tests that the most frequent tasks take few steps, in a real browser, with and without scripts.

`python -m console.test_tasks` in Tests prints their clicks, fields and times.
"""

import datetime
import re
import time
import unittest

from monitoring.registry import snapshot

from . import walk, window
from .console_project import OPERATOR
from .texts import text

browser = office = source = None
TODAY = datetime.date.today()
CAFE = "曉光咖啡館"


def day(days, *changes, bad=0, rows=120):
    """Returns the snapshot of `days` from today: businesses in 臺北市, and the changes (old text, new text)."""
    content = snapshot(rows, bad).decode()
    content = content.replace("商行77,", CAFE + ",").replace("臺北市信義區路77號", "臺北市大安區龍安里５鄰信義路４段１５號")
    for old, new in changes:
        assert old in content, old
        content = content.replace(old, new)
    return content.replace("01-SEP-26", f"{TODAY + datetime.timedelta(days):%d-%b-%y}".upper()).encode()


MOVED = [(f"臺北市信義區路{number}號", f"新竹市東區路{number}號") for number in range(90, 100)]


def setUpModule():
    global browser, office, source
    if window.missing():
        return
    browser, office, source = walk.begin(b"")
    for content in [day(-2), day(-1, *MOVED), day(0, *MOVED, bad=6)]:
        source.content = content
        office.run("run", "--source", source.url, "--max-rejects", "10", expect=0)
    office.add_accounts()
    office.start(SOURCE_URL=source.url)


@unittest.skipIf(window.missing(), window.missing())
class TaskTests(unittest.TestCase):
    scripts = True
    # The number of businesses in the refused snapshot: each class needs another file.
    rows = 60

    def setUp(self):
        self.window = window.Window(browser, office.port, java_script_enabled=self.scripts)
        self.addCleanup(self.window.close)
        self.window.enter(office.browser(OPERATOR))
        self.page = self.window.page
        self.begin()

    def begin(self):
        """Begins a task on the overview."""
        self.window.goto("/")
        self.clicks = self.fields = 0
        self.begun = time.monotonic()

    def click(self, selector):
        self.clicks += 1
        self.page.click(selector)
        self.page.wait_for_load_state()

    def enter(self, selector, value):
        """Fills in a field and sends its form with the Enter key, which counts as a click."""
        self.fields += 1
        self.clicks += 1
        self.page.fill(selector, value)
        self.page.press(selector, "Enter")
        self.page.wait_for_load_state()

    def choose(self, selector, value):
        self.fields += 1
        self.page.select_option(selector, value)

    def done(self, task, clicks=2, fields=1):
        seconds = time.monotonic() - self.begun
        print(f"{task}: {self.clicks} clicks, {self.fields} fields, {seconds * 1000:.0f} ms", flush=True)
        self.assertLessEqual(self.clicks, clicks, task)
        self.assertLessEqual(self.fields, fields, task)
        self.assertEqual(self.window.faults, [])

    def main(self):
        return self.window.text("main")

    def test_find_a_business(self):
        for typed in ["曉光咖啡", "10000077", "大安區信義路4段15號"]:
            self.begin()
            self.enter("header [name=q]", typed)
            if not re.search(r"/registrations/\d{8}$", self.window.path):
                self.click("td.ban a")
            self.page.wait_for_url(re.compile(r"/registrations/10000077$"))
            self.assertIn(CAFE, self.window.text("h1"))
            self.done(f"(a) find {typed}")

    def test_see_how_last_night_went(self):
        self.assertIn(f"{TODAY}", self.window.text("main .note.good"))
        self.done("(b) last night", clicks=0, fields=0)

    def test_who_moved_into_a_city(self):
        self.click("a[href='/changes']")
        self.choose("[name=moved_to]", "新竹市")
        self.click("form.filters button")
        self.assertEqual(self.page.locator("tbody tr").count(), 10)
        self.assertIn("10", self.window.text("[role=status]"))
        self.done("(c) moved into a city")

    def test_see_rejected_records(self):
        self.click("a[href^='/findings?run=']")
        self.assertEqual(self.page.locator("article .state.failed").count(), 6)
        self.done("(f) rejected records", clicks=1, fields=0)

    def test_cafes_of_a_city_as_csv(self):
        self.enter("header [name=q]", "咖啡 臺北市")
        self.clicks += 1
        with self.page.expect_download() as download:
            self.page.click("a[href^='/registrations.csv']")
        self.assertRegex(download.value.suggested_filename, "咖啡.*臺北市.*csv$")
        self.done("(g) cafés as CSV")

    def test_accept_and_roll_back(self):
        kept = self.window.text(".number")
        source.content = day(1, rows=self.rows)
        office.run("run", "--source", source.url, expect=65)
        self.begin()
        self.click(".note.bad a")
        self.assertIn(text("run_check_accepted"), self.main())
        self.fields += 1
        self.page.fill("[name=reason]", "來源已確認")
        self.click("form:has([name=reason]) button")
        self.page.wait_for_url(re.compile(r"/tasks/\d+$"))
        self.done("(d) accept a refused snapshot")
        self.ended()
        self.begin()
        self.assertEqual(self.window.text(".number"), str(self.rows))
        self.click("a[href='/rollback']")
        self.click("button.danger")
        self.page.wait_for_url(re.compile(r"/tasks/\d+$"))
        self.done("(e) roll back", fields=0)
        self.ended()
        self.window.goto("/")
        self.assertEqual(self.window.text(".number"), kept)

    def ended(self):
        self.page.wait_for_selector("main section .state.succeeded", timeout=60_000)


class TaskWithoutScriptsTests(TaskTests):
    scripts = False
    rows = 61


if __name__ == "__main__":
    unittest.main()
