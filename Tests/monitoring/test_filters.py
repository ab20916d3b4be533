"""Tests the evaluator of filter patterns that other tests use."""

import unittest

from .filters import Pattern, metric


class FilterTests(unittest.TestCase):
    def test_conditions(self):
        pattern = Pattern('{ $.a = "x" && ($.b > 2 || $.c.d != "y") }')
        self.assertTrue(pattern.matches('{"a":"x","b":3}'))
        self.assertTrue(pattern.matches('{"a":"x","c":{"d":"z"}}'))
        self.assertFalse(pattern.matches('{"a":"x","b":2}'))
        self.assertFalse(pattern.matches('{"a":"y","b":3}'))
        self.assertFalse(pattern.matches('{"a":"x","b":"3"}'), "a string is not a number")
        self.assertFalse(pattern.matches("no JSON, x"))

    def test_truth(self):
        pattern = Pattern("{ $.a IS FALSE }")
        self.assertTrue(pattern.matches('{"a":false}'))
        for text in ['{"a":true}', '{"a":0}', '{"a":"false"}', '{"b":false}']:
            self.assertFalse(pattern.matches(text), text)

    def test_unsupported_patterns_are_rejected(self):
        for text in ['$.a = "x"', '{ $.a ~ "x" }', '{ $.a = "x" ', '{ $.a = "x*" }', '{ $.a > "x" }']:
            with self.assertRaises((ValueError, IndexError)):
                Pattern(text)

    def test_values(self):
        rule = {"filterPattern": '{ $.a = "x" }', "metricTransformations": [{"metricValue": "$.n"}]}
        self.assertEqual(metric(rule, ['{"a":"x","n":2}', '{"a":"x"}', '{"a":"y","n":5}', '{"a":"x","n":1.5}']), 3.5)


if __name__ == "__main__":
    unittest.main()
