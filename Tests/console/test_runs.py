"""Tests the overview and the list of runs, for runs of the console, of the shell, and killed runs."""

import datetime
import html
import json
import re
import shutil
import unittest

from monitoring.registry import Project, snapshot

from .console_project import OPERATOR, PASSWORD, VIEWER, ConsoleProject, until
from .source import Source
from .texts import text

def of(content, days):
    """Returns a snapshot dated `days` from today: for an old one, the overview would show another note."""
    return content.replace(b"01-SEP-26", f"{DAY + datetime.timedelta(days):%d-%b-%y}".upper().encode())


DAY = datetime.date.today()
GOOD = of(snapshot(200), 0)
NEXT = of(snapshot(200).replace("商行7,".encode(), "商號7,".encode()), 1)
# Half of the businesses are gone.
HALF = of(snapshot(100), 2)
NO_SOURCE = "http://127.0.0.1:9/none.csv"


def words(page):
    """Returns the text of a page, without markup."""
    main = page.split("<main", 1)[1].split("</main>", 1)[0]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", main)))


class RunsTest(unittest.TestCase):
    def setUp(self):
        self.office = ConsoleProject()
        self.addCleanup(self.office.close)
        self.source = Source(GOOD)
        self.addCleanup(self.source.close)
        self.run_shell("run", source=self.source.url)
        self.office.add_accounts()
        self.office.start(SOURCE_URL=self.source.url)
        self.browser = self.office.browser(OPERATOR)

    def run_shell(self, *arguments, source, expect=0):
        self.office.run(*arguments, "--source", source, expect=expect)

    def order(self, kind):
        """Starts a task in the console, and returns its number."""
        answer = self.browser.post("/tasks", kind=kind)
        return answer.headers["Location"].split("/")[-1]

    def ended(self, task):
        state = "SELECT state, exit_code FROM console.task WHERE state NOT IN ('queued', 'running') AND id = "
        return until(lambda: self.office.sql(state + task))[0]

    def overview(self):
        page = self.browser.get("/")
        self.assertEqual(page.status, 200)
        return page.text

    def notes(self):
        """Returns the class of each note on the overview: bad, warn, good, or none."""
        return [note.strip() for note in re.findall(r'class="note([^"]*)"', self.overview())]

    def rows(self, path="/runs"):
        """Returns the list of runs: the link and the text of each."""
        page = self.browser.get(path)
        self.assertEqual(page.status, 200)
        return [
            (found[1], words("<main>" + row + "</main>"))
            for row in page.text.split("<tr>") if (found := re.search(r'href="(/(?:tasks|runs)/[^"]+)"', row))]

    def reload(self, path, browser=None, **form):
        """Sends the form of the page that loads the data of a run again."""
        browser = browser or self.browser
        shown = re.search(r'name="publication" value="(\d+)"', browser.get(f"{path}/reload").text)
        return browser.post(f"{path}/reload", publication=shown[1], **form)

    def runs(self):
        return json.loads(self.office.run("runs", "--json", expect=0).stdout)

    def test_a_failed_run_is_shown_until_a_full_run_succeeds(self):
        self.run_shell("run", source=NO_SOURCE, expect=75)
        self.assertEqual(self.notes(), ["bad"])
        self.assertIn(text("run_origin_shell"), words(self.overview()))
        # A successful dry run, and a dry run and a run that are stopped, do not change that.
        self.assertEqual(self.ended(self.order("dry-run"))[0], "succeeded")
        self.assertEqual(self.notes(), ["bad"])
        self.source.hold()
        for kind in ["dry-run", "run"]:
            self.source.asked.clear()
            task = self.order(kind)
            self.assertTrue(self.source.asked.wait(60))
            self.browser.post(f"/tasks/{task}/stop")
            self.assertEqual(self.ended(task)[0], "stopped")
        self.source.release()
        self.assertEqual(self.notes(), ["bad"])
        row = next(row for path, row in self.rows() if path == f"/tasks/{task}")
        self.assertIn(text("run_outcome_stopped"), row)
        page = words(self.browser.get(f"/tasks/{task}").text)
        self.assertNotIn(text("run_outcome_failed"), page)
        self.assertNotIn(text("run_retry_stage").split("%1")[0], page)
        # An unchanged source counts as success.
        self.assertEqual(self.ended(self.order("run")), ["succeeded", "0"])
        self.assertEqual(self.notes(), ["good"])
        self.assertIn(str(DAY), words(self.overview()))

    def test_after_a_refused_load_an_unchanged_run_is_a_success(self):
        older = self.office.write("older.csv", of(snapshot(201), -1))
        # The second time, the source has not changed, and the load is still refused.
        for _ in range(2):
            self.run_shell("run", source=older, expect=65)
        self.assertEqual(self.notes(), ["bad"])
        page = words(self.overview())
        for words_of in [text("run_alert_still").replace("%1", str(DAY)), text("run_look_accept")]:
            self.assertIn(words_of, page)
        # To accept is the next step. A run would be refused again.
        self.assertRegex(self.overview(), f'<a class="button" href="[^"]+">{text("run_look_accept")}</a>')
        self.assertIn(f'<button class="quiet">{text("run_now")}</button>', self.overview())
        self.assertIn(text("run_alert_refused").split("（")[0].replace("%1", text("kind_run")), page)
        # A list gives the reasons in short.
        self.assertIn(text("run_short_date"), self.rows()[0][1])
        self.run_shell("run", source=self.source.url)
        self.assertEqual(self.runs()[0]["status"], "unchanged")
        self.assertEqual(self.notes(), ["good"])

    def test_a_run_with_a_future_time_does_not_hide_later_runs(self):
        path = self.office.tree / "spool/runs" / (self.runs()[0]["run_id"] + ".json")
        ahead = (datetime.datetime.now() + datetime.timedelta(days=90)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        record = json.loads(path.read_text())
        path.write_text(json.dumps({**record, "started_at": ahead, "ended_at": ahead}))
        self.run_shell("run", source=NO_SOURCE, expect=75)
        self.assertEqual([run["exit_code"] for run in self.runs()], [75, 0])
        self.assertEqual(self.notes(), ["bad"])
        self.run_shell("run", source=self.source.url)
        self.assertEqual(self.notes(), ["good"])

    def test_the_cause_of_a_failure_is_named(self):
        missing = str(self.office.folder / "none.csv")
        for source, code, cause in [
            (NO_SOURCE, 75, "refused"), (self.source.url.replace("registry", "none"), 69, "not_found"),
            (missing, 69, "no_file"), (self.office.write("page.csv", b"<html>not today</html>"), 65, "not_source"),
        ]:
            self.run_shell("run", source=source, expect=code)
            path, row = self.rows()[0]
            page = words(self.browser.get(path).text)
            # A missing file is named.
            expected = text(f"run_cause_{cause}").replace("%1", missing)
            self.assertIn(expected, page)
            self.assertIn(text(f"run_cause_{cause}_do"), page)
            self.assertIn(text("run_alert_still").replace("%1", str(DAY)), page)
            self.assertIn(expected, row)
            self.assertIn(expected, words(self.overview()))

    def test_a_run_that_begins_is_listed_once(self):
        self.source.hold()
        task = self.order("dry-run")
        while not self.source.asked.is_set():
            page = self.browser.get("/runs").text
            self.assertEqual(len(re.findall(r'class="state (?:queued|running)"', page)), 1)
        self.source.release()
        self.ended(task)

    def test_the_list_is_filtered(self):
        self.run_shell("run", source=NO_SOURCE, expect=75)
        self.run_shell("dry-run", source=NO_SOURCE, expect=75)
        shown = {query: len(self.rows(f"/runs?{query}")) for query in ["state=failed", "kind=run", "state=failed&kind=run"]}
        self.assertEqual(shown, {"state=failed": 2, "kind=run": 2, "state=failed&kind=run": 1})
        self.assertEqual(self.rows("/runs?state=stopped"), [])

    def test_a_failed_dry_run_is_not_a_failure_of_the_registry(self):
        self.source.content = b"<html>not today</html>"
        task = self.order("dry-run")
        self.assertEqual(self.ended(task)[0], "failed")
        self.assertEqual(self.notes(), ["good"])
        self.assertIn(f'href="/tasks/{task}"', self.overview().split('class="soft"')[1].split("</p>")[0])

    def test_a_dry_run_shows_what_would_change_and_what_would_be_refused(self):
        before = self.office.sql("SELECT count(*) FROM etl_job_run")
        self.source.content = NEXT
        task = self.order("dry-run")
        self.assertEqual(self.ended(task), ["succeeded", "0"])
        page = words(self.browser.get(f"/tasks/{task}").text)
        for key in ["run_check", "kind_check", "run_kind_changed", "run_column_business_name"]:
            self.assertIn(text(key), page)
        self.source.content = HALF
        task = self.order("dry-run")
        self.assertEqual(self.ended(task), ["failed", "65"])
        page = self.browser.get(f"/tasks/{task}").text
        data = text("run_data_of").replace("%1", str(DAY + datetime.timedelta(days=2)))
        self.assertIn(text("run_would_be_refused").replace("%1", data), page)
        for key in ["run_do_check_65_operator", "run_look_runs", "run_check", "run_kind_removed"]:
            self.assertIn(text(key), page)
        self.assertIn(text("run_do_check_65"), self.office.browser(VIEWER).get(f"/tasks/{task}").text)
        # A dry run offers no way to load.
        self.assertNotIn(f"/tasks/{task}/accept", page)
        self.assertNotIn(text("run_retry_stage").split("%1")[0], page)
        self.assertEqual(self.browser.post(f"/tasks/{task}/accept", reason="x").status, 404)
        self.assertEqual(self.browser.post(f"/tasks/{task}/retry", what="stage").status, 409)
        self.assertEqual(self.office.sql("SELECT count(*) FROM etl_job_run"), before)
        self.assertEqual(self.notes(), ["good"])
        self.assertIn(text("run_aside_refused").split("：")[-1], words(self.overview()))
        # After a later load, the page tells what was found at that time.
        self.run_shell("run", source=self.office.write("next.csv", NEXT))
        page = words(self.browser.get(f"/tasks/{task}").text)
        for key in ["run_check_then", "run_check_registrations_then", "run_do_check_stale"]:
            self.assertIn(text(key), page)
        self.assertIn(text("run_would_have_been_refused").replace("%1", data), page)
        for key in ["run_check", "run_check_now", "run_do_check_65_operator"]:
            self.assertNotIn(text(key), page)

    def test_the_list_has_each_run_of_the_spool_once(self):
        self.source.content = HALF
        refused = self.order("run")
        self.assertEqual(self.ended(refused), ["failed", "65"])
        # Before it is accepted, the page shows what it would change.
        page = words(self.browser.get(f"/tasks/{refused}").text)
        self.assertIn(f"{text('run_check_accepted')} {text('run_check_now')} 200", page)
        self.assertIn(f"{text('run_kind_removed')} 100", page)
        self.run_shell("run", source=NO_SOURCE, expect=75)
        self.run_shell("dry-run", source=NO_SOURCE, expect=75)
        self.ended(self.order("dry-run"))
        known = self.runs()
        self.assertEqual([run["origin"] for run in known], ["console", "shell", "shell", "console", "shell"])
        task_of = dict(self.office.sql("SELECT run_id, id FROM console.task"))
        expected = [
            f"/tasks/{task_of[run['run_id']]}" if run["run_id"] in task_of else f"/runs/{run['run_id']}"
            for run in known]
        rows = self.rows()
        self.assertEqual([path for path, _ in rows], expected)
        self.assertIn(OPERATOR, rows[0][1])
        self.assertIn(text("run_origin_shell"), rows[1][1])
        # Each run has a page, also one without a load and without a task.
        for path in expected:
            self.assertEqual(self.browser.get(path).status, 200, path)
        page = words(self.browser.get(f"/runs/{known[1]['run_id']}").text)
        self.assertIn(known[1]["error"]["message"], page)
        # The same page has the addresses of the run and of its load.
        loaded = known[-1]
        for path in [f"/runs/{loaded['run_id']}", f"/runs/{loaded['job_run_id']}"]:
            self.assertIn(loaded["run_id"], words(self.browser.get(path).text))
            self.assertIn(f"{text('run_title')} #{loaded['job_run_id']}", words(self.browser.get(path).text))
        self.assertEqual(self.browser.get("/runs/00000000-0000-4000-8000-00000000000a").status, 404)
        # Without run records, the list has the loads and the console's tasks, each once.
        shutil.rmtree(self.office.tree / "spool/runs")
        self.assertEqual(
            [path for path, _ in self.rows()], [rows[0][0], f"/tasks/{refused}", "/runs/1"])

    def test_a_run_that_transform_refused_can_be_accepted_on_its_page(self):
        bad = self.office.write("bad.csv", of(snapshot(200, bad=20), 3))
        self.run_shell("run", source=bad, expect=65)
        run = self.runs()[0]
        path = f"/runs/{run['run_id']}"
        self.assertIn(f'action="{path}/accept"', self.browser.get(path).text)
        self.assertNotIn("/accept", self.office.browser(VIEWER).get(path).text)
        # A clean-up may remove the files that load needs.
        manifest = self.office.tree / "spool" / run["snapshot"] / "transform.json"
        manifest.rename(manifest.with_suffix(".kept"))
        page = self.browser.get(path).text
        self.assertNotIn("/accept", page)
        self.assertIn(f"transform --snapshot {run['snapshot']}", page)
        self.assertEqual(self.browser.post(f"{path}/accept", reason="known").status, 409)
        manifest.with_suffix(".kept").rename(manifest)
        self.assertIn(text("run_do_65_operator"), words(self.browser.get(path).text))
        self.assertIn(text("run_do_65"), words(self.office.browser(VIEWER).get(path).text))
        # Without a reason the same page is shown again.
        answer = self.browser.post(f"{path}/accept", reason="  ")
        self.assertEqual(answer.status, 422)
        self.assertIn(f'action="{path}/accept"', answer.text)
        self.assertIn(text("run_problem_reason"), words(answer.text))
        answer = self.browser.post(f"{path}/accept", reason="known")
        self.assertEqual(answer.status, 303)
        accepting = answer.headers["Location"]
        self.assertEqual(self.ended(accepting.split("/")[-1])[0], "succeeded")
        rows = dict(self.rows())
        load = self.office.sql("SELECT max(id) FROM etl_job_run")[0][0]
        self.assertIn(text("run_outcome_refused_accepted").replace("%1", load), rows[path])
        self.assertIn(text("run_outcome_accepted").replace("%1", "").replace("%2", OPERATOR), rows[accepting])
        self.assertIn(text("run_accept_load"), rows[accepting])
        # The page of the refused run says who accepted it, and no longer that nothing was published.
        page = words(self.browser.get(path).text)
        data = text("run_data_of").replace("%1", str(DAY + datetime.timedelta(days=3)))
        title = text("run_refused_accepted").replace("%1", data).replace("%2", OPERATOR).replace("%3", load)
        self.assertIn(title, page)
        self.assertNotIn(text("run_refused").replace("%1", data), page)

    def test_data_that_was_rolled_back_is_named_and_can_be_loaded_again(self):
        self.source.content = of(snapshot(201).replace("商行7,".encode(), "商號7,".encode()), 1)
        self.run_shell("run", source=self.source.url)
        load = self.office.sql("SELECT max(job_run_id) FROM publication")[0][0]
        self.assertNotIn("/reload", self.browser.get(f"/runs/{load}").text)
        self.assertIn(text("run_reload_none"), words(self.browser.get(f"/runs/{load}/reload").text))
        self.assertEqual(self.browser.post(f"/runs/{load}/reload").status, 409)
        self.office.run("rollback", expect=0)
        self.run_shell("run", source=self.source.url)
        held_back = text("run_sentence_nothing_held_back")
        unchanged = next(run for run in self.runs() if run["command"] == "run")
        self.assertEqual(unchanged["database"]["rolled_back_to"][:2], "20")
        self.assertIn(held_back, words(self.browser.get(f"/runs/{unchanged['run_id']}").text))
        self.assertIn(text("run_outcome_held_back"), self.rows()[0][1])
        self.assertNotIn(text("run_outcome_unchanged"), self.rows()[0][1])
        overview = words(self.overview())
        self.assertIn(text("run_sentence_held_back").split("%1")[1], overview)
        # The overview marks the load, and its card has the changes of the rollback.
        self.assertIn(f'<span class="state stopped">{text("run_undone")}</span>', self.overview())
        self.assertIn(text("run_last_changes_of").replace("%1", text("run_action_rollback")), overview)
        back = self.office.sql("SELECT max(job_run_id) FROM publication WHERE action = 'rollback'")[0][0]
        self.assertIn(f'<a href="/changes?run={back}">{text("run_changes_look")}</a>', self.overview())
        # A dry run says that the source is not loaded, and what it would change.
        task = self.order("dry-run")
        self.assertEqual(self.ended(task), ["succeeded", "0"])
        page = words(self.browser.get(f"/tasks/{task}").text)
        for key in ["run_sentence_would_hold_back", "run_outcome_would_hold_back", "run_reload_effect"]:
            self.assertIn(text(key), page)
        days = text("run_sentence_days").replace("%1", str(DAY + datetime.timedelta(days=1)))
        self.assertIn(days.replace("%2", str(DAY)).split("%3")[0], page)
        self.assertIn(f"{text('run_kind_changed')} 1", page)
        for key in ["run_outcome_same", "run_sentence_same", "run_would_nothing"]:
            self.assertNotIn(text(key), page)
        # The list of changes names both runs, in one line.
        changes = self.browser.get("/changes").text
        day = str(DAY + datetime.timedelta(days=1))
        named = text("run_rollback_load").replace("%1", day).replace("%2", load)
        self.assertIn(f"<summary>{text('reg_undone_loads').replace('%1', named)}</summary>", changes)
        listed = text("reg_undone_load").replace("%1", load).replace("%2", day).replace("%3", back).replace("%4", "2")
        self.assertIn(listed, words(changes))
        for run in [load, back]:
            self.assertIn(f'href="/runs/{run}"', changes)
        # A business's changes that do not count are folded.
        [[ban]] = self.office.sql("SELECT ban FROM registration_change WHERE after ->> 'business_name' LIKE '%商號7'")
        page = self.browser.get(f"/registrations/{ban}").text
        folded = text("reg_history_undone").replace("%1", "2")
        history, undone = page.split(f"<summary>{folded}</summary>")
        self.assertEqual((history.count("<article"), undone.count("<article")), (1, 2))
        self.assertIn(text("reg_first"), words(history + "</main>"))
        self.assertNotIn(text("reg_undone"), words(history + "</main>"))
        self.assertRegex(undone, r"<h3>" + text("run_action_rollback") + r" \d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} ")
        answer = self.browser.get(f"/api/registrations/{ban}", Accept="application/json").text
        self.assertEqual(len(json.loads(answer)["history"]), 3)
        page = words(self.browser.get(f"/runs/{load}").text)
        self.assertIn(text("run_undone_by").replace("%1", back), page)
        page = words(self.browser.get(f"/runs/{back}").text)
        for key in ["run_rollback_inserted", "run_rollback_updated"]:
            self.assertIn(text(key), page)
        self.assertNotIn(text("run_inserted"), page)
        # The business that only the undone file has.
        page = words(self.browser.get("/registrations/10000200").text)
        self.assertIn(text("reg_gone_rolled_back").split("%1")[-1], page)
        self.assertNotIn(text("run_removed_absent"), page)
        history = json.loads(self.browser.get("/api/changes?ban=10000200&undone=yes", Accept="application/json").text)
        self.assertEqual([change["reason"] for change in history["changes"]], ["rolled back", None])
        path = f"/runs/{load}"
        self.assertNotIn("/reload", self.office.browser(VIEWER).get(path).text)
        self.assertEqual(self.office.browser(VIEWER).get(f"{path}/reload").status, 403)
        self.assertIn(f'href="{path}/reload"', self.browser.get(path).text)
        # A page shows first what will change. Without its form, nothing is loaded.
        page = words(self.browser.get(f"{path}/reload").text)
        for key, count in [("run_reload_inserted", 1), ("run_reload_updated", 1), ("run_reload_removed", 0)]:
            self.assertIn(f"{text(key)} {count}", page)
        self.assertNotIn(text("run_accept_reason"), page)
        answer = self.browser.post(f"{path}/reload")
        self.assertEqual(answer.status, 409)
        self.assertIn(text("run_reload_changed"), words(answer.text))
        answer = self.reload(path)
        self.assertEqual(self.ended(answer.headers["Location"].split("/")[-1]), ["succeeded", "0"])
        self.assertEqual(self.office.sql("SELECT count(*) FROM tax_registration"), [["201"]])
        self.assertIn(text("audit_action_snapshot_reload"), words(self.browser.get("/audit").text))
        self.assertEqual(self.browser.post(f"{path}/reload").status, 409)

    def test_a_business_whose_record_was_rejected_is_not_shown_as_closed(self):
        nameless = of(snapshot(200).replace("商行5,".encode(), b","), 1)
        self.run_shell("run", "--max-rejects", "2", source=self.office.write("nameless.csv", nameless))
        load = self.office.sql("SELECT max(job_run_id) FROM publication")[0][0]
        page = self.browser.get("/registrations/10000005").text
        self.assertIn(text("reg_gone_rejected").split("%2")[-1], words(page))
        self.assertIn(text("run_removed_rejected"), words(page))
        self.assertIn(f'href="/findings?run={load}&amp;ban=10000005"', page)
        findings = self.browser.get(f"/findings?run={load}&ban=10000005").text
        self.assertIn(text("finding_code_missing_name"), words(findings))
        self.assertEqual(findings.count("<article"), 1)
        self.assertIn(text("finding_none_found"), words(self.browser.get(f"/findings?run={load}&ban=20000000").text))

    def test_a_business_whose_first_record_was_rejected_is_in_the_source(self):
        line = of(snapshot(201), 1).splitlines(keepends=True)[-1].replace("商行200,".encode(), b",")
        self.run_shell("run", "--max-rejects", "2", source=self.office.write("new.csv", NEXT + line))
        load = self.office.sql("SELECT max(job_run_id) FROM publication")[0][0]
        day = self.office.sql("SELECT max(as_of_date) FROM publication")[0][0]
        expected = text("reg_rejected").replace("%1", day).replace("%2", text("finding_code_missing_name"))
        for path in ["/registrations/10000200", "/registrations?q=10000200"]:
            answer = self.browser.get(path)
            self.assertEqual(answer.status, 404 if path.endswith("/10000200") else 200)
            self.assertIn(expected, words(answer.text))
            self.assertNotIn(text("problem_no_business"), words(answer.text))
            self.assertIn(f'href="/findings?run={load}&amp;ban=10000200"', answer.text)
        self.assertIn(text("problem_no_business"), words(self.browser.get("/registrations/10000201").text))

    def test_the_overview_names_the_account_that_accepted(self):
        self.source.content = HALF
        refused = self.order("run")
        self.assertEqual(self.ended(refused), ["failed", "65"])
        answer = self.browser.post(f"/tasks/{refused}/accept", reason="known")
        self.assertEqual(self.ended(answer.headers["Location"].split("/")[-1]), ["succeeded", "0"])
        expected = text("run_sentence_accepted").replace("%1", OPERATOR).replace("%2", "known").strip()
        self.assertIn(expected, words(self.overview()))
        accepted = self.office.sql("SELECT max(job_run_id) FROM publication")[0][0]
        self.assertIn(f"#{accepted}", self.rows()[1][1])
        # After a rollback, the refused run names the acceptance and the rollback. It can be accepted again.
        self.office.run("rollback", expect=0)
        back = self.office.sql("SELECT max(job_run_id) FROM publication")[0][0]
        became = text("run_outcome_refused_accepted").replace("%1", accepted) + text(
            "run_outcome_refused_undone").replace("%1", back)
        self.assertIn(became, dict(self.rows())[f"/tasks/{refused}"])
        page = self.browser.get(f"/tasks/{refused}").text
        self.assertIn(text("run_refused_undone").replace("%1", back).strip(), words(page))
        for run in [accepted, back]:
            self.assertIn(f'href="/runs/{run}"', page)
        self.assertIn(f'action="/tasks/{refused}/accept"', page)
        # To load it again needs a reason of the account that does so.
        self.office.console("user", "add", "otto", "--role", "operator", stdin=PASSWORD + "\n")
        other = self.office.browser("otto")
        path = f"/runs/{accepted}"
        page = words(other.get(f"{path}/reload").text)
        for key in ["run_accepted", "run_accept_reason", "run_reload_effect"]:
            self.assertIn(text(key), page)
        self.assertIn(f"{text('run_reload_removed')} 100", page)
        self.assertNotIn("known", page)
        answer = self.reload(path, other, reason=" ")
        self.assertEqual(answer.status, 422)
        self.assertIn(text("run_problem_reason"), words(answer.text))
        answer = self.reload(path, other, reason="half is right")
        self.assertEqual(self.ended(answer.headers["Location"].split("/")[-1]), ["succeeded", "0"])
        expected = text("run_sentence_accepted").replace("%1", "otto").replace("%2", "half is right").strip()
        self.assertIn(expected, words(self.overview()))
        again = self.office.sql("SELECT max(job_run_id) FROM publication")[0][0]
        self.assertIn(f"{text('run_reloaded_by')} #{again}", words(self.browser.get(f"/runs/{accepted}").text))
        self.assertNotIn('href="/runs/' + accepted, self.browser.get("/changes").text)

    def test_the_audit_names_a_run_by_its_number(self):
        self.source.content = NEXT
        self.assertEqual(self.ended(self.order("run")), ["succeeded", "0"])
        load = self.office.sql("SELECT max(job_run_id) FROM publication")[0][0]
        expected = text("audit_run").replace("%1", load).replace("%2", text("kind_run"))
        self.assertIn(expected, words(self.browser.get("/audit").text))

    def test_while_an_acceptance_runs_nobody_is_asked_to_accept(self):
        self.source.content = HALF
        refused = self.order("run")
        self.assertEqual(self.ended(refused), ["failed", "65"])
        snapshot = self.runs()[0]["snapshot"]
        # An acceptance that waits.
        self.office.sql(
            "INSERT INTO console.task (kind, arguments, asked_by, limit_minutes, not_before) VALUES ('load', "
            f"ARRAY['--snapshot', '{snapshot}', '--accept=known (olga)'], 'olga', 60, now() + interval '1 hour')")
        accepting = self.office.sql("SELECT max(id) FROM console.task")[0][0]
        data = text("run_data_of").replace("%1", str(DAY + datetime.timedelta(days=2)))
        note = text("run_alert_accepted").replace("%1", data).replace("%2", OPERATOR)
        page = self.overview()
        for shown in [note, text("run_alert_accepted_loading"), text("run_look_progress")]:
            self.assertIn(shown, words(page))
        self.assertNotIn(text("run_look_accept"), words(page))
        self.assertIn(f'href="/tasks/{accepting}"', page)
        page = self.browser.get(f"/tasks/{refused}").text
        self.assertIn(text("run_do_accepting").replace("%1", OPERATOR), words(page))
        self.assertNotIn("/accept", page)
        self.assertEqual(self.browser.post(f"/tasks/{refused}/accept", reason="mine").status, 409)
        # The page of the acceptance names the data and the reason.
        page = words(self.browser.get(f"/tasks/{accepting}").text)
        job = self.office.sql("SELECT max(id) FROM etl_job_run WHERE status = 'failed'")[0][0]
        title = f"{text('run_accept_load')}{text('colon')}{text('run_data_of_run').replace('%1', job)}"
        self.assertIn(title, page)
        self.assertIn(f"{text('run_accept_reason')}{text('colon')}known", page)
        self.office.sql(f"DELETE FROM console.task WHERE id = {accepting}")
        # An acceptance that has published, and is still at work.
        answer = self.browser.post(f"/tasks/{refused}/accept", reason="known")
        self.assertEqual(self.ended(answer.headers["Location"].split("/")[-1]), ["succeeded", "0"])
        run = self.runs()[0]
        (self.office.tree / "spool/runs" / (run["run_id"] + ".json")).unlink()
        self.office.sql(f"DELETE FROM console.task WHERE run_id = '{run['run_id']}'")
        self.office.sql(
            "UPDATE etl_job_run SET status = 'running', completed_at = NULL, updated_at = now()"
            f" WHERE id = {run['job_run_id']}")
        page = words(self.overview())
        self.assertIn(text("run_alert_accepted_published"), page)
        self.assertNotIn(text("run_do_superseded"), page)
        self.assertNotIn(text("run_alert_not_published").replace("%1", data), page)
        self.assertNotIn("bad", self.notes())

    def test_refused_data_of_the_same_day_is_told_from_the_current_data(self):
        self.run_shell("run", source=self.office.write("half.csv", of(snapshot(100), 0)), expect=65)
        page = words(self.overview())
        self.assertIn(text("run_alert_same_day").replace("%1", str(DAY)).replace("%2", "1"), page)
        self.assertNotIn(text("run_alert_still").replace("%1", str(DAY)), page)

    def test_a_retry_says_when_it_begins(self):
        self.office.sql(
            "INSERT INTO console.task (kind, attempt, not_before, limit_minutes) "
            "VALUES ('run', 2, now() + interval '1 hour', 60)")
        expected = text("run_waits_retry").replace("%1", "2").split("%2")[1]
        self.assertIn(expected, words(self.overview()))
        task = self.office.sql("SELECT max(id) FROM console.task")[0][0]
        page = words(self.browser.get(f"/tasks/{task}").text)
        self.assertIn(expected, page)
        self.assertNotIn(text("run_waits"), page)

    def test_duplicates_are_counted_apart_from_rejected_records(self):
        content = of(snapshot(200, bad=2), 1)
        lines = content.splitlines(keepends=True)
        bad = self.office.write("bad.csv", content + lines[-1] + lines[-2])
        self.run_shell("run", "--max-rejects", "5", "--chunk-size", "40", source=bad)
        self.assertIn(text("run_duplicates_too").replace("%1", "2"), words(self.overview()))
        load = self.office.sql("SELECT max(job_run_id) FROM publication")[0][0]
        page = words(self.browser.get(f"/findings?run={load}&severity=error").text)
        self.assertIn(
            text("finding_error_parts").replace("%1", "4").replace("%2", "2").replace("%3", "2"), page)
        self.assertIn(text("finding_by_code").replace("%1", "4"), page)
        # Nothing is left out. Of the first load, whose single batch has more than 100 warnings, some are.
        hint = text("finding_capped_hint").split("./")[0]
        for path in [f"/runs/{load}", f"/findings?run={load}"]:
            self.assertNotIn(hint, words(self.browser.get(path).text))
        self.assertIn(hint, words(self.browser.get("/runs/1").text))

    def test_the_runs_of_schedules_are_listed_apart(self):
        self.assertIn('href="/runs?by=schedule"', self.browser.get("/schedules").text)
        self.assertIn(text("run_none_found"), words(self.browser.get("/runs?by=schedule").text))
        self.office.sql(
            "INSERT INTO console.schedule (name, kind, timing, time_zone, anchored_at, next_at)"
            " VALUES ('soon', 'dry-run', 'every 60 minutes', 'UTC', date_trunc('second', now()) - interval '1 hour',"
            " date_trunc('second', now())); NOTIFY console_task")
        task = until(lambda: self.office.sql("SELECT id FROM console.task WHERE schedule_id IS NOT NULL"))[0][0]
        self.ended(task)
        rows = re.findall(r'href="(/(?:tasks|runs)/[^"/]+)"', self.browser.get("/runs?by=schedule").text)
        self.assertEqual(set(rows), {f"/tasks/{task}"})

    def test_a_schedule_with_an_impossible_time_does_not_run(self):
        self.browser.post("/schedules", name="night", kind="run", cron="0 2 * * *", timing_kind="cron")
        self.office.sql("UPDATE console.schedule SET timing = '99 99 * * *'")
        schedule = self.office.sql("SELECT id FROM console.schedule")[0][0]
        reason = text("timing_out_of_range").replace("%1", "99").replace("%2", "0").replace("%3", "59")
        for path in ["/schedules", f"/schedules/{schedule}"]:
            page = words(self.browser.get(path).text)
            self.assertRegex(page, f"{text('schedule_faulty')}.*{reason}")
            self.assertNotIn("99:99", page)

    def test_deleted_findings_are_not_shown_as_none(self):
        bad = self.office.write("bad.csv", of(snapshot(200, bad=2), 1))
        self.run_shell("run", "--max-rejects", "2", source=bad)
        jobs = self.office.sql("SELECT id FROM etl_job_run ORDER BY id")
        clean, rejecting = (f"/runs/{job}" for [job] in jobs)
        self.assertNotIn(text("finding_gone"), words(self.browser.get(rejecting).text))
        self.office.sql("DELETE FROM data_import_error")
        for path in [rejecting, rejecting.replace("/runs/", "/findings?run=")]:
            self.assertIn(text("finding_gone"), words(self.browser.get(path).text))
        self.assertNotIn(text("finding_gone"), words(self.browser.get(clean).text))

    def test_a_killed_run_is_a_failure_until_a_later_run_succeeds(self):
        self.source.hold()
        self.source.asked.clear()
        Project.kill(
            self.office, "run", "--force", "--source", self.source.url, when=lambda: self.source.asked.wait(60))
        self.source.release()
        self.assertEqual(self.notes(), ["bad"])
        self.assertIn(text("reason_cut_short"), words(self.overview()))
        self.run_shell("run", source=self.source.url)
        self.assertEqual(self.notes(), ["good"])


class HealthTest(unittest.TestCase):
    def setUp(self):
        self.office = ConsoleProject()
        self.addCleanup(self.office.close)
        self.office.add_accounts()

    def health(self, **headers):
        answer = self.stranger.get("/healthz", **headers)
        return answer.status, json.loads(answer.text)

    def test_health_agrees_with_the_pages(self):
        office = self.office
        office.start()
        self.stranger = office.browser()
        inside = office.browser(OPERATOR)
        # Before the first load.
        self.assertEqual(inside.get("/").status, 200)
        self.assertEqual(self.health(), (200, {"status": "ok"}))
        office.run("run", "--source", office.write("good.csv", GOOD), expect=0)

        def become(status, reason):
            """Waits for the status: the console caches it for a second."""
            expected = {"status": "unavailable", "reason": reason} if reason else {"status": "ok"}
            until(lambda: self.health() == (status, expected))
            self.assertEqual(inside.get("/").status, status, reason)
            # The same with a session cookie, which the console may be unable to look up.
            self.assertEqual(self.health(Cookie="console_session=x"), (status, expected))

        become(200, None)
        # As if the roles had been created for another database of the server.
        office.sql("REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM registry_console")
        become(503, "rights")
        office.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO registry_console")
        become(200, None)
        office.sql("REVOKE USAGE ON SCHEMA public FROM public, registry_console")
        become(503, "rights")
        office.sql("GRANT USAGE ON SCHEMA public TO public, registry_console")
        become(200, None)
        office.sql("ALTER TABLE publication RENAME COLUMN as_of_date TO day")
        become(503, "schema")
        office.sql("ALTER TABLE publication RENAME COLUMN day TO as_of_date")
        become(200, None)
        spool = office.tree / "spool"
        spool.rename(office.tree / "away")
        become(503, "spool")
        (office.tree / "away").rename(spool)
        become(200, None)
        office.sql("ALTER TABLE console.task RENAME TO other")
        become(503, "schema")
        office.sql("ALTER TABLE console.other RENAME TO task")
        become(200, None)
        office.run("down", expect=0)
        become(503, "database")


if __name__ == "__main__":
    unittest.main()
