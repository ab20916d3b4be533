"""A registry with history, corrections and accounts moves to another version of PostgreSQL: by pg_upgrade, and by a dump."""

import os
import shutil
import subprocess
import unittest

from monitoring.registry import SOURCE, snapshot

from .console_project import OPERATOR, ConsoleProject

# Prints the programs' folders of two versions, and the folder to remove.
CHOOSE = """
    set -euo pipefail
    project=$1
    say() { echo "$@" >&2; }
    source "$1/Sources/pipeline/packages.sh"
    source "$1/Tests/shell/support/postgres.sh"
    choose_servers >&2 || { remove_postgres && exit 1; }
    printf '%s\\n' "$old" "$new" "$postgres_folder"
"""
# Every row of every table, and what the history says about each day.
TABLES = """
    SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
    WHERE schemaname IN ('public', 'console') AND tablename NOT IN ('session') ORDER BY 1"""
HISTORY = """
    SELECT day, r FROM unnest('{2026-09-01,2026-09-02}'::date[]) day, registry_as_of(day) r ORDER BY 1, r::text"""


def day(number):
    """300 businesses; each day one of them moves, and one is new."""
    rows = snapshot(300 + number, bad=2).decode().replace("01-SEP-26", f"0{number}-SEP-26")
    for moved in range(1, number + 1):
        rows = rows.replace(f"信義區路{100 + moved}號", f"信義區路{100 + moved}號之{moved}")
    return rows.encode()


class PostgresUpgradeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        chosen = subprocess.run(["bash", "-c", CHOOSE, "bash", SOURCE], capture_output=True, text=True, check=False)
        if chosen.returncode:
            raise unittest.SkipTest(f"unable to install a second PostgreSQL from PyPI: {chosen.stderr}")
        cls.old, cls.new, installed = chosen.stdout.split("\n")[:3]
        if installed:
            cls.addClassCleanup(shutil.rmtree, installed)
        cls.project = cls.make_project(cls.old)
        cls.fill()
        cls.dump = str(cls.project.folder / "registry.dump")
        cls.copy_of_spool = cls.project.folder / "spool"
        shutil.copytree(cls.project.tree / "spool", cls.copy_of_spool)
        cls.status = cls.read_status(cls.project)
        cls.rows = cls.contents(cls.project)
        cls.client(cls.project, "pg_dump", "-Fc", "-f", cls.dump, "registry")
        cls.project.run("down", expect=0)

    @classmethod
    def make_project(cls, programs):
        project = ConsoleProject()
        cls.addClassCleanup(project.close)
        # pipeline.sh finds the old version on PATH while POSTGRES_BIN names the new one.
        project.environment |= {"POSTGRES_BIN": programs, "PATH": f"{cls.old}:{os.environ['PATH']}"}
        return project

    @classmethod
    def fill(cls):
        """Two days, a correction, two accounts, and the console's own tables."""
        project = cls.project
        for number in [1, 2]:
            project.run("run", "--source", project.write(f"day{number}.csv", day(number)), expect=0)
        sheet = project.folder / "sheet.csv"
        project.run("findings", "--export", str(sheet), expect=0)
        sheet.write_text(sheet.read_text().replace(",x0000000,", ",20000000,", 1))
        project.run("replay", str(sheet), expect=0)
        project.add_accounts()
        project.start()
        project.browser(OPERATOR)
        project.kill()

    @staticmethod
    def contents(project):
        tables = {name: project.sql(f"SELECT t::text FROM {name} t ORDER BY 1") for [name] in project.sql(TABLES)}
        return tables | {"history": project.sql(HISTORY), "of a business": project.sql("SELECT h FROM registry_history('10000102') h")}

    @staticmethod
    def read_status(project):
        status = project.summary("status")
        return {"database": status["database"] | {"place": ""}, "snapshots": status["snapshots"]}

    @staticmethod
    def client(project, program, *arguments):
        """Runs a client program of the project's version as the server's superuser."""
        ended = subprocess.run(
            [f"{project.environment['POSTGRES_BIN']}/{program}", "-h", project.tree / ".postgres/data", "-U", "postgres", *arguments],
            capture_output=True, text=True, timeout=120, check=False)
        if ended.returncode:
            raise AssertionError(ended.stderr)

    def assert_survived(self, project):
        programs = subprocess.run([f"{self.new}/postgres", "--version"], capture_output=True, text=True, check=True).stdout
        self.assertIn(project.sql("SHOW server_version")[0][0].split()[0], programs)
        rows = self.contents(project)
        self.assertEqual(sorted(rows), sorted(self.rows))
        for name in rows:
            self.assertEqual(rows[name], self.rows[name], name)
        self.assertEqual(self.read_status(project), self.status)
        for name, least in {"history": 598, "of a business": 2, "public.registration_correction": 1, "console.account": 2}.items():
            self.assertGreaterEqual(len(rows[name]), least, name)
        # The next day: one business moves, one is new, and the correction holds.
        counts = project.summary("run", "--source", project.write("day3.csv", day(3)))
        self.assertEqual(counts["status"], "partial")
        self.assertEqual(project.sql("SELECT count(*) FROM tax_registration WHERE ban = '20000000'"), [["1"]])
        self.assertEqual(
            project.sql("""SELECT c.kind, count(*) FROM registration_change c WHERE job_run_id = (SELECT max(job_run_id) FROM publication)
                GROUP BY 1 ORDER BY 1"""), [["added", "1"], ["changed", "1"]])
        self.assertEqual(project.sql(HISTORY), self.rows["history"])
        project.start()
        page = project.browser(OPERATOR).get("/registrations/10000102")
        self.assertEqual(page.status, 200)
        project.kill()

    def test_by_pg_upgrade(self):
        self.project.environment["POSTGRES_BIN"] = self.new
        ended = self.project.run("psql", "-c", "SELECT 1", expect=0)
        self.assertIn("upgraded the private PostgreSQL", ended.stderr)
        self.assert_survived(self.project)

    def test_by_a_dump(self):
        moved = self.make_project(self.new)
        shutil.rmtree(moved.tree / "spool", ignore_errors=True)
        shutil.copytree(self.copy_of_spool, moved.tree / "spool")
        moved.start()
        moved.kill()
        self.client(moved, "pg_restore", "-d", "postgres", "--clean", "--if-exists", "--create", "--exit-on-error", self.dump)
        self.assert_survived(moved)


if __name__ == "__main__":
    unittest.main()
