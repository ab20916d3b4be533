"""Tests values, names and messages that could break pages, in a real browser."""

import unittest

from monitoring.registry import snapshot

from . import hostile, walk, window
from .walk import WindowTest

setUpModule = walk.set_up


class HostileTests(WindowTest):
    """Pages show values as text and unchanged, except for bidirectional controls."""

    def setUp(self):
        super().setUp()
        self.window.enter(walk.operator)

    def test_business(self):
        for ban, name in hostile.NAMES.items():
            name = hostile.shown(name)
            self.window.goto(f"/registrations/{ban}")
            self.assertEqual(self.window.text("h1"), f"{ban} {name}")
            self.assertIn(name, self.page.locator("dl.facts dd").all_text_contents())
            self.assertIn(name, self.window.text("ol"))
            self.assertIn(name, " ".join(self.page.locator("ins").all_text_contents()) + self.window.text("article"))
        self.assertFaults()

    def test_search(self):
        for ban, name in hostile.NAMES.items():
            # A single-line field contains no second line.
            part = name.split("\n")[0]
            self.window.goto("/registrations?name=" + window.quoted(part))
            self.assertEqual(self.page.input_value("[name=name]"), hostile.shown(part))
            found = dict(zip(self.page.locator("td.ban").all_text_contents(), self.names()))
            self.assertEqual(found.get(ban), hostile.shown(name))
        self.assertFaults()

    def test_lists(self):
        for path, times in [("/changes", 2), ("/registrations?ban=99", 2), ("/findings", 1)]:
            self.window.goto(path)
            shown = self.window.text("main")
            for name in hostile.NAMES.values():
                # A finding shows the record as in the file, with a placeholder for invisible characters.
                name = name.replace('"', '""') if path == "/findings" else name
                if path != "/findings" or name.isprintable():
                    name = hostile.shown(name)
                    self.assertGreaterEqual(shown.count(name), times, (path, name))
        self.window.goto("/figures")
        self.assertFaults()

    def test_filters_keep_their_values(self):
        fields = {
            "/registrations": ["ban", "name", "address", "type", "city", "industry", "head_office", "sort"],
            "/changes": ["since", "kind", "column", "ban", "place"],
            "/findings": ["code", "severity"],
        }
        for name in hostile.TEXTS[:5]:
            for path, names in fields.items():
                self.window.goto(f"{path}?" + "&".join(f"{field}={window.quoted(name)}" for field in names))
                if path == "/registrations":
                    self.assertEqual(self.page.input_value("[name=address]"), name)
        # Chromium warns about an invalid date, and leaves the field empty.
        faults = [fault for fault in self.window.faults if not fault.endswith('required format, "yyyy-MM-dd".')]
        self.assertEqual([], [fault for fault in faults if not fault.startswith("400 ")])

    def test_names_of_schedules_and_messages_of_runs(self):
        for name in ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>']:
            self.window.goto("/schedules/new")
            self.page.fill("[name=name]", name)
            self.page.click("details.advanced summary")
            self.page.fill("[name=time_zone]", name)
            self.page.click("form#schedule-form button:not([name])")
            self.page.wait_for_selector("[role=alert]")
            self.assertIn(name, self.window.text("[role=alert]"))
            self.page.fill("[name=time_zone]", "Asia/Taipei")
            self.save()
            self.assertIn(name, self.page.locator("tbody th").all_text_contents())
            self.page.get_by_role("link", name=name, exact=True).click()
            self.assertTrue(self.window.text("h1").endswith(name))
        self.window.goto("/audit")
        self.assertIn(name, self.page.locator("td").all_text_contents())
        walk.office.sql("DELETE FROM console.schedule")
        self.assertFaults("400 /schedules", "400 /schedules")


@unittest.skipIf(window.missing(), window.missing())
class HostileSourceTests(WindowTest):
    """The source's name appears in a run's progress and in its error."""

    def setUp(self):
        self.name = "<img src=x onerror=alert(1)>.csv"
        walk.office.kill()
        walk.office.start(SOURCE_URL=str(walk.office.folder / self.name))
        self.addCleanup(walk.office.start, SOURCE_URL=walk.source.url)
        self.addCleanup(walk.office.kill)
        super().setUp()

    def test_its_name(self):
        self.window.enter(walk.operator)
        self.start("dry-run")
        self.ended("failed")
        self.assertIn(self.name, self.window.text(".note.bad"))
        # The run is refused because of so many more records. The test is about its messages until then.
        (walk.office.folder / self.name).write_bytes(snapshot(20_000))
        self.page.click("form:has([value=all]) button")
        self.ended("refused")
        self.assertIn(self.name, self.window.text("main"))
        self.window.goto("/runs")
        self.window.goto("/")
        self.assertFaults()


if __name__ == "__main__":
    unittest.main()
