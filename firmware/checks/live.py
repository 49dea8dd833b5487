"""Each meter of a configuration, asked or heard: who it is and what it measures, beside what its owner says of it.

Gateways are left alone: who counts their logins is the service.
"""

from typing import Any, NamedTuple

from drivers.passport import Passport, passport
from firmware import build
from firmware.config.file import SiteFile
from firmware.said import Said, joined, said
from firmware.scanning.known import ReadOnly
from firmware.scanning.text import measured, passport_words
from hal.faults import DeviceError
from hal.ports import Clock
from hal.values import Reading

TURNS = 8  # readings of a Modbus meter, in which every slow value has come
HEARD_MS = 30_000  # how long those of a line that send by themselves are waited for
STEP_MS = 200
ALONE = ("smgw", "gpio")


class Live(NamedTuple):
    """What one meter answered; `fault` when it did not."""

    name: str
    passport: Passport  # its own words first, then its owner's
    reading: "Reading | None"
    fault: str
    differs: str  # where it contradicts its owner

    def good(self) -> bool:
        return not (self.fault or self.differs)

    def plain(self) -> "dict[str, Any]":
        return {"device": self.name, "passport": self.passport._asdict(), "fault": self.fault or None,
                "differs": self.differs or None, "reading": self.reading and self.reading._asdict()}

    def words(self) -> Said:
        if self.fault:
            return joined((f"  {self.name}: ", self.fault), "")
        lines = [joined((f"  {self.name}: ", passport_words(self.passport) or said("it does not say")), "")]
        if self.reading is not None:
            lines.append(joined(("    ", measured(self.reading)), ""))
        return joined(lines + ([joined(("    ", self.differs), "")] if self.differs else []), "\n")


def live(file: SiteFile, clock: Clock) -> "list[Live]":
    """Line by line; a meter that is silent costs its time-outs and no more."""
    out = []
    for spec in file.lines:
        devices = [device for device in file.devices if device.line == spec.name]
        if spec.kind in ALONE or not devices:
            continue
        port, polled = build.real_port(spec), spec.kind.startswith("modbus")
        until_ms = clock.now_ms() + HEARD_MS
        meters = [(device, build.driver(device, ReadOnly(port) if polled else port, clock)) for device in devices]
        for device, meter in meters:
            if hasattr(meter, "passport"):
                out.append(_asked(device.name, meter, device.plate, clock, None if polled else until_ms))
        (port if hasattr(port, "close") else port[0]).close()
    return out


def _asked(name: str, meter: Any, plate: Passport, clock: Clock, until_ms: "int | None") -> Live:
    """`until_ms`: of a meter that is heard; None for one that is polled."""
    try:
        reading = [meter.read(0) for _ in range(TURNS)][-1] if until_ms is None \
            else _heard(meter, clock, until_ms)
        told = meter.passport()
    except DeviceError as error:
        return Live(name, plate, None, f"{error.kind}: {error.detail}", "")
    both = passport({field: own or owners for field, own, owners in zip(Passport._fields, told, plate)})
    differs = ""
    if told.serial and plate.serial and told.serial != plate.serial.replace(" ", ""):
        differs = said("another meter: its number is {}, the configuration says {}", told.serial, plate.serial)
    return Live(name, both, reading, "", differs)


def _heard(meter: Any, clock: Clock, until_ms: int) -> Reading:
    """Its first reading, or why there is none by then."""
    while True:
        try:
            reading: Reading = meter.read(clock.now_ms())
            return reading
        except DeviceError:
            if clock.now_ms() >= until_ms:
                raise
        clock.sleep_ms(STEP_MS)
