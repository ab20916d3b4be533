"""Tests the arithmetic of the table: medians, ratios of pairs, goals."""

import tempfile
import unittest
from pathlib import Path

from bench import measure
from bench.compare import median, ratio, rounds
from bench.measure import Failed, Run
from bench.report import CaseResult, table


def took(*walls: float) -> list[Run]:
    return [Run(wall_s=wall, user_s=wall, system_s=0, peak_mib=10) for wall in walls]


class Figures(unittest.TestCase):
    def test_ratios_are_taken_pair_by_pair(self) -> None:
        # The ratios are 1, 2 and 0.5: their median is 1, while the ratio of the medians is 0.5.
        self.assertEqual(ratio(took(1, 20, 5), took(1, 10, 10)), 1)
        self.assertEqual(median(took(1, 20, 5), lambda run: run.wall_s), 5)

    def test_a_figure_without_values_has_no_median(self) -> None:
        self.assertIsNone(median(took(1, 2), lambda run: run.wal_mib))

    def test_the_first_round_does_not_count_and_the_order_changes(self) -> None:
        calls: list[str] = []

        def contestant(name: str):
            def run() -> Run:
                calls.append(name)
                return took(len(calls))[0]

            return run

        results = rounds({"a": contestant("a"), "b": contestant("b")}, 2)
        self.assertEqual(calls, ["b", "a", "a", "b", "b", "a"])
        self.assertEqual([run.wall_s for run in results["a"]], [3, 6])

    def test_a_goal_is_reached_at_its_bound_and_not_beyond_it(self) -> None:
        result = CaseResult("case")
        result.at_most("at most", "", "", 1.05, 1.05)
        result.at_most("over", "", "", 1.06, 1.05)
        result.at_least("at least", "", "", 4, 4)
        result.at_least("under", "", "", 3.9, 4)
        result.told("told", "", "", "7")
        self.assertEqual([row.reached for row in result.rows], [True, False, True, False, None])
        self.assertIn("| over |  |  | 1.06 | ≤ 1.05 | no |", table([result]))


class Measuring(unittest.TestCase):
    def test_children_of_a_pipeline_count(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            spin = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"
            one = measure.run(["sh", "-c", spin], Path(folder) / "log")
            both = measure.run(["sh", "-c", f"sh -c '{spin}' | sh -c '{spin}'"], Path(folder) / "log")
        self.assertGreater(both.cpu_s, one.cpu_s * 1.3)

    def test_a_command_that_fails_has_no_figures(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(Failed, "ended with 3:\nbecause"):
                measure.run(["sh", "-c", "echo because >&2; exit 3"], Path(folder) / "log")


if __name__ == "__main__":
    unittest.main()
