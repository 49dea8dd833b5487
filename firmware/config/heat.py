"""The keys of a device that heats or is switched: its tank's temperatures, its runs, rests and starts."""

from control.values import NONE
from firmware.config.read import Findings
from firmware.config.tables import DeviceTable
from hal.heat import HeatRule
from hal.values import Ability

HOT_KEYS = ("legionella_c", "legionella_days")
WARM_KEYS = ("warm_c", "warm_by", "litres", "heats_w")
TANK_KEYS = ("temperature_of", "most_c", "hysteresis_k", *WARM_KEYS, *HOT_KEYS)
RUN_KEYS = ("min_run_s", "min_rest_s", "starts_a_day")
KEYS = (*TANK_KEYS, *RUN_KEYS, "most_wh_a_day")
KINDS = ("heater", "stages")
HYSTERESIS_K = 3  # as the thermostats of rods have it
LEGIONELLA_DAYS = 7  # the usual setting of heat pumps and heating controllers
DAY_MS = 86_400_000


class Heat:
    """One device's keys on top of what its driver says it can do."""

    def __init__(self, findings: Findings, name: str, table: DeviceTable, devices: "tuple[str, ...]",
                 tells: bool) -> None:
        """`devices` in the order of the site; `tells`: its driver can tell the temperature of its tank."""
        self._findings = findings
        self._path = ("device", name)
        self._table = table
        self._devices = devices
        self._tells = tells

    def of(self, able: Ability) -> Ability:
        """The ability with the owner's rules in it."""
        on_ms, off_ms = self._runs(able, "min_run_s", able.min_on_ms), self._runs(able, "min_rest_s", able.min_off_ms)
        return able._replace(min_on_ms=on_ms, min_off_ms=off_ms, most_starts=self._starts(able),
                             heat=self._rule(able))

    def _has(self, *keys: str) -> bool:
        return any(getattr(self._table, key) is not None for key in keys)

    def _add(self, key: str, words: str) -> None:
        self._findings.add((*self._path, key), words)

    def _runs(self, able: Ability, key: str, least_ms: int) -> int:
        given_s = getattr(self._table, key)
        if given_s is None:
            return least_ms
        if 1_000 * given_s < least_ms:
            self._add(key, "shorter than its own (hold_s, rest_s); allowed are "
                           f"{least_ms // 1_000} to 7200")
        self._stepless(able, key)
        return max(1_000 * int(given_s), least_ms)

    def _starts(self, able: Ability) -> int:
        if self._table.starts_a_day is None:
            return 0
        self._stepless(able, "starts_a_day")
        return self._table.starts_a_day

    def _stepless(self, able: Ability, key: str) -> None:
        if able.kind == "heater" and able.min_w <= 0:
            self._add(key, "it takes any power from 0 W on and wears nothing by it; leave it out")

    def _rule(self, able: Ability) -> "HeatRule | None":
        table = self._table
        if not self._has(*TANK_KEYS, "most_wh_a_day"):
            return None
        self._together()
        if self._has(*TANK_KEYS) and table.temperature_of is None and not self._tells:
            key = next(key for key in TANK_KEYS if getattr(table, key) is not None)
            self._add(key, "its driver tells no temperature; say with temperature_of which device does")
        of = table.temperature_of
        gap_k = HYSTERESIS_K if table.hysteresis_k is None else table.hysteresis_k
        days = LEGIONELLA_DAYS if table.legionella_days is None else table.legionella_days
        hour, minute = (table.warm_by or "00:00").split(":")
        return HeatRule(
            self._devices.index(of) if of in self._devices else NONE, _mdegc(table.most_c), 1_000 * gap_k,
            _mdegc(table.legionella_c), days * DAY_MS, _mdegc(table.warm_c),
            (int(hour) * 60 + int(minute)) * 60_000, table.litres or 0, table.heats_w or _full_w(able),
            table.most_wh_a_day or 0)

    def _together(self) -> None:
        """Keys that mean nothing alone, and temperatures that contradict each other."""
        table = self._table
        for keys, first in ((WARM_KEYS[1:], "warm_c"), (HOT_KEYS[1:], "legionella_c"), (("hysteresis_k",), "most_c")):
            if getattr(table, first) is None:
                for key in (key for key in keys if getattr(table, key) is not None):
                    self._add(key, f"means nothing without {first}; leave it out, or say {first}")
        if table.temperature_of is not None and not self._has("most_c", "warm_c", "legionella_c"):
            self._add("temperature_of", "nothing asks for a temperature: most_c, warm_c or legionella_c")
        if table.warm_c is None:
            return
        for key, words in (("warm_by", 'by when, like "06:30"'), ("litres", "what it holds; allowed are 5 to 5000")):
            if getattr(table, key) is None:
                self._findings.missing((*self._path, key), words)
        if table.most_c is not None:
            most_c = table.most_c - (HYSTERESIS_K if table.hysteresis_k is None else table.hysteresis_k)
            if table.warm_c > most_c:
                self._add("warm_c", f"the tank is not heated there; allowed are 20 to {most_c} "
                                    "(most_c less hysteresis_k)")


def _full_w(able: Ability) -> int:
    """The power at which it heats fully."""
    if able.kind == "stages":
        return max([sum(stage) for stage in able.stages] or [0])
    return able.max_w


def _mdegc(celsius: "int | None") -> "int | None":
    return None if celsius is None else 1_000 * celsius
