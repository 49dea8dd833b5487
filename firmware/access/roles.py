"""Who may do what: one table of the page's routes, one of what can be set. What stands in neither, nobody may.

A role holds all that is below it. The broker's accounts (deploy/mosquitto/acl) follow the same table.
"""

from typing import NamedTuple

ANYBODY, VIEWER, OWNER, INSTALLER = range(4)
NAMES = {"viewer": VIEWER, "owner": OWNER, "installer": INSTALLER}
WORDS = {number: name for name, number in NAMES.items()}


class Rule(NamedTuple):
    """One route of the page's server."""

    method: str
    path: str
    role: int  # the least that may
    handler: str  # of firmware.web.routes.Routes


SITE = "/api/v1/sites/{site}"
RULES = (
    # the page's own files: without them nobody could log in
    Rule("GET", "/", ANYBODY, "file"),
    Rule("POST", "/api/v1/login", ANYBODY, "login"),
    Rule("GET", "/api/v1/session", ANYBODY, "session"),
    Rule("POST", "/api/v1/logout", VIEWER, "logout"),
    Rule("GET", "/events", VIEWER, "events"),
    Rule("GET", "/api/state", VIEWER, "state"),
    Rule("GET", "/api/openapi.json", VIEWER, "document"),
    Rule("GET", "/metrics", VIEWER, "metrics"),
    Rule("GET", SITE + "/history", VIEWER, "history"),
    Rule("GET", SITE + "/decisions", VIEWER, "decisions"),
    Rule("GET", SITE + "/setup", VIEWER, "setup"),
    Rule("GET", SITE + "/backup", INSTALLER, "backup"),
    Rule("POST", SITE + "/devices/{device}/set/{what}", OWNER, "set_device"),
    Rule("POST", SITE + "/set/{what}", OWNER, "set_site"),
    Rule("GET", "/api/v1/{path:path}", VIEWER, "read"),
    Rule("GET", "/{name}", ANYBODY, "file"),
)
COMMANDS = {
    "mode": OWNER, "power_w": OWNER, "target_wh": OWNER, "target_permille": OWNER, "worth": OWNER, "limit": OWNER,
    "import_price": OWNER, "import_prices": OWNER, "export_price": OWNER,
    "event": OWNER,
    "ceiling_w": INSTALLER, "feed_in_w": INSTALLER,  # the grid operator's: who lives here does not lift them
}
