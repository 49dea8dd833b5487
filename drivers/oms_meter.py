"""Meter that sends by radio (OMS, wM-Bus): heat, cooling, water, gas, electricity, climate.

It is heard, never asked: a reading carries the time it was heard at, and stands until the meter has been silent for
`silent_s`; a telegram that is refused changes nothing. As `sensor` it is shown and recorded and takes no part in any
decision; as `source` a radio electricity meter measures a generator, where it sends at least every few minutes. Its
whole records, of any medium, are in `measured`. With a key nothing is believed that is in the clear, forged or
repeated.
"""

import time

from drivers import key_file
from drivers.counters import Counters
from drivers.given import MOUNTING, counters, is_reversed, phases, whole, word
from drivers.heard_passport import of_address
from drivers.mbus_measured import measured
from drivers.mbus_media import named
from drivers.mbus_reading import reading_of
from drivers.mbus_telegram import FRAGMENT, Telegram
from drivers.meter_facts import CAPTURED, Facts
from drivers.oms_reader import MORE, NOTHING, OmsReader
from drivers.passport import UNKNOWN, Passport
from drivers.radio import Radio
from drivers.wmbus_stick import Heard
from hal import values
from hal.faults import FRAME, TIMEOUT, DeviceError
from hal.measured import Measured
from hal.options import choice, integer, text
from hal.ports import Meter
from hal.values import Ability, Reading

LINES = ("wm-bus",)
OPTIONS = (
    choice("role", "sensor", ("sensor", "source"), "sensor: only shown; source: an electricity meter of a generator"),
    MOUNTING,
    text("id", None, 8, 18, "the eight digits printed on the meter; or its whole name, as decode wmbus shows it, where "
                            "meters of two makers have the same digits"),
    text("keys", "", 0, 255, "file of the keys; none for a meter that does not encrypt"),
    integer("silent_s", 3_600, 60, 86_400, "silent after so long without a telegram, in s"),
)
METER = Facts("Meters that send by radio (OMS, wM-Bus): heat, cooling, water, gas, electricity, climate",
              "everything the meter sends; energies, P, U and I of an electricity meter", CAPTURED)
DIGITS = 8
FAILSAFE = "nothing is ever sent to a radio meter; it goes on counting without us"


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError("option: what is allowed")."""
    key_of(options)
    role = word(options, "role")
    return values.ability(role, measured=role == "source", settle_ms=0)


def key_of(options: "dict[str, object]") -> "dict[str, tuple[bytes, ...]]":
    """The key of this meter alone, by its id."""
    path, name = word(options, "keys"), word(options, "id")
    whole_name = named(name)
    if whole_name is None and not (len(name) == DIGITS and all(letter in "0123456789ABCDEF" for letter in name)):
        raise ValueError("id: allowed are eight digits, as printed on the meter, or a name like KAM-12345678-1B-04")
    digits = name if whole_name is None else whole_name.id
    if not path:
        return {}
    try:
        known = key_file.keys(path)
    except ValueError as error:
        raise ValueError("keys: %s" % error) from error
    found = [value for key, value in known.items()
             if key in (name, digits) or (whole_name is None and key.split("-")[1:2] == [digits])]
    if len(found) != 1:
        raise ValueError("id: %d keys for it in %s; allowed is one" % (len(found), path))
    return {name: found[0]}


class OmsMeter(Meter):
    def __init__(self, radio: Radio, id_: str, keys: "dict[str, tuple[bytes, ...]]", silent_ms: int,
                 wired: "tuple[int, ...]", turned: bool, counters: Counters) -> None:
        self.said: Passport = UNKNOWN
        self.measured: "tuple[Measured, ...]" = ()
        self._radio = radio
        self._id = id_
        self._reader = OmsReader(keys, counters=counters)
        self._silent_ms = silent_ms
        self._wired = wired
        self._turned = turned
        self._good: "Reading | None" = None
        self._refused = ""
        radio.every(self._hear)

    def read(self, now_ms: int) -> Reading:
        """Returns at once. Too long without a good telegram: FRAME when others came and were refused, else TIMEOUT."""
        self._radio.start()
        good = self._good
        if good is not None and now_ms - good.t_ms <= self._silent_ms:
            return good
        if self._refused:
            raise DeviceError(FRAME, self._refused)
        raise DeviceError(TIMEOUT, self._radio.fault or "meter %s is silent" % self._id)

    def passport(self) -> Passport:
        """As heard with the newest telegram."""
        return self.said

    def _hear(self, t_ms: int, heard: Heard, telegram: Telegram) -> None:
        """On the thread that listens; what `read` sees is replaced as a whole."""
        if telegram.seal != FRAGMENT and not self._is_mine(telegram):
            return  # whose a fragment is may stand in another one
        told = self._reader.read(telegram)
        if told.why in (MORE, NOTHING) or not self._is_mine(told.telegram):
            return
        now = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime())
        numbers = measured(told.telegram, told.records, now)
        self._refused = told.why or ("" if numbers else "not one number that is known in it")
        if self._refused:  # a telegram of a maker's own between two others takes nothing away
            return
        try:
            good = reading_of(t_ms, told.telegram, told.records, self._wired, self._turned)
        except DeviceError as error:
            self._refused = error.detail
            return
        self.said = of_address(told.telegram.meter)
        self.measured = numbers
        self._good = good

    def _is_mine(self, telegram: Telegram) -> bool:
        return telegram.meter is not None and self._id in (telegram.meter.id, telegram.meter.text())


def build(port: Radio, options: "dict[str, object]") -> OmsMeter:
    return OmsMeter(port, word(options, "id"), key_of(options), 1_000 * whole(options, "silent_s"), phases(options),
                    is_reversed(options), counters(options))
