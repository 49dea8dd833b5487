"""What Home Assistant is told of a device: one row an entity, with the class, unit and state class that its energy
dashboard and statistics accept. Source: Home Assistant's documentation of MQTT discovery, sensor and number; checked
against its own schemas by tests/hil/test_home_assistant.py.
"""

from typing import NamedTuple

from control.wiring import SOURCES

METERS, LOADS = ("meter",), ("wallbox", "heater", "stages")
STORAGE = ("storage",)
INVERTERS, SIGNALS = ("inverter",), ("signal",)
ALL = METERS + SOURCES + LOADS + STORAGE
CONTROLLED = LOADS + STORAGE


class Row(NamedTuple):
    """`value` is a Jinja expression in which {x} stands for `field` of the payload; where that is none, so is it."""

    key: str
    name: str
    part: str  # of the device's topics
    field: str
    value: str
    kinds: "tuple[str, ...]"
    shows: str = ""  # field of a Reading that must have been there once; "" = always announced
    device_class: "str | None" = None
    unit: "str | None" = None
    state_class: "str | None" = None
    precision: "int | None" = None
    diagnostic: bool = False


def _phase(key: str, name: str, shows: str, divisor: int, device_class: str, unit: str,
           precision: int) -> "tuple[Row, ...]":
    return tuple(Row(f"{key}_l{phase}", f"{name} L{phase}", "state", shows, f"{{x}}[{phase - 1}] / {divisor}", ALL,
                     shows, device_class, unit, "measurement", precision) for phase in (1, 2, 3))


def _energy(key: str, name: str, kinds: "tuple[str, ...]") -> Row:
    return Row(key, name, "energy", key, "({x} / 1000) | round(3)", kinds, key, "energy", "kWh", "total_increasing", 2)


SENSORS = (
    Row("power", "Power", "state", "power_w", "{x}", METERS + LOADS + STORAGE, "total_w", "power", "W", "measurement",
        0),
    Row("power", "Power produced", "state", "power_w", "-{x}", SOURCES, "total_w", "power", "W", "measurement", 0),
    *_phase("current", "Current", "current_ma", 1000, "current", "A", 1),
    *_phase("voltage", "Voltage", "voltage_mv", 1000, "voltage", "V", 0),
    *_phase("power_factor", "Power factor", "power_factor_permille", 10, "power_factor", "%", 0),
    Row("frequency", "Frequency", "state", "frequency_mhz", "{x} / 1000", ALL, "frequency_mhz", "frequency", "Hz",
        "measurement", 2),
    _energy("import_wh", "Energy imported", METERS),
    _energy("export_wh", "Energy exported", METERS),
    _energy("export_wh", "Energy produced", SOURCES),
    _energy("import_wh", "Energy consumed", SOURCES + LOADS),
    _energy("import_wh", "Energy charged", STORAGE),
    _energy("export_wh", "Energy discharged", STORAGE),
    Row("session", "Energy of the session", "state", "session_wh", "{x} / 1000", ("wallbox",), "session_wh", "energy",
        "kWh", "total", 2),
    Row("charge", "State of charge", "state", "soc_permille", "{x} / 10", ALL, "soc_permille", "battery", "%",
        "measurement", 0),
    Row("temperature", "Temperature", "state", "temperature_mdegc", "{x} / 1000", ALL, "temperature_mdegc",
        "temperature", "°C", "measurement", 1),
    Row("state", "State", "state", "state", "{x}", ALL, "state"),
    Row("demands", "Demands", "state", "state", "{x}", SIGNALS),
    Row("granted", "May draw", "decision", "granted_w", "{x}", CONTROLLED, "", "power", "W", "measurement", 0),
    Row("granted_current", "May draw per phase", "decision", "granted_ma", "({x} | max) / 1000", ("wallbox",), "",
        "current", "A", "measurement", 1),
    Row("limit_w", "May make", "decision", "granted_w", "-{x}", INVERTERS, "", "power", "W", "measurement", 0),
    Row("wanted", "Asks for", "decision", "wanted_w", "{x}", CONTROLLED, "", "power", "W", "measurement", 0),
    Row("reason", "Reason", "decision", "why", "{x}[:255]", CONTROLLED + INVERTERS, ""),
)
PROBLEMS = (  # key, name, part, expression that is true while there is one, kinds
    ("fault", "Fault", "state", "value_json.fault or value_json.stale", (*ALL, *SIGNALS, "sensor")),
    ("refused", "Takes no orders", "decision", "value_json.fault", CONTROLLED + INVERTERS),
)
SITE_POWERS = (
    ("grid", "Grid", "grid_w", "{x}"), ("roof", "Produced", "pv_w", "-{x}"), ("storage", "Storage", "storage_w", "{x}"),
    ("house", "House", "house_w", "{x}"), ("cars", "Cars", "cars_w", "{x}"), ("heat", "Heat", "heat_w", "{x}"),
    ("surplus", "Surplus", "surplus_w", "{x}"),
)
SITE_PROBLEMS = (
    ("alarm", "Alarm", "value_json.alarms"), ("journal", "Nothing is recorded", "value_json.journal"),
)
MODELS = {"meter": "Meter", "source": "Generator", "wallbox": "Wallbox", "heater": "Heater", "stages": "Staged load",
          "storage": "Storage", "sensor": "Sensor", "inverter": "Inverter", "signal": "Grid operator's contacts"}
