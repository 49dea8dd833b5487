"""Simulated M-Bus meters of a SITE.toml: on the air of a stick, or on a wire. Their counters run by themselves."""

from drivers import oms_meter
from drivers.mbus_media import named
from drivers.radio import Radio
from drivers.wmbus_sticks import make
from firmware.config.file import LineSpec, SiteFile
from firmware.config.site import DeviceFile
from sim.mbus_slave import MBusMeter, MBusWire
from sim.twins import Twin
from sim.twins.oms_meter import ELECTRICITY, HEAT, Air, RadioMeter

SEED = 7
INTERVAL_MS = 4_000  # real ones send every 8 s and more
MOST_SAID = 4095  # what Linux keeps of a serial port that nobody reads


class Still(Twin):
    """A meter whose time is that of its bus."""

    def tick(self, now_ms: int) -> None:
        """Nothing by itself."""


class AirBus:
    """The meters in reach of one stick, and the stick."""

    def __init__(self, spec: LineSpec) -> None:
        self.air = Air(spec.options["stick"])
        self.radio = Radio(make(spec.options["stick"]))
        self.baud = spec.options["baud"] or self.radio.stick.BAUD
        self._said = b""

    def add(self, device: DeviceFile, number: int) -> Twin:
        """Encrypts with the very key its driver is given."""
        keys = oms_meter.key_of(dict(device.options))
        medium = ELECTRICITY if device.options["role"] == "source" else HEAT
        whole = named(device.options["id"])
        meter = RadioMeter(SEED, number, INTERVAL_MS, "mode 7" if keys else "none", medium,
                           whole.id if whole else device.options["id"])
        meter.address = whole or meter.address
        if keys:
            meter.key = keys[device.options["id"]][0]
        self.air.meters.append(meter)
        return Still()

    def live(self, now_ms: int) -> None:
        said = self.air.lived(now_ms)
        self.radio.take(said, now_ms)
        self._said = (self._said + said)[-MOST_SAID:]

    def hear(self, data: bytes) -> None:
        """A stick takes its commands without a word."""

    def said(self) -> bytes:
        """What it has written since the last look."""
        out, self._said = self._said, b""
        return out

    def port(self) -> Radio:
        return self.radio


class WireBus:
    """The meters on one wired M-Bus."""

    def __init__(self, spec: LineSpec) -> None:
        self.baud = spec.options["baud"]
        self._meters: "list[MBusMeter]" = []
        self._wire = MBusWire(())

    def add(self, device: DeviceFile, number: int) -> Twin:
        source = RadioMeter(SEED, number, mode="none", medium=HEAT, id_=device.options["id"])
        data = source.address.packed()
        header = data[2:6] + data[:2] + data[6:] + bytes((number & 0xFF, 0, 0, 0))
        primary = 0 if device.options["id"] else device.options["address"]  # as it left the factory
        self._meters.append(MBusMeter(primary, (header + source.records(),)))
        self._wire = MBusWire(tuple(self._meters))
        return Still()

    def live(self, now_ms: int) -> None:
        """Answers only when it is asked."""

    def hear(self, data: bytes) -> None:
        self._wire.write(data)

    def said(self) -> bytes:
        return self._wire.read(MOST_SAID, 0)

    def port(self) -> "tuple[MBusWire, int]":
        return self._wire, self.baud


def buses(file: SiteFile) -> "dict[str, AirBus | WireBus]":
    made: "dict[str, AirBus | WireBus]" = {}
    for spec in file.lines:
        if spec.kind == "wm-bus":
            made[spec.name] = AirBus(spec)
        elif spec.kind == "m-bus":
            made[spec.name] = WireBus(spec)
    return made
