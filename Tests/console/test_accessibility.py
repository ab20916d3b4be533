"""Tests every page with axe-core and by keyboard, in both languages, light and dark, on desktop and phone."""

import json
import unittest

from monitoring.registry import snapshot

from . import hostile, window
from .console_project import OPERATOR, ConsoleProject, until
from .routes import NO_PAGES, routes
from .source import Source
from .texts import text

try:
    from axe_playwright_python.base import AXE_SCRIPT
except ImportError:
    AXE_SCRIPT = None

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
browser = office = operator = None
pages = []


def missing():
    return window.missing() or (None if AXE_SCRIPT else "Python's axe-playwright-python is not installed")


def setUpModule():
    """Creates a registry of two days, runs that succeeded, failed and are still running, and a schedule."""
    global browser, office, operator
    if missing():
        return
    browser = window.Browser()
    unittest.addModuleCleanup(browser.close)
    office = ConsoleProject()
    unittest.addModuleCleanup(office.close)
    hostile.load_two_days(office)
    office.add_accounts()
    source = Source(hostile.day(2))
    unittest.addModuleCleanup(source.close)
    office.start(SOURCE_URL=source.url)
    operator = office.browser(OPERATOR)
    operator.post("/schedules", name="每天", kind="run", cron="0 2 * * *", timing_kind="cron")
    for kind, state in [("dry-run", "succeeded"), ("run", "failed")]:
        operator.post("/tasks", kind=kind)
        until(lambda: office.sql("SELECT state FROM console.task ORDER BY id DESC LIMIT 1") == [[state]])
        source.content = snapshot(50).replace(b"01-SEP-26", b"03-SEP-26")
    office.run("run", "--source", "http://127.0.0.1:9/none.csv", expect=75)
    record = json.loads(office.run("runs", "--json", expect=0).stdout)[0]["run_id"]
    source.hold()
    operator.post("/tasks", kind="dry-run")
    until(lambda: office.sql("SELECT state FROM console.task WHERE id = 3 AND log <> ''") == [["running"]])
    pages.extend(
        path for path in routes("get")
        if path not in NO_PAGES and not path.startswith("/api/") and not path.endswith(".csv"))
    # The log-in page only shows without a session.
    pages.remove("/login")
    pages.extend([
        "/tasks/2", "/tasks/3", "/runs/3", f"/runs/{record}", "/nothing", "/registrations?name=x", "/registrations?name=zzzz",
        "/registrations?name=%E6%9C%89%E9%99%90%E5%85%AC%E5%8F%B8&sort=capital&order=desc", "/changes?since=x",
        "/findings?code=INVALID_BAN", "/registrations/00025797"])


@unittest.skipIf(missing(), missing())
class AccessibilityTests(unittest.TestCase):
    def window(self, language="zh-TW", is_in=True, **options):
        opened = window.Window(browser, office.port, **options)
        self.addCleanup(opened.close)
        opened.goto(f"/language?set={language}&to=/login")
        if is_in:
            opened.enter(operator)
        return opened

    def look(self, opened, path, looks):
        """Returns axe's violations, and the widths of pages that are too wide."""
        violations, widths = [], []
        opened.goto(path)
        opened.page.evaluate(AXE_SCRIPT)
        # Collapsed parts are checked, too.
        opened.page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        for scheme, size in looks:
            opened.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for width in [size["width"], 320] if size == PHONE else [size["width"]]:
                opened.page.set_viewport_size({**size, "width": width})
                found = opened.page.evaluate("document.documentElement.scrollWidth")
                widths += [(path, width, found)] if found > width else []
            opened.page.set_viewport_size(size)
            violations += [[path, scheme, size["width"], *violation] for violation in opened.page.evaluate(VIOLATIONS)]
        return violations, widths

    def test_axe_and_width(self):
        """Checks pairs of colours and widths in each language. No page is wider than a phone of 390 or 320 pixels."""
        violations, widths = [], []
        for language, looks in [
            ("zh-TW", [("light", DESK), ("dark", PHONE)]), ("en", [("dark", DESK), ("light", PHONE)]),
        ]:
            stranger, opened = self.window(language, is_in=False), self.window(language)
            for path in ["/login", *pages]:
                found = self.look(stranger if path == "/login" else opened, path, looks)
                violations += found[0]
                widths += [(language, *width) for width in found[1]]
        self.assertEqual(violations, [])
        self.assertEqual(widths, [])

    def test_a_phone_has_large_controls_and_texts(self):
        """On a phone all controls are at least 44 pixels high, and no text of a chart is smaller than 12 pixels."""
        small = []
        for language in ["zh-TW", "en"]:
            stranger = self.window(language, is_in=False, viewport=PHONE)
            opened = self.window(language, viewport=PHONE)
            for path in ["/login", *pages]:
                page = (stranger if path == "/login" else opened).page
                page.goto(path)
                page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
                small += [[language, path, *found] for found in page.evaluate(SMALL)]
        self.assertEqual(small, [])

    def test_a_button_that_needs_scripts_is_not_there_without_them(self):
        for has_scripts in [True, False]:
            opened = self.window(java_script_enabled=has_scripts)
            opened.goto("/registrations/00025797")
            self.assertEqual(opened.page.locator("[data-copy]").count(), 1)
            self.assertEqual(opened.page.get_by_text(text("reg_copy")).count(), int(has_scripts))

    def test_dates_and_codes_are_on_one_line(self):
        for language in ["zh-TW", "en"]:
            opened = self.window(language, viewport=PHONE)
            for path in pages:
                opened.goto(path)
                opened.page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
                self.assertEqual(opened.page.evaluate(BROKEN), [], (language, path))

    def test_the_list_of_runs_fits(self):
        for language in ["zh-TW", "en"]:
            opened = self.window(language, viewport=DESK)
            for path in ["/", "/runs"]:
                opened.goto(path)
                self.assertEqual(opened.page.evaluate(TOO_WIDE), [], (language, path))

    def test_charts_show_values(self):
        """A chart shows the values of a column under the pointer or with the keyboard's focus, without scripts."""
        opened = self.window(viewport=DESK, java_script_enabled=False)
        opened.goto("/figures")
        shown = opened.page.locator(".chart-value:visible")
        self.assertEqual(shown.count(), 0)
        charts = opened.page.locator(".chart:has(.chart-target)")
        self.assertGreaterEqual(charts.count(), 2)
        for chart in charts.all():
            chart.locator(".chart-target rect").first.hover()
            self.assertEqual(shown.count(), 1)
            self.assertRegex(shown.text_content(), r"\d.*: ?[\d–]")
        opened.page.mouse.move(0, 0)
        self.assertEqual(shown.count(), 0)
        opened.page.keyboard.press("Tab")
        links = opened.page.locator(".chart-target a").all()
        self.assertTrue(links)
        for link in links:
            link.focus()
            self.assertEqual(shown.count(), 1)

    def test_the_menu_of_a_phone(self):
        """The header is compact. Where the menu goes on, its edge is shaded."""
        for language in ["zh-TW", "en"]:
            opened = self.window(language, viewport=PHONE)
            opened.goto("/")
            self.assertLessEqual(opened.page.locator("header.site").bounding_box()["height"], 156)
            menu = opened.page.locator("nav.site-nav")
            self.assertIn("gradient", menu.evaluate("(menu) => getComputedStyle(menu).backgroundImage"))

    def test_the_header_is_aligned_with_the_page(self):
        opened = self.window(viewport=DESK)
        opened.goto("/")
        parts = ["header .brand a", "header .site-nav a", "main h1"]
        self.assertEqual(
            len({round(opened.page.locator(part).first.bounding_box()["x"]) for part in parts}), 1, parts)

    def test_keyboard(self):
        """The Tab key reaches every control, with visible focus. The first stop is the link that skips the menu."""
        opened = self.window(viewport=DESK)
        opened.page.emulate_media(reduced_motion="reduce")
        for path in pages:
            opened.goto(path)
            opened.page.evaluate(FOCUS)
            opened.page.keyboard.press("Tab")
            self.assertEqual(opened.page.evaluate("document.activeElement.className"), "skip", path)
            reached = []
            for _ in range(400):
                reached.append(opened.page.evaluate("focused()"))
                opened.page.keyboard.press("Tab")
                if opened.page.evaluate("document.activeElement === document.body"):
                    break
            self.assertEqual([what for what in reached if not what["isSeen"]], [], path)
            self.assertEqual(
                opened.page.evaluate("usable()"), sorted({what["name"] for what in reached if what["isUsable"]}), path)
        opened.page.keyboard.press("Tab")
        opened.page.keyboard.press("Enter")
        self.assertEqual(opened.page.evaluate("document.activeElement.id"), "main")

    def test_the_menu_by_keyboard(self):
        opened = self.window(viewport=DESK)
        for number in range(opened.page.locator("nav.site-nav a").count()):
            link = opened.page.locator("nav.site-nav a").nth(number)
            path = link.get_attribute("href")
            link.focus()
            with opened.page.expect_navigation():
                opened.page.keyboard.press("Enter")
            self.assertEqual(opened.path, path)
            self.assertEqual(opened.page.get_attribute("nav.site-nav [aria-current=page]", "href"), path)


VIOLATIONS = """
axe.run(document, {resultTypes: ['violations']}).then(({violations}) => violations
  .filter(({impact}) => impact === 'serious' || impact === 'critical')
  .map(({id, impact, nodes}) => [id, impact, nodes.slice(0, 3).map(({html}) => html.slice(0, 160))]))
"""

# Controls that are too low for a finger, and texts of charts that are too small. The row of a radio button or a box
# counts as a whole.
SMALL = """
[...document.querySelectorAll('a, button, input, select, textarea, summary')]
  .filter((part) => part.type !== 'hidden' && part.checkVisibility() && !part.closest('svg'))
  .map((part) => ['radio', 'checkbox'].includes(part.type) ? part.closest('label') : part)
  .map((part) => [part.getBoundingClientRect().height, part.outerHTML.slice(0, 100)])
  .filter(([height]) => height < 43.5)
  .concat([...document.querySelectorAll('svg text')]
    .map((text) => [parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a, text.textContent])
    .filter(([size]) => size < 12))
"""

# Dates and short codes that are broken.
BROKEN = """
[...document.querySelectorAll('.time, .finding-code')]
  .filter((part) => part.checkVisibility() && /^([\\d-]{10}|[A-Z_]{1,16})$/.test(part.textContent.trim()))
  .filter((part) => {
    const range = document.createRange();
    range.selectNodeContents(part);
    return new Set([...range.getClientRects()].map((box) => Math.round(box.bottom))).size > 1;
  })
  .map((part) => part.parentElement.outerHTML.slice(0, 160))
"""

# Tables that are wider than their part of the page: [width, width of the part].
TOO_WIDE = """
[...document.querySelectorAll('.scroll')].map((part) => [part.scrollWidth, part.clientWidth])
  .filter(([width, room]) => width > room)
"""

# Functions that return the focused control and all controls. The Tab key stops at only one radio button of a
# group. In a field for a date or a time, the browser highlights only a part of the field.
FOCUS = """
window.named = (part) => [...document.querySelectorAll('a, button, input, select, textarea, summary')].indexOf(part);
window.focused = () => {
  const part = document.activeElement;
  const box = part.getBoundingClientRect();
  const style = getComputedStyle(part);
  return {
    name: named(part), isUsable: named(part) >= 0 && part.type !== 'radio', what: part.outerHTML.slice(0, 100),
    isSeen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0
      && box.left < innerWidth
      && (['date', 'time'].includes(part.type) || style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2),
  };
};
window.usable = () => [...document.querySelectorAll('a, button, input, select, textarea, summary')]
  .filter((part) => part.type !== 'hidden' && part.type !== 'radio' && part.checkVisibility()).map(named);
"""


if __name__ == "__main__":
    unittest.main()
