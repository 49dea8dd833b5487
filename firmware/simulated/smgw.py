"""Simulated smart-meter gateways of a SITE.toml, with the logins that its clients use, kept quarter hours included."""

import hashlib

from drivers import key_file
from drivers.smgw_account import Account
from drivers.smgw_gateway import Gateway
from drivers.smgw_https import Answer, Transport
from firmware.config.file import LineSpec, SiteFile
from sim.part import Point
from sim.smgw_gateway import SimGateway
from sim.smgw_pages import Counted, Kept
from sim.twins import Twin

QUARTER_MS = 900_000
METER = "1sim{:010d}"  # the number of a meter that the configuration does not name
DAY = "2026-06-21"


class Behind(Twin):
    """A meter whose time is that of its gateway."""

    def tick(self, now_ms: int) -> None:
        """Nothing by itself."""


class GatewayBus:
    """One gateway and the meters behind it; `served` is what stands on the network, `port` the client at full speed."""

    def __init__(self, spec: LineSpec) -> None:
        self._spec = spec
        self._points: "list[tuple[str, Point]]" = []
        self._quarter = -1
        self._login = _login(spec)
        self.gateway = SimGateway(spec.options["maker"], *self._login, self._counted)
        self.gateway.capture(f"{DAY} 00:00:00")

    def add(self, id_: str, number: int, point: Point) -> Twin:
        self._points.append((id_ or METER.format(number), point))
        self.gateway.capture(f"{DAY} 00:00:00")
        return Behind()

    def live(self, now_ms: int) -> None:
        quarter = now_ms // QUARTER_MS
        if quarter != self._quarter:
            self._quarter = quarter
            minutes = quarter * 15 % 1_440
            self.gateway.capture(f"{DAY} {minutes // 60:02d}:{minutes % 60:02d}:00")

    def port(self) -> Gateway:
        """It keeps its count in memory: nothing of the real line is touched."""
        options = self._spec.options
        return Gateway(options["maker"], lambda shown: _Inside(self.gateway), lambda: self._login,
                       lambda user, password: Account({}, lambda fields: None, user, password, 1))

    def _counted(self) -> Kept:
        return tuple((name, (Counted("0100010800ff", 10 * point.import_wh, -1, 30),
                             Counted("0100020800ff", 10 * point.export_wh, -1, 30),
                             Counted("0100100700ff", point.power_w.total(), 0, 27)))
                     for name, point in self._points)


class _Inside(Transport):
    """Straight into the simulated gateway."""

    certificate = hashlib.sha256(b"simulated").hexdigest()

    def __init__(self, gateway: SimGateway) -> None:
        self._gateway = gateway

    def ask(self, method: str, path: str, headers: "dict[str, str]", body: bytes) -> Answer:
        return Answer(*self._gateway.answer(method, path, {name.lower(): v for name, v in headers.items()}, body))

    def close(self) -> None:
        """Nothing is open."""


def _login(spec: LineSpec) -> "tuple[str, str]":
    """That of the file, so that a client on the network finds its own."""
    path, name = spec.options["logins"], spec.options["login"]
    return key_file.login(path, name) if path else ("simulated", "simulated")


def gateways(file: SiteFile) -> "dict[str, GatewayBus]":
    return {spec.name: GatewayBus(spec) for spec in file.lines if spec.kind == "smgw"}
