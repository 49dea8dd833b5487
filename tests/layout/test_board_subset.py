"""What a board runs keeps to the syntax and the modules that MicroPython has."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOST_ONLY = {
    "drivers": {"modbus_serial", "modbus_socket", "modbus_tcp",
                "serial_stream", "serial_words", "gpio", "mqtt", "mqtt_link", "mqtt_inbox", "mqtt_watch",
                "clock", "watchdog", "ciphers",
                "oms_crypto", "oms_reader", "socket_stream", "pipe_stream", "radio_port", "mqtt_courier",
                "oms_meter", "mbus_meter", "key_file", "p1_head", "http_web", "inbox", "multicast", "json_fields",
                "json_source", "json_meter", "json_device", "http_plug", "shelly_plug", "tasmota_plug",
                "signing", "token_signing", "system_time", "shelly_em", "tasmota_meter", "esphome_meter",
                "digest", "smgw_account", "smgw_https", "smgw_session", "smgw_json", "smgw_casa", "smgw_conexa",
                "smgw_ppc", "smgw_gateway", "smgw_meter", "smgw_recorded", "json_known", "json_heat", "shelly_notes",
                "open_dtu", "ahoy_dtu",
                "ocpp_16", "ocpp_201", "ocpp_cards", "ocpp_chores", "ocpp_desk", "ocpp_door", "ocpp_frames",
                "ocpp_lease", "ocpp_pardon", "ocpp_port", "ocpp_profiles", "ocpp_reading", "ocpp_server",
                "ocpp_station", "ocpp_talk", "ocpp_times", "ocpp_tls", "ocpp_values",
                "mqtt_asked", "json_wallbox", "goe_api", "openwb_pro", "openwb_mqtt", "hardy_barth_ecb1",
                "hardy_barth_salia",
                "keba_udp", "keba_talk", "tesla_wall_connector"},
    "sim": {"oms_meter", "wire", "modbus_slave", "rtu_server",
            "network_meters", "https_device", "certificate", "smgw_gateway",
            "smgw_pages", "plot", "kpi", "ocpp_point", "ocpp_rules", "ocpp_socket", "ocpp_tongues",
            "json_wallbox", "goe_api",
            "openwb_pro", "openwb_mqtt", "hardy_barth_ecb1", "hardy_barth_salia", "keba_udp", "udp_boxes",
            "tesla_wall_connector"},
}
CYCLE = [ROOT / "firmware" / name for name in ("image.py", "virtual.py", "line.py", "lanes.py", "cycle.py")]
MODULES = CYCLE + sorted(
    path for name in ("hal", "control", "drivers", "sim") for path in (ROOT / name).rglob("*.py")
    if path.stem not in HOST_ONLY.get(name, set())
)
STANDARD = {"collections", "struct", "binascii", "array"}
OURS = {"hal", "control", "drivers", "sim", "firmware"}
FOREIGN_METHODS = {"removeprefix", "removesuffix", "bit_length", "_replace", "_asdict", "_fields", "_make", "casefold"}
IDS = [str(path.relative_to(ROOT)) for path in MODULES]


def annotations(tree: ast.AST) -> "list[ast.expr]":
    """Those a board evaluates: of arguments and results (of class and local names it only parses)."""
    out = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            out += [node.returns] if node.returns else []
            arguments = node.args
            every = arguments.args + arguments.kwonlyargs + [a for a in (arguments.vararg, arguments.kwarg) if a]
            out += [a.annotation for a in every if a.annotation]
    return out


@pytest.mark.parametrize("path", MODULES, ids=IDS)
def test_imports_are_on_every_board(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            assert name.split(".")[0] in STANDARD | OURS, f"{path.name}:{node.lineno} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=IDS)
def test_syntax_is_on_every_board(path: Path) -> None:
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        where = f"{path.name}:{getattr(node, 'lineno', 0)}"
        assert not isinstance(node, ast.Match), where
        if isinstance(node, ast.FunctionDef):
            assert not node.args.posonlyargs, where
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)) and isinstance(getattr(node, "ctx", None), ast.Load):
            assert not any(isinstance(item, ast.Starred) for item in node.elts), where
        if isinstance(node, ast.Dict):
            assert None not in node.keys, where
        if isinstance(node, ast.Slice):
            assert node.step is None, where
        if isinstance(node, ast.Attribute):
            assert node.attr not in FOREIGN_METHODS, f"{where} {node.attr}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "zip":
            assert not node.keywords, where
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "from_bytes":
            assert len(node.args) == 2, f"{where} a board ignores the sign"
            assert not node.keywords, f"{where} a board ignores the sign"


@pytest.mark.parametrize("path", MODULES, ids=IDS)
def test_annotations_are_quoted_where_a_board_would_need_typing(path: Path) -> None:
    for annotation in annotations(ast.parse(path.read_text())):
        bare = isinstance(annotation, (ast.Name, ast.Attribute, ast.Constant))
        assert bare, f"{path.name}:{annotation.lineno} {ast.unparse(annotation)}"


@pytest.mark.parametrize("path", [p for p in MODULES if p.parts[-2] in ("hal", "control")],
                         ids=lambda path: str(path.relative_to(ROOT)))
def test_the_decision_knows_no_floats(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), f"{path.name}:{node.lineno}"
        assert not isinstance(node, ast.Div) or path.name == "registers.py", f"{path.name}: a true division"
