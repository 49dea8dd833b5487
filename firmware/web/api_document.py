"""The OpenAPI 3.1 document of all that the page's server can be asked, each with the role that it needs."""

from typing import Any

import msgspec

from firmware.access.roles import ANYBODY, COMMANDS, RULES, WORDS
from firmware.version import VERSION
from firmware.web.api import GROUPS
from firmware.web.api_model import (
    Answer,
    Decided,
    Decision,
    Device,
    History,
    House,
    LineState,
    Login,
    NodeState,
    Order,
    Problem,
    Setup,
    Who,
)

Tree = dict[str, Any]
KINDS = (House, Device, NodeState, LineState, Decision, Decided, History, Setup, Login, Who, Order, Answer, Problem)
ABOUT = ("Whole numbers with the unit last in the name; + flows from the grid into the node; null is not known, never "
         "0. What is set needs the cookie of a login and its csrf as X-CSRF-Token. With X-Problem-Status: 200 what is "
         "refused is answered with that status, its own stands in the body: for pages whose browser's console shall "
         "stay clean.")
S = "/api/v1/sites/{site}"
QUERY = {"series": ("string", "names with commas between; none: which there are"),
         "from": ("integer", "seconds since 1970"), "to": ("integer", "seconds since 1970"),
         "device": ("string", "only of this one"), "q": ("string", "only with these words, in either language")}


def document() -> Tree:
    _, components = msgspec.json.schema_components(KINDS, ref_template="#/components/schemas/{name}")
    paths: Tree = {"/api/v1/sites": _get("The houses told of here", {"type": "array", "items": {"type": "string"}}),
                   S: _get("One house, whole", _ref("House"))}
    for group, kind in GROUPS.items():
        ref = _ref(kind.__name__)
        paths[f"{S}/{group}"] = _get(f"Its {group}, by name", {"type": "object", "additionalProperties": ref})
        paths[f"{S}/{group}/{{name}}"] = _get(f"One of its {group}", ref)
    paths[S + "/history"] = _get(
        "Curves: a value every step_s seconds; longer steps are means, with the least and the most within",
        _ref("History"), "series", "from", "to")
    paths[S + "/decisions"] = _get(
        "What was decided and why, whenever it changed: the newest 500 of that time, newest first",
        {"type": "array", "items": _ref("Decided")}, "from", "to", "device", "q")
    paths[S + "/setup"] = _get("What is configured, and what happens on each loss", _ref("Setup"))
    paths[S + "/backup"] = {"get": {"summary": "Configuration, curves and records, without secrets and keys",
                                    "responses": {"200": {"description": "OK", "content": {"application/gzip": {}}}}}}
    paths["/api/state"] = _get("Every retained topic with its payload", {"type": "object"})
    paths["/metrics"] = {"get": {"summary": "The same for Prometheus", "responses": {"200": {
        "description": "OK", "content": {"text/plain": {"schema": {"type": "string"}}}}}}}
    paths["/api/v1/login"] = _post("Logs in; the cookie of the answer is the session", "Login", "Who")
    paths["/api/v1/session"] = _get("Who is logged in; 204: there are no accounts", _ref("Who"))
    paths["/api/v1/logout"] = _post("Ends the session", "", "Who")
    for path in ("/devices/{device}", ""):
        paths[f"{S}{path}/set/{{what}}"] = _post("Sets one thing: as over MQTT, and answered in the same words",
                                                 "Order", "Answer")
    for path, item in paths.items():
        for method, operation in item.items():
            _finish(path, method, operation)
    return {"openapi": "3.1.0", "info": {"title": "Hutschiene", "version": VERSION, "description": ABOUT},
            "paths": paths, "components": {"schemas": components}}


def _finish(path: str, method: str, operation: Tree) -> None:
    """The names in the path, the role, and how a refusal looks."""
    named: "list[Tree]" = [{"name": step[1:-1], "in": "path", "required": True, "schema": {"type": "string"}}
                           for step in path.split("/") if step.startswith("{")]
    for one in named:
        if one["name"] == "what":
            one["schema"]["enum"] = list(COMMANDS)
    parameters = named + operation.get("parameters", [])
    if parameters:
        operation["parameters"] = parameters
    role = next((rule.role for rule in RULES if (rule.method, rule.path) == (method.upper(), path)), None)
    role = next(rule.role for rule in RULES if rule.handler == "read") if role is None else role
    if role > ANYBODY:
        operation["description"] = f"For {WORDS[role]} and above."
    if "content" in operation["responses"]["200"] or path.startswith("/api/"):
        operation["responses"]["default"] = {"description": "Why not", "content": {
            "application/problem+json": {"schema": _ref("Problem")}}}


def _ref(name: str) -> Tree:
    return {"$ref": f"#/components/schemas/{name}"}


def _get(words: str, schema: Tree, *query: str) -> Tree:
    out: Tree = {"summary": words, "responses": {
        "200": {"description": "OK", "content": {"application/json": {"schema": schema}}}}}
    if query:
        out["parameters"] = [{"name": name, "in": "query", "required": name in ("from", "to"),
                              "description": QUERY[name][1], "schema": {"type": QUERY[name][0]}} for name in query]
    return {"get": out}


def _post(words: str, body: str, answer: str) -> Tree:
    out: Tree = {"summary": words, "responses": {
        "200": {"description": "OK", "content": {"application/json": {"schema": _ref(answer)}}}}}
    if body:
        out["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(body)}}}
    return {"post": out}
