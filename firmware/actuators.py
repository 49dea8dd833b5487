"""The list of controlled devices, made from the drivers: `./dev meters` puts it into the README, a test compares it."""

from typing import Any

from drivers.load_facts import LoadFacts
from drivers.wallbox_table import Box
from firmware.config import driver_modules

BEGIN, END = "<!-- made by ./dev meters: devices -->\n", "<!-- end of what ./dev meters made: devices -->\n"
LINES = {"modbus-rtu": "RTU", "modbus-tcp": "TCP"}
WIRES = {"modbus-tcp": "a socket", "modbus-rtu": "a serial pair", "http": "HTTP", "mqtt": "a broker",
         "keba-udp": "UDP", "ocpp": "WebSocket", "gpio": "gpiozero's stand-in"}
KINDS = ("wallbox", "storage", "inverter", "heating", "plug", "any", "contacts")
READS = (("current_ma", "I"), ("voltage_mv", "U"), ("total_w", "P"), ("import_wh", "energy"), ("phase_wh", "energy"),
         ("temperature_mdegc", "temperature"))


def facts() -> "tuple[tuple[str, LoadFacts, str, tuple[str, ...]], ...]":
    """(driver, what it is, its own fail-safe, lines) of every controlled device there is, by kind and name."""
    out = []
    for name in driver_modules.known():
        module = driver_modules.module(name)
        said = _facts(module)
        if said is not None:
            out.append((name, said, str(module.FAILSAFE), tuple(module.LINES)))
    return tuple(sorted(out, key=lambda each: (KINDS.index(each[1].kind), each[1].name.lower())))


def _facts(module: Any) -> "LoadFacts | None":
    box: "Box | None" = getattr(module, "BOX", None)
    if box is None:
        return getattr(module, "LOAD", None)
    fields = [reg.field for reg in box.reads + box.slow]
    reads = ", ".join(["state", *dict.fromkeys(word for field, word in READS if field in fields)])
    step = f"{box.step_ma / 1000:g} A" if box.step_ma > 1 else "1 mA"
    controls = f"6 to {box.max_ma // 1000} A in steps of {step}" + (", 1p/3p" if box.switch else "")
    return LoadFacts(box.name, "wallbox", reads, controls, _keep_alive(box), box.known_by)


def _keep_alive(box: Box) -> str:
    if box.failsafe is None:
        return "none"
    if box.failsafe.alive is not None:
        return "a register, four times in failsafe_s"
    return "any request" if box.failsafe.time is not None else "its current, again and again"


def markdown() -> str:
    rows = ["| device | driver | line | reads | controls | when we die | keep-alive | tested on | known by |",
            "|---|---|---|---|---|---|---|---|---|"]
    for name, said, failsafe, lines in facts():
        words = ", ".join(LINES.get(line, line) for line in lines)
        rows.append(f"| {said.name} | `{name}` | {words} | {said.reads} | {said.controls} | {failsafe} | "
                    f"{said.keep_alive} | {_tested(lines)} | {said.known_by} |")
    return "\n".join(rows) + "\n"


def _tested(lines: "tuple[str, ...]") -> str:
    """What carries the simulated device in its tests: Modbus a socket, or a serial pair where that is all it has, and
    RTU frames over TCP."""
    carried = [WIRES[line] for line in lines if not line.startswith("modbus")]
    if not carried:
        carried = [WIRES["modbus-tcp" if "modbus-tcp" in lines else "modbus-rtu"]]
    if "modbus-rtu" in lines:
        carried.append("a serial server")
    return ", ".join(carried)
