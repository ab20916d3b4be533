"""The addresses that the console's source names: a test that goes through them leaves none out."""

import re

from monitoring.registry import SOURCE

ROUTE = re.compile(r'\brouter\.(get|post)\("(/[^"]*)"')
# Anybody may see these.
OPEN = {"/login", "/language", "/healthz", "/assets/console.css"}
OPERATORS_ONLY = {"/audit", "/schedules/new", "/rollback", "/schedules/1/remove"}


def routes(method):
    """With the first of each thing in the place of a name such as :id."""
    found = set()
    for file in sorted((SOURCE / "Sources/Console/ConsoleWeb").rglob("*.swift")):
        for kind, path in ROUTE.findall(file.read_text()):
            if kind == method:
                found.add(path.replace(":id", "1").replace(":ban", "99000001").replace(":name", "console.css"))
    # Fewer would mean that they are written in another way now.
    assert len(found) > (15 if method == "get" else 8), found
    return sorted(found)
