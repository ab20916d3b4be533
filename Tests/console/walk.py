"""A console with two days of a registry, and a base class for tests in a browser."""

import re
import unittest

from . import hostile, window
from .console_project import OPERATOR, ConsoleProject
from .source import Source

browser = office = source = operator = None


def begin(content):
    """Returns a browser, a project and a source with this content. They are closed after the module's tests."""
    made = []
    for make in [window.Browser, ConsoleProject, lambda: Source(content)]:
        made.append(make())
        unittest.addModuleCleanup(made[-1].close)
    return made


def set_up():
    """Sets up a module (setUpModule)."""
    global browser, office, source, operator
    if window.missing():
        return
    browser, office, source = begin(hostile.day(2))
    hostile.load_two_days(office)
    office.add_accounts()
    office.start(SOURCE_URL=source.url)
    operator = office.browser(OPERATOR)


@unittest.skipIf(window.missing(), window.missing())
class WindowTest(unittest.TestCase):
    scripts = True

    def setUp(self):
        self.window = window.Window(browser, office.port, java_script_enabled=self.scripts)
        self.addCleanup(self.window.close)
        self.page = self.window.page
        # A run that a test leaves behind must end: tasks run one after the other.
        self.addCleanup(source.release)

    def assertFaults(self, *expected):
        self.assertEqual(self.window.faults, list(expected))

    def start(self, kind):
        """Starts a run, and waits for its page."""
        self.window.goto("/")
        self.page.click(f"form:has([name=kind][value={kind}]) button")
        self.page.wait_for_url(re.compile(r"/tasks/\d+$"))
        return self.window.path

    def ended(self, state):
        """Waits until the page shows the end of the run without a reload."""
        self.page.wait_for_selector(f"main section .state.{state}", timeout=60_000)
        self.page.wait_for_selector("section:not([data-live])")

    def save(self, problem=None):
        self.page.click("form#schedule-form button:not([name])")
        self.page.wait_for_selector(problem) if problem else self.page.wait_for_url(re.compile("/schedules$"))

    def search(self, **fields):
        self.window.goto("/registrations")
        self.page.click("details.advanced summary")
        for name, value in fields.items():
            self.page.fill(f"form.filters [name={name}]", value)
        self.page.click("form.filters button")
        self.page.wait_for_url(re.compile(r"/registrations\?"))

    def type_a_name(self):
        """Types the name of a business into the search box of another page. Returns its number and name."""
        self.window.goto("/registrations")
        ban, name = (self.page.locator(place).first.text_content() for place in ["td.ban", "tbody th"])
        self.window.goto("/figures")
        self.page.fill("header [name=q]", name)
        return ban, name

    def names(self):
        return self.page.locator("tbody th").all_text_contents()
