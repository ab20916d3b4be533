"""A machine whose power can be cut: a file system on a loop device, with PostgreSQL, the spool and the console on it.

Needs root, and runs as process 1 of namespaces of its own: all other processes end with it, and its mounts vanish.
"""

import ctypes
import errno
import fcntl
import os
import pathlib
import random
import select
import signal
import subprocess
import sys
import time

IDENTITY = 65534  # PostgreSQL does not run as root
EXT4_IOC_SHUTDOWN, WITHOUT_FLUSHING = 0x8004587D, 2
# A stand-in for pipeline.sh: it records its start, and ends as its task asks. Scheduled runs fail, so they are repeated.
PIPELINE = """#!/usr/bin/env bash
task=$(readlink /proc/self/fd/2)
task=${task%/log}
task=${task##*/}
echo "${task%-*}" >>"$STARTS"
trap 'exit 143' TERM
if [[ " $* " == *' sleep '* ]]; then while :; do sleep 0.05; done; fi
echo '{"status":"success"}'
[[ $RUN_ORIGIN != schedule ]] || exit 75
"""
# A slow machine may miss the due time by more than a minute.
MISSED = "EXISTS (SELECT FROM console.schedule WHERE missed = 1)"


def command(*words):
    ended = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise AssertionError(f"{' '.join(map(str, words))}: {ended.stdout}{ended.stderr}")
    return ended.stdout


class Machine:
    def __init__(self, folder, postgres, console):
        self.folder, self.postgres, self.program = pathlib.Path(folder), postgres, console
        self.volume = self.folder / "volume"
        self.starts = self.folder / "starts"
        self.pipeline = self.folder / "pipeline"
        self.pipeline.write_text(PIPELINE)
        self.pipeline.chmod(0o755)
        self.socket = f"registry-power-{random.SystemRandom().randrange(2**32)}"
        self.console = None
        (self.folder / "memory").mkdir()
        self.volume.mkdir()
        command("mount", "-t", "tmpfs", "-o", "mode=700", "none", self.folder / "memory")
        command("truncate", "--size=512M", self.image)
        command("mkfs.ext4", "-q", self.image)
        self.mount()
        os.mkdir(self.data, 0o700)
        os.chown(self.data, IDENTITY, IDENTITY)
        self.server("initdb", "-D", self.data, "-U", "postgres", "--auth=peer", "-E", "UTF8", "--locale=C")
        (self.data / "pg_hba.conf").write_text("local all postgres peer map=root\n")
        (self.data / "pg_ident.conf").write_text("root root postgres\n")
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as settings:
            settings.write(f"listen_addresses = ''\nunix_socket_directories = '@{self.socket}'\nautovacuum = off\n")
        self.start_server()

    @property
    def image(self):
        return self.folder / "memory/image"

    @property
    def data(self):
        return self.volume / "data"

    def mount(self):
        command("mount", "-t", "ext4", "-o", "loop", self.image, self.volume)

    def server(self, program, *arguments):
        command("setpriv", f"--reuid={IDENTITY}", f"--regid={IDENTITY}", "--clear-groups", "--",
                f"{self.postgres}/{program}", *arguments)

    def start_server(self):
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self.server("pg_ctl", "-D", self.data, "-l", self.data / "server.log", "-w", "start")

    def sql(self, text):
        out = command(f"{self.postgres}/psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "@" + self.socket,
                      "-U", "postgres", "-d", "postgres", "-c", text)
        return [line.split("|") for line in out.splitlines()]

    def start(self, fault=""):
        """Starts the console, which may reach its fault before it listens."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("REGISTRY_")
        } | {
            "DATABASE_URL": f"postgresql://postgres@/postgres?host=%40{self.socket}", "PIPELINE": str(self.pipeline),
            "SPOOL_DIR": str(self.volume / "spool"), "STARTS": str(self.starts), "REGISTRY_FAULT": fault,
            "REGISTRY_FAULT_VOLUME": str(self.volume) if fault.startswith("kill") else "",
        }
        with open(self.folder / "console.log", "ab") as log:
            self.console = subprocess.Popen(
                [self.program, "--port", "0"], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=log)
        ready, _, _ = select.select([self.console.stdout], [], [], 60)
        if not ready or not self.console.stdout.readline() and not self.is_off():
            raise AssertionError(f"the console does not start: {(self.folder / 'console.log').read_text()[-2000:]}")

    def is_off(self):
        try:
            (self.volume / "probe").write_text("")
        except OSError as error:
            if error.errno in (errno.EIO, errno.EROFS):
                return True
            raise
        return False

    def cut(self):
        """Stops the file system, unless a program has done so, and all programs. Then starts the machine again."""
        if not self.is_off():
            folder = os.open(self.volume, os.O_RDONLY)
            fcntl.ioctl(folder, EXT4_IOC_SHUTDOWN, WITHOUT_FLUSHING.to_bytes(4, sys.byteorder))
            os.close(folder)
        self.stop()
        command("umount", self.volume)
        self.mount()
        self.start_server()

    def stop(self):
        """Kills every process but this one."""
        if self.console:
            self.console.stdout.close()
            self.console = None
        ctypes.CDLL(None).sync  # loads the library before nothing can be started
        os.kill(-1, signal.SIGKILL)
        while True:
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                return


class Queue:
    """Three tasks: one that succeeds, one of a schedule that fails and is repeated, and one that a user stops."""

    def __init__(self, machine):
        self.machine = machine
        machine.starts.write_text("")
        machine.sql("TRUNCATE console.task, console.schedule")
        self.stopped = machine.sql("""
            INSERT INTO console.schedule (name, kind, timing, time_zone, retries, retry_minutes, anchored_at, next_at)
            SELECT 'nightly', 'dry-run', 'every 1440 minutes', 'UTC', 1, 1440, t, t FROM date_trunc('second', now()) t;
            INSERT INTO console.task (kind) VALUES ('dry-run');
            INSERT INTO console.task (kind, arguments) VALUES ('dry-run', '{sleep}') RETURNING id""")[-1][0]
        command("sync", "--file-system", machine.volume)

    def follow(self, until):
        """Asks for the stop once its task has begun, and waits until all have ended, or `until` returns true."""
        end = time.monotonic() + 60
        while not until():
            try:
                self.machine.sql(f"""
                    UPDATE console.task SET stop_asked_by = 'olga'
                    WHERE id = {self.stopped} AND state = 'running' AND stop_asked_by IS NULL""")
                # The repetition begins tomorrow.
                if self.machine.sql(f"""
                        SELECT 1 FROM console.task WHERE state IN ('queued', 'running') AND attempt = 1
                        HAVING count(*) = 0 AND (EXISTS (SELECT FROM console.task WHERE schedule_id IS NOT NULL) OR {MISSED})""") \
                        and not list((self.machine.volume / "spool/.console/tasks").iterdir()):
                    return
            except (AssertionError, OSError):
                if not until():
                    raise
            if time.monotonic() > end:
                raise AssertionError(f"the queue does not end: {self.rows()}")
            time.sleep(0.05)

    def rows(self):
        return self.machine.sql("""
            SELECT CASE WHEN schedule_id IS NULL THEN id::text ELSE 'scheduled' END, attempt, state, coalesce(exit_code::text, ''),
              coalesce(reason, ''), id FROM console.task ORDER BY schedule_id NULLS FIRST, id""")

    def problems(self):
        """What is wrong: a task that is missing, that ran twice, or whose state is not what its run did."""
        rows = self.rows()
        starts = self.machine.starts.read_text().split()
        found = [f"task {task} ran {starts.count(task)} times" for task in set(starts) if starts.count(task) > 1]
        first = [row for row in rows if row[1] == "1"]
        again = [row for row in rows if row[1] == "2"]
        missed = self.machine.sql(f"SELECT {MISSED}") == [["t"]]
        if [row[0] == "scheduled" for row in first] != [False, False] + [True] * (not missed):
            found.append("a task is missing, or was queued twice")
        for _, attempt, state, code, reason, number in rows:
            if attempt == "2":
                continue
            began = number in starts
            kinds = {
                ("succeeded", "0", ""): began, ("failed", "75", ""): began, ("failed", "", "cut short"): True,
                # The stop may come before the stand-in has recorded its start.
                ("stopped", "143", "stopped"): True, ("stopped", "", "stopped"): not began,
            }
            if not kinds.get((state, code, reason), False):
                found.append(f"task {number}, {'begun' if began else 'not begun'}, ended as {state} {code} {reason}")
        passing = [row for row in first if row[0] == "scheduled" and row[2] == "failed"]
        if len(again) != len(passing) or any(row[2] != "queued" for row in again):
            found.append("the scheduled task is not repeated once")
        return [f"{problem}: {rows}, started {starts}" for problem in found]


def points(machine):
    """Returns the fault points that worker and run monitor reach, and the problems without a fault."""
    machine.start()
    machine.stop()
    machine.start_server()
    trace = machine.folder / "trace"
    machine.start(f"trace@{trace}")
    queue = Queue(machine)
    queue.follow(lambda: False)
    reached = set(trace.read_text().split("\n")[:-1])
    machine.cut()
    return reached, queue.problems()


def attempt(machine, fault):
    """Cuts the power at the fault. Returns the problems; None if the fault did not come."""
    queue = Queue(machine)
    machine.start(fault)
    queue.follow(machine.is_off)
    came = machine.is_off()
    machine.cut()
    machine.start()
    queue.follow(lambda: False)
    problems = queue.problems()
    # What a page has shown as ended stays.
    shown = queue.rows()
    machine.cut()
    if queue.rows() != shown:
        problems.append(f"a power cut changed {shown} to {queue.rows()}")
    return problems if came else None


def main():
    if os.getpid() != 1:
        sys.exit("power.py kills every process: only test_power_cut.py may start it, in namespaces of its own")
    folder, postgres, console, seed, count = sys.argv[1:]
    machine = Machine(folder, postgres, console)
    reached, problems = points(machine)
    listed = command("env", "REGISTRY_FAULT=list", console)
    listed = {line.split("\t")[0] for line in listed.splitlines()}
    problems += [f"'{point}' is not listed" for point in reached - listed]
    problems += [f"'{point}' is listed, but not reached" for point in listed - reached]
    # A process counts its own hits, so only the first one comes for certain.
    cases = [(f"{way}@{point}", hit) for way in ["kill-before", "kill-after"] for point in sorted(listed) for hit in [1, 2, 5]]
    if count != "all":
        cases = random.Random(int(seed)).sample([case for case in cases if case[1] == 1], int(count))
    done = 0
    for fault, hit in cases:
        found = attempt(machine, f"{fault}#{hit}")
        done += found is not None
        if found is None and hit == 1:
            found = ["the fault never came"]
        problems += [f"{fault}#{hit}: {problem}" for problem in found or []]
    machine.stop()
    print(f"{len(reached)} points, {done} power cuts, {len(problems)} failures")
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
