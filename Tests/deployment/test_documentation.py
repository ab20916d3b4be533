"""Tests the documentation: no broken links, and two READMEs that are short and have the same structure."""

import pathlib
import re
import tempfile
import unittest

from monitoring.registry import SOURCE

PAGES = [*SOURCE.glob("*.md"), *SOURCE.glob("docs/**/*.md"), SOURCE / "spool/README.md", SOURCE / "Benchmarks/README.md"]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def without_code(text):
    return re.sub(r"(?ms)^```.*?^```", "", text)


def anchors(page):
    """Returns the anchors of a page's headings, as GitHub generates them."""
    headings = re.findall(r"(?m)^#+ (.+)$", without_code(page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page):
    for target in LINK.findall(without_code(page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or anchor and anchor not in anchors(path):
            yield f"{page.relative_to(SOURCE)}: {target}"


class LinkTests(unittest.TestCase):
    def test_no_link_is_broken(self):
        self.assertGreater(len(PAGES), 15)
        self.assertEqual([link for page in PAGES for link in broken(page)], [])

    def test_a_broken_link_is_detected(self):
        with tempfile.TemporaryDirectory(dir=SOURCE / "spool") as folder:
            page = pathlib.Path(folder) / "page.md"
            page.write_text("# A heading\n[a](#a-heading) [b](#b) [c](c.md) [d](https://example.org)\n")
            self.assertEqual([link.split(": ")[1] for link in broken(page)], ["#b", "c.md"])

    def test_every_page_is_linked_from_the_readme(self):
        linked = {(SOURCE / target.partition("#")[0]).resolve() for target in LINK.findall((SOURCE / "README.md").read_text())}
        for page in (SOURCE / "docs").glob("*.md"):
            self.assertIn(page.resolve(), linked)

    def test_pages_named_in_sources_exist(self):
        for source in [*(SOURCE / "Sources").rglob("*.swift"), *(SOURCE / "Sources/pipeline").iterdir(), SOURCE / "pipeline.sh"]:
            for name, anchor in re.findall(r"(?<!org/)\b(docs/[\w/-]+\.(?:md|sql))(?:#([\w-]+))?", source.read_text()):
                page = SOURCE / name
                self.assertTrue(page.exists(), f"{source}: {name}")
                if anchor:
                    self.assertIn(anchor, anchors(page), source)


class ReadmeTests(unittest.TestCase):
    def test_both_are_short_and_have_the_same_structure(self):
        english, chinese = ((SOURCE / name).read_text() for name in ["README.md", "README.zh-TW.md"])
        for text in [english, chinese]:
            self.assertLessEqual(len(text.splitlines()), 150)

        def structure(text):
            return [line.split(" ")[0] for line in text.splitlines() if re.match(r"#+ |\| ?`|- \*\*", line)]

        self.assertEqual(structure(english), structure(chinese))
        self.assertEqual(set(LINK.findall(english)) - {"README.zh-TW.md"}, set(LINK.findall(chinese)) - {"README.md"})
