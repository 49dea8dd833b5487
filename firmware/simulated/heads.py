"""Simulated meters behind heads and cables: SML and P1 that send by themselves, D0 that sends or is asked."""

from drivers import p1_head
from drivers.ciphers import gcm_seal
from firmware.config.site import DeviceFile
from hal.faults import TIMEOUT, DeviceError
from hal.ports import Stream
from sim.d0_meter import D0Meter, D0Talk
from sim.p1_meter import P1Meter
from sim.part import Point
from sim.sml_meter import SmlMeter
from sim.twins import Twin

HEADS = ("sml_head", "p1_head", "d0_head")  # drivers


class Head(Stream):
    """An optical port at full speed: a moment of silence, then the whole frame, then nothing until the next."""

    def __init__(self) -> None:
        self._waiting = b""
        self._silent = False

    def put(self, frame: bytes) -> None:
        self._waiting = frame
        self._silent = True

    def read(self, most: int, wait_ms: int) -> bytes:
        if self._silent:
            self._silent = False
            return b""
        if not self._waiting:
            raise DeviceError(TIMEOUT, "no frame")
        out, self._waiting = self._waiting[:most], self._waiting[most:]
        return out


class PushTwin(Twin):
    """A meter that sends by itself, clamped to a point of the house; `frame` is what it sends about this instant."""

    def __init__(self, point: Point, meter: "SmlMeter | P1Meter | D0Meter") -> None:
        self.meter = meter
        self._point = point
        self._now_ms = 0

    def tick(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def frame(self) -> bytes:
        point = self._point
        return self.meter.frame(self._now_ms, point.power_w, point.flow_ma, point.voltage_mv,
                                point.import_wh, point.export_wh)


class AskedTwin(Twin):
    """A D0 meter that is asked; `talk` is its side of the conversation."""

    def __init__(self, point: Point, meter: D0Meter) -> None:
        self.talk = D0Talk(meter, lambda: meter.block(point.power_w, point.import_wh, point.export_wh))

    def tick(self, now_ms: int) -> None:
        """It knows no time but that of its bus."""


def twin_of(device: DeviceFile, point: Point, number: int) -> "PushTwin | AskedTwin":
    """The meter behind the head of one of HEADS."""
    if device.driver == "sml_head":
        return PushTwin(point, SmlMeter(number=number))
    if device.driver == "p1_head":
        return PushTwin(point, _p1(device, number))
    if device.options["talk"] == "sends":
        return PushTwin(point, D0Meter("D", number=number))
    return AskedTwin(point, D0Meter("C", min(9600, device.options["most_baud"]), number,
                                    address=device.options["address"]))


def _p1(device: DeviceFile, number: int) -> P1Meter:
    """Encrypted with the very keys the driver is given."""
    keys = p1_head.keys_of(dict(device.options))
    if keys is None:
        return P1Meter("v5", number)
    return P1Meter("luxembourg", number, lambda initial, text, covered: gcm_seal(
        keys[0], initial, text, covered[:1] + keys[1]))
