"""Two days of a registry: the sample that ships with the project, and values that could break pages."""

import csv
import io
import re

from monitoring.registry import BINARIES

SAMPLE = BINARIES / "business-registry_FetchStage.resources/Sample/BGMOPEN1-sample.csv"
TEXTS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'\u0301\"\u0301 onmouseover=alert(1) x=",
    "</title></textarea></script><svg onload=alert(1)>",
    "{{t.log_out}}{{{form_token}}}<!-- -->",
    "=cmd|'/C calc'!A0",
    "@SUM(1+1)*2",
    "javascript:alert(1)",
    "&lt;b&gt;&amp;amp;&#39;",
    "\u202eevil\u2066反轉\u202d",
    "𠮷野家\u200d\ufe0f⚠️ e\u0301",
    "50%_\\'; DROP TABLE tax_registration; --",
    "data:text/html,%3Cscript%3Ealert(1)%3C/script%3E",
    "第一行\n第二行",
]


def ban(number):
    return f"{99000001 + number}"


# Names of the businesses on the second day.
NAMES = {ban(number): text for number, text in enumerate(TEXTS)}


def shown(text):
    """Returns the text as pages show it: with names in place of bidirectional controls."""
    return re.sub("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def lines(names, rejected):
    """Returns records with each text in every free-text column, and rejected records with each text."""
    text = io.StringIO()
    sheet = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for number, name in enumerate(names):
        value = TEXTS[number]
        sheet.writerow([value, ban(number), "", name, 1000, "1100101", value[:50], "N"] + [value[:6], value] * 4)
    for value in rejected:
        sheet.writerow([value, "no BAN", "", value, 1000, "1100101", value[:50], "N"] + ["471100", value] + [""] * 6)
    return text.getvalue()


def day(number):
    """Returns the snapshot of a day. From one day to the next, each name becomes the previous text of the list."""
    head, _, rest = SAMPLE.read_text(encoding="utf-8").split("\n", 2)
    shift = (number - 2) % len(TEXTS)
    names = TEXTS[-shift:] + TEXTS[:-shift] if shift else TEXTS
    return f"{head}\n0{number}-SEP-26,,,,,,,,,,,,,,,\n{rest}{lines(names, TEXTS)}".encode()


def load_two_days(office):
    for number in [1, 2]:
        file = office.write(f"day{number}.csv", day(number))
        office.run("run", "--source", file, "--max-rejects", "100", expect=0)
