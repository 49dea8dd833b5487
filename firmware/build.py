"""Names of the configuration -> drivers on their ports. The only place that knows which port is real."""

import importlib
from collections.abc import Callable
from typing import Any

from drivers import smgw_gateway, speedwire
from drivers.counters import Counters
from drivers.http_web import HttpWeb
from drivers.keba_talk import KebaTalk
from drivers.modbus_serial import ModbusSerial
from drivers.modbus_tcp import ModbusTcp
from drivers.mqtt_inbox import MqttInbox
from drivers.mqtt_link import Access
from drivers.multicast import Multicast
from firmware.config.file import LineSpec, SiteFile
from firmware.config.site import DeviceFile
from firmware.image import Image
from firmware.line import Line, Slot
from firmware.virtual import leaves
from hal.ports import Clock, Dialogue, Meter

Port = Any  # hal.ports.Bus, hal.ports.Stream, hal.ports.Board: what the driver's LINES asks for


def lines(file: SiteFile, image: Image, clock: Clock, port_of: "Callable[[LineSpec], Port]",
          around: "Callable[[int, Meter], Meter] | None" = None,
          counters: "Counters | None" = None) -> "tuple[Line, ...]":
    """One line a bus, with its devices in the order of the configuration; lines without devices are left out.

    Charge points share a port and no bus: each is a line of its own, so that one that does not answer delays no other.

    `around` may put something between a line and the driver of the device with that index (sim.ill). `counters` are
    those of sealed telegrams; None keeps them in memory.
    """
    out = []
    for spec in file.lines:
        port = port_of(spec)
        meters = {index: driver(device, port, clock, counters)
                  for index, device in enumerate(file.devices) if device.line == spec.name}
        _join(file, meters)
        slots = tuple(_slot(file, index, meter, around) for index, meter in meters.items())
        out += [Line(spec.name, own, image, clock) for own in _apart(file, spec, slots)]
    return tuple(out)


def _join(file: SiteFile, meters: "dict[int, Meter]") -> None:
    """The battery of an inverter knows its roof, where that is limited too: a discharge needs room first."""
    named: "dict[str, Any]" = {file.devices[index].name: meter for index, meter in meters.items()}
    for index, meter in meters.items():
        beside = file.devices[index].options.get("beside")
        if beside:
            named[beside["name"]].roof = meter


def _apart(file: SiteFile, spec: LineSpec, slots: "tuple[Slot, ...]") -> "list[tuple[Slot, ...]]":
    """The devices that one worker has; the connectors of one station stay together."""
    own: "dict[object, tuple[Slot, ...]]" = {}
    for slot in slots:
        station = file.devices[slot.index].options["station"] if spec.kind == "ocpp" else ""
        own[station] = (*own.get(station, ()), slot)
    return list(own.values())


def _slot(file: SiteFile, index: int, meter: Meter, around: "Callable[[int, Meter], Meter] | None") -> Slot:
    site, period_ms = file.site, file.devices[index].period_ms
    able = site.devices[index].ability
    urgent = able.kind == "signal" or any(index in leaves(file.virtuals, node.meter) for node in site.nodes)
    slot = Slot(index, around(index, meter) if around else meter, able, period_ms, urgent)
    if not file.devices[index].quick:
        slot.quick_ms = 0
    return slot


def driver(device: DeviceFile, port: Port, clock: Clock, counters: "Counters | None" = None) -> Meter:
    module = importlib.import_module(f"drivers.{device.driver}")
    meter = module.build(port, {**device.options, "clock": clock, "counters": counters})
    assert isinstance(meter, Meter)
    return meter


def real_port(spec: LineSpec) -> Port:
    """The port a user has plugged in. Opened when it is first used, so that a missing one stops nothing else."""
    options = spec.options
    if spec.kind == "modbus-rtu":
        return ModbusSerial(**options)
    if spec.kind == "modbus-tcp":
        return ModbusTcp(**options)
    if spec.kind in ("sml", "d0", "p1"):
        return _head(**options)
    if spec.kind == "wm-bus":
        from drivers.radio_port import RadioPort
        return RadioPort(**options)
    if spec.kind == "m-bus":
        return _mbus(options["port"], options["baud"])
    if spec.kind == "mqtt":
        return MqttInbox(Access(**options))
    if spec.kind == "http":
        return HttpWeb(**options)
    if spec.kind == "speedwire":
        return Multicast(speedwire.GROUP, speedwire.PORT, options["interface"], speedwire.serial_of)
    if spec.kind == "keba-udp":
        return KebaTalk(**options)
    if spec.kind == "smgw":
        return smgw_gateway.real(**options)
    if spec.kind == "ocpp":
        from drivers.ocpp_server import OcppServer  # 10 MB of schemas and sockets: only where stations call
        return OcppServer(**options)
    assert spec.kind == "gpio"
    from drivers.gpio import Pins  # gpiozero looks for pins when it is imported: only where something is wired
    return Pins()


def _head(port: str, baud: int) -> Dialogue:
    from drivers.serial_stream import SerialStream
    from drivers.socket_stream import PREFIX, SocketStream
    return SocketStream(port) if port.startswith(PREFIX) else SerialStream(port, baud)


def _mbus(place: str, baud: int) -> "tuple[Dialogue, int]":
    """Wired M-Bus has even parity (EN 13757-2)."""
    from drivers.serial_stream import SerialStream
    from drivers.socket_stream import PREFIX, SocketStream
    return SocketStream(place) if place.startswith(PREFIX) else SerialStream(place, baud, "E"), baud
