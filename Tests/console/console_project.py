"""A scratch project with a private PostgreSQL and a running console, and an HTTP client for it."""

import http.client
import os
import re
import select
import shutil
import signal
import subprocess
import time
import urllib.parse

from monitoring.registry import BINARIES, Project

OPERATOR, VIEWER = "olga", "vera"
PASSWORD = "a long password"


class ConsoleProject(Project):
    """A project with a console. Tests may start() and kill() the console any number of times."""

    def __init__(self):
        super().__init__()
        shutil.copy2(BINARIES / "console", self.tree / ".build/release")
        for name in ["console.stamp", "with-console"]:
            (self.tree / ".build" / name).touch()
        self.environment |= {"LOG_FORMAT": "text", "LOG_FILE": ""}
        self.process = None
        self.port = None

    def close(self):
        if self.process:
            self.kill(signal.SIGTERM)
        super().close()

    def add_accounts(self):
        for name, role in [(OPERATOR, "operator"), (VIEWER, "viewer")]:
            self.console("user", "add", name, "--role", role, stdin=PASSWORD + "\n")

    def console(self, *arguments, stdin="", command="console"):
        ended = subprocess.run(
            [self.tree / "pipeline.sh", command, *arguments], env=self.environment, input=stdin, capture_output=True,
            text=True, timeout=120, check=False)
        if ended.returncode:
            raise AssertionError(f"{command} {arguments}: {ended.returncode}\n{ended.stdout}{ended.stderr}")
        return ended.stdout

    def start(self, *arguments, pipeline=None, **variables):
        """Starts the console on a free port and waits until it listens."""
        self.errors = open(self.folder / "console.log", "ab")
        command = [self.tree / "pipeline.sh", "console", "--port", "0", *arguments]
        environment = {**self.environment, **variables}
        if pipeline:
            # Start the console as pipeline.sh would, but with a stand-in for pipeline.sh.
            command = [self.tree / ".build/release/console", "--port", "0", *arguments]
            environment |= {"PIPELINE": str(pipeline), "DATABASE_URL": self.url, "SPOOL_DIR": str(self.tree / "spool")}
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors)
        ready, _, _ = select.select([self.process.stdout], [], [], 120)
        line = self.process.stdout.readline().decode() if ready else ""
        found = re.fullmatch(r"http://(?:127\.0\.0\.1|\[::\]):(\d+)\n", line)
        if not found:
            raise AssertionError(f"the console does not start: {line}\n{self.log()}")
        self.port = int(found[1])

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        self.errors.close()
        self.process = None
        return code

    def log(self):
        return (self.folder / "console.log").read_text()

    @property
    def url(self):
        data = urllib.parse.quote(str(self.tree / ".postgres/data"), safe="/")
        return f"postgresql:///registry?host={data}&port=5432&user=registry"

    def sql(self, text):
        """Runs a statement, and returns its rows as lists of strings."""
        ended = self.run("psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-c", text, expect=0)
        return [line.split("\x1f") for line in ended.stdout.splitlines()]

    def browser(self, name=None):
        client = Client(self.port)
        if name:
            client.log_in(name)
        return client


class Client:
    """An HTTP client that keeps cookies and sends the hidden token of forms."""

    def __init__(self, port):
        self.port = port
        self.cookies = {}
        # The source address of connections, if it matters.
        self.source = None

    @property
    def cookie(self):
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def request(self, method, path, form=None, headers=None):
        body = None
        headers = dict(headers or {})
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        return self.send(method, path, body, headers)

    def send(self, method, path, body, headers):
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=60, source_address=self.source and (self.source, 0))
        if self.cookies:
            headers["Cookie"] = self.cookie
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            if value:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        return answer

    def get(self, path, **headers):
        return self.request("GET", path, headers=headers)

    def post(self, path, page="/", **form):
        """Posts a form with the token from `page`."""
        found = re.search(r'name="form_token" value="([0-9a-f]{64})"', self.get(page).text)
        return self.request("POST", path, {"form_token": found[1] if found else "", **form})

    def log_in(self, name, password=PASSWORD):
        return self.request("POST", "/login", {"name": name, "password": password, "to": "/"})


def until(what, seconds=60):
    """Waits until `what` returns a true value, and returns it; fails after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} seconds in vain")
