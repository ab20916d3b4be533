"""Evaluates the part of CloudWatch's filter patterns for JSON that this project uses, according to the user guide ("Filter
pattern syntax for metric filters"): `{ $.a = "text" && ($.b > 0 || $.c IS TRUE) }`."""

import json
import re

TOKEN = re.compile(r'\s*(\{|\}|\(|\)|&&|\|\||IS\s+(?:TRUE|FALSE)|!=|>=|<=|=|>|<|"(?:[^"\\]|\\.)*"|\$(?:\.\w+)+|-?\d+(?:\.\d+)?)')


class Pattern:
    def __init__(self, text):
        self.tokens, end = [], 0
        text = text.strip()
        while end < len(text):
            match = TOKEN.match(text, end)
            if not match:
                raise ValueError(f"unable to parse '{text}' from character {end} on")
            self.tokens.append(match[1])
            end = match.end()
        self.take("{")
        self.condition = self.any_of()
        self.take("}")
        if self.tokens:
            raise ValueError(f"text after the end of '{text}'")

    def take(self, *expected):
        token = self.tokens.pop(0) if self.tokens else None
        if token not in expected:
            raise ValueError(f"{token} instead of {expected}")
        return token

    def any_of(self):
        parts = [self.all_of()]
        while self.tokens and self.tokens[0] == "||":
            self.take("||")
            parts.append(self.all_of())
        return lambda event: any(part(event) for part in parts)

    def all_of(self):
        parts = [self.term()]
        while self.tokens and self.tokens[0] == "&&":
            self.take("&&")
            parts.append(self.term())
        return lambda event: all(part(event) for part in parts)

    def term(self):
        if self.tokens[0] == "(":
            self.take("(")
            condition = self.any_of()
            self.take(")")
            return condition
        path = self.tokens.pop(0)
        if not path.startswith("$."):
            raise ValueError(f"{path} is not a selector")
        if self.tokens and self.tokens[0].startswith("IS"):
            wanted_truth = self.tokens.pop(0).endswith("TRUE")
            return lambda event: select(event, path) is wanted_truth
        operator = self.take("=", "!=", ">", "<", ">=", "<=")
        value = self.tokens.pop(0)
        if value.startswith('"'):
            wanted = json.loads(value)
            if operator not in ("=", "!="):
                raise ValueError(f"{operator} does not compare texts")
            if "*" in wanted:
                raise ValueError("wildcards are not supported")
            return lambda event: isinstance(select(event, path), str) and (
                (select(event, path) == wanted) == (operator == "="))
        number = float(value)
        compare = {
            "=": number.__eq__, "!=": number.__ne__, ">": number.__lt__, "<": number.__gt__, ">=": number.__le__,
            "<=": number.__ge__,
        }[operator]
        return lambda event: is_number(select(event, path)) and bool(compare(select(event, path)))

    def matches(self, message):
        try:
            event = json.loads(message)
        except ValueError:
            return False
        return isinstance(event, dict) and self.condition(event)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def select(event, path):
    for name in path.split(".")[1:]:
        event = event.get(name) if isinstance(event, dict) else None
    return event


def metric(metric_filter, messages):
    """Returns the sum of a filter's metric over messages, as CloudWatch computes it."""
    pattern = Pattern(metric_filter["filterPattern"])
    total = 0.0
    for message in messages:
        if not pattern.matches(message):
            continue
        (transformation,) = metric_filter["metricTransformations"]
        value = transformation["metricValue"]
        if value.startswith("$."):
            value = select(json.loads(message), value)
            if not is_number(value):
                continue  # CloudWatch publishes no value
        total += float(value)
    return total
