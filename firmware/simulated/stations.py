"""Simulated charge points: the twins on a line, whether they are asked in this process or call over a socket."""

from typing import TYPE_CHECKING

from drivers import ocpp_cards, ocpp_door
from firmware.config.file import LineSpec, SiteFile
from firmware.config.site import DeviceFile
from sim.bank import Lock
from sim.car import Car
from sim.ocpp_point import ChargePoint
from sim.ocpp_rules import Socket
from sim.twins import Twin

if TYPE_CHECKING:
    from firmware.simulated.ocpp import SimStations
    from sim.ocpp_socket import OcppSocket

CARD = "04A1B2C3"


class StationTwin(Twin):
    """One connector of a charge point."""

    def __init__(self, yard: "Yard", point: ChargePoint, socket: Socket) -> None:
        self.point = point
        self.socket = socket
        self._yard = yard
        self._leads = len(point.sockets) == 1  # the first of its connectors carries the time of all

    def tick(self, now_ms: int) -> None:
        if self._leads:
            self.point.tick(now_ms)
            if self._yard.port is not None:
                self._yard.port.live(self.point, now_ms)

    def power_cycle(self) -> None:
        self.point.power_cycle()


class Yard:
    """All charge points of one line."""

    def __init__(self) -> None:
        self.points: "dict[str, ChargePoint]" = {}
        self.port: "SimStations | None" = None

    def add(self, device: DeviceFile, part: Car, version: str = "1.6") -> StationTwin:
        station = str(device.options["station"])
        point = self.points.setdefault(station, ChargePoint(station, version))
        way = device.options["authorisation"]
        path = str(device.options["cards"])
        listed = sorted(ocpp_cards.cards(path)) if way == ocpp_cards.LISTED and path else []
        card = "" if way == ocpp_cards.FREE else listed[0] if listed else CARD
        return StationTwin(self, point, point.add(int(device.options["connector"]), part, card))

    def open(self) -> "SimStations":
        from firmware.simulated.ocpp import SimStations  # 10 MB of schemas
        if self.port is None:
            for point in self.points.values():
                point.connects()
        self.port = SimStations(self.points)  # who opens it anew knows nothing of them, as after a restart
        return self.port


def yards(file: SiteFile) -> "dict[str, Yard]":
    return {line.name: Yard() for line in file.lines if line.kind == "ocpp"}


def called(line: LineSpec, yard: Yard, lock: Lock) -> "list[OcppSocket]":
    """Each station calls the address that the line names, again and again."""
    from sim.ocpp_socket import OcppSocket
    options = line.options
    known = ocpp_door.passwords(options["passwords"]) if options["security_profile"] else {}
    host = "127.0.0.1" if options["host"] in ("0.0.0.0", "::") else options["host"]
    path = "/" + options["path"].strip("/") if options["path"].strip("/") else ""
    address = f"{'wss' if options['security_profile'] == 2 else 'ws'}://{host}:{options['port']}{path}"
    return [OcppSocket(point, address, lock, known.get(station, b""), options["cert"])
            for station, point in yard.points.items()]
