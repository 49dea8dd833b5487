"""What was published, as Prometheus reads it (text format 0.0.4). What is not known has no sample, never 0.

Written by hand: prometheus_client keeps its own state beside ours and is itself ten times this; in the tests it reads
what is written here. Base units as Prometheus asks for (W, A, V, Hz, degrees, ratios), energy in Wh as people know it.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from firmware.web.api import Tree, tree

TYPE = "text/plain; version=0.0.4; charset=utf-8"
Sample = tuple[str, dict[str, str], float]  # family, labels, value


class Family(NamedTuple):
    kind: str  # gauge or counter
    help: str


FAMILIES = {
    "power_watts": Family("gauge", "of a device, + from the grid into it"),
    "current_amperes": Family("gauge", "of a device, per phase"),
    "voltage_volts": Family("gauge", "at a device, per phase"),
    "power_factor_ratio": Family("gauge", "at a device, per phase"),
    "frequency_hertz": Family("gauge", "at a device"),
    "charge_ratio": Family("gauge", "state of charge of a storage"),
    "temperature_celsius": Family("gauge", "of a device"),
    "device_up": Family("gauge", "1 while its reading is fresh and believed"),
    "energy_import_watthours_total": Family("counter", "taken by a device; never falls"),
    "energy_export_watthours_total": Family("counter", "given by a device; never falls"),
    "granted_watts": Family("gauge", "most a device may draw"),
    "wanted_watts": Family("gauge", "what its mode asks for"),
    "reason": Family("gauge", "number of the reason why it may draw what it may"),
    "site_power_watts": Family("gauge", "sums of the house by part"),
    "alarms": Family("gauge", "how many there are"),
    "up_seconds": Family("gauge", "moves every second while decisions are made"),
    "broker_up": Family("gauge", "1 while the MQTT broker is connected"),
    "node_current_amperes": Family("gauge", "through a fuse, per phase, as measured"),
    "node_rest_amperes": Family("gauge", "loads behind a fuse that nobody controls, per phase"),
    "node_issued_amperes": Family("gauge", "most the controlled loads behind a fuse may draw, per phase"),
    "node_rated_amperes": Family("gauge", "of a fuse"),
    "line_errors_total": Family("counter", "answers of a device on a line that were missing or wrong"),
}
DEVICE = (("power_w", "power_watts", 1), ("current_ma", "current_amperes", 1_000),
          ("voltage_mv", "voltage_volts", 1_000), ("power_factor_permille", "power_factor_ratio", 1_000),
          ("frequency_mhz", "frequency_hertz", 1_000), ("soc_permille", "charge_ratio", 1_000),
          ("temperature_mdegc", "temperature_celsius", 1_000))
ENERGY = (("import_wh", "energy_import_watthours_total", 1), ("export_wh", "energy_export_watthours_total", 1))
DECISION = (("granted_w", "granted_watts", 1), ("wanted_w", "wanted_watts", 1), ("reason", "reason", 1))
NODE = (("measured_ma", "node_current_amperes", 1_000), ("rest_ma", "node_rest_amperes", 1_000),
        ("issued_ma", "node_issued_amperes", 1_000), ("rated_ma", "node_rated_amperes", 1_000))
SITE = ("grid", "pv", "storage", "house", "cars", "heat", "surplus")


def text(latest: "Mapping[str, str]") -> str:
    samples: "dict[str, list[str]]" = {name: [] for name in FAMILIES}
    for site, house in sorted(tree(latest).items()):
        for name, labels, value in _house(house):
            words = ",".join(f'{key}="{_escaped(word)}"' for key, word in {"site": site, **labels}.items())
            samples[name].append(f"hutschiene_{name}{{{words}}} {value:.12g}")
    out = []
    for name, lines in samples.items():
        if lines:
            family = FAMILIES[name]
            out += [f"# HELP hutschiene_{name} {family.help}", f"# TYPE hutschiene_{name} {family.kind}", *lines]
    return "\n".join(out) + "\n"


def _house(house: Tree) -> "Iterator[Sample]":
    state = house["state"]
    for part in SITE:
        if state[part + "_w"] is not None:
            yield "site_power_watts", {"part": part}, state[part + "_w"]
    yield "alarms", {}, len(state["alarms"])
    yield "up_seconds", {}, state["up_s"]
    if state["broker"] is not None:
        yield "broker_up", {}, int(state["broker"])
    for name, device in sorted(house["devices"].items()):
        yield from _device(name, device)
    for name, node in sorted(house["nodes"].items()):
        yield from _values(node, NODE, {"node": name})
    for name, line in sorted(house["lines"].items()):
        for device in line["devices"]:
            yield "line_errors_total", {"line": name, "device": device["name"]}, device["errors"]


def _device(name: str, device: Tree) -> "Iterator[Sample]":
    if "state" not in device:
        return
    labels = {"device": name, "kind": device["state"]["kind"]}
    yield "device_up", labels, int(not device["state"]["stale"])
    for part, rows in (("state", DEVICE), ("energy", ENERGY), ("decision", DECISION)):
        yield from _values(device.get(part, {}), rows, labels)


def _values(state: Tree, rows: "tuple[tuple[str, str, int], ...]", labels: "dict[str, str]") -> "Iterator[Sample]":
    for field, family, divisor in rows:
        value = state.get(field)
        if isinstance(value, list):
            for index, one in enumerate(value):
                yield family, {**labels, "phase": f"L{index + 1}"}, one / divisor
        elif value is not None:
            yield family, labels, value / divisor


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
