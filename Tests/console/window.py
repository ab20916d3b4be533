"""Windows of a real browser (headless Chromium with Playwright) that record all faults."""

import re
import shutil
import urllib.parse

from .console_project import OPERATOR, PASSWORD

try:
    from playwright.sync_api import sync_playwright
except ImportError:
    sync_playwright = None


def missing():
    """Returns why no browser is available here, or None if there is one."""
    if not sync_playwright:
        return "Python's playwright is not installed"
    if not shutil.which("chromium"):
        return "chromium is not installed"
    return None


def quoted(text):
    """Encodes a value for a query."""
    return urllib.parse.quote(text, safe="")


class Browser:
    def __init__(self):
        self.playwright = sync_playwright().start()
        self.chromium = self.playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"])

    def close(self):
        self.chromium.close()
        self.playwright.stop()


class Window:
    def __init__(self, browser, port, **options):
        self.base = f"http://127.0.0.1:{port}"
        self.context = browser.chromium.new_context(base_url=self.base, **options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        # Dialogs, console messages (also about violations of the content security policy), script errors, failed requests.
        self.faults = []
        self.page.on("dialog", self.dialog)
        self.page.on("console", self.message)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("requestfailed", self.failed)
        self.page.on("request", self.request)
        self.page.on("response", self.response)

    def dialog(self, dialog):
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def message(self, message):
        # response() records statuses of 400 or more.
        if message.type in ["error", "warning"] and "the server responded with a status of" not in message.text:
            self.faults.append(f"{message.type}: {message.text}")

    def failed(self, request):
        # Leaving a page aborts its requests.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"failed: {request.url} {request.failure}")

    def request(self, request):
        if not request.url.startswith(self.base + "/"):
            self.faults.append(f"request: {request.url}")

    def response(self, response):
        if response.status >= 400:
            self.faults.append(f"{response.status} {response.url.removeprefix(self.base)}")

    def goto(self, path):
        return self.page.goto(path)

    def enter(self, client):
        """Uses the session of a client that is logged in, because hashing a password is slow."""
        self.context.add_cookies([
            {"name": name, "value": value, "url": self.base} for name, value in client.cookies.items()])

    def log_in(self, name=OPERATOR, password=PASSWORD):
        if not self.path.startswith("/login"):
            self.goto("/login")
        self.page.fill("[name=name]", name)
        self.page.fill("[name=password]", password)
        with self.page.expect_navigation():
            self.page.click("main form button")

    @property
    def path(self):
        """The path of the current page, with its query."""
        return re.sub(r"^(https?://[^/]*|about:blank)", "", self.page.url)

    def text(self, selector):
        return self.page.text_content(selector)

    def close(self):
        self.context.close()
