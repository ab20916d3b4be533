"""Timetables of the console and of croniter, in a form that can be compared."""

import datetime
import os
import pathlib
import subprocess
import zoneinfo

from croniter import CroniterBadDateError, croniter

CONSOLE = pathlib.Path(os.environ["BINARIES"]) / "console"
# Its clocks are set back by half an hour (test_timetable.py explains why this matters).
HALF_HOUR = "Australia/Lord_Howe"
YEARS = range(631152000, 2840140800)  # 1990 to 2059
DAY = 86400


def answers(cases):
    """Returns the console's answer to each (zone, moment, count, expression)."""
    lines = "".join("\t".join(map(str, case)) + "\n" for case in cases)
    ended = subprocess.run([CONSOLE, "timetable"], input=lines, capture_output=True, text=True, timeout=600, check=True)
    answered = ended.stdout.split("\n")[:-1]
    assert len(answered) == len(cases), (len(answered), len(cases), ended.stderr)
    return answered


def ours(*case):
    answer, = answers([case])
    if answer.startswith("error"):
        raise ValueError(answer)
    return [int(word) for word in answer.split()]


def comes_again(moment, zone):
    """Tells whether the moment is the second one for which the clock shows this time."""
    return datetime.datetime.fromtimestamp(moment, zoneinfo.ZoneInfo(zone)).fold == 1


class Croniter:
    """croniter's due moments; `times` omits the documented differences."""

    def __init__(self, zone, moment, text):
        self.zone = zone
        start = datetime.datetime.fromtimestamp(moment, zoneinfo.ZoneInfo(zone))
        # What croniter calls a bug is crontab(5)'s rule: a day field that begins with `*`, such as */2, restricts the other.
        self.iterator = croniter(text, start, implement_cron_bug=True)
        self.has_every_hour = "*" in self.iterator.expanded[1]

    def all(self):
        try:
            while True:
                yield int(self.iterator.get_next(float))
        except CroniterBadDateError:
            return

    def leaves_out(self, moment):
        return (not self.has_every_hour or self.zone == HALF_HOUR) and comes_again(moment, self.zone)

    def times(self, count):
        if count == 0:
            return []
        found = []
        for moment in self.all():
            if not self.leaves_out(moment):
                found.append(moment)
                if len(found) == count:
                    break
        return found


def changes(zone):
    """Returns the moments in YEARS at which clocks change."""
    def offset(moment):
        return datetime.datetime.fromtimestamp(moment, zoneinfo.ZoneInfo(zone)).utcoffset()

    found = []
    for low in YEARS[::DAY]:
        high = low + DAY
        if offset(low) == offset(high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
        found.append(high)
    return found
