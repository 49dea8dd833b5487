"""The read API: the pairs that were published, sorted by house, device, node and line.

Pure: text in, objects out. firmware.web.page serves it.
"""

import json
from collections.abc import Mapping
from typing import Any

from firmware.said import said
from firmware.web.api_model import Device, LineState, NodeState

Tree = dict[str, Any]
PARTS = ("state", "decision", "energy", "settings", "ability", "measured", "obligations", "troubles")
RECORDS = ("state", "events")
MOST_SERIES = 32
MOST_SPAN_S = 50 * 366 * 86_400
GROUPS = {"devices": Device, "nodes": NodeState, "lines": LineState}


def tree(latest: "Mapping[str, str]") -> Tree:
    """{site: House} of {topic: payload}; what is not a house's own topic is left out."""
    out: Tree = {}
    for topic, payload in latest.items():
        levels = topic.split("/")
        if levels[0] == "hutschiene" and len(levels) in (3, 4):
            house = out.setdefault(levels[1], {"status": "online", "devices": {}, "nodes": {}, "lines": {}})
            _put(house, levels[2:], payload)
    return {name: house for name, house in out.items() if "state" in house}


def answer(latest: "Mapping[str, str]", path: str) -> "object | None":
    """What lies at `path` below /api/v1/: sites, sites/NAME, sites/NAME/devices, sites/NAME/devices/NAME, ...

    None when there is nothing.
    """
    steps = path.strip("/").split("/")
    if steps[0] != "sites":
        return None
    found: object = tree(latest)
    if steps == ["sites"]:
        return sorted(tree(latest))
    for depth, step in enumerate(steps[1:]):
        if not isinstance(found, dict) or step not in found or depth > 2 or (depth == 1 and step not in GROUPS):
            return None
        found = found[step]
    return found


def asked(query: "Mapping[str, str]") -> "tuple[tuple[str, ...], int, int] | str":
    """(series, from, to) of a question for curves; or why it cannot be answered. No series: which there are."""
    unknown = sorted(set(query) - {"series", "from", "to"})
    if unknown:
        return said("no such parameter: {}; known are {}", unknown[0][:40], "series, from, to")
    names = tuple(name for name in query.get("series", "").split(",") if name)
    if len(names) > MOST_SERIES:
        return said("series: at most {} at once", MOST_SERIES)
    times = [query.get(word, "") for word in ("from", "to")]
    if not all(word.isascii() and word.isdigit() and len(word) <= 11 for word in times):
        return said("from, to: needed, in seconds since 1970")
    from_s, to_s = (int(word) for word in times)
    if not 0 < to_s - from_s <= MOST_SPAN_S:
        return said("from, to: from must lie before to, and at most {} s", MOST_SPAN_S)
    return names, from_s, to_s


def _put(house: Tree, levels: "list[str]", payload: str) -> None:
    if levels == ["status"]:
        house["status"] = payload
        return
    place, part = levels if len(levels) == 2 else (levels[0], "")
    if place == "carry" or part not in (RECORDS if place == "records" else PARTS):
        return
    try:
        value = json.loads(payload)
    except ValueError:
        return  # none of ours
    if place == "site":
        house[part] = value
        return
    if place == "records":
        house.setdefault(place, {})[part] = value
        return
    for prefix, group in (("node_", "nodes"), ("line_", "lines")):
        if place.startswith(prefix):
            house[group][place.removeprefix(prefix)] = value
            return
    house["devices"].setdefault(place, {})[part] = value
