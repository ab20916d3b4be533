"""Timetables against croniter's, for random expressions. SEED=n repeats a run.

The two are equal but for this, where croniter is at odds with cron(8) and crontab(5), or with itself; each has a test
here:
- A time that comes twice when clocks are put back: an expression that has not every hour is due the first time alone
  (so in cron(8), for expressions without any `*` in minute and hour); croniter has it due twice.
- Where clocks are put back by less than an hour, croniter overlooks some of the times that come twice.
- A range from a value to itself (5-5) is that value; croniter makes all values of it.
- A list with a `*` that is not its first (5,*) does not begin with `*`; croniter takes the field for a `*`.
- Ranges that end before they start (nov-feb) and steps that no field has room for (*/90) are refused.
"""

import os
import random
import re
import unittest

from croniter import CroniterBadCronError, croniter

from . import expressions
from .timetables import DAY, HALF_HOUR, YEARS, Croniter, answers, changes, ours

SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
STEADY = ["UTC", "Asia/Taipei", "Asia/Tokyo", "Asia/Kolkata"]
CHANGING = [
    "Europe/Berlin", "America/New_York", "America/St_Johns", "America/Sao_Paulo", "America/Havana", "Pacific/Auckland",
    HALF_HOUR,
]


def setUpModule():
    print(f"SEED={SEED}", flush=True)


def read_differently(text):
    """5-5 and 5,* (see above)."""
    for number, field in enumerate(text.split()):
        for low, high in re.findall(r"(\w+)-(\w+)", field):
            if expressions.number(number, low) == expressions.number(number, high):
                return True
    return ",*" in text


class TimetableTests(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(f"{SEED} {self.id()}")

    def compare(self, cases):
        seen = 0
        for case, answer in zip(cases, answers(cases)):
            zone, moment, count, text = case
            self.assertFalse(answer.startswith("error"), (SEED, case, answer))
            given = [int(word) for word in answer.split()]
            theirs = Croniter(zone, moment, text)
            mine = [time for time in given if zone != HALF_HOUR or not theirs.leaves_out(time)]
            self.assertEqual(mine, theirs.times(len(mine)), (SEED, case))
            if len(given) < count:
                self.assertEqual([], given, "what is due once comes again")
                self.assertEqual([], theirs.times(1), (SEED, case))
            seen += len(given)
        self.assertGreater(seen, len(cases))

    def test_zones_whose_clocks_stay(self):
        self.compare([
            (self.random.choice(STEADY), self.random.choice(YEARS), self.random.randint(1, 8),
             expressions.expression(self.random))
            for _ in range(6000)])

    def test_zones_whose_clocks_are_changed_at_any_time(self):
        self.compare([
            (self.random.choice(CHANGING), self.random.choice(YEARS), self.random.randint(1, 8),
             expressions.expression(self.random))
            for _ in range(3000)])

    def test_around_changes_of_the_clocks(self):
        # Until 2011 St. John's went back from 00:01 to the day before, whose last hour came twice: croniter has it once.
        found = {
            zone: [moment for moment in changes(zone) if zone != "America/St_Johns" or moment > 1_325_376_000]
            for zone in CHANGING}
        cases = []
        for _ in range(4000):
            zone = self.random.choice(CHANGING)
            make = self.random.choice([expressions.daily, expressions.daily, expressions.expression])
            moment = self.random.choice(found[zone]) + self.random.randint(-DAY, DAY // 3)
            cases.append((zone, moment, self.random.choice([8, 40]), make(self.random)))
        self.compare(cases)

    def test_what_is_accepted_croniter_accepts_and_means_the_same(self):
        cases = [
            ("UTC", self.random.choice(YEARS), 4, expressions.damaged(self.random)) for _ in range(6000)]
        accepted = refused = 0
        for case, answer in zip(cases, answers(cases)):
            if answer.startswith("error"):
                refused += 1
                continue
            zone, moment, count, text = case
            if read_differently(text):
                continue
            accepted += 1
            # croniter wants a nickname bare.
            text = text.strip(" ")
            try:
                theirs = Croniter(zone, moment, text).times(count)
            except CroniterBadCronError as error:
                self.fail((SEED, case, answer, error))
            self.assertEqual([int(word) for word in answer.split()], theirs, (SEED, case))
        self.assertGreater(accepted, 300)
        self.assertGreater(refused, 300)


class DifferenceTests(unittest.TestCase):
    """Each difference is there, and is as described: one that a later croniter has no more can go."""

    def test_fixed_hours_are_due_once_where_a_time_comes_twice(self):
        midnight = 1729893600  # 2024-10-26 00:00 in Berlin; the next day 03:00 becomes 02:00
        first = midnight + DAY + 9000
        theirs = Croniter("Europe/Berlin", midnight + DAY, "30 2 * * *").all()
        self.assertEqual([first, first + 3600], [next(theirs), next(theirs)])
        self.assertEqual([first, first + DAY + 3600], ours("Europe/Berlin", midnight + DAY, 2, "30 2 * * *"))

    def test_half_an_hour_that_comes_twice(self):
        # Lord Howe, 2009-04-05: 02:00 becomes 01:30, so 01:42 comes twice.
        first = 1238856120
        theirs = Croniter(HALF_HOUR, first - 1, "*/21 * * * *").all()
        self.assertEqual([first, first + 2880], [next(theirs), next(theirs)])
        self.assertEqual([first, first + 1800, first + 2880], ours(HALF_HOUR, first - 1, 3, "*/21 * * * *"))

    def test_a_range_from_a_value_to_itself(self):
        self.assertEqual(["*"], croniter("5-5 * * * *").expanded[0])
        self.assertEqual([300, 3900], ours("UTC", 0, 2, "5-5 * * * *"))

    def test_a_list_whose_star_is_not_the_first(self):
        # Thursday 1970-01-01: any day of the month, or a Monday.
        self.assertEqual([DAY, 2 * DAY], ours("UTC", 0, 2, "0 0 5,* * 1"))
        self.assertEqual(4 * DAY, next(Croniter("UTC", 0, "0 0 5,* * 1").all()))

    def test_refused_here(self):
        for text in ["0 0 1 nov-feb *", "*/90 * * * *"]:
            self.assertTrue(croniter.is_valid(text))
            with self.assertRaises(ValueError):
                ours("UTC", 0, 1, text)


if __name__ == "__main__":
    unittest.main()
