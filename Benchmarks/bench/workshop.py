"""The scratch folder with the test files, the web server and the database."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

from .compare import note
from .server_cpu import ServerCPU

CHANGES = ["new", "closed", "moved", "renamed", "recapitalised"]
"""Kinds of change from one day to the next. Each is a fifth of the changes."""


@dataclass
class Workshop:
    project: Path
    folder: Path
    rows: int
    rounds: int
    smoke: bool
    psql: str
    python: str
    data: Path
    database: str
    port: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.logs = self.folder / "logs"
        self.logs.mkdir(exist_ok=True)
        (self.folder / "spool").mkdir(exist_ok=True)
        self.rivals = self.project / "Benchmarks/rivals"
        self.server = ServerCPU(self.data)
        self.nginx: subprocess.Popen[bytes] | None = None
        self.published = int(time.time()) - 86_400

    # Programs.

    def program(self, name: str) -> str:
        return str(self.project / ".build/release" / name)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the measured commands: a schema of their own."""
        return {"DATABASE_URL": self.url("ours"), "LOG_FORMAT": "text"}

    def has(self, module: str) -> bool:
        if not Path(self.python).exists():
            return False
        command = [self.python, "-c", f"import {module}"]
        return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0

    # Files.

    def source(self, rows: int, day: int = 0) -> Path:
        """Returns a generated registry of `rows` businesses. Each day after the first has 2,000 changes at full size."""
        each = max(1, min(400, rows // 50))
        options = [text for kind in CHANGES for text in (f"--{kind}", str(each))]
        return self._generated(f"registry-{rows}-{day}.csv", "--rows", str(rows), "--day", str(day), *options)

    def renamed(self, rows: int) -> Path:
        """Returns the registry a day after the first, with another name for every business."""
        return self._generated(f"registry-{rows}-renamed.csv", "--rows", str(rows), "--day", "1", "--renamed", str(rows))

    def zipped(self, rows: int) -> Path:
        """Returns a zip with the registry of the first day."""
        source = self.source(rows)
        path = source.with_suffix(".zip")
        if not path.exists():
            note(f"making {path.name}")
            part = path.with_suffix(".part")
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.write(source, "BGMOPEN1.csv")
            part.rename(path)
        return path

    def _generated(self, name: str, *options: str) -> Path:
        path = self.folder / name
        if not path.exists():
            note(f"making {name}")
            part = path.with_suffix(".part")
            subprocess.run([self.program("generator"), "--seed", "1", *options, "--output", str(part)], check=True)
            part.rename(path)
        return path

    def spool(self, name: str) -> Path:
        return self.folder / "spool" / name

    def fetched(self, rows: int) -> tuple[Path, str]:
        """Returns a spool with the registry fetched and transformed, and the snapshot's name."""
        return self._transformed(self.spool(f"fetched-{rows}"), "--source", str(self.source(rows)))

    def sample(self) -> tuple[Path, str]:
        """Returns the same for the sample."""
        return self._transformed(self.spool("sample"), "--sample")

    def _transformed(self, spool: Path, *fetch_options: str) -> tuple[Path, str]:
        if not list(spool.glob("*/transform.json")):
            shutil.rmtree(spool, ignore_errors=True)
            for command in (
                [self.program("fetch"), "--spool", str(spool), *fetch_options],
                [self.program("transform"), "--spool", str(spool)],
            ):
                subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return spool, next(spool.glob("*/transform.json")).parent.name

    # The web server.

    def serve(self, path: Path) -> str:
        """Serves a file as a new version, and returns its URL."""
        www = self.folder / "www"
        www.mkdir(exist_ok=True)
        target = www / "BGMOPEN1.csv"
        target.unlink(missing_ok=True)
        os.link(path, target)
        # Each version has its own time, long enough ago for a strong validator.
        self.published += 60
        os.utime(target, (self.published, self.published))
        if self.nginx is None:
            self._start_nginx(www)
        return f"http://127.0.0.1:{self.port}/BGMOPEN1.csv"

    def _start_nginx(self, www: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        conf = self.folder / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        temporary = " ".join(f"{kind}_temp_path {self.folder}/nginx-{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        conf.write_text(
            f"{user} daemon off; worker_processes 1; pid {self.folder}/nginx.pid; error_log stderr;\n"
            "events { worker_connections 64; }\n"
            f"http {{ access_log off; sendfile on; {temporary} server {{ listen 127.0.0.1:{self.port}; root {www}; }} }}\n"
        )
        binary = shutil.which("nginx") or "/usr/sbin/nginx"
        log = open(self.logs / "nginx.err", "wb")
        self.nginx = subprocess.Popen([binary, "-c", str(conf), "-e", str(self.logs / "nginx.err")], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.nginx.poll() is not None:
                break
            time.sleep(0.01)
        raise RuntimeError(f"unable to start nginx: {(self.logs / 'nginx.err').read_text()}")

    def close(self) -> None:
        if self.nginx is not None:
            self.nginx.terminate()
            self.nginx.wait()
        shutil.rmtree(self.folder / "spool", ignore_errors=True)

    # The database.

    def url(self, schema: str | None, user: str | None = None) -> str:
        url = self.database if user is None else self.database.replace("user=registry", f"user={user}")
        return url if schema is None else f"{url}&options=-csearch_path%3D{schema}"

    @property
    def host(self) -> str:
        """The folder of the server's socket."""
        return str(self.data)

    def sql(self, statement: str, user: str | None = None) -> str:
        done = subprocess.run(
            [self.psql, "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.url(None, user), "-c", statement],
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return done.stdout.strip()

    def empty_schema(self, name: str) -> None:
        self.sql(f"DROP SCHEMA IF EXISTS {name} CASCADE")
        self.sql(f"CREATE SCHEMA {name}")
        self.settle()

    def settle(self) -> None:
        """Writes what earlier runs have left to write, so that it does not slow down the next run."""
        self.sql("CHECKPOINT", user="postgres")
        os.sync()

    def wal_position(self) -> str:
        return self.sql("SELECT pg_current_wal_insert_lsn()")

    def wal_mib_since(self, position: str) -> float:
        return float(self.sql(f"SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '{position}')")) / 2**20

    @property
    def server_version(self) -> int:
        return int(self.sql("SHOW server_version_num"))
