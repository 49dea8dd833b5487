"""The list of supported meters, made from the drivers: `./dev meters` puts it into the README, a test compares it.

The list of controlled devices (firmware.actuators) goes there with it.
"""

import sys
from pathlib import Path
from typing import Any

from drivers.meter_facts import Facts
from drivers.meter_table import Table
from firmware import actuators
from firmware.config import driver_modules

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- made by ./dev meters -->\n", "<!-- end of what ./dev meters made -->\n"
BY_PHASE = (("voltage_mv", "U"), ("current_ma", "I"), ("power_w", "P"), ("taken_w", "P"),
            ("power_factor_permille", "power factor"))
OTHERS = (("import_wh", "import"), ("export_wh", "export"), ("frequency_mhz", "frequency"))
LINES = {"modbus-rtu": "RTU", "modbus-tcp": "TCP"}


def facts() -> "tuple[tuple[str, Facts, tuple[str, ...]], ...]":
    """(driver, what it is, lines) of every meter there is, by name."""
    out = []
    for name in driver_modules.known():
        module = driver_modules.module(name)
        said = _facts(module)
        if said is not None:
            out.append((name, said, tuple(module.LINES)))
    return tuple(sorted(out, key=lambda each: each[1].name.lower()))


def _facts(module: Any) -> "Facts | None":
    meter: "Table | None" = getattr(module, "TABLE", None)
    if meter is None:
        return getattr(module, "METER", None)
    fields = {reg.field for reg in meter.reads + meter.slow}
    each = [word for field, word in BY_PHASE if field in fields]
    rest = [word for field, word in OTHERS if field in fields]
    parts = [", ".join(each) + (" per phase" if meter.conductors > 1 else ""), ", ".join(rest),
             ", ".join(tell.field for tell in meter.passport)]
    return Facts(meter.name, "; ".join(part for part in parts if part), meter.known_by)


def markdown() -> str:
    rows = ["| meter | driver | line | reads | known by |", "|---|---|---|---|---|"]
    for name, said, lines in facts():
        words = ", ".join(LINES.get(line, line) for line in lines) or "none"
        rows.append(f"| {said.name} | `{name}` | {words} | {said.reads} | {said.known_by} |")
    return "\n".join(rows) + "\n"


def with_table(readme: str) -> str:
    """The README with both lists as they are now; ValueError when it has no place for one."""
    for begin, list_, end in ((BEGIN, markdown, END), (actuators.BEGIN, actuators.markdown, actuators.END)):
        before, begun, rest = readme.partition(begin)
        _, ended, after = rest.partition(end)
        if not (begun and ended):
            raise ValueError(f"no {begin.strip()} ... {end.strip()}")
        readme = before + begin + list_() + end + after
    return readme


if __name__ == "__main__":
    README.write_text(with_table(README.read_text("utf-8")), "utf-8")
    print(f"{README.name}: {len(facts())} meters, {len(actuators.facts())} controlled devices", file=sys.stderr)
