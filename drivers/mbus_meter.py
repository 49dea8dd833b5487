"""Meter on a wired M-Bus (EN 13757-2 and -3), behind a level converter on a serial port: asked every few minutes.

Heat meters on a battery count their answers: `every_s` is how often it is asked, and between two answers its newest
reading stands with its own age. Its whole records, of any medium, are in `measured`. Nothing in it is changed.
"""

import time

from drivers.given import MOUNTING, clock, is_reversed, phases, whole, word
from drivers.heard_passport import of_address
from drivers.mbus_fixed import parse as parse_fixed
from drivers.mbus_frame import SELECTED, Frame
from drivers.mbus_master import MBusMaster
from drivers.mbus_measured import measured
from drivers.mbus_reading import reading_of
from drivers.mbus_records import Record
from drivers.mbus_telegram import FIXED, MBusError, Telegram, of_wire
from drivers.meter_facts import CAPTURED, Facts
from drivers.oms_reader import OmsReader
from drivers.passport import UNKNOWN, Passport
from hal import values
from hal.faults import FRAME, DeviceError
from hal.measured import Measured
from hal.options import choice, integer, text
from hal.ports import Clock, Dialogue, Meter
from hal.values import Ability, Reading

LINES = ("m-bus",)
OPTIONS = (
    choice("role", "sensor", ("sensor", "source"), "sensor: only shown; source: an electricity meter of a generator"),
    MOUNTING,
    integer("address", None, 0, 254, "primary address; 254 for the only meter on the bus, 253 for one that is called "
                                     "by its number (id)"),
    text("id", "", 0, 8, "with address 253: the eight digits printed on the meter"),
    integer("every_s", 900, 5, 86_400, "how often it is asked, in s; a meter on a battery counts its answers"),
)
METER = Facts("Meters on a wired M-Bus: heat, cooling, water, gas, electricity", "everything the meter sends", CAPTURED)
FAILSAFE = "only measures"


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError("option: what is allowed")."""
    role, number = word(options, "role"), word(options, "id")
    if (whole(options, "address") == SELECTED) != bool(number):
        raise ValueError("id: it goes with address = %d, and that with it" % SELECTED)
    if number and (len(number) != 8 or not all(letter in "0123456789ABCDEF" for letter in number)):
        raise ValueError("id: allowed are eight digits, as printed on the meter")
    return values.ability(role, measured=role == "source", settle_ms=0)


class MBusMeter(Meter):
    def __init__(self, master: MBusMaster, clock: Clock, address: int, every_ms: int, wired: "tuple[int, ...]",
                 turned: bool, number: str = "") -> None:
        self.said: Passport = UNKNOWN
        self.measured: "tuple[Measured, ...]" = ()
        self._master = master
        self._clock = clock
        self._address = address
        self._number = number
        self._every_ms = every_ms
        self._wired = wired
        self._turned = turned
        self._reader = OmsReader({}, recorded=True)  # a wire is nobody's air: what is in the clear is the meter's
        self._good: "Reading | None" = None

    def read(self, now_ms: int) -> Reading:
        """Asks when it is time; DeviceError when the meter does not answer, or with what is no telegram."""
        good = self._good
        if good is not None and now_ms - good.t_ms < self._every_ms:
            return good
        telegram, records = self._told(self._master.read(self._address, self._number))
        if self._number and telegram.meter is not None and telegram.meter.id != self._number:
            raise DeviceError(FRAME, "the meter %s answers in its place" % telegram.meter.id)
        heard = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime())
        self.measured = measured(telegram, records, heard)
        self.said = of_address(telegram.meter)
        self._good = reading_of(now_ms, telegram, records, self._wired, self._turned)
        return self._good

    def passport(self) -> Passport:
        """As said with the newest answer."""
        return self.said

    def _told(self, frames: "tuple[Frame, ...]") -> "tuple[Telegram, tuple[Record, ...]]":
        """The records of all telegrams together, under the header of the first."""
        every: "tuple[Record, ...]" = ()
        first: "Telegram | None" = None
        for frame in frames:
            try:
                telegram = of_wire(frame)
            except MBusError as error:
                raise DeviceError(FRAME, str(error)) from error
            fixed = parse_fixed(frame.data) if frame.ci == FIXED else None
            told = self._reader.read(telegram)
            if fixed is None and told.why:
                raise DeviceError(FRAME, told.why)
            every += fixed.records if fixed is not None else told.records
            first = first or told.telegram
        assert first is not None
        return first, every


def build(port: "tuple[Dialogue, int]", options: "dict[str, object]") -> MBusMeter:
    """`port`: the line, and its rate."""
    line, baud = port
    given = clock(options)
    return MBusMeter(MBusMaster(line, given, baud), given, whole(options, "address"), 1_000 * whole(options, "every_s"),
                     phases(options), is_reversed(options), word(options, "id"))
