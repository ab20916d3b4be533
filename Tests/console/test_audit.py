"""Tests the audit log, and the database rights of the pages' session."""

import re
import unittest

from monitoring.registry import SOURCE

from . import visits
from .console_project import OPERATOR, VIEWER, until
from .texts import entries, text
from .visits import VisitTest, inside

setUpModule = visits.set_up


class AuditTests(VisitTest):
    def test_every_action_is_recorded(self):
        visits.office.sql("DELETE FROM console.login_failure")
        last = int(visits.office.sql("SELECT max(id) FROM console.audit")[0][0])
        browser = self.stranger()
        browser.log_in(OPERATOR, "wrong")
        browser.log_in(OPERATOR)
        browser.post("/schedules", name="noted", kind="run", cron="0 0 1 1 *", timing_kind="cron")
        schedule = visits.office.sql("SELECT id FROM console.schedule WHERE name = 'noted'")[0][0]
        for action in ["", "/pause", "/resume", "/remove"]:
            browser.post(
                f"/schedules/{schedule}{action}", name="noted", kind="run", cron="0 0 2 1 *", timing_kind="cron")
        ran = browser.post("/tasks", kind="dry-run").headers["Location"].removeprefix("/tasks/")
        browser.post(f"/tasks/{ran}/stop")
        until(lambda: visits.office.sql(f"SELECT state FROM console.task WHERE id = {ran}") == [["stopped"]])
        again = browser.post(f"/tasks/{ran}/retry", what="all").headers["Location"].removeprefix("/tasks/")
        browser.post(f"/tasks/{again}/stop")
        rollback = re.findall(r'name="(snapshot|publication)" value="([^"]+)"', browser.get("/rollback").text)
        back = browser.post("/rollback", **dict(rollback)).headers["Location"].removeprefix("/tasks/")
        browser.post(f"/tasks/{back}/stop")
        browser.post("/logout")
        rows = visits.office.sql(
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
            words = text("audit_action_" + action.replace(".", "_")).split("%1")[0]
            self.assertIn(f">{words}", page)
        self.assertIn(text("kind_dry_run"), page)
        visits.office.sql("DELETE FROM console.login_failure")

    def test_entries_are_filtered_by_account_and_action(self):
        browser = inside(OPERATOR)
        inside(VIEWER)
        rows = lambda query: re.findall(r"<tr><th scope=\"row\".*?</tr>", browser.get(f"/audit{query}").text)
        self.assertTrue(any(f">{VIEWER}<" in row for row in rows("")))
        mine = rows(f"?account={OPERATOR}")
        self.assertTrue(mine and all(f">{OPERATOR}<" in row for row in mine))
        created = rows(f"?account={OPERATOR}&action=schedule.create")
        self.assertTrue(created and all(f">{text('audit_action_schedule_create')}<" in row for row in created))
        self.assertLess(len(created), len(mine))
        page = browser.get(f"/audit?account={OPERATOR}&action=account.remove").text
        self.assertIn(text("audit_none"), page)
        self.assertIn(f'<option value="{OPERATOR}" selected>', page)
        # A further page has the same conditions.
        values = ", ".join("('olga', 'logout')" for _ in range(101))
        visits.office.sql(f"INSERT INTO console.audit (account, action) VALUES {values}")
        self.assertIn('href="/audit?action=logout&amp;before=', browser.get("/audit?action=logout").text)

    def test_every_action_has_a_text(self):
        keys = {entry[0] for entry in entries()}
        folders = [SOURCE / "Sources/Commands/console", SOURCE / "Sources/Console"]
        sources = "".join(file.read_text() for folder in folders for file in sorted(folder.rglob("*.swift")))
        actions = set(re.findall(r'"((?:account|login|registry|schedule|snapshot|task)\.[a-z.]+)"', sources))
        self.assertGreater(len(actions), 10)
        self.assertEqual({action for action in actions if "audit_action_" + action.replace(".", "_") not in keys}, set())

    def test_an_unknown_name_is_not_stored(self):
        visits.office.sql("DELETE FROM console.login_failure")
        secret = "typed-into-the-wrong-field"
        self.stranger().log_in(secret, "")
        tables = "SELECT string_agg(t::text, '') FROM {} t"
        for table in ["console.audit", "console.login_failure"]:
            self.assertNotIn(secret, visits.office.sql(tables.format(table))[0][0])
        self.assertEqual(
            visits.office.sql("SELECT action, subject IS NULL FROM console.audit ORDER BY id DESC LIMIT 1"),
            [["login.failed", "t"]])
        self.assertNotIn(secret, inside(OPERATOR).get("/audit").text)
        visits.office.sql("DELETE FROM console.login_failure")


class DatabaseTests(VisitTest):
    """Pages read with a role that can only read the registry."""

    def refused(self, statements):
        """Runs statements with the pages' role, and returns the errors."""
        asked = [word for statement in statements for word in ["-c", statement]]
        told = visits.office.run("psql", "-X", "-q", "-A", "-t", "-c", "SET ROLE registry_console", *asked).stderr
        return [line for line in told.splitlines() if line.startswith("ERROR")]

    def test_the_role_can_only_read_the_registry(self):
        tables = [row[0] for row in visits.office.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
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

    def test_pages_read_with_this_role(self):
        browser = inside(VIEWER)
        pages = ["/", "/registrations", "/registrations/99000001", "/changes", "/runs", "/findings", "/api/changes"]
        self.assertEqual([browser.get(path).status for path in pages], [200] * len(pages))
        visits.office.sql("REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM registry_console")
        try:
            for path in pages:
                answer = browser.get(path)
                self.assertProblem(answer, 503)
                self.assertIn("docs/roles.sql", answer.text)
        finally:
            visits.office.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO registry_console")
        self.assertEqual([browser.get(path).status for path in pages], [200] * len(pages))


if __name__ == "__main__":
    unittest.main()
