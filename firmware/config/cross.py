"""Names that must lead somewhere, places that only one may hold: what no table of the file can say alone.

Works on the file as it was written, so that a wrong value elsewhere in a table hides none of this.
"""

import posixpath
import ssl
from collections.abc import Callable, Mapping
from typing import Any

from drivers import key_file, ocpp_cards, ocpp_door, socket_stream
from drivers.socket_stream import PREFIX
from firmware.access.door import is_loopback
from firmware.config.read import Findings, Raw, nearest
from firmware.notices import services

Tables = dict[str, Raw]  # by name; only what is a table
RADIO = "wm-bus"
SMGW_HOST = "192.168.100.100"  # where a gateway's customer port is, unless its operator says otherwise
OCPP_PORT = 9_000
OWN = ("unit", "id", "address", "station", "host")  # keys that tell a device from the others on its line


def references(findings: Findings, lines: Tables, nodes: Tables, devices: Tables) -> None:
    """Every line, node, parent and meter that is named must be there."""
    for name, device in devices.items():
        _known(findings, ("device", name, "line"), device, "line", lines)
        _known(findings, ("device", name, "node"), device, "node", nodes)
        _known(findings, ("device", name, "temperature_of"), device, "device", devices)
    for name, node in nodes.items():
        _known(findings, ("node", name, "parent"), node, "parent", nodes)
        _known(findings, ("node", name, "meter"), node, "meter", devices)


def _known(findings: Findings, path: "tuple[str, ...]", table: Raw, kind: str, known: Tables) -> None:
    value = table.get(path[-1])
    if isinstance(value, str) and value not in known:
        place = "device" if kind == "meter" else "node" if kind == "parent" else kind
        findings.add(path, f"there is no [{place}.{value}]{nearest(value, known)}")


def tree(findings: Findings, nodes: Tables) -> "tuple[str, ...]":
    """The nodes, each behind its parent; () when they make no tree."""
    roots = [name for name, node in nodes.items() if "parent" not in node]
    good = len(roots) == 1
    for name in roots[1:]:
        findings.missing(("node", name, "parent"), f'only the house connection has none, and that is "{roots[0]}"; '
                                                   f'say parent = "{roots[0]}", or which node feeds it')
    for circle in _circles(nodes):
        good = False
        name = circle[0]
        findings.add(("node", name, "parent"), f"a circle: {' <- '.join((*circle, name))}; "
                                               "the house connection has no parent, all others lead to it")
    order: "list[str]" = []
    for _ in nodes:
        order += [name for name, node in nodes.items()
                  if name not in order and (node.get("parent") in order or "parent" not in node)]
    return tuple(order) if good and len(order) == len(nodes) else ()


def _circles(nodes: Tables) -> "list[list[str]]":
    """Each circle once, from the node that stands first in the file."""
    out: "list[list[str]]" = []
    for name in nodes:
        way = [name]
        parent = _parent(nodes, name)
        while parent is not None and parent not in way:
            way.append(parent)
            parent = _parent(nodes, parent)
        if parent == name and not any(name in circle for circle in out):
            out.append(way)
    return out


def _parent(nodes: Tables, name: str) -> "str | None":
    parent = nodes[name].get("parent")
    return parent if isinstance(parent, str) and parent in nodes else None


def meters(findings: Findings, nodes: Tables) -> None:
    """A meter measures one node, and the house connection has one."""
    taken: "dict[str, str]" = {}
    for name, node in nodes.items():
        meter = node.get("meter")
        if isinstance(meter, str):
            if meter in taken:
                findings.add(("node", name, "meter"), f"it already measures [node.{taken[meter]}]; "
                                                      "a meter measures one node")
            taken.setdefault(meter, name)
        elif meter is None and "parent" not in node:
            findings.missing(("node", name, "meter"), "the house connection must be measured; name the device")
        elif meter is None and "rest_a" not in node:
            findings.missing(("node", name, "rest_a"), "a node without a meter must say what the loads nobody controls "
                                                       "may draw, in A per phase; allowed are 0 to 125")


def addresses(findings: Findings, lines: Tables, devices: Tables,
              beside: "Callable[[object], tuple[str, ...]]") -> None:
    """One device an address, one line a port; but the roof and the battery of one inverter are two of one.

    `beside`: by driver, those of a battery on the same inverter.
    """
    taken: "dict[tuple[object, ...], str]" = {}
    for name, line in lines.items():
        where = _port(line)
        _serial_server(findings, name, line)
        if where and where in taken:
            key = "port" if "port" in line else "host" if "host" in line else "kind"
            findings.add(("line", name, key), f"[line.{taken[where]}] is already there; one line a port, "
                                              "several devices share a line")
        elif where:
            taken[where] = name
    taken = {}
    for name, device in devices.items():
        at = _address(lines, device)
        battery = _battery_of(lines, devices, beside(device.get("driver")), at)
        if battery:
            _wired_alike(findings, name, devices, battery)
            at = (*at, "roof")
        if at and at in taken:
            words = f"[device.{taken[at]}] already has this address on line {device['line']}"
            pair = beside(device.get("driver")) or beside(devices[taken[at]].get("driver"))
            if pair and not battery:
                words += f"; roof and battery of one inverter share it with {' or '.join(pair)} only"
            if at[1:] == ("only",):
                findings.add(("device", name, "line"), f"one meter a head or cable: [device.{taken[at]}]")
            elif any(key in device for key in OWN):
                key = next(key for key in OWN if key in device)
                findings.add(("device", name, key), words + "; give each device its own")
            elif lines[device["line"]].get("kind") == "smgw":
                findings.missing(("device", name, "id"), words + " (the only meter, because none is said)")
            else:
                findings.missing(("device", name, "unit"), words + " (unit 1, because none is said)")
        elif at:
            taken[at] = name


def _battery_of(lines: Tables, devices: Tables, drivers: "tuple[str, ...]", at: "tuple[object, ...]") -> str:
    """The device that steers the battery of the inverter at this address; "" when there is none."""
    return next((name for name, other in devices.items()
                 if at and other.get("driver") in drivers and _address(lines, other) == at), "")


def _wired_alike(findings: Findings, name: str, devices: Tables, battery: str) -> None:
    """One inverter hangs in one place."""
    for key in ("node", "phases"):
        own, other = devices[name].get(key), devices[battery].get(key)
        if own is not None and other is not None and own != other:
            findings.add(("device", name, key), f"the same inverter as [device.{battery}], by its address; allowed is "
                                                f'"{other}" as there')


def _serial_server(findings: Findings, name: str, line: Raw) -> None:
    port = line.get("port")
    if not isinstance(port, str) or not port.startswith(PREFIX):
        return
    if not socket_stream.is_place(port):
        findings.add(("line", name, "port"), "allowed is tcp://HOST:PORT, or a path")
    elif line.get("kind") == "d0":
        findings.add(("line", name, "port"), "allowed is a path: a serial server cannot change its rate on the way, as "
                                             "these meters do")


def pins(findings: Findings, devices: Tables) -> None:
    """One device a pin of the board. A driver names its pins lock_pin, pin_1 and so on."""
    taken: "dict[int, tuple[str, str]]" = {}
    for name, device in devices.items():
        for key, pin in device.items():
            if "pin" not in key.split("_") or not isinstance(pin, int):
                continue
            other, other_key = taken.setdefault(pin, (name, key))
            if other != name:
                findings.add(("device", name, key), f"[device.{other}] already has this pin ({other_key}); "
                                                    "give each device its own")


def _port(line: Raw) -> "tuple[object, ...]":
    """Where a line is; () while that is not known."""
    kind, port, host = line.get("kind"), line.get("port"), line.get("host")
    if kind in ("gpio", "keba-udp"):
        return (kind,)
    if kind == "ocpp":
        port = line.get("port", OCPP_PORT)
        return ("listens", port) if isinstance(port, int) else ()
    if kind in ("modbus-tcp", "smgw"):
        if kind == "smgw":
            host, port = line.get("host", SMGW_HOST), line.get("port", 443)
        else:
            port = line.get("port", 502)
        return (host.lower(), port) if isinstance(host, str) and isinstance(port, int) else ()
    if isinstance(port, str) and port.startswith(PREFIX):
        return socket_stream.address(port) if socket_stream.is_place(port) else ()
    if isinstance(port, str):
        return (posixpath.normpath(port),)
    return ()


def _address(lines: Tables, device: Raw) -> "tuple[object, ...]":
    name = device.get("line")
    if not isinstance(name, str) or name not in lines:
        return ()
    kind = lines[name].get("kind")
    if kind in ("sml", "d0", "p1"):
        return name, "only"
    if kind == "smgw":
        return name, device.get("id", "")
    if kind == "ocpp":
        station = device.get("station")
        return (name, station, device.get("connector", 1)) if isinstance(station, str) else ()
    if kind == "keba-udp":
        return (name, device["host"]) if isinstance(device.get("host"), str) else ()
    if kind in ("wm-bus", "m-bus"):
        own = device.get("id") or device.get("address")  # on a wire by one or the other
        return (name, own) if isinstance(own, int | str) else ()
    unit = device.get("unit", 1 if kind == "modbus-tcp" else None)
    return (name, unit) if kind != "gpio" and isinstance(unit, int) else ()


def logins(findings: Findings, lines: Tables) -> None:
    """Of gateways, in a file of their own; two lines that count failed logins in one file would count wrong."""
    states: "dict[str, str]" = {}
    for name, line in lines.items():
        path, login, state = line.get("logins"), line.get("login", "smgw"), line.get("state")
        if line.get("kind") != "smgw":
            continue
        if isinstance(path, str) and path and isinstance(login, str):
            try:
                key_file.login(path, login)
            except ValueError as error:
                findings.add(("line", name, "logins"), str(error))
        if isinstance(state, str) and states.setdefault(posixpath.normpath(state), name) != name:
            findings.add(("line", name, "state"), f"[line.{states[posixpath.normpath(state)]}] has this file already")


def stations(findings: Findings, lines: Tables, devices: Tables) -> None:
    """Each charge point has a password where one is asked for, a certificate where there is TLS, and cards that can be
    read; one station calls at one line."""
    at: "dict[str, object]" = {}
    for name, device in devices.items():
        station, line = device.get("station"), device.get("line")
        if device.get("driver") == "ocpp_station" and isinstance(station, str):
            if at.setdefault(station, line) != line:
                findings.add(("device", name, "line"), f"station {station} calls at line {at[station]} already")
            _readable(findings, ("device", name, "cards"), device, ocpp_cards.cards)
    for name, line in lines.items():
        if line.get("kind") == "ocpp":
            _ocpp_line(findings, name, line, [station for station, where in at.items() if where == name])


def _ocpp_line(findings: Findings, name: str, line: Raw, stations: "list[str]") -> None:
    profile = line.get("security_profile", 1)
    wanted = {"passwords": profile in (1, 2), "cert": profile == 2, "key": profile == 2}
    for key, is_wanted in wanted.items():
        if is_wanted and not line.get(key):
            findings.missing(("line", name, key), f"needed for security_profile = {profile}")
        elif not is_wanted and line.get(key):
            findings.add(("line", name, key), f"not used with security_profile = {profile}; leave it out")
    known = _readable(findings, ("line", name, "passwords"), line, ocpp_door.passwords) if profile in (1, 2) else None
    for station in stations:
        if known is not None and station not in known:
            findings.add(("line", name, "passwords"), f"no password of station {station} in it")
    if profile == 2 and isinstance(line.get("cert"), str) and isinstance(line.get("key"), str) and line["key"]:
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(line["cert"], line["key"])
        except OSError as error:
            findings.add(("line", name, "cert"), f"no certificate with its key: {error.strerror or error}")


def _readable(findings: Findings, path: "tuple[str, ...]", table: Raw, read: "Callable[[str], Any]") -> Any:
    """What is in the file that a key names; None when there is none, or none that can be used."""
    place = table.get(path[-1])
    if not isinstance(place, str) or not place:
        return None
    try:
        return read(place)
    except ValueError as error:
        findings.add(path, str(error))
        return None


def carry(findings: Findings, raw: Raw) -> None:
    """A line that carries is a radio line with nothing else on it; there is a broker, and no key on this computer."""
    table, lines, devices = raw.get("carry"), raw.get("line"), raw.get("device")
    if not isinstance(table, Mapping):
        return
    line = table.get("line")
    found = lines.get(line) if isinstance(lines, Mapping) and isinstance(line, str) else None
    if not isinstance(found, Mapping) or found.get("kind") != RADIO:
        findings.add(("carry", "line"), f"allowed is the name of a [line.NAME] of kind {RADIO}")
    if not isinstance(raw.get("mqtt"), Mapping):
        findings.missing(("mqtt",), "the broker that takes what is carried")
    for name, device in (devices.items() if isinstance(devices, Mapping) else ()):
        if not isinstance(device, Mapping):
            continue
        if device.get("line") == line:
            findings.add(("device", name, "line"), "this line carries; a meter that is read hangs on a line of its own")
        if device.get("driver") == "oms_meter" and device.get("keys"):
            findings.add(("device", name, "keys"), "a computer that carries has no keys of radio meters")


def broker(findings: Findings, raw: Raw) -> None:
    """A key belongs to a certificate, commands need a way in, and what is kept a place."""
    lines = raw.get("line")
    named = [(("line", name), table) for name, table in lines.items()] if isinstance(lines, Mapping) else []
    for path, table in (*named, (("mqtt",), raw.get("mqtt")), (("page",), raw.get("page"))):
        if isinstance(table, Mapping) and table.get("key") and not table.get("cert"):
            findings.add((*path, "key"), "the key of a certificate; name that as cert")
    commands = raw.get("commands")
    if not isinstance(commands, Mapping):
        return
    if not (isinstance(raw.get("mqtt"), Mapping) or isinstance(raw.get("accounts"), Mapping)):
        findings.missing(("mqtt",), "commands come over the broker, or with [accounts] over the page")
    if commands.get("keep") is True and not isinstance(raw.get("state"), Mapping):
        findings.missing(("state",), "[state] with the folder where it is kept")


def page(findings: Findings, raw: Raw) -> None:
    """Who can reach the page from elsewhere has to say who he is."""
    table, accounts = raw.get("page"), raw.get("accounts")
    if isinstance(accounts, Mapping) and not isinstance(table, Mapping):
        findings.missing(("page",), "accounts are of the page")
    if not isinstance(table, Mapping) or isinstance(accounts, Mapping):
        return
    host = table.get("host", "127.0.0.1")
    if isinstance(host, str) and host != "localhost" and not is_loopback(host):
        findings.add(("page", "host"), 'without [accounts] allowed is "127.0.0.1", this computer alone; '
                                       '[accounts] with guests = "viewer" lets everybody look')


def notify(findings: Findings, raw: Raw) -> None:
    """Somebody must be told, and how must be understood."""
    table = raw.get("notify")
    if not isinstance(table, Mapping):
        return
    path = table.get("services", "")
    if table.get("mqtt") is True and not isinstance(raw.get("mqtt"), Mapping):
        findings.missing(("mqtt",), "[mqtt], over which notify.mqtt = true tells")
    if table.get("mqtt") is not True and path == "":
        findings.missing(("notify", "services"), "a file with the addresses of services, or mqtt = true")
    if isinstance(path, str) and path:
        try:
            services.services(path)
        except ValueError as error:
            findings.add(("notify", "services"), str(error))
