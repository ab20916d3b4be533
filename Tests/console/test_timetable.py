"""Compares timetables with croniter's for random expressions. SEED=n repeats a run.

They are equal with these exceptions, in which croniter contradicts cron(8) and crontab(5), or itself. Each exception has a
test here:
- When clocks are set back, some times occur twice. An expression without every hour is due only the first time (as in
  cron(8) for expressions without `*` in minute and hour); in croniter it is due twice.
- When clocks are set back by less than an hour, croniter omits some of the times that occur twice.
- A range from a value to itself (5-5) is that value; croniter takes it for all values.
- A list with a `*` that is not its first element (5,*) does not begin with `*`; croniter takes the field for `*`.
- Ranges that end before they start (nov-feb) and steps larger than the field (*/90) are refused; croniter accepts them.
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
    """Tells whether croniter interprets the expression differently: 5-5 and 5,* (see above)."""
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
                self.assertEqual([], given, "fewer times than requested, but not none")
                self.assertEqual([], theirs.times(1), (SEED, case))
            seen += len(given)
        self.assertGreater(seen, len(cases))

    def test_zones_without_clock_changes(self):
        self.compare([
            (self.random.choice(STEADY), self.random.choice(YEARS), self.random.randint(1, 8),
             expressions.expression(self.random))
            for _ in range(6000)])

    def test_zones_with_clock_changes_at_random_times(self):
        self.compare([
            (self.random.choice(CHANGING), self.random.choice(YEARS), self.random.randint(1, 8),
             expressions.expression(self.random))
            for _ in range(3000)])

    def test_around_clock_changes(self):
        # Until 2011, St. John's set clocks back from 00:01 to 23:01 of the previous day. croniter has the repeated hour once.
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

    def test_croniter_accepts_accepted_expressions_with_the_same_meaning(self):
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
            # croniter accepts no spaces around a nickname.
            text = text.strip(" ")
            try:
                theirs = Croniter(zone, moment, text).times(count)
            except CroniterBadCronError as error:
                self.fail((SEED, case, answer, error))
            self.assertEqual([int(word) for word in answer.split()], theirs, (SEED, case))
        self.assertGreater(accepted, 300)
        self.assertGreater(refused, 300)


class DifferenceTests(unittest.TestCase):
    """Checks that each difference exists as described. If a later croniter no longer has one, remove its exception."""

    def test_fixed_hours_are_due_once_if_a_time_occurs_twice(self):
        midnight = 1729893600  # 2024-10-26 00:00 in Berlin; the next day 03:00 becomes 02:00
        first = midnight + DAY + 9000
        theirs = Croniter("Europe/Berlin", midnight + DAY, "30 2 * * *").all()
        self.assertEqual([first, first + 3600], [next(theirs), next(theirs)])
        self.assertEqual([first, first + DAY + 3600], ours("Europe/Berlin", midnight + DAY, 2, "30 2 * * *"))

    def test_half_an_hour_that_occurs_twice(self):
        # Lord Howe, 2009-04-05: 02:00 becomes 01:30, so 01:42 occurs twice.
        first = 1238856120
        theirs = Croniter(HALF_HOUR, first - 1, "*/21 * * * *").all()
        self.assertEqual([first, first + 2880], [next(theirs), next(theirs)])
        self.assertEqual([first, first + 1800, first + 2880], ours(HALF_HOUR, first - 1, 3, "*/21 * * * *"))

    def test_a_range_from_a_value_to_itself(self):
        self.assertEqual(["*"], croniter("5-5 * * * *").expanded[0])
        self.assertEqual([300, 3900], ours("UTC", 0, 2, "5-5 * * * *"))

    def test_a_list_with_a_star_that_is_not_first(self):
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
