"""Each Modbus meter of a configuration, asked who it is and what it measures, beside what its owner says of it."""

from typing import Any, NamedTuple

from drivers.passport import Passport, passport
from firmware import build
from firmware.config import SiteFile
from firmware.scan_known import ReadOnly
from firmware.scan_text import measured, passport_words
from hal.faults import DeviceError
from hal.ports import Clock
from hal.values import Reading

TURNS = 8  # readings, in which every slow value has come


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

    def words(self) -> str:
        if self.fault:
            return f"  {self.name}: {self.fault}"
        known = passport_words(self.passport) or "it does not say"
        lines = [f"  {self.name}: {known}"]
        if self.reading is not None:
            lines.append(f"    {measured(self.reading)}")
        return "\n".join(lines + ([f"    {self.differs}"] if self.differs else []))


def live(file: SiteFile, clock: Clock) -> "list[Live]":
    """Line by line; a meter that is silent costs its time-outs and no more."""
    out = []
    for spec in file.lines:
        devices = [device for device in file.devices if device.line == spec.name]
        if not spec.kind.startswith("modbus") or not devices:
            continue
        port = build.real_port(spec)
        for device in devices:
            meter: Any = build.driver(device, ReadOnly(port), clock)
            if hasattr(meter, "passport"):
                out.append(_asked(device.name, meter, device.plate))
        port.close()
    return out


def _asked(name: str, meter: Any, plate: Passport) -> Live:
    try:
        readings = [meter.read(0) for _ in range(TURNS)]
        said = meter.passport()
    except DeviceError as error:
        return Live(name, plate, None, f"{error.kind}: {error.detail}", "")
    both = passport({field: own or owners for field, own, owners in zip(Passport._fields, said, plate)})
    differs = ""
    if said.serial and plate.serial and said.serial != plate.serial:
        differs = f"another meter: its number is {said.serial}, the configuration says {plate.serial}"
    return Live(name, both, readings[-1], "", differs)
