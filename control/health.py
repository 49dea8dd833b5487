"""Which readings may be believed.

A reading that cannot be true is passed over: the one before it stands until it is too old. What was lost is
believed again after several good readings in a row.
"""

from control import frozen, leaping, reasons, turned
from control.values import NEVER, DeviceSpec, Sense, Site, Snapshot
from control.vectors import NOTHING, plus
from control.wiring import MOST_MV, Wiring
from hal.values import NOMINAL_MV, Phases, Reading, ma_of_w, placed, w_of_ma

GOOD_IN_A_ROW = 3
LEAST_MV = 150_000  # while current flows; EN 50160 knows dips, not that deep for a second
FLOWING_MA = 1_000
LOOSE_W = 300  # phases and total may come from two requests, a step of a load between them

NEW_SENSE = Sense(None, (0, 0, 0, 0), False, (0, 0, 0, 0), NEVER, NEVER, reasons.NEVER_HEARD, 0, False, None, None,
                  None)


def believe(site: Site, wired: Wiring, senses: "tuple[Sense, ...]", snapshot: Snapshot) -> "tuple[Sense, ...]":
    """What each device says, as far as it may be believed."""
    now_ms = snapshot.now_ms
    heard = []
    for index, (sense, (reading, _)) in enumerate(zip(senses, snapshot.heard)):
        if reading is None:
            heard.append(_lost(sense, reasons.STALE if sense.seen_ms != NEVER else reasons.NEVER_HEARD))
            continue
        if reading.t_ms != sense.seen_ms:
            if index in wired.meters and _tells_no_power(reading):
                sense = _refused(sense, reading, reasons.NO_POWER)
            else:
                sense = _newer(sense, reading, site.devices[index], wired.credible[index], now_ms)
        heard.append(_aged(sense, now_ms, wired.stale_ms[index]))
    for index, node in enumerate(site.nodes):
        if node.meter >= 0:
            meter = node.meter
            heard[meter] = _watched(heard[meter], senses[meter], heard, wired, index, node.rated_ma, now_ms)
    return tuple(heard)


def _tells_no_power(reading: Reading) -> bool:
    return reading.total_w is None and reading.power_w is None and reading.current_ma is None


def doubt(sense: Sense) -> int:
    """Why a reading is not believed; 0 = it is."""
    return 0 if sense.believed else sense.verdict or reasons.RECOVERING


def _aged(sense: Sense, now_ms: int, stale_ms: int) -> Sense:
    good = sense.good
    if good is None:
        return _lost(sense, sense.verdict)
    if not 0 <= now_ms - good.t_ms <= stale_ms:
        return _lost(sense, sense.verdict or reasons.STALE)
    if sense.believed or sense.row < GOOD_IN_A_ROW:
        return sense
    return _with(sense, sense.verdict, sense.row, True)


def _lost(sense: Sense, verdict: int) -> Sense:
    if not sense.believed and sense.row == 0 and sense.verdict == verdict:
        return sense
    return _with(sense, verdict, 0, False)


def _with(sense: Sense, verdict: int, row: int, believed: bool) -> Sense:
    return Sense(sense.good, sense.flow, sense.phased, sense.before, sense.before_ms, sense.seen_ms,
                 verdict, row, believed, sense.still, sense.turn, sense.leap)


def _newer(sense: Sense, reading: Reading, device: DeviceSpec, credible: "tuple[int, int]", now_ms: int) -> Sense:
    """A reading not seen before: taken when it can be true."""
    wrong = _wrong(reading, credible, now_ms)
    if wrong:
        return _refused(sense, reading, wrong)
    good = sense.good
    if good is not None and good.t_ms > reading.t_ms:
        return _lost(sense, reasons.STALE)  # time ran backwards: this is not the newest there was
    flow, phased = _flow(reading, device)
    if good is None:
        return Sense(reading, flow, phased, flow, reading.t_ms, reading.t_ms, 0, 1, False, None, None, None)
    if _fell(good, reading):
        # another meter, or one that was reset: not the one we knew, so it has to prove itself anew
        return Sense(reading, flow, phased, flow, reading.t_ms, reading.t_ms, reasons.COUNTER_FELL, 0, False,
                     None, None, None)
    return Sense(reading, flow, phased, sense.flow, good.t_ms, reading.t_ms, 0, sense.row + 1, sense.believed,
                 sense.still, sense.turn, sense.leap)


def _refused(sense: Sense, reading: Reading, wrong: int) -> Sense:
    """The one before it stands until it is too old."""
    return Sense(sense.good, sense.flow, sense.phased, sense.before, sense.before_ms, reading.t_ms, wrong, 0,
                 sense.believed, sense.still, sense.turn, sense.leap)


def _fell(before: Reading, after: Reading) -> bool:
    """Whether one of its energy counters is lower than it was."""
    was_wh, is_wh = before.import_wh, after.import_wh
    if was_wh is not None and is_wh is not None and is_wh < was_wh:
        return True
    was_wh, is_wh = before.export_wh, after.export_wh
    return was_wh is not None and is_wh is not None and is_wh < was_wh


def _wrong(reading: Reading, credible: "tuple[int, int]", now_ms: int) -> int:
    """The reason why this cannot be true; 0 when it can."""
    if reading.t_ms > now_ms:
        return reasons.FUTURE
    currents, volts, powers, total_w = reading.current_ma, reading.voltage_mv, reading.power_w, reading.total_w
    most_ma, most_w = credible
    if currents is not None and not _between(currents, -most_ma, most_ma):
        return reasons.CURRENT_RANGE
    if powers is not None and not _between(powers, -most_w, most_w):
        return reasons.CURRENT_RANGE
    if total_w is not None and abs(total_w) > 3 * most_w:
        return reasons.CURRENT_RANGE
    if volts is not None and not _between(volts, LEAST_MV, MOST_MV) \
            and (not _between(volts, 0, MOST_MV) or _dead(volts, currents)):
        return reasons.VOLTAGE_RANGE
    if powers is not None and _mismatch(reading, powers):
        return reasons.POWER_MISMATCH
    return 0


def _between(vector: "tuple[int, ...]", least: int, most: int) -> bool:
    l1, l2, l3 = vector
    return least <= l1 <= most and least <= l2 <= most and least <= l3 <= most


def _dead(volts: Phases, currents: "Phases | None") -> bool:
    """Current on a phase without voltage."""
    if currents is None:
        return False
    return any(volts[p] < LEAST_MV and abs(currents[p]) > FLOWING_MA for p in range(3))


def _mismatch(reading: Reading, powers: Phases) -> bool:
    """More active power than apparent power, or phases that do not make the total."""
    currents, volts = reading.current_ma, reading.voltage_mv
    if reading.total_w is not None:
        total_w = powers.total()
        if abs(reading.total_w - total_w) > LOOSE_W + (abs(powers.l1) + abs(powers.l2) + abs(powers.l3)) // 10:
            return True
    if currents is None:
        return False
    for p in range(3):
        apparent_w = abs(currents[p]) * (NOMINAL_MV if volts is None else volts[p]) // 1_000_000
        if abs(powers[p]) > apparent_w + apparent_w // 5 + LOOSE_W:
            return True
    return False


def _flow(reading: Reading, device: DeviceSpec) -> "tuple[tuple[int, int, int, int], bool]":
    """(vector, whether its currents were measured by phase)."""
    currents, powers, total_w = reading.current_ma, reading.power_w, reading.total_w
    if total_w is None:
        if powers is not None:
            total_w = powers.total()
        else:
            total_w = sum(w_of_ma(current_ma) for current_ma in currents) if currents is not None else 0
    if currents is not None:
        return (currents[0], currents[1], currents[2], total_w), True
    if powers is not None:
        volts = reading.voltage_mv
        ma = [ma_of_w(powers[p], NOMINAL_MV if volts is None else max(volts[p], LEAST_MV)) for p in range(3)]
        return (ma[0], ma[1], ma[2], total_w), True
    phases = device.phases
    if device.ability.kind == "wallbox" and len(phases) > 1:
        return (0, 0, 0, total_w), False  # how many phases the car uses is not known: none is freed
    share_ma = w_of_ma(ma_of_w(total_w), 1_000_000) // len(phases) if phases else 0
    spread = placed((share_ma,) * len(phases), phases)
    return (spread.l1, spread.l2, spread.l3, total_w), False


def _watched(sense: Sense, before: Sense, heard: "list[Sense]", wired: Wiring, node: int, rated_ma: int,
             now_ms: int) -> Sense:
    """A node's meter, not believed when it stands still, leaps, or tells otherwise than what is behind it."""
    good = sense.good
    if good is None:
        return sense
    still = frozen.NEW_STILL if sense.still is None else sense.still
    turn = turned.NEW_TURN if sense.turn is None else sense.turn
    leap = leaping.NEW_LEAP if sense.leap is None else sense.leap
    if good is not before.good:
        still = frozen.heard(still, good, sense.flow, good.t_ms if before.good is None else before.good.t_ms)
        leap = leaping.leapt(leap, before.flow, sense.flow, rated_ma, good.t_ms) if before.good is not None else leap
        turn = turned.weighed(turn, good.t_ms, sense.flow, _behind(heard, wired, node, good.t_ms), sense.phased)
    others_w, told_ms = _others(heard, wired.witnesses[node], good.t_ms)
    still = frozen.judged(still, good, sense.flow, others_w, told_ms, now_ms)
    verdict = reasons.FROZEN if still.stuck else turned.verdict(turn)
    if not verdict and leaping.leaps(leap, now_ms):
        verdict = reasons.LEAPING
    if verdict:
        sense = _with(sense, verdict, 0, False)
    if still is sense.still and turn is sense.turn and leap is sense.leap:
        return sense
    return Sense(sense.good, sense.flow, sense.phased, sense.before, sense.before_ms, sense.seen_ms,
                 sense.verdict, sense.row, sense.believed, still, turn, leap)


def _behind(heard: "list[Sense]", wired: Wiring, node: int, t_ms: int) -> "tuple[int, int, int, int] | None":
    """What is measured behind a node; None while any of it moves, or is not known of that moment.

    One that falls silent is taken for still: should it move, it is one more load of the house.
    """
    out, count = NOTHING, 0
    for index in wired.measured[node]:
        sense = heard[index]
        good, flow = sense.good, sense.flow
        if good is None:
            continue
        if index in wired.meters and not sense.believed:
            return None
        if sense.believed:
            count += 1
            late = abs(good.t_ms - t_ms) > turned.TOGETHER_MS
            if late or not sense.phased or abs(flow[3] - sense.before[3]) > turned.STILL_W:
                return None
        out = plus(out, flow)
    return out if count else None


def _others(heard: "list[Sense]", witnesses: "tuple[int, ...]", now_ms: int) -> "tuple[int, int]":
    """(what they draw, since when all of them are known to; NEVER while one is just coming back).

    One that falls silent says nothing new.
    """
    total_w, told_ms = 0, now_ms
    for index in witnesses:
        sense = heard[index]
        good = sense.good
        if good is not None:
            total_w += sense.flow[3]
            if sense.believed:
                told_ms = min(told_ms, good.t_ms)
            elif sense.row:
                told_ms = NEVER
    return total_w, told_ms
