"""Evaluates IAM policies offline, according to the user guide ("Policy evaluation logic"). It supports what this project uses:
identity policies, permissions boundaries, and string conditions on single values. Anything else raises an error."""

import fnmatch
import re


class Policy:
    def __init__(self, document):
        self.statements = document["Statement"]
        for statement in self.statements:
            unknown = set(statement) - {"Sid", "Effect", "Action", "Resource", "Condition"}
            if unknown or statement["Effect"] not in ("Allow", "Deny"):
                raise ValueError(f"{unknown or statement['Effect']} is not supported")

    def allows(self, action, resource, context=None):
        found = {statement["Effect"] for statement in self.statements if applies(statement, action, resource, context or {})}
        return found == {"Allow"}


def applies(statement, action, resource, context):
    return (
        any(matches(pattern.lower(), action.lower()) for pattern in listed(statement["Action"]))
        and any(matches(pattern, resource) for pattern in listed(statement["Resource"]))
        and all(holds(operator, keys, context) for operator, keys in statement.get("Condition", {}).items()))


def holds(operator, keys, context):
    """Evaluates a condition. It fails if the request lacks one of its keys."""
    compare = {"StringEquals": str.__eq__, "StringLike": lambda value, pattern: matches(pattern, value)}[operator]
    return all(
        key in context and any(compare(context[key], wanted) for wanted in listed(values)) for key, values in keys.items())


def matches(pattern, text):
    # Brackets are literal in policies, but not in fnmatch.
    return fnmatch.fnmatchcase(text, re.sub(r"\[", "[[]", pattern))


def listed(value):
    return value if isinstance(value, list) else [value]
