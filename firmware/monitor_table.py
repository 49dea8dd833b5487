"""Devices as rows of a terminal: what each measures, how old that is, and what it may have."""

from typing import Any, NamedTuple

from drivers.quantity import Quantity
from firmware.decoders.words import decimal

State = dict[str, Any]  # as firmware.topics has it: the payload of <device>/state

HEAD = ("device", "", "W", "A  L1", "L2", "L3", "V  L1", "L2", "L3", "cos", "Hz", "kWh in", "kWh out", "age", "")
LEFT = (0, 1, 14)  # columns of words
MOST_TOLD = 6  # numbers of a heat, water or gas meter in its row


class Row(NamedTuple):
    """One device; `why`: what it may have and why, or what is wrong."""

    name: str
    state: State
    why: str
    measured: "tuple[State, ...]" = ()  # all that a meter of any medium tells: the values of <device>/measured


def table(title: str, rows: "list[Row]", width: int) -> str:
    """At most `width` characters a line."""
    cells = [HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEAD))]
    lines = [title, *("  ".join(word.ljust(size) if column in LEFT else word.rjust(size)
                                for column, (word, size) in enumerate(zip(line, widths))) for line in cells)]
    return "\n".join(line[:width].rstrip() for line in lines)


def _cells(row: Row) -> "tuple[str, ...]":
    state = row.state
    return (
        row.name, state.get("kind", ""), _whole(state.get("power_w")),
        *_phases(state.get("current_ma"), 1_000, 2), *_phases(state.get("voltage_mv"), 1_000, 1),
        _least(state.get("power_factor_permille")), _scaled(state.get("frequency_mhz"), 1_000, 2),
        _scaled(state.get("energy_wh"), 1_000, 1), _scaled(state.get("export_wh"), 1_000, 1),
        _age(state.get("age_ms")), state.get("fault") or row.why or (
            told(row.measured) if state.get("kind") == "sensor" else ""),
    )


def told(values: "tuple[State, ...]") -> str:
    """Of now, and of the whole meter: energy 5449000 Wh, volume 72.819 m3, flow_temperature 61.05 degC."""
    words = [" ".join((one["quantity"], decimal(Quantity(one["value"], one["scaler"])), one["unit"])).strip()
             for one in values if one["function"] == "now" and not (one["storage"] or one["tariff"] or one["subunit"])]
    return ", ".join(words[:MOST_TOLD])


def _whole(value: "int | None") -> str:
    return "-" if value is None else str(value)


def _scaled(value: "int | None", by: int, places: int) -> str:
    return "-" if value is None else f"{value / by:.{places}f}"


def _phases(vector: "list[int] | None", by: int, places: int) -> "tuple[str, ...]":
    return tuple(_scaled(value, by, places) for value in vector or (None, None, None))


def _least(vector: "list[int] | None") -> str:
    """The worst of the phases that are wired."""
    wired = [value for value in vector or () if value]
    return f"{min(wired) / 1_000:.2f}" if wired else "-"


def _age(age_ms: "int | None") -> str:
    return "-" if age_ms is None else f"{age_ms // 1_000} s"
