"""A copy of the project with its binaries, and runs of pipeline.sh in it as on a command line."""

import http.server
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import urllib.parse

SOURCE = pathlib.Path(os.environ["SOURCE_TREE"])
BINARIES = pathlib.Path(os.environ["BINARIES"])
# Files that Terraform and `setup` may have left in the source tree.
LEFT_BEHIND = shutil.ignore_patterns(".terraform*", "terraform.tfstate*", "*.local.*")
HEADER = (
    "營業地址,統一編號,總機構統一編號,營業人名稱,資本額,設立日期,組織別名稱,使用統一發票,"
    "行業代號,名稱,行業代號1,名稱1,行業代號2,名稱2,行業代號3,名稱3"
)


def snapshot(rows, bad=0):
    """Returns a complete source file; the first `bad` records have an invalid BAN."""
    lines = [HEADER, "01-SEP-26" + "," * 15]
    for number in range(rows):
        ban = f"x{number:07}" if number < bad else f"{number + 10_000_000}"
        lines.append(f"臺北市信義區路{number}號,{ban},,商行{number},1000,1100101,獨資,N,471100,雜貨店,,,,,,")
    return ("\r\n".join(lines) + "\r\n").encode()


class Project:
    """A scratch project with a private PostgreSQL, which its first load creates."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="registry-monitoring-"))
        self.folder.chmod(0o755)
        self.tree = self.folder / "project"
        binaries = self.tree / ".build/release"
        binaries.mkdir(parents=True)
        (self.tree / "Sources").mkdir()
        for name in ["fetch", "transform", "load"]:
            shutil.copy2(BINARIES / name, binaries)
        resources = "business-registry_FetchStage.resources"
        shutil.copytree(BINARIES / resources, binaries / resources)
        shutil.copy2(SOURCE / "Package.swift", self.tree)
        shutil.copy2(SOURCE / "pipeline.sh", self.tree)
        shutil.copytree(SOURCE / "Sources/pipeline", self.tree / "Sources/pipeline")
        shutil.copytree(SOURCE / "terraform", self.tree / "terraform", ignore=LEFT_BEHIND)
        (self.tree / ".build/pipeline.stamp").touch()  # newer than all sources
        self.log_stem = self.folder / "logs/etl.log"
        self.environment = {
            name: os.environ[name] for name in ["PATH", "HOME", "LANG", "TMPDIR", "POSTGRES_BIN"] if name in os.environ
        } | {"LOG_FORMAT": "json", "LOG_FILE": str(self.log_stem), "TZ": "Asia/Taipei", "NO_PROXY": "*"}

    def close(self):
        self.run("down")
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    def run(self, *arguments, expect=None, **variables):
        ended = subprocess.run(
            [self.tree / "pipeline.sh", *arguments], env={**self.environment, **variables}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=600, check=False)
        if expect is not None and ended.returncode != expect:
            raise AssertionError(f"{arguments}: {ended.returncode} instead of {expect}\n{ended.stdout}{ended.stderr}")
        return ended

    def database_url(self, database):
        """Starts the private PostgreSQL, and returns the URL of one of its databases."""
        self.run("psql", "-c", "SELECT 1", expect=0)
        data = urllib.parse.quote(str(self.tree / ".postgres/data"), safe="/")
        return f"postgresql:///{database}?host={data}&port=5432&user=registry"

    def summary(self, *arguments, expect=0, **variables):
        return json.loads(self.run(*arguments, "--json", expect=expect, **variables).stdout)

    def kill(self, *arguments, when, **variables):
        """Kills a run with all its processes, after `when` returns."""
        process = subprocess.Popen(
            [self.tree / "pipeline.sh", *arguments], env={**self.environment, **variables}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        when()
        # Stages have their own process groups (job control), but share the session.
        members = subprocess.run(["pgrep", "-s", str(process.pid)], capture_output=True, text=True, check=True).stdout
        for pid in members.split():
            os.kill(int(pid), signal.SIGKILL)
        process.wait(30)

    def log_lines(self):
        """Returns the lines of the log files, as a collector reads them."""
        files = sorted(self.log_stem.parent.glob(self.log_stem.name + "-*"))
        return [line for file in files for line in file.read_text().splitlines()]


class Source:
    """A web server that does not answer `/silent`, and answers 404 to all other paths."""

    def __init__(self):
        self.asked = threading.Semaphore(0)
        ended = threading.Event()
        asked = self.asked

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/silent":
                    asked.release()
                    ended.wait(60)
                    return
                self.send_error(404)

            def log_message(self, *arguments):
                pass

        self.ended = ended
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()
