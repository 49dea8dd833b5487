"""The tables of the file -> the Site, with every default filled in. What does not fit together is told here."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from control.values import FAST, MINIMUM, NONE, OFF, SURPLUS, TARGET, DeviceSpec, NodeSpec, Site
from control.wiring import SOURCES, is_load
from drivers.passport import UNKNOWN, Passport, passport
from firmware.config import driver_modules, hybrid
from firmware.config import heat as config_heat
from firmware.config.read import Findings
from firmware.config.store import BATTERY_KEYS, STORAGE_KEYS, store_of
from firmware.config.tables import DeviceTable, NodeTable
from firmware.config.virtual import Formulas
from firmware.losses import assumed_ma, left_alone_ma, silent_ma
from firmware.pmin import owed_w, today
from firmware.said import Said, decimal
from hal.values import Ability

# VDE-AR-N 4100: a meter cabinet wired with 10 mm2 bears 32 A a phase for hours, whatever its fuse
CONTINUOUS_A = 32
IMBALANCE_VA = 4_600  # VDE-AR-N 4100, at the house connection
MAX_A = 16  # fuse of a final circuit, when none is said
GRID_STALE_S = 10  # safe budget at most 15 s after the grid meter is lost
GROUPS = {"wallbox": "a", "storage": "d"}  # of section 14a EnWG, by kind; a heat pump's driver says so itself

MODES = {  # a heater or a storage has no lowest power
    "wallbox": (OFF, FAST, SURPLUS, MINIMUM, TARGET), "stages": (OFF, FAST, SURPLUS, MINIMUM),
    "heater": (OFF, FAST, SURPLUS, TARGET), "storage": (OFF, FAST, SURPLUS, TARGET),
}
PRIORITY = {"wallbox": 40, "storage": 30, "stages": 20, "heater": 10}  # a rod takes any watt the others leave
SLOW_S = 5
PERIOD_S = {"source": SLOW_S, "stages": SLOW_S, "sensor": SLOW_S}  # all others every second
LOAD_KEYS = ("mode", "priority", "keep", "max_a", "section_14a")
PLATE_KEYS = ("serial", "accuracy_class", "mid", "rated_a", "checked")
_SILENCE = re.compile("(failsafe|timeout|watchdog|revert).*_s$")  # options that say when a device falls back


class DeviceFile(NamedTuple):
    """What the decision need not know of a device: the driver, and what it is built from."""

    name: str
    driver: str
    line: str  # "" for a meter that is reckoned from others
    period_ms: int
    options: "Mapping[str, Any]"  # the driver's, and unit (Modbus), phases, max_a
    plate: Passport = UNKNOWN  # what the owner says of a meter
    quick: bool = False  # a node's meter may be asked more often than that, while its line has nothing else to do


class Tables(NamedTuple):
    """The tables of a file that are in themselves right, by name; nodes behind their parents."""

    line_kinds: "Mapping[str, str]"
    nodes: "Mapping[str, NodeTable]"
    devices: "Mapping[str, DeviceTable]"
    measured: "Mapping[str, str]"  # meter -> the node that names it, as written
    generator_w: int = 0  # installed power; 0 = not said


Built = tuple[tuple[NodeSpec, ...], tuple[DeviceSpec, ...], tuple[DeviceFile, ...]]


def build(findings: Findings, tables: Tables, order: "tuple[str, ...]", sums: Formulas) -> Built:
    """Only to be believed when nothing wrong was found; a table that is missing leaves holes.

    `order`, `sums`: the virtual meters, as firmware.config.virtual has them.
    """
    nodes = tuple(_node(findings, tables, name, table) for name, table in tables.nodes.items())
    readers = [_Device(findings, tables, name, table) for name, table in tables.devices.items()]
    found = {reader.name: reader.pair(able) for reader in readers
             if not reader.follows and (able := reader.able()) is not None}
    owed = max(owed_w(tuple(spec for spec, _ in found.values()), today()), 0)
    for reader in readers:
        if reader.follows:
            reader.options.update(generator_w=tables.generator_w, pmin_w=owed)
            able = reader.able()
            if able is not None:
                found[reader.name] = reader.pair(able)
    pairs = [found[name] for name in tables.devices if name in found]
    if order:
        pairs = _as_their_parts(findings, tables, pairs, order, sums)
    return nodes, tuple(spec for spec, _ in pairs), tuple(file for _, file in pairs)


def _as_their_parts(findings: Findings, tables: Tables, pairs: "list[tuple[DeviceSpec, DeviceFile]]",
                    order: "tuple[str, ...]", sums: Formulas) -> "list[tuple[DeviceSpec, DeviceFile]]":
    """A virtual meter comes as often as the slowest of its parts, and may be as old as the oldest."""
    found = {spec.name: (spec, file) for spec, file in pairs}
    for name in order:
        parts = [found[part] for part, _ in sums[name] if part in found]
        if name in found and parts:
            spec, file = found[name]
            stale_ms = max(part.stale_ms for part, _ in parts)
            if tables.devices[name].stale_s is None:
                spec = spec._replace(stale_ms=stale_ms)
            found[name] = (spec, file._replace(period_ms=max(part.period_ms for _, part in parts)))
            node = spec.node if spec.name in tables.measured else NONE
            if node == 0 and spec.stale_ms > 1_000 * GRID_STALE_S:
                findings.add(("device", name, "sum"), "too slow for the house connection: a part may be "
                             f"{spec.stale_ms // 1_000} s old; allowed are {GRID_STALE_S} (stale_s of its parts)")
    return [found[spec.name] for spec, _ in pairs]


def roles(findings: Findings, tables: Tables, devices: "tuple[DeviceSpec, ...]", parts: "frozenset[str]") -> None:
    """A node is measured by a meter; a meter measures a node, is a part of a virtual meter, or a sum to be shown."""
    for device in devices:
        kind, node = device.ability.kind, tables.measured.get(device.name)
        if kind != "meter" and node is not None:
            findings.add(("node", node, "meter"), f'it is a {kind}; allowed is a device that measures a node '
                                                  '(role = "meter")')
        elif kind == "meter" and node is None and device.name not in parts and not _is_shown(tables, device.name):
            findings.add(("device", device.name), "a meter that measures no node; name it as meter of a node, "
                                                  'or say role = "source" if it measures a generator')


def _is_shown(tables: Tables, name: str) -> bool:
    return getattr(tables.devices[name], "role", "") == "sum"


def fuses(findings: Findings, site: Site) -> None:
    """Once everybody is silent for good, no fuse may carry more than its rating."""
    loads = tuple(index for index, device in enumerate(site.devices) if is_load(device))
    assumed = assumed_ma(site)
    for index, (node, sums) in enumerate(zip(site.nodes, silent_ma(site, loads))):
        total_ma = max(sums) + assumed[index]
        if total_ma > node.rated_ma:
            phase = sums.index(max(sums))
            parts = [f"{device.name} {amperes(left_alone_ma(device)[phase])}" for device in site.devices
                     if left_alone_ma(device)[phase] and index in _way(site, device)]
            findings.add(("node", node.name, "rated_a"), (
                f"the fail-safe currents on L{phase + 1} are above it: {' + '.join(parts)} + {amperes(assumed[index])} "
                f"for the loads nobody controls = {amperes(total_ma)}; allowed are at most {amperes(node.rated_ma)}: "
                "lower failsafe_a, max_a or rest_a"))


def amperes(current_ma: int) -> Said:
    """For people: tenths, rounded up."""
    return decimal(f"{-(-current_ma // 100) / 10:g} A")


def _way(site: Site, device: DeviceSpec) -> "tuple[int, ...]":
    way, index = [], device.node
    while index != NONE:
        way.append(index)
        index = site.nodes[index].parent
    return tuple(way)


def _node(findings: Findings, tables: Tables, name: str, table: NodeTable) -> NodeSpec:
    continuous_a = min(table.rated_a, CONTINUOUS_A) if table.continuous_a is None else table.continuous_a
    if continuous_a > table.rated_a:
        findings.add(("node", name, "continuous_a"), f"above its fuse; allowed are 6 to {table.rated_a} (rated_a)")
    rest_a = -(-2 * table.rated_a // 3) if table.rest_a is None else table.rest_a
    if rest_a > table.rated_a:
        findings.add(("node", name, "rest_a"), f"above its fuse; allowed are 0 to {table.rated_a} (rated_a)")
    imbalance_va = (0 if table.parent else IMBALANCE_VA) if table.imbalance_va is None else table.imbalance_va
    return NodeSpec(
        name, _place(tables.nodes, table.parent), _place(tables.devices, table.meter), 1_000 * table.rated_a,
        1_000 * continuous_a, table.curve, 1_000 * rest_a, table.max_w or 0, imbalance_va,
    )


def _place(names: "Mapping[str, object]", name: "str | None") -> int:
    return tuple(names).index(name) if name in names else NONE


class _Device:
    """One device: what its driver makes of its table, then what that asks of the table."""

    def __init__(self, findings: Findings, tables: Tables, name: str, table: DeviceTable) -> None:
        self.findings = findings
        self.tables = tables
        self.name = name
        self.table = table
        self.path = ("device", name)
        self.driver = str(type(table).__struct_config__.tag)
        self.module = driver_modules.module(self.driver)
        self.follows = getattr(self.module, "HOUSE", False)  # what it can do follows from all other devices
        self.measures = tables.measured.get(name)
        self.phases = tuple("123".index(word[1]) for word in (table.phases or "L1 L2 L3").split())
        self.options = self._options()

    def pair(self, able: Ability) -> "tuple[DeviceSpec, DeviceFile]":
        kind = able.kind
        if kind in config_heat.KINDS:
            able = config_heat.Heat(self.findings, self.name, self.table, tuple(self.tables.devices),
                                    driver_modules.tells_temperature(self.driver, self.options)).of(able)
        self._line()
        self._phases(kind)
        node = self._at(kind)
        self._keys(kind)
        period_s, stale_s = self._times(able)
        spec = DeviceSpec(self.name, node, self.phases, able, self._priority(kind), self._mode(able),
                          1_000 * stale_s, 0, store_of(self._add, self.table, able, self.options),
                          NONE if self.table.keep is None else self.table.keep, self._group(kind))
        spec = spec._replace(reserve_ma=self._reserve_ma(spec))
        if kind == "wallbox" and able.max_ma < able.min_ma:
            self._add("max_a", f"the wallbox cannot charge with less than {amperes(able.min_ma)}")
        options = MappingProxyType(self.options)
        return spec, DeviceFile(self.name, self.driver, self.table.line or "", 1_000 * period_s, options, self._plate(),
                                self.table.period_s is None)

    def _options(self) -> "dict[str, Any]":
        """What the driver is built from; a list is a tuple, true is 1."""
        out: "dict[str, Any]" = {}
        for option in self.module.OPTIONS:
            value = getattr(self.table, option.name)
            out[option.name] = int(value) if isinstance(value, bool) else value
        if self.tables.line_kinds.get(self.table.line or "", "").startswith("modbus"):
            out["unit"] = 1 if self.table.unit is None else self.table.unit
        out["phases"] = self.phases
        out["line_kind"] = self.tables.line_kinds.get(self.table.line or "", "")
        node = self.table.node or self.measures
        at = self.tables.nodes.get(node or "")
        rated_a = MAX_A if at is None else at.rated_a
        out["max_a"] = min(MAX_A, rated_a) if self.table.max_a is None else self.table.max_a
        battery = hybrid.battery(self.driver, self.table, self.tables.devices)
        return out if battery is None else {**out, "beside": battery}

    def able(self) -> "Ability | None":
        """What the driver makes of its options; it refuses in the words "key, key: what is allowed"."""
        try:
            able = self.module.ability(self.options)
        except ValueError as error:
            keys, _, words = str(error).partition(": ")
            key = next((key for key in keys.split(", ") if self.findings.has((*self.path, key))), keys)
            self._add(key, words if key == keys else str(error))
            return None
        assert isinstance(able, Ability)
        return able

    def _add(self, key: str, words: str) -> None:
        self.findings.add((*self.path, key), words)

    def _line(self) -> None:
        if not self.module.LINES:
            self._unwired()
            return
        assert self.table.line is not None
        kind, unit = self.tables.line_kinds[self.table.line], self.table.unit
        if kind not in self.module.LINES:
            fitting = [name for name, one in self.tables.line_kinds.items() if one in self.module.LINES]
            self._add("line", f"a line of kind {kind}; {self.driver} hangs on {' or '.join(self.module.LINES)}"
                              f": {', '.join(fitting) or 'no such line in this file'}")
        elif kind == "modbus-rtu" and unit is None:
            self.findings.missing((*self.path, "unit"), "allowed are 1 to 247 (Modbus address)")
        elif kind == "modbus-rtu" and unit is not None and not 1 <= unit <= 247:
            self._add("unit", "allowed are 1 to 247 (Modbus address on a serial line)")
        elif not kind.startswith("modbus") and unit is not None:
            self._add("unit", f"a line of kind {kind} has no addresses; leave it out")

    def _unwired(self) -> None:
        for key in ("line", "unit", "phases", "period_s"):
            if getattr(self.table, key) is not None:
                self._add(key, "it is reckoned from other devices; leave it out")

    def _phases(self, kind: str) -> None:
        count = len(self.phases)
        if len(set(self.phases)) < count:
            self._add("phases", "a phase twice; each conductor has its own")
        elif self.table.phases is None and kind not in ("meter", "sensor", "signal") and self.module.LINES:
            self.findings.missing((*self.path, "phases"), 'the grid phases it is wired to, in its own order: '
                                                          '"L1 L2 L3", "L2 L3 L1", "L1", ...')
        elif kind == "meter" and count != 3:
            self._add("phases", "the meter of a node measures all three; allowed are L1, L2 and L3 in any order")

    def _at(self, kind: str) -> int:
        """The node it hangs on; a meter's is the one it measures."""
        node = self.table.node
        if kind == "meter":
            if node is not None and self.measures not in (None, node):
                self._add("node", f"it measures [node.{self.measures}]; leave it out, or change one of them")
            node = self.measures or node or next(iter(self.tables.nodes), None)
        elif node is None and kind in ("sensor", "signal"):
            return 0  # it takes no part in any sum: shown beside the house connection
        elif node is None:
            self.findings.missing((*self.path, "node"), "the node whose fuse it hangs behind; known are "
                                                        + ", ".join(self.tables.nodes))
        return _place(self.tables.nodes, node)

    def _keys(self, kind: str) -> None:
        fitting = ((LOAD_KEYS, MODES), (STORAGE_KEYS, ("storage",)), (BATTERY_KEYS, ("storage", "wallbox")),
                   (config_heat.KEYS, config_heat.KINDS),
                   (PLATE_KEYS, ("meter", "sensor", *SOURCES)))
        for key in (key for keys, kinds in fitting if kind not in kinds for key in keys):
            if getattr(self.table, key) is not None:
                self._add(key, f"{'an' if kind == 'inverter' else 'a'} {kind} has no such key; leave it out")

    def _plate(self) -> Passport:
        """What the owner says of a meter; its transformers' ratio is the one we multiply by."""
        table, ratio = self.table, self.options.get("ct_ratio", 1)
        said = {"serial": table.serial, "accuracy_class": table.accuracy_class, "checked": table.checked,
                "mid": None if table.mid is None else "yes" if table.mid else "no",
                "rated_ma": None if table.rated_a is None else str(1_000 * table.rated_a),
                "ct_ratio": None if ratio == 1 else str(ratio)}
        return passport(said)

    def _mode(self, able: Ability) -> str:
        kind = able.kind
        if self.table.mode is not None and kind in MODES and self.table.mode not in MODES[kind]:
            self._add("mode", f"a {kind} has no such mode; allowed are {', '.join(MODES[kind])}")
        if kind not in MODES:
            return OFF
        runs_alone = kind == "stages" and able.fallback.power_w > 0  # a heat pump is not locked unasked
        if self.table.depart_at is not None:
            return self.table.mode or TARGET
        return self.table.mode or (MINIMUM if runs_alone else SURPLUS)

    def _priority(self, kind: str) -> int:
        return PRIORITY.get(kind, 0) if self.table.priority is None else self.table.priority

    def _group(self, kind: str) -> str:
        """Which devices section 14a EnWG counts; a heating rod that belongs to no heat pump is none of them."""
        if kind not in MODES:
            return ""
        group = str(self.table.section_14a or GROUPS.get(kind) or getattr(self.module, "GROUP", "none"))
        return "" if group == "none" else group

    def _times(self, able: Ability) -> "tuple[int, int]":
        asked = self.tables.line_kinds.get(self.table.line or "") == "http"
        sends_s = 1 if asked else self.options.get("sends_s", 1)
        period_s = max(self._period_s(able.kind), sends_s) if self.table.period_s is None else self.table.period_s
        stale_s = self._silent_s(period_s) if self.table.stale_s is None else self.table.stale_s
        measured = self.tables.nodes.get(self.measures or "")
        grid = measured is not None and measured.parent is None
        if grid and 3 * period_s > GRID_STALE_S:
            key = "sends_s" if self.table.period_s is None and period_s == sends_s else "period_s"
            self._add(key, "too slow for the meter of the house connection; "
                                  f"allowed are 1 to {GRID_STALE_S // 3}")
        elif grid and stale_s > GRID_STALE_S:
            self._add("stale_s", "too long for the meter of the house connection; "
                                 f"allowed are {3 * period_s} to {GRID_STALE_S}")
        elif stale_s < 3 * period_s:
            self._add("stale_s", f"it is read every {period_s} s, and three may be missed; "
                                 f"allowed are {3 * period_s} to 300")
        if 0 < able.failsafe_ms <= 2_000 * period_s:
            key = next((option.name for option in self.module.OPTIONS if _SILENCE.match(option.name)), "period_s")
            self._add(key, f"it falls back after {able.failsafe_ms / 1_000:g} s of silence, but is read only "
                           f"every {period_s} s; allowed is more than {2 * period_s} s, or a shorter period_s")
        return period_s, stale_s

    def _period_s(self, kind: str) -> int:
        """As often as its driver says, or as all of its kind."""
        if hasattr(self.module, "period_s"):
            return int(self.module.period_s(self.options))
        return int(getattr(self.module, "PERIOD_S", PERIOD_S.get(kind, 1)))

    def _silent_s(self, period_s: int) -> int:
        """Three misses; for a meter that is heard or asked seldom, its own time."""
        return max(3, 3 * period_s, int(self.options.get("silent_s", 0)), 3 * int(self.options.get("every_s", 0)))

    def _reserve_ma(self, spec: DeviceSpec) -> int:
        if spec.ability.kind == "wallbox" and not spec.ability.failsafe_ms:
            return 1_000 * int(self.options["max_a"])
        left = left_alone_ma(spec)
        return max(left.l1, left.l2, left.l3)

