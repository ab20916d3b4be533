"""What IAM policies allow, evaluated offline as the user guide has it ("Policy evaluation logic"), as far as ours go: identity
policies, permissions boundaries, and conditions on single texts. Anything else is refused rather than guessed."""

import fnmatch
import re


class Policy:
    def __init__(self, document):
        self.statements = document["Statement"]
        for statement in self.statements:
            unknown = set(statement) - {"Sid", "Effect", "Action", "Resource", "Condition"}
            if unknown or statement["Effect"] not in ("Allow", "Deny"):
                raise ValueError(f"{unknown or statement['Effect']} is not known here")

    def allows(self, action, resource, context=None):
        found = {statement["Effect"] for statement in self.statements if applies(statement, action, resource, context or {})}
        return found == {"Allow"}


def applies(statement, action, resource, context):
    return (
        any(matches(pattern.lower(), action.lower()) for pattern in listed(statement["Action"]))
        and any(matches(pattern, resource) for pattern in listed(statement["Resource"]))
        and all(holds(operator, keys, context) for operator, keys in statement.get("Condition", {}).items()))


def holds(operator, keys, context):
    """A key that the request does not bear fails the condition."""
    compare = {"StringEquals": str.__eq__, "StringLike": lambda value, pattern: matches(pattern, value)}[operator]
    return all(
        key in context and any(compare(context[key], wanted) for wanted in listed(values)) for key, values in keys.items())


def matches(pattern, text):
    # Brackets mean nothing in a policy.
    return fnmatch.fnmatchcase(text, re.sub(r"\[", "[[]", pattern))


def listed(value):
    return value if isinstance(value, list) else [value]
