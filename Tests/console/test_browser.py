"""The pages in a real browser, as a person uses them: with scripts and without, and with values made to break them."""

import re
import unittest

from monitoring.registry import snapshot

from . import hostile, window
from .office import OPERATOR, Office, until
from .source import Source
from .texts import text

browser = office = source = operator = None


def setUpModule():
    global browser, office, source, operator
    if window.missing():
        return
    browser = window.Browser()
    unittest.addModuleCleanup(browser.close)
    office = Office()
    unittest.addModuleCleanup(office.close)
    source = Source(hostile.day(2))
    unittest.addModuleCleanup(source.close)
    hostile.load_two_days(office)
    office.add_accounts()
    office.start(SOURCE_URL=source.url)
    operator = office.browser(OPERATOR)


@unittest.skipIf(window.missing(), window.missing())
class WindowTest(unittest.TestCase):
    scripts = True

    def setUp(self):
        self.window = window.Window(browser, office.port, java_script_enabled=self.scripts)
        self.addCleanup(self.window.close)
        self.page = self.window.page
        # Whatever a test leaves running: the next one's turn would not come.
        self.addCleanup(source.release)

    def assertFaults(self, *expected):
        self.assertEqual(self.window.faults, list(expected))

    def start(self, kind):
        """Asks for a run, and waits for its page."""
        self.window.goto("/")
        self.page.click(f"form:has([name=kind][value={kind}]) button")
        self.page.wait_for_url(re.compile(r"/tasks/\d+$"))
        return self.window.path

    def ended(self, state):
        """Waits for the end that the page shows by itself."""
        self.page.wait_for_selector(f"main > section .state.{state}", timeout=60_000)
        self.page.wait_for_selector("section:not([data-live])")

    def save(self):
        self.page.click("form#schedule-form button:not([name])")
        self.page.wait_for_url(re.compile("/schedules$"))

    def search(self, **fields):
        self.window.goto("/registrations")
        for name, value in fields.items():
            self.page.fill(f"form.filters [name={name}]", value)
        self.page.click("form.filters button")
        self.page.wait_for_url(re.compile(r"/registrations\?"))

    def names(self):
        return self.page.locator("tbody th").all_text_contents()


class CoreTests(WindowTest):
    """What works without scripts has to work with them."""

    def test_in_and_out(self):
        self.window.goto("/figures?one=1")
        self.assertEqual(self.window.path, "/login?to=%2Ffigures%3Fone%3D1")
        self.window.log_in(password="a wrong password")
        self.assertIn(text("login_wrong"), self.window.text("[role=alert]"))
        self.assertEqual(self.page.input_value("[name=name]"), OPERATOR)
        self.window.log_in()
        self.assertEqual(self.window.path, "/figures?one=1")
        self.page.click("header form button")
        self.assertEqual(self.window.path, "/login")
        self.window.goto("/figures")
        self.assertEqual(self.window.path, "/login?to=%2Ffigures")
        self.assertFaults("401 /login")

    def test_language(self):
        self.window.enter(operator)
        self.window.goto("/registrations?name=%E5%95%86%E8%A1%8C&sort=capital")
        for language in ["en", "zh-TW"]:
            self.page.click(".site-tools a[hreflang]")
            self.assertEqual(self.window.path, "/registrations?name=%E5%95%86%E8%A1%8C&sort=capital")
            self.assertEqual(self.window.text("h1"), text("nav_registrations", language))
            self.assertEqual(self.page.get_attribute("html", "lang"), language)
            self.assertEqual(self.page.input_value("[name=name]"), "商行")
        self.assertFaults()

    def test_search_and_business(self):
        self.window.enter(operator)
        self.search(name="有限公司")
        names = self.names()
        self.assertEqual(len(names), 50)
        self.assertTrue(all("有限公司" in name for name in names), names)
        self.page.click("a[rel=next]")
        self.page.wait_for_selector("a[rel=prev]")
        more = self.names()
        self.assertTrue(all("有限公司" in name for name in more), more)
        bans = self.page.locator("td.ban").all_text_contents()
        self.search(ban=bans[0])
        self.assertEqual(self.names(), more[:1])
        self.page.click("td.ban a")
        self.page.wait_for_url(re.compile(f"/registrations/{bans[0]}$"))
        self.assertIn(more[0], self.window.text("h1"))
        self.page.go_back()
        self.assertEqual(self.names(), more[:1])
        self.search(name="沒有這樣的名稱")
        self.assertEqual(self.names(), [])
        self.assertFaults()

    def test_dry_run(self):
        self.window.enter(operator)
        source.hold()
        self.start("dry-run")
        self.page.wait_for_selector("main > section .state.running")
        source.release()
        self.ended("succeeded")
        self.assertIn("3034", self.window.text("main").replace(",", ""))
        self.assertFaults()

    def new_schedule(self, name, cron):
        self.window.goto("/schedules")
        self.page.click("a[href='/schedules/new']")
        self.page.fill("[name=name]", name)
        self.page.check("[name=kind][value=dry-run]")
        self.page.fill("[name=cron]", cron)

    def times(self):
        return self.page.locator("ol.times li").all_text_contents()

    def due(self, name):
        """Makes one for each hour begin an hour earlier."""
        office.sql(
            "UPDATE console.schedule SET anchored_at = date_trunc('second', now()) - interval '1 hour',"
            f" next_at = date_trunc('second', now()) WHERE name = '{name}'; NOTIFY console_task")

    def test_schedule(self):
        name = f"每月一日 {self.scripts}"
        self.window.enter(operator)
        self.new_schedule(name, "61 1 1 * *")
        self.page.click("[name=preview]")
        self.page.wait_for_selector(".note.bad")
        self.page.fill("[name=cron]", "1 1 1 * *")
        self.page.click("[name=preview]")
        self.page.wait_for_selector("ol.times")
        times = self.times()
        self.assertEqual(len(times), 5)
        self.assertTrue(all(time.endswith("-01 01:01:00") for time in times), times)
        self.save()
        row = self.page.locator("tr", has=self.page.get_by_role("link", name=name, exact=True))
        self.assertIn(times[0], row.text_content())

        link = row.get_by_role("link", name=name, exact=True)
        link.click()
        self.page.check("[name=timing_kind][value=every]")
        self.page.fill("[name=minutes]", "60")
        self.save()
        self.due(name)
        fired = until(lambda: office.sql(
            f"SELECT t.id FROM console.task t JOIN console.schedule s ON s.id = schedule_id WHERE s.name = '{name}'"))
        link.click()
        self.page.click(f"a[href='/tasks/{fired[0][0]}']")
        self.ended("succeeded")

        self.window.goto("/schedules")
        row.get_by_role("button").click()
        row.locator(".state.paused").wait_for()
        self.assertEqual(row.locator("td.time").text_content(), "")
        row.get_by_role("button").click()
        row.locator(".state.success").wait_for()
        row.locator("a[href$=remove]").click()
        self.page.click("button.danger")
        self.page.wait_for_url(re.compile("/schedules$"))
        self.assertEqual(row.count(), 0)
        self.assertFaults()


class WithoutScriptsTests(CoreTests):
    scripts = False


class ScriptTests(WindowTest):
    """What scripts add."""

    def test_progress_comes_in_without_the_page_being_loaded_again(self):
        self.window.enter(operator)
        source.hold()
        self.start("dry-run")
        self.page.wait_for_selector("main > section .state.running")
        self.page.evaluate("window.isTheSame = true")
        seen = set()
        until(lambda: seen.add(self.window.text("main > section p")) or len(seen) > 2)
        self.assertTrue(self.page.evaluate("window.isTheSame"))
        source.release()
        self.ended("succeeded")
        self.assertIsNone(self.page.evaluate("window.isTheSame ?? null"))
        self.assertFaults()

    def test_stopping(self):
        self.window.enter(operator)
        source.hold()
        self.start("dry-run")
        self.page.wait_for_selector("main > section .state.running")
        self.page.click("button.danger")
        self.ended("stopped")
        self.assertIn(OPERATOR, self.window.text("main"))
        self.assertFaults()

    def test_next_times_as_one_types(self):
        self.window.enter(operator)
        self.window.goto("/schedules/new")
        self.page.fill("[name=cron]", "")
        self.page.wait_for_selector("[data-preview-of] .note.bad")
        self.page.type("[name=cron]", "30 4 * * *")
        self.page.wait_for_selector("ol.times >> text=/04:30:00$/")
        self.assertEqual(self.page.locator("ol.times li").count(), 5)
        self.page.type("[name=cron]", "x")
        self.page.wait_for_selector("[data-preview-of] .note.bad")
        self.page.check("[name=timing_kind][value=every]")
        self.page.fill("[name=minutes]", "90")
        self.page.wait_for_selector("ol.times")
        self.page.fill("[name=repeats]", "2")
        until(lambda: self.page.locator("ol.times li").count() == 2)
        self.assertEqual(self.window.path, "/schedules/new")
        self.assertFaults()

    def test_one_click_is_one_order(self):
        self.window.enter(operator)
        source.hold()
        self.window.goto("/")
        before = office.sql("SELECT count(*) FROM console.task")
        self.page.dblclick("form:has([name=kind][value=dry-run]) button")
        self.page.wait_for_url(re.compile(r"/tasks/\d+$"))
        source.release()
        self.ended("succeeded")
        self.assertEqual(office.sql("SELECT count(*) - 1 FROM console.task"), before)

    def test_session_that_ends_ends_the_progress(self):
        self.window.log_in()
        source.hold()
        self.start("dry-run")
        self.page.wait_for_selector("main > section .state.running")
        office.sql("DELETE FROM console.session WHERE created_at = (SELECT max(created_at) FROM console.session)")
        self.page.wait_for_url(re.compile("/login"))
        self.assertFaults()

    def test_run_that_is_refused_accepted_and_rolled_back(self):
        self.window.enter(operator)
        self.addCleanup(setattr, source, "content", source.content)
        source.content = snapshot(50).replace(b"01-SEP-26", b"03-SEP-26")
        self.start("run")
        self.ended("failed")
        self.page.fill("[name=reason]", "試試看")
        self.page.click("form:has([name=reason]) button")
        self.ended("succeeded")
        self.window.goto("/")
        self.assertEqual(self.window.text(".number"), "50")
        self.assertIn("2026-09-03", self.window.text("main .note"))
        self.page.click("a[href='/rollback']")
        self.page.click("button.danger")
        self.ended("succeeded")
        self.window.goto("/")
        self.assertEqual(self.window.text(".number"), "3,034")
        self.assertFaults()


class HostileTests(WindowTest):
    """Values are text wherever they show, and show as they are."""

    def setUp(self):
        super().setUp()
        self.window.enter(operator)

    def test_business(self):
        for ban, name in hostile.NAMES.items():
            self.window.goto(f"/registrations/{ban}")
            self.assertEqual(self.window.text("h1"), f"{ban} {name}")
            self.assertIn(name, self.page.locator("dl.facts dd").all_text_contents())
            self.assertIn(name, self.window.text("ol"))
            self.assertIn(name, " ".join(self.page.locator("ins").all_text_contents()) + self.window.text("article"))
        self.assertFaults()

    def test_search(self):
        for ban, name in hostile.NAMES.items():
            # A field of one line holds no second one.
            part = name.split("\n")[0]
            self.window.goto("/registrations?name=" + window.quoted(part))
            self.assertEqual(self.page.input_value("[name=name]"), part)
            found = dict(zip(self.page.locator("td.ban").all_text_contents(), self.names()))
            self.assertEqual(found.get(ban), name)
        self.assertFaults()

    def test_lists(self):
        for path, times in [("/changes", 2), ("/registrations?ban=99", 2), ("/findings", 1)]:
            self.window.goto(path)
            shown = self.window.text("main")
            for name in hostile.NAMES.values():
                # A finding shows a record as it stands in the file, and what cannot be seen by a stand-in.
                name = name.replace('"', '""') if path == "/findings" else name
                if path != "/findings" or name.isprintable():
                    self.assertGreaterEqual(shown.count(name), times, (path, name))
        self.window.goto("/figures")
        self.assertFaults()

    def test_filters_keep_what_was_asked_for(self):
        fields = {
            "/registrations": ["ban", "name", "address", "type", "city", "industry", "capital_min", "head_office", "sort"],
            "/changes": ["since", "kind", "column", "ban", "place"],
            "/findings": ["code", "severity"],
        }
        for name in hostile.TEXTS[:5]:
            for path, names in fields.items():
                self.window.goto(f"{path}?" + "&".join(f"{field}={window.quoted(name)}" for field in names))
                if path == "/registrations":
                    self.assertEqual(self.page.input_value("[name=address]"), name)
        # Chromium warns of what is no date, and leaves its field empty.
        faults = [fault for fault in self.window.faults if not fault.endswith('required format, "yyyy-MM-dd".')]
        self.assertEqual([], [fault for fault in faults if not fault.startswith("400 ")])

    def test_names_of_schedules_and_messages_of_runs(self):
        for name in ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>']:
            self.window.goto("/schedules/new")
            self.page.fill("[name=name]", name)
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
        office.sql("DELETE FROM console.schedule")
        self.assertFaults("400 /schedules", "400 /schedules")


@unittest.skipIf(window.missing(), window.missing())
class HostileSourceTests(WindowTest):
    """The source's name is in what a run logs, as it comes in, and in what it fails with."""

    def setUp(self):
        self.name = "<img src=x onerror=alert(1)>.csv"
        office.kill()
        office.start(SOURCE_URL=str(office.folder / self.name))
        self.addCleanup(office.start, SOURCE_URL=source.url)
        self.addCleanup(office.kill)
        super().setUp()

    def test_its_name(self):
        self.window.enter(operator)
        self.start("dry-run")
        self.ended("failed")
        self.assertIn(self.name, self.window.text(".note.bad"))
        (office.folder / self.name).write_bytes(snapshot(100_000))
        self.page.click("form:has([value=all]) button")
        self.ended("succeeded")
        self.assertIn(self.name, self.window.text("main"))
        self.window.goto("/runs")
        self.window.goto("/")
        self.assertFaults()

if __name__ == "__main__":
    unittest.main()
