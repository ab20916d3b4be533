"""Tests the console behind pgbouncer, which gives a client's sessions to other clients."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

from .console_project import OPERATOR, ConsoleProject, until

PGBOUNCER = shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin")


class Pooler:
    """A pgbouncer in front of the private PostgreSQL, run by the same user."""

    def __init__(self, office, mode):
        owner = (office.tree / ".postgres/data").stat().st_uid
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pooler-", dir="/tmp"))
        self.folder.chmod(0o755)
        if os.getuid() != owner:
            os.chown(self.folder, owner, -1)
        (self.folder / "ini").write_text(
            f"""
            [databases]
            registry = host={office.tree}/.postgres/data port=5432 user=registry
            [pgbouncer]
            listen_addr =
            unix_socket_dir = {self.folder}
            unix_socket_mode = 0777
            auth_type = any
            pool_mode = {mode}
            logfile = {self.folder}/log
            pidfile = {self.folder}/pid
            """.replace("            ", ""))
        # A child process, so that it ends with the test.
        self.process = subprocess.Popen(
            [PGBOUNCER, "-q", str(self.folder / "ini")], cwd="/", user=owner if os.getuid() != owner else None,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.url = f"postgresql://registry@/registry?host={self.folder}&port=6432"
        until(lambda: (self.folder / ".s.PGSQL.6432").exists())

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, text):
        """Returns what another client of the same pool gets."""
        ended = subprocess.run(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", self.url, "-c", text], capture_output=True, text=True,
            timeout=60, check=False)
        if ended.returncode:
            raise AssertionError(ended.stderr)
        return ended.stdout.splitlines()


@unittest.skipUnless(PGBOUNCER, "needs pgbouncer")
class PoolerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.office = ConsoleProject()
        cls.addClassCleanup(cls.office.close)
        cls.office.run("run", "--sample", expect=0)
        cls.office.add_accounts()
        # The first start creates the role with which pages read.
        cls.office.start()
        cls.office.kill(signal.SIGTERM)

    def pooler(self, mode):
        pooler = Pooler(self.office, mode)
        self.addCleanup(pooler.close)
        return pooler

    def use(self, mode):
        pooler = self.pooler(mode)
        self.office.start(DATABASE_URL=pooler.url)
        try:
            browser = self.office.browser(OPERATOR)
            for page in ["/", "/registrations", "/changes", "/runs", "/findings", "/figures", "/schedules", "/audit", "/healthz"]:
                for _ in range(3):
                    self.assertEqual(browser.get(page).status, 200, page)
            task = browser.post("/tasks", kind="dry-run").headers["Location"].split("/")[-1]
            state = f"SELECT state FROM console.task WHERE state NOT IN ('queued', 'running') AND id = {task}"
            until(lambda: self.office.sql(state))
            self.check_others(pooler)
        finally:
            self.office.kill(signal.SIGTERM)
        self.check_others(pooler)

    def check_others(self, pooler):
        """Other clients get sessions in their initial state."""
        self.assertEqual(pooler.sql("SELECT current_user || ' ' || session_user"), ["registry registry"])
        left = "SELECT name FROM pg_settings WHERE source = 'session' AND name <> 'application_name'"
        self.assertEqual(pooler.sql(left), [])
        self.assertEqual(pooler.sql("SELECT pg_listening_channels()"), [])
        self.assertEqual(
            pooler.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"), ["0"])
        pooler.sql("CREATE TABLE of_another (id int); DROP TABLE of_another")

    def test_session_mode(self):
        self.use("session")

    def test_transaction_mode(self):
        self.use("transaction")

    def test_statement_mode_is_refused(self):
        pooler = self.pooler("statement")
        ended = self.office.run("console", "--port", "0", DATABASE_URL=pooler.url, expect=78, LOG_FORMAT="text")
        self.assertIn("HINT", ended.stderr)
        self.assertIn("behind a pooler", ended.stderr)
        self.check_others(pooler)
