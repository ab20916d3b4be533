"""Tests the worker, also with kills at random moments: no run is lost or started twice. SEED=n repeats a run."""

import contextlib
import http.client
import os
import pathlib
import random
import signal
import socket
import subprocess
import time
import unittest

from .console_project import OPERATOR, ConsoleProject, until

SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))

# A stand-in for pipeline.sh: it records its start and its task, and ends according to the task's arguments.
PIPELINE = """#!/usr/bin/env bash
task=$(readlink /proc/self/fd/2)
task=${task%/log}
task=${task##*/}
echo "${task%-*}" >>"$STARTS"
echo '{"run_id":"00000000-0000-4000-8000-000000000001","message":"begins"}' >&2
trap 'echo stopped >&2; exit 143' TERM
for word; do
  case $word in
    env=*) printenv "${word#*=}" >&2 || echo "no ${word#*=}" >&2 ;;
    odd) printf '%s' '{"status":"success","x":"\\ud800","y":1e999999}' ;;
    sleep=*) end=$((SECONDS + ${word#*=})); while ((SECONDS < end)); do sleep 0.05; done ;;
    deaf) trap '' TERM ;;
    exit=*) echo '{"status":"failed"}'; exit "${word#*=}" ;;
  esac
done
echo '{"status":"success"}'
"""


def setUpModule():
    print(f"SEED={SEED}", flush=True)


class WorkerTest(unittest.TestCase):
    def setUp(self):
        self.office = ConsoleProject()
        self.addCleanup(self.office.close)
        self.office.console("user", "list")
        self.starts = self.office.folder / "starts"
        self.starts.touch()
        self.pipeline = self.office.folder / "pipeline"
        self.pipeline.write_text(PIPELINE)
        self.pipeline.chmod(0o755)

    def start(self):
        self.office.start(pipeline=self.pipeline, STARTS=str(self.starts))

    def add(self, *arguments, limit=120):
        words = ",".join(f'"{word}"' for word in arguments)
        return self.office.sql(
            f"INSERT INTO console.task (kind, arguments, limit_minutes) VALUES ('dry-run', '{{{words}}}', {limit})"
            " RETURNING id; NOTIFY console_task")[0][0]

    def state(self, task):
        return self.office.sql(f"SELECT state, exit_code, reason FROM console.task WHERE id = {task}")[0]

    def ended(self, task):
        return until(lambda: self.state(task) if self.state(task)[0] not in ("queued", "running") else None)

    def attendant(self, task):
        tasks = self.office.tree / "spool/.console/tasks"
        return until(lambda: "".join(path.read_text().strip() for path in tasks.glob(f"{task}-*/started")))

    def test_outcomes(self):
        self.start()
        good, bad = self.add(), self.add("exit=65")
        self.assertEqual(self.ended(good), ["succeeded", "0", ""])
        self.assertEqual(self.ended(bad), ["failed", "65", ""])
        rows = self.office.sql("SELECT run_id, summary->>'status', log LIKE '%begins%' FROM console.task ORDER BY id")
        run = "00000000-0000-4000-8000-000000000001"
        self.assertEqual(rows, [[run, "success", "t"], [run, "failed", "t"]])

    def test_a_summary_that_the_database_refuses_is_omitted(self):
        self.start()
        odd, good = self.add("odd"), self.add()
        self.assertEqual(self.ended(odd), ["succeeded", "0", ""])
        self.assertEqual(self.ended(good), ["succeeded", "0", ""])
        self.assertEqual(self.office.sql("SELECT summary IS NULL FROM console.task ORDER BY id"), [["t"], ["f"]])

    def test_a_rollback_of_an_outdated_publication_is_not_started(self):
        self.office.sql("CREATE TABLE publication (id bigint); INSERT INTO publication VALUES (7), (8)")
        for publication in [7, 8]:
            self.office.sql(f"INSERT INTO console.task (kind, publication) VALUES ('rollback', {publication})")
        self.start()
        self.assertEqual(self.ended(1), ["failed", "", "overtaken"])
        self.assertEqual(self.ended(2), ["succeeded", "0", ""])
        self.assertEqual(self.starts.read_text().split(), ["2"])

    def test_a_run_does_not_get_the_consoles_own_login(self):
        self.office.start(
            pipeline=self.pipeline, STARTS=str(self.starts), CONSOLE_DATABASE_URL=self.office.url)
        task = self.add("env=CONSOLE_DATABASE_URL", "env=DATABASE_URL")
        self.assertEqual(self.ended(task)[0], "succeeded")
        log = self.office.sql(f"SELECT log FROM console.task WHERE id = {task}")
        self.assertEqual([line[0] for line in log][1:3], ["no CONSOLE_DATABASE_URL", self.office.url])

    def test_a_run_logs_what_the_console_reads(self):
        """Whatever the console itself logs: progress comes from lines of level INFO in JSON."""
        self.office.start(
            pipeline=self.pipeline, STARTS=str(self.starts), LOG_LEVEL="warning", LOG_FORMAT="text")
        task = self.add("env=LOG_LEVEL", "env=LOG_FORMAT")
        self.assertEqual(self.ended(task)[0], "succeeded")
        log = self.office.sql(f"SELECT log FROM console.task WHERE id = {task}")
        self.assertEqual([line[0] for line in log][1:3], ["info", "json"])

    def test_a_run_does_not_inherit_the_consoles_socket(self):
        """Otherwise a restarted console would find its port in use for the duration of the run."""
        self.start()
        task = self.add("sleep=600")
        self.attendant(task)
        until(lambda: self.starts.read_text().split() == [task])
        listening = {line.split()[9] for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
                     if int(line.split()[1].split(":")[1], 16) == self.office.port}
        self.assertTrue(listening)
        holders = set()
        for entry in pathlib.Path("/proc").glob("[0-9]*/fd/*"):
            try:
                target = os.readlink(entry)
            except OSError:
                continue
            if target.startswith("socket:[") and target[8:-1] in listening:
                holders.add(int(entry.parts[2]))
        self.assertEqual(holders, {self.office.process.pid})
        self.office.sql(f"UPDATE console.task SET stop_asked_by = 'olga' WHERE id = {task}")
        self.assertEqual(self.ended(task)[0], "stopped")

    def test_task_folders_of_another_database_are_ignored(self):
        """The task numbers of the other database also begin at 1."""
        folder = self.office.tree / "spool/.console/tasks/1-1700000000000000"
        folder.mkdir(parents=True)
        (folder / "started").write_text("1\n")
        (folder / "exit").write_text("0\n\n")
        self.start()
        self.assertEqual(self.ended(self.add("exit=65")), ["failed", "65", ""])
        self.assertEqual(self.starts.read_text().split(), ["1"])

    def test_an_unusable_task_folder_does_not_delay_other_tasks(self):
        tasks = self.office.tree / "spool/.console/tasks"
        tasks.mkdir(parents=True)
        self.office.sql("INSERT INTO console.task (kind) VALUES ('dry-run')")
        number = self.office.sql("SELECT floor(extract(epoch FROM queued_at) * 1000000)::bigint FROM console.task")[0][0]
        (tasks / f"1-{number}").write_text("in the way")
        good = self.add()
        self.start()
        self.assertEqual(self.ended(1), ["failed", "", "not started"])
        self.assertEqual(self.ended(good)[0], "succeeded")

    def test_stop(self):
        self.start()
        task = self.add("sleep=60")
        self.attendant(task)
        until(lambda: "begins" in self.office.sql(f"SELECT log FROM console.task WHERE id = {task}")[0][0])
        self.office.sql(f"UPDATE console.task SET stop_asked_by = 'olga' WHERE id = {task}; NOTIFY console_task")
        self.assertEqual(self.ended(task), ["stopped", "143", "stopped"])

    def attend(self, limit, *arguments):
        """Runs only the run monitor, with a limit in seconds, and returns exit code and reason."""
        folder = self.office.folder / "task"
        folder.mkdir()
        subprocess.run(
            [self.office.tree / ".build/release/console", "attend", folder, "--limit-seconds", str(limit), "--grace-seconds",
             "1", "--", self.pipeline, *arguments],
            env={**self.office.environment, "STARTS": str(self.starts)}, timeout=60, check=True, start_new_session=True)
        return (folder / "exit").read_text().split("\n")[:2]

    def test_time_limit(self):
        self.assertEqual(self.attend(1, "sleep=60"), ["143", "time limit"])

    def test_a_run_that_does_not_stop_is_killed(self):
        self.assertEqual(self.attend(1, "deaf", "sleep=60"), ["137", "time limit"])

    def test_a_run_within_the_time_limit(self):
        self.assertEqual(self.attend(60, "exit=75"), ["75", ""])

    def test_a_run_survives_the_kill_of_the_console(self):
        """The run continues without the console, and the next console records how it ended."""
        self.start()
        task = self.add("sleep=2")
        self.attendant(task)
        self.office.kill()
        self.assertEqual(self.state(task)[0], "running")
        self.start()
        self.assertEqual(self.ended(task), ["succeeded", "0", ""])
        self.assertEqual(self.starts.read_text().split(), [task])

    def test_stopping_the_console_does_not_stop_its_run(self):
        self.start()
        task = self.add("sleep=2")
        self.attendant(task)
        self.assertEqual(self.office.kill(signal.SIGTERM), 0)
        self.start()
        self.assertEqual(self.ended(task), ["succeeded", "0", ""])

    def test_a_killed_run_is_reported_and_not_repeated(self):
        self.start()
        task = self.add("sleep=60")
        pid = int(self.attendant(task))
        until(lambda: self.starts.read_text().split() == [task])
        session = subprocess.run(["ps", "-o", "pid=", "--sid", str(pid)], capture_output=True, text=True, check=True)
        for member in session.stdout.split():
            # Its short sleeps may have ended in the meantime.
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(member), signal.SIGKILL)
        self.assertEqual(self.ended(task), ["failed", "", "cut short"])
        self.assertEqual(self.starts.read_text().split(), [task])

    def test_a_run_whose_monitor_was_killed_is_stopped(self):
        """Without its monitor, a run has no time limit, and its end is not recorded."""
        self.start()
        task = self.add("sleep=600")
        pid = int(self.attendant(task))
        until(lambda: self.starts.read_text().split() == [task])
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(self.ended(task), ["failed", "", "cut short"])
        until(lambda: subprocess.run(["ps", "--sid", str(pid)], capture_output=True, check=False).returncode == 1)

    def test_a_console_that_is_stopping_starts_no_run(self):
        """An incomplete request delays the console's end by five seconds."""
        self.office.add_accounts()
        self.start()
        with socket.create_connection(("127.0.0.1", self.office.port), 20) as held:
            held.sendall(b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n")
            # If a later request is answered, the one above has been read.
            self.assertEqual(self.office.browser().get("/login").status, 200)
            self.office.process.send_signal(signal.SIGTERM)
            until(self.is_closed)
            self.assertIsNone(self.office.process.poll())
            task = self.add()
            self.assertEqual(self.office.kill(signal.SIGTERM), 0)
        self.assertEqual(self.office.sql(f"SELECT state FROM console.task WHERE id = {task}"), [["queued"]])
        self.assertEqual(self.starts.read_text(), "")

    def is_closed(self):
        try:
            socket.create_connection(("127.0.0.1", self.office.port), 20).close()
        except ConnectionRefusedError:
            return True
        return False

    def test_an_open_page_does_not_delay_the_consoles_end(self):
        self.office.add_accounts()
        self.start()
        task = self.add("sleep=600")
        self.attendant(task)
        client = self.office.browser(OPERATOR)
        reader = http.client.HTTPConnection("127.0.0.1", self.office.port, timeout=60)
        reader.request("GET", f"/tasks/{task}/events", headers={"Cookie": client.cookie})
        answer = reader.getresponse()
        self.assertEqual(answer.status, 200)
        answer.fp.readline()
        self.assertEqual(self.office.kill(signal.SIGTERM), 0)
        answer.close()
        reader.close()
        self.start()
        self.office.sql(f"UPDATE console.task SET stop_asked_by = 'olga' WHERE id = {task}; NOTIFY console_task")
        self.assertEqual(self.ended(task)[0], "stopped")

    def test_in_a_container_the_console_stops_its_run(self):
        self.office.start("--stops-runs", pipeline=self.pipeline, STARTS=str(self.starts))
        task = self.add("sleep=600")
        self.attendant(task)
        until(lambda: self.starts.read_text().split() == [task])
        self.assertEqual(self.office.kill(signal.SIGTERM), 0)
        self.start()
        self.assertEqual(self.ended(task), ["failed", "143", "cut short"])

    def test_only_one_of_two_consoles_runs_tasks(self):
        self.start()
        first = self.office.process, self.office.errors, self.office.port
        self.start()
        tasks = [self.add() for _ in range(6)]
        for task in tasks:
            self.assertEqual(self.ended(task)[0], "succeeded")
        self.assertEqual(self.starts.read_text().split(), tasks)
        # After the console with the lock is killed, the other one takes over.
        second = self.office.process, self.office.errors, self.office.port
        for self.office.process, self.office.errors, self.office.port in [first]:
            self.office.kill()
        task = self.add()
        self.assertEqual(self.ended(task)[0], "succeeded")
        self.office.process, self.office.errors, self.office.port = second

    def test_killed_at_random_moments(self):
        """Each task runs once, in order, and ends with its expected state."""
        dice = random.Random(SEED)
        tasks = []
        for _ in range(12):
            self.start()
            for _ in range(dice.randrange(3)):
                tasks.append(self.add(*dice.choice([[], ["exit=65"], ["sleep=1"]])))
            time.sleep(dice.random() * dice.choice([0.1, 1]))  # the random moment of the kill
            self.office.kill()
        self.start()
        ends = [self.ended(task) for task in tasks]
        self.assertEqual(self.starts.read_text().split(), tasks)
        self.assertTrue(all(end in (["succeeded", "0", ""], ["failed", "65", ""]) for end in ends), ends)

    def test_a_standard_schedule_reports_what_it_replaces(self):
        self.assertNotIn("replaced:", self.office.console("daily", command="schedule"))
        self.office.sql("UPDATE console.schedule SET timing = 'every 30 minutes', is_paused = true")
        replaced = next(
            line for line in self.office.console("daily", command="schedule").splitlines() if line.startswith("replaced:"))
        self.assertIn("every 30 minutes", replaced)
        self.assertIn("paused", replaced)

    def test_schedules_with_kills(self):
        """A schedule that is due while the console is killed and restarted has one run for each due time."""
        self.office.console("dry-run-per-minute", command="schedule")
        self.office.sql(
            "UPDATE console.schedule SET anchored_at = date_trunc('second', now()) - interval '58 seconds',"
            " next_at = date_trunc('second', now()) + interval '2 seconds'")
        dice = random.Random(SEED)
        for _ in range(4):
            self.start()
            time.sleep(dice.random())  # the random moment of the kill
            self.office.kill()
        self.start()
        task = until(lambda: self.office.sql("SELECT id FROM console.task WHERE schedule_id IS NOT NULL"))
        self.office.sql("UPDATE console.schedule SET is_paused = true")
        tasks = [row[0] for row in self.office.sql("SELECT id FROM console.task ORDER BY id")]
        self.assertEqual(tasks[0], task[0][0])
        for task in tasks:
            self.assertEqual(self.ended(task)[0], "succeeded")
        self.assertEqual(self.starts.read_text().split(), tasks)
        # Each due time has one run or was missed on a slow machine; none has two runs.
        self.assertEqual(
            self.office.sql("SELECT count(*), count(DISTINCT due_at), 5 - (SELECT repeats FROM console.schedule) FROM console.task"),
            [[str(len(tasks))] * 3])


if __name__ == "__main__":
    unittest.main()
