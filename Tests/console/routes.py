"""All routes of the console, read from its source, so that tests cover every route."""

import re

from monitoring.registry import SOURCE

ROUTE = re.compile(r'\brouter\.(get|post)\("(/[^"]*)"')
# No log-in is needed for these.
OPEN = {"/login", "/language", "/healthz", "/assets/console.css"}
# Redirects, parts of pages and other files.
NO_PAGES = {
    "/language", "/healthz", "/assets/console.css", "/schedules/next", "/registrations/suggestions", "/tasks",
    "/tasks/1/events"}
OPERATORS_ONLY = {"/audit", "/schedules/new", "/rollback", "/runs/1/reload", "/schedules/1/remove"}


def routes(method):
    """Returns the paths of a method, with an existing value in place of each parameter such as :id."""
    found = set()
    for file in sorted((SOURCE / "Sources/Console/ConsoleWeb").rglob("*.swift")):
        for kind, path in ROUTE.findall(file.read_text()):
            if kind == method:
                found.add(path.replace(":id", "1").replace(":ban", "99000001").replace(":name", "console.css"))
    # Fewer would mean that the source now declares routes in another way.
    assert len(found) > (15 if method == "get" else 8), found
    return sorted(found)
