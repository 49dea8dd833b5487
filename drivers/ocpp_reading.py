"""What a connector has told -> a Reading on grid phases, with an age that is never understated.

Without a transaction the contactor is open: nothing flows, as of when the station was last heard. While it charges only
what was measured counts; values that are older than their time are none. The name in which we start what needs no card
is nobody's card.
"""

from drivers.ocpp_cards import OURS
from drivers.ocpp_desk import CHARGING, Connector
from drivers.ocpp_values import CURRENT, POWER, SOC, VOLTAGE, conductors, total
from drivers.register_device import split
from hal.faults import TIMEOUT, DeviceError
from hal.values import ZERO, Phases, Reading, placed, reading

LATE_MS = 4_000


def reading_of(one: Connector, heard_ms: int, now_ms: int, every_ms: int, wired: "tuple[int, ...]",
               limit_ma: "Phases | None", strange: str = "") -> Reading:
    """`strange`: what it said and could not be read.

    Raises DeviceError(TIMEOUT) while the state is not known, or it charges and tells no values.
    """
    if not one.letter:
        raise DeviceError(TIMEOUT, "has not told its state yet" + (strange and "; not understood: " + strange))
    old_ms = 2 * every_ms + LATE_MS
    charges = one.letter == CHARGING
    since_ms = now_ms - (LATE_MS if one.transaction is None and not charges else old_ms)
    since_ms = since_ms if charges else max(since_ms, one.status_ms)
    live = {key: value for key, (value, t_ms) in one.values.items() if t_ms >= since_ms}
    count = len(wired)
    power_w, current_ma = conductors(live, POWER, count), conductors(live, CURRENT, count)
    total_w, voltage_mv = total(live, POWER, count), conductors(live, VOLTAGE, count)
    if power_w is None and total_w is not None and current_ma is not None:
        power_w = split(total_w, current_ma)
    measured = total_w is not None or current_ma is not None
    t_ms = min(_oldest(one, since_ms) if measured else one.status_ms if charges else heard_ms, now_ms)
    if charges and now_ms - t_ms > old_ms:
        raise DeviceError(TIMEOUT, "it charges, and has told no power and no current for %d s" % (
            (now_ms - t_ms) // 1000))
    on_grid = [None if own is None else placed(own, wired) for own in (power_w, current_ma, voltage_mv)]
    if not measured and not (charges and one.heard_ms is not None and one.heard_ms > one.status_ms):
        total_w, on_grid[0], on_grid[1] = 0, ZERO, ZERO  # as of then the contactor was open
    return reading(t_ms, total_w=total_w, power_w=on_grid[0], current_ma=on_grid[1], voltage_mv=on_grid[2],
                   import_wh=one.import_wh, soc_permille=_charge(live), state=one.letter, limit_ma=limit_ma,
                   session_wh=_session_wh(one), card=None if one.card.upper() in ("", OURS) else one.card)


def _session_wh(one: Connector) -> "int | None":
    if one.import_wh is None or one.begin_wh is None or one.import_wh < one.begin_wh:
        return None
    return one.import_wh - one.begin_wh


def _oldest(one: Connector, since_ms: int) -> int:
    """When the power and currents that are told now were heard."""
    return min(t_ms for (what, _), (_, t_ms) in one.values.items()
               if what in (POWER, CURRENT) and t_ms >= since_ms)


def _charge(live: "dict[tuple[str, int | None], int]") -> "int | None":
    found = live.get((SOC, None))
    return found if found is not None and 0 <= found <= 1_000 else None
