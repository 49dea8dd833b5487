"""The read API: the pairs that were published, sorted by house, device, node and line; and its OpenAPI document.

Pure: text in, objects out. firmware.page serves it.
"""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from firmware.api_model import Decision, Device, History, House, LineState, NodeState
from firmware.version import VERSION

Tree = dict[str, Any]
PARTS = ("state", "decision", "energy", "settings", "ability", "measured")
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
        return f"no such parameter: {unknown[0][:40]}; known are series, from, to"
    names = tuple(name for name in query.get("series", "").split(",") if name)
    if len(names) > MOST_SERIES:
        return f"series: at most {MOST_SERIES} at once"
    times = [query.get(word, "") for word in ("from", "to")]
    if not all(word.isascii() and word.isdigit() and len(word) <= 11 for word in times):
        return "from, to: needed, in seconds since 1970"
    from_s, to_s = (int(word) for word in times)
    if not 0 < to_s - from_s <= MOST_SPAN_S:
        return f"from, to: from must lie before to, and at most {MOST_SPAN_S} s"
    return names, from_s, to_s


def document() -> Tree:
    """OpenAPI 3.1 of all that `answer` can say."""
    _, components = msgspec.json.schema_components((House, Device, NodeState, LineState, Decision, History),
                                                   ref_template="#/components/schemas/{name}")
    paths: Tree = {"/api/v1/sites": _get("The houses told of here", {"type": "array", "items": {"type": "string"}}),
                   "/api/v1/sites/{site}": _get("One house, whole", _ref("House"), "site")}
    for group, kind in GROUPS.items():
        ref = _ref(kind.__name__)
        paths[f"/api/v1/sites/{{site}}/{group}"] = _get(
            f"Its {group}, by name", {"type": "object", "additionalProperties": ref}, "site")
        paths[f"/api/v1/sites/{{site}}/{group}/{{name}}"] = _get(f"One of its {group}", ref, "site", "name")
    curves = paths["/api/v1/sites/{site}/history"] = _get(
        "Curves: a value every step_s seconds; longer steps are means, with the least and the most within",
        _ref("History"), "site")
    curves["get"]["parameters"] += [
        {"name": name, "in": "query", "required": name != "series", "description": words, "schema": {"type": kind}}
        for name, kind, words in (("series", "string", "names with commas between; none: which there are"),
                                  ("from", "integer", "seconds since 1970"), ("to", "integer", "seconds since 1970"))]
    paths["/api/state"] = _get("Every retained topic with its payload", {"type": "object"})
    paths["/metrics"] = {"get": {"summary": "The same for Prometheus", "responses": {"200": {
        "description": "OK", "content": {"text/plain": {"schema": {"type": "string"}}}}}}}
    return {"openapi": "3.1.0", "info": {"title": "Hutschiene", "version": VERSION, "description": ABOUT},
            "paths": paths, "components": {"schemas": components}}


ABOUT = ("Read only. Whole numbers with the unit last in the name; + flows from the grid into the node; null is "
         "not known, never 0.")


def _put(house: Tree, levels: "list[str]", payload: str) -> None:
    if levels == ["status"]:
        house["status"] = payload
        return
    place, part = levels if len(levels) == 2 else (levels[0], "")
    if part not in PARTS:
        return
    try:
        value = json.loads(payload)
    except ValueError:
        return  # none of ours
    if place == "site":
        house[part] = value
        return
    for prefix, group in (("node_", "nodes"), ("line_", "lines")):
        if place.startswith(prefix):
            house[group][place.removeprefix(prefix)] = value
            return
    house["devices"].setdefault(place, {})[part] = value


def _ref(name: str) -> Tree:
    return {"$ref": f"#/components/schemas/{name}"}


def _get(words: str, schema: Tree, *parameters: str) -> Tree:
    responses: Tree = {"200": {"description": "OK", "content": {"application/json": {"schema": schema}}}}
    if parameters:
        responses["404"] = {"description": "There is none of this name"}
    named = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in parameters]
    return {"get": {"summary": words, **({"parameters": named} if named else {}), "responses": responses}}
