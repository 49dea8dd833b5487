"""A telegram's numbers, and those of the meters on its own M-Bus, as records of any medium (hal.measured)."""

from drivers.obis import AMPERE, CUBIC_METRE, HERTZ, JOULE, VAR, VAR_HOUR, VOLT, WATT, WATT_HOUR, Entry, number
from hal.measured import NO_CLOCK, OWN_CLOCK, Measured

UNITS = {WATT: "W", WATT_HOUR: "Wh", AMPERE: "A", VOLT: "V", HERTZ: "Hz", CUBIC_METRE: "m3", JOULE: "J", VAR: "var",
         VAR_HOUR: "varh"}
NAMES = {WATT: "power", WATT_HOUR: "energy", AMPERE: "current", VOLT: "voltage", HERTZ: "frequency",
         CUBIC_METRE: "volume", JOULE: "energy"}
_NOW, _COUNTER = 7, 8
_BACKWARD = (2, 22, 42, 62)
_PHASES = ((21, 22, 31, 32, 36), (41, 42, 51, 52, 56), (61, 62, 71, 72, 76))
_KNOWN = (1, 2, 14, 15, 16) + _PHASES[0] + _PHASES[1] + _PHASES[2]
_NEWEST = 255


def measured(entries: "tuple[Entry, ...]", meter: "str | None", time: "str | None",
             status: "tuple[str, ...]" = ()) -> "tuple[Measured, ...]":
    """Powers, currents, voltages and active energies; () without a meter's name. `time`: of its own clock, ISO 8601."""
    if not meter:
        return ()
    out = []
    for entry in entries:
        what, kind, tariff, stored = entry.obis[2], entry.obis[3], entry.obis[4], entry.obis[5]
        value = number(entry)
        unit = entry.unit
        known = entry.obis[0] == 1 and what in _KNOWN and kind in (_NOW, _COUNTER)
        if value is None or unit not in NAMES or not known:
            continue
        qualifiers = tuple("l%d" % (at + 1) for at in range(3) if what in _PHASES[at])
        if what in _BACKWARD:
            qualifiers = ("backward",) + qualifiers
        out.append(Measured(meter, "electricity", NAMES[unit], value, entry.scaler or 0, UNITS[unit], time,
                            OWN_CLOCK if time else NO_CLOCK, status, "now", 0 if stored == _NEWEST else stored,
                            tariff, 0, qualifiers))
    return tuple(out)


def volume(meter: str, medium: str, value: int, scaler: int, unit: int, time: "str | None") -> Measured:
    """What a sub-meter last said."""
    return Measured(meter, medium, NAMES[unit], value, scaler, UNITS[unit], time, OWN_CLOCK if time else NO_CLOCK, (),
                    "now", 0, 0, 0, ())


def iso(stamp: "str | None") -> "str | None":
    """Of YYMMDDhhmmss and S or W, as P1 has it; None for what is no time."""
    if stamp is None or len(stamp) not in (12, 13) or not all(letter in "0123456789" for letter in stamp[:12]):
        return None
    parts = [stamp[at:at + 2] for at in (0, 2, 4, 6, 8, 10)]
    return "20%s-%s-%sT%s:%s:%s" % tuple(parts)
