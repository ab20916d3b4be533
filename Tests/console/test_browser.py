"""Tests the pages in a real browser, with and without scripts."""

import re
import unittest

from monitoring.registry import snapshot

from . import walk, window
from .console_project import OPERATOR, PASSWORD, until
from .texts import text
from .walk import WindowTest

setUpModule = walk.set_up


class CoreTests(WindowTest):
    """Functions that must work with and without scripts."""

    def test_log_in_and_log_out(self):
        self.window.goto("/figures?one=1")
        self.assertEqual(self.window.path, "/login?to=%2Ffigures%3Fone%3D1")
        self.window.log_in(password="a wrong password")
        self.assertIn(text("login_wrong"), self.window.text("[role=alert]"))
        self.assertEqual(self.page.input_value("[name=name]"), OPERATOR)
        self.window.log_in()
        self.assertEqual(self.window.path, "/figures?one=1")
        self.page.click(".site-tools form button")
        self.assertEqual(self.window.path, "/login")
        self.window.goto("/figures")
        self.assertEqual(self.window.path, "/login?to=%2Ffigures")
        self.assertFaults("401 /login")

    def test_language(self):
        self.window.enter(walk.operator)
        self.window.goto("/registrations?name=%E5%95%86%E8%A1%8C&sort=capital")
        for language in ["en", "zh-TW"]:
            self.page.click(".site-tools a[hreflang]")
            self.assertEqual(self.window.path, "/registrations?name=%E5%95%86%E8%A1%8C&sort=capital")
            self.assertEqual(self.window.text("h1"), text("nav_registrations", language))
            self.assertEqual(self.page.get_attribute("html", "lang"), language)
            self.assertEqual(self.page.input_value("[name=name]"), "商行")
        self.assertFaults()

    def test_search_and_business(self):
        self.window.enter(walk.operator)
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

    def test_search_box(self):
        """On every page: a number opens the business, other words are found and marked."""
        self.window.enter(walk.operator)
        ban, name = self.type_a_name()
        self.page.press("header [name=q]", "Enter")
        self.page.wait_for_url(re.compile(r"/registrations\?q="))
        self.assertEqual(self.names()[0], name)
        self.assertEqual(self.page.locator("tbody th mark").first.text_content(), name)
        self.assertEqual(self.page.input_value("header [name=q]"), name)
        for typed in [ban, f"{ban[:4]}-{ban[4:]}", f"統編{ban}"]:
            self.page.fill("header [name=q]", typed)
            self.page.click("header .site-search button")
            self.page.wait_for_url(re.compile(f"/registrations/{ban}$"))
        # The search keeps its words when a condition is added.
        self.window.goto("/registrations?q=" + window.quoted("有限公司"))
        self.page.click("details.advanced summary")
        self.page.select_option("form.filters [name=sort]", "name")
        self.page.click("form.filters button")
        self.page.wait_for_url(re.compile(r"q=%E6.*sort=name"))
        self.assertTrue(all("有限公司" in name for name in self.names()))
        self.window.goto("/registrations?q=" + window.quoted("沒有這樣的名稱"))
        self.assertIn(text("reg_none"), self.window.text("[role=status]"))
        self.window.goto("/registrations?q=99999999")
        self.assertIn(text("problem_no_business"), self.window.text("[role=status]"))
        self.window.goto("/registrations?q=999999999")
        self.assertIn(text("reg_none_digits").replace("%1", "9"), self.window.text("[role=status]"))
        self.assertFaults()

    def test_dry_run(self):
        self.window.enter(walk.operator)
        self.start("dry-run")
        self.ended("succeeded")
        self.assertIn("3,034", self.window.text("main"))
        self.assertFaults()

    def new_schedule(self, name, cron):
        self.window.goto("/schedules")
        self.page.click("a[href='/schedules/new']")
        self.page.fill("[name=name]", name)
        self.page.check("[name=kind][value=dry-run]")
        self.page.check("[name=timing_kind][value=cron]")
        self.page.fill("[name=cron]", cron)

    def times(self):
        return self.page.locator("ol.times li").all_text_contents()

    def due(self, name):
        """Moves an hourly schedule back by one hour, so that it is due now."""
        walk.office.sql(
            "UPDATE console.schedule SET anchored_at = date_trunc('second', now()) - interval '1 hour',"
            f" next_at = date_trunc('second', now()) WHERE name = '{name}'; NOTIFY console_task")

    def test_schedule(self):
        name = f"每月一日 {self.scripts}"
        self.window.enter(walk.operator)
        self.new_schedule(name, "61 1 1 * *")
        self.save(".problem")
        with self.page.expect_navigation():
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
        fired = until(lambda: walk.office.sql(
            "SELECT t.id FROM console.task t JOIN console.schedule s ON s.id = schedule_id"
            f" WHERE s.name = '{name}' AND t.state = 'succeeded'"))
        link.click()
        self.page.click(f"a[href='/tasks/{fired[0][0]}']")
        self.ended("succeeded")

        self.window.goto("/schedules")
        row.get_by_role("button").click()
        state = row.locator(f"[data-label='{text('schedule_state')}']")
        state.locator(".paused").wait_for()
        self.assertEqual(row.locator("td.time").text_content(), "")
        row.get_by_role("button").click()
        state.locator(".success").wait_for()
        row.locator("a[href$=remove]").click()
        self.page.click("button.danger")
        self.page.wait_for_url(re.compile("/schedules$"))
        self.assertEqual(row.count(), 0)
        self.assertFaults("400 /schedules")


class WithoutScriptsTests(CoreTests):
    scripts = False


class ScriptTests(WindowTest):
    """Functions that need scripts."""

    def test_the_search_box_suggests_businesses(self):
        self.window.enter(walk.operator)
        ban, name = self.type_a_name()
        self.page.wait_for_selector(f'datalist option[value="{ban}"]', state="attached")
        self.assertFaults()

    def test_progress_is_shown_without_reloading_the_page(self):
        self.window.enter(walk.operator)
        walk.source.hold()
        first = self.start("dry-run")
        self.page.wait_for_selector("main section .state.running")
        self.start("dry-run")
        self.page.wait_for_selector("main section .state.queued")
        self.page.evaluate("window.isTheSame = true")
        # After the first task stops, the second one starts.
        walk.operator.post(f"{first}/stop")
        self.page.wait_for_selector("main section .state.running")
        self.page.wait_for_selector("main section .stages .state.running")
        self.assertTrue(self.page.evaluate("window.isTheSame"))
        walk.source.release()
        self.ended("succeeded")
        self.assertIsNone(self.page.evaluate("window.isTheSame ?? null"))
        self.assertFaults()

    def test_stopping(self):
        self.window.enter(walk.operator)
        walk.source.hold()
        self.start("dry-run")
        self.page.wait_for_selector("main section .state.running")
        self.page.click("button.danger")
        self.ended("stopped")
        self.assertIn(OPERATOR, self.window.text("main"))
        self.assertFaults()

    def test_next_times_are_shown_while_typing(self):
        self.window.enter(walk.operator)
        self.window.goto("/schedules/new")
        self.page.check("[name=timing_kind][value=cron]")
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

    def test_a_double_click_starts_one_task(self):
        self.window.enter(walk.operator)
        walk.source.hold()
        self.window.goto("/")
        before = walk.office.sql("SELECT count(*) FROM console.task")
        self.page.dblclick("form:has([name=kind][value=dry-run]) button")
        self.page.wait_for_url(re.compile(r"/tasks/\d+$"))
        walk.source.release()
        self.ended("succeeded")
        self.assertEqual(walk.office.sql("SELECT count(*) - 1 FROM console.task"), before)

    def test_session_end_stops_the_progress(self):
        self.window.log_in()
        walk.source.hold()
        self.start("dry-run")
        self.page.wait_for_selector("main section .state.running")
        walk.office.sql("DELETE FROM console.session WHERE created_at = (SELECT max(created_at) FROM console.session)")
        self.page.wait_for_url(re.compile("/login"))
        self.assertFaults()

    def test_a_form_after_the_end_of_the_session_is_kept(self):
        self.window.log_in()
        name = "逾時的排程 <1>"
        self.window.goto("/schedules/new")
        self.page.fill("[name=name]", name)
        self.page.fill("[name=at]", "07:07")
        walk.office.sql("DELETE FROM console.session")
        self.page.click("form#schedule-form button:not([name])")
        self.page.wait_for_selector("[role=alert]")
        self.assertIn(text("login_ended"), self.window.text("[role=alert]"))
        self.page.fill("[name=name]", OPERATOR)
        self.page.fill("main [name=password]", "a wrong password")
        self.page.click("main form button")
        self.page.wait_for_selector("text=" + text("login_wrong"))
        self.page.fill("main [name=password]", PASSWORD)
        self.page.click("main form button")
        self.page.wait_for_selector("text=" + text("login_resume_question"))
        for shown in [name, "07:07", "Asia/Taipei"]:
            self.assertIn(shown, self.window.text("main"))
        self.page.click("main form button")
        self.page.wait_for_url(re.compile("/schedules$"))
        self.assertIn(name, self.window.text("main"))
        walk.office.sql(f"DELETE FROM console.schedule WHERE name = '{name}'")
        walk.operator.log_in(OPERATOR)
        self.assertFaults("401 /schedules", "401 /login")

    def test_refused_run_is_accepted_and_rolled_back(self):
        self.window.enter(walk.operator)
        self.addCleanup(setattr, walk.source, "content", walk.source.content)
        walk.source.content = snapshot(50).replace(b"01-SEP-26", b"03-SEP-26")
        self.start("run")
        self.ended("refused")
        self.page.fill("[name=reason]", "試試看")
        self.page.click("form:has([name=reason]) button")
        self.ended("succeeded")
        self.window.goto("/")
        self.assertEqual(self.window.text(".number"), "50")
        self.assertIn("2026-09-03", self.window.text("main .note"))
        self.page.click("a[href='/rollback']")
        self.page.click("button.danger")
        self.ended("succeeded")
        # The audit names what was accepted and why, without options.
        self.window.goto("/audit")
        self.assertIn(f"{text('run_accept_reason')}：試試看", self.window.text("main"))
        self.assertNotIn("--", self.window.text("main table"))
        self.window.goto("/")
        self.assertEqual(self.window.text(".number"), "3,034")
        self.assertFaults()


if __name__ == "__main__":
    unittest.main()
