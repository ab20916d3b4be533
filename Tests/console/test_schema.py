"""Tests a login whose search path begins with the console's schema, as `"$user"` does for a login named console."""

import unittest

from monitoring.registry import SOURCE

from .console_project import OPERATOR, ConsoleProject


class SchemaTest(unittest.TestCase):
    def test_the_schema_of_the_console_is_not_used_for_the_registry(self):
        office = ConsoleProject()
        self.addCleanup(office.close)
        office.run("run", "--sample", expect=0)
        office.add_accounts()
        url = office.url + "&options=-csearch_path%3Dconsole%2Cpublic"
        for command in [["dry-run", "--sample", "--check"], ["load"]]:
            ended = office.run(*command, expect=78, DATABASE_URL=url, LOG_FORMAT="text")
            self.assertIn("schema 'console', which belongs to the console", ended.stderr)
        [[ban, name]] = office.sql("SELECT ban, business_name FROM tax_registration ORDER BY ban LIMIT 1")
        office.start(DATABASE_URL=office.url, CONSOLE_DATABASE_URL=url)
        browser = office.browser(OPERATOR)
        self.assertIn(name, browser.get(f"/registrations/{ban}").text)
        self.assertEqual(browser.get("/healthz").status, 200)
        self.assertNotIn("has no rights", office.log())

    def test_the_tables_owner_builds_the_search_indexes(self):
        """With the roles of docs/roles.sql, that login has no right on the console's schema."""
        office = ConsoleProject()
        self.addCleanup(office.close)
        office.run("run", "--sample", expect=0)
        superuser = office.url.replace("user=registry", "user=postgres")
        # The private PostgreSQL lets no other login in, so a superuser takes the role.
        console, owner = (f"{superuser}&options=-crole%3D{name}" for name in ["console", "registry_owner"])

        def execute(*arguments):
            office.run("psql", "-q", "-v", "ON_ERROR_STOP=1", *arguments, expect=0, DATABASE_URL=superuser)

        execute("-c", "CREATE ROLE console LOGIN; CREATE SCHEMA console AUTHORIZATION console")
        execute("-f", str(SOURCE / "docs/roles.sql"))
        execute("-c", "GRANT registry_console TO console")
        office.run("console", "user", "list", expect=0, CONSOLE_DATABASE_URL=console)
        ended = office.run("console", "prepare", expect=0, DATABASE_URL=owner)
        self.assertEqual({line.split("\t")[1] for line in ended.stdout.splitlines()}, {"ready"})

    def test_a_mistyped_switch_is_refused(self):
        office = ConsoleProject()
        self.addCleanup(office.close)
        office.run("run", "--sample", expect=0)
        ended = office.run("console", expect=64, CONSOLE_BEHIND_TLS="maybe", LOG_FORMAT="text")
        self.assertIn("CONSOLE_BEHIND_TLS must be yes or no, not 'maybe'", ended.stderr)
