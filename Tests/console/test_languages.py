"""Tests that every text exists in both languages."""

import re
import unittest

from monitoring.registry import SOURCE

from . import visits
from .console_project import OPERATOR
from .routes import NO_PAGES, OPEN, routes
from .texts import entries
from .visits import VisitTest, inside

setUpModule = visits.set_up


class LanguageTests(VisitTest):
    def test_texts(self):
        keys = set()
        for entry in entries():
            self.assertEqual(len(entry), 3, entry)
            key, chinese, english = entry
            self.assertTrue(key and chinese.strip() and english.strip(), entry)
            self.assertNotIn(key, keys)
            keys.add(key)
            if key != "language_other":
                self.assertNotRegex(re.sub("台 or 臺", "", english), r"[\u3400-\u9fff\uff00-\uffef]", entry)
            self.assertEqual(sorted(re.findall(r"%\d", chinese)), sorted(re.findall(r"%\d", english)), entry)
        for file in sorted((SOURCE / "Sources/Console/ConsoleWeb/Templates").glob("*.mustache")):
            for key in re.findall(r"\{\{[#^/]?t\.(\w+)\}\}", file.read_text(encoding="utf-8")):
                self.assertIn(key, keys, file.name)

    def test_pages(self):
        keys = {entry[0] for entry in entries() if "_" in entry[0]}
        for language in ["en", "zh-TW"]:
            browser = inside(OPERATOR)
            browser.get(f"/language?set={language}&to=/")
            for path in set(routes("get")) - OPEN - NO_PAGES | {"/nothing"}:
                if path.endswith(".csv") or path.startswith("/api/"):
                    continue
                # A hostile value of the registry contains the key of a text; it is not replaced.
                page = browser.get(path).text.replace("{{t.log_out}}", "")
                self.assertIn(f'<html lang="{language}">', page)
                words = set(re.findall(r"[a-z]+(?:_[a-z0-9]+)+", re.sub(r"<[^>]*>", " ", page)))
                self.assertEqual(words & keys, set(), path)
                self.assertNotRegex(page, r"<(h1|h2|th|dt|label|button|legend|summary)\b[^>]*>\s*</\1>", path)
            # Pages without data use one language only, except for the link to the other.
            for path in ["/schedules/new", "/nothing", "/audit"]:
                page = re.sub(r"<a [^>]*hreflang.*?</a>|<[^>]*>", " ", browser.get(path).text)
                if language == "en":
                    self.assertNotRegex(page, r"[\u3400-\u9fff]", path)
                else:
                    self.assertRegex(page, r"[\u3400-\u9fff]", path)


if __name__ == "__main__":
    unittest.main()
