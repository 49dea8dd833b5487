"""The arrows between the packages, and the one home of each outside library, read from the source."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("hal", "control", "drivers", "sim", "firmware")
ARROWS = {
    "hal": {"hal"},
    "control": {"control", "hal"},
    "drivers": {"drivers", "hal"},
    "sim": {"sim", "hal"},
    "sim/twins": {"sim", "hal", "drivers"},  # a twin serves the very table its driver reads
    "firmware": set(OURS),
}
HOMES = {
    "cryptography": {"drivers/ciphers.py", "drivers/signing.py", "sim/certificate.py"},
    "pymodbus": {"drivers/modbus_tcp.py", "sim/modbus_slave.py"},
    "serial": {"drivers/modbus_serial.py", "drivers/serial_stream.py"},
    "gpiozero": {"drivers/gpio.py"},
    "paho": {"drivers/mqtt.py", "drivers/mqtt_inbox.py", "drivers/mqtt_courier.py", "drivers/mqtt_link.py",
             "drivers/mqtt_watch.py"},
    "tomli": {"firmware/config/file.py"},
    "pkcs11": {"drivers/token_signing.py"},
    "amqtt": {"firmware/broker.py"},
    "ocpp": {"drivers/ocpp_frames.py"},
    "websockets": {"drivers/ocpp_server.py", "sim/ocpp_socket.py"},
    "apprise": {"firmware/notices/post.py"},
    "uvicorn": {"firmware/web/page.py"},
    "starlette": {"firmware/web/page.py", "firmware/web/guard.py", "firmware/web/routes.py"},
}
MODULES = sorted(path for name in OURS for path in (ROOT / name).rglob("*.py"))


def imported(path: Path) -> "set[str]":
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_arrows_point_down(path: Path) -> None:
    place = path.relative_to(ROOT).as_posix()
    allowed = ARROWS["sim/twins" if place.startswith("sim/twins/") else place.split("/")[0]]
    foreign = {name for name in imported(path) if name.split(".")[0] in OURS and name.split(".")[0] not in allowed}
    assert not foreign, f"{place} imports {sorted(foreign)}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_library_has_one_home(path: Path) -> None:
    place = path.relative_to(ROOT).as_posix()
    for name in imported(path):
        top = name.split(".")[0]
        if top in OURS or top in sys.stdlib_module_names:
            continue
        if top == "msgspec":
            assert place.startswith("firmware/"), f"{place} imports msgspec"
        else:
            assert top in HOMES, f"{place} imports {top}: no library of the product"
            assert place in HOMES[top], f"{place} imports {top}, whose home is {sorted(HOMES[top])}"


def test_no_library_without_use() -> None:
    used = {name.split(".")[0] for path in MODULES for name in imported(path)}
    assert set(HOMES) <= used
