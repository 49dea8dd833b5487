"""What a meter's quantities are as one Reading: the same rules for every meter that is a table.

Power: "power_w" for each conductor, or "taken_w" less "given_w" where the device keeps them apart; the total is
"total_w" where a table has it, else the sum of the phases: a request less, and all of one instant.
Current takes the sign of its power, whether the device signs it or not. Import and export are two counters and
stay two. A reversed meter has its power turned and its counters swapped. Where every voltage is nearly 0 or one
is far above any grid's, the registers do not mean what the table says: mostly their words are swapped.
"""

from drivers.register_device import needed, one, own_values
from hal.faults import RANGE, DeviceError
from hal.values import Phases, Reading, placed, reading

ALIVE_MV = 50_000  # a meter is fed by what it measures: below this it is off, or this is no voltage
MOST_MV = 500_000  # above any phase-to-neutral voltage of a house (EN 50160: 253 V)
MOST_WH = 1_000_000_000_000  # 125 A through three phases for a thousand years
MOST_MHZ = 100_000  # some firmware counts ten times finer than its description says
_GRID_MHZ = (40_000, 70_000)  # anything else is no grid's frequency


def meter_reading(
    now_ms: int, values: "dict[str, tuple[int | None, ...]]", phases: "tuple[int, ...]", sign: int,
    has_voltage: bool = True,
) -> Reading:
    """`sign`: -1 for a meter mounted reversed. DeviceError(RANGE) for what cannot be an answer."""
    count = len(phases)
    voltage_mv = needed(values, "voltage_mv", count) if has_voltage else own_values(values, "voltage_mv", count)
    if voltage_mv is not None:
        _alive(voltage_mv)
    power_w = tuple([sign * w for w in _power_w(values, count)])
    current_ma = tuple([-abs(ma) if w < 0 else abs(ma)
                        for ma, w in zip(needed(values, "current_ma", count), power_w)])
    came, went = ("import_wh", "export_wh") if sign > 0 else ("export_wh", "import_wh")
    return reading(
        now_ms, total_w=_total_w(values, power_w, sign), power_w=placed(power_w, phases),
        current_ma=placed(current_ma, phases),
        voltage_mv=None if voltage_mv is None else placed(voltage_mv, phases),
        import_wh=_energy_wh(values, came), export_wh=_energy_wh(values, went),
        power_factor_permille=_power_factor(own_values(values, "power_factor_permille", count), phases),
        frequency_mhz=frequency(one(values, "frequency_mhz")),
    )


def _alive(voltage_mv: "tuple[int, ...]") -> None:
    if max(voltage_mv) < ALIVE_MV:
        raise DeviceError(RANGE, "no voltage on any phase, or swapped words: %s mV" % (voltage_mv,))
    if max(voltage_mv) > MOST_MV or min(voltage_mv) < 0:
        raise DeviceError(RANGE, "no voltage of a grid, or swapped words: %s mV" % (voltage_mv,))


def _power_w(values: "dict[str, tuple[int | None, ...]]", count: int) -> "tuple[int, ...]":
    if "power_w" in values:
        return needed(values, "power_w", count)
    taken, given = needed(values, "taken_w", count), needed(values, "given_w", count)
    return tuple([into - out for into, out in zip(taken, given)])


def _total_w(values: "dict[str, tuple[int | None, ...]]", power_w: "tuple[int, ...]", sign: int) -> int:
    return sign * needed(values, "total_w")[0] if "total_w" in values else sum(power_w)


def _energy_wh(values: "dict[str, tuple[int | None, ...]]", field: str) -> "int | None":
    energy_wh = one(values, field)
    return energy_wh if energy_wh is not None and 0 <= energy_wh <= MOST_WH else None


def _power_factor(own: "tuple[int, ...] | None", phases: "tuple[int, ...]") -> "Phases | None":
    """As a size: makers use the sign for the direction of energy, or for the kind of load."""
    if own is None or max([abs(permille) for permille in own]) > 1000:
        return None
    return placed(tuple([abs(permille) for permille in own]), phases)


def frequency(raw_mhz: "int | None") -> "int | None":
    if raw_mhz is None:
        return None
    mhz = raw_mhz // 10 if raw_mhz > MOST_MHZ else raw_mhz
    return mhz if _GRID_MHZ[0] <= mhz <= _GRID_MHZ[1] else None
