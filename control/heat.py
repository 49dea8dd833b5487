"""The tank behind a load: not above its highest temperature, warm by its time of day, hot against legionella.

What is not known is not heated: without a temperature a tank that has a highest one gets nothing but what its heater
takes by itself, and nothing is begun for a time of day that nobody knows. Against legionella the sun has the second
half of the time, and for that the highest temperature is raised; then it is done from the grid, half of each day at
most, in case the tank can not be made so hot.
"""

from control import reasons
from control.claims import Claim
from control.upkeep import DAY_MS, bar
from control.values import FAST, NEVER, NONE, OFF, Sense, Snapshot
from control.wishes import presses
from hal.heat import HeatRule

HOLD_MS = 600_000  # so long it has to be so hot: at 60 degC legionella fall to a tenth every few minutes (DVGW W 551)
HOLD_GAP_MDEGC = 1_000  # and meanwhile may cool by this
SUN_PERMILLE = 500  # of the time between two: from then on surplus may do it
TRY_MS = DAY_MS // 2
WARM_GAP_MDEGC = 1_000  # what was begun for a time of day goes on to so much above
GRACE_MS = 7_200_000  # and so long after it, when it was not reached
HEAT_MWS = 4_186  # that warm a litre by a thousandth of a degree


def heat(claims: "tuple[Claim, ...]", senses: "tuple[Sense, ...]", snapshot: Snapshot) -> None:
    """Sets what bars a claim, and its mode where the tank must be heated."""
    for claim in claims:
        if claim.state.upkeep is None:
            continue
        rule = claim.able.heat
        if rule is not None:
            _tank(claim, rule, _temperature(claim, rule, senses), snapshot)
        bar(claim, snapshot.now_ms)


def _temperature(claim: Claim, rule: HeatRule, senses: "tuple[Sense, ...]") -> "int | None":
    sense = claim.sense if rule.thermometer == NONE else senses[rule.thermometer]
    return sense.good.temperature_mdegc if sense.believed and sense.good is not None else None


def _tank(claim: Claim, rule: HeatRule, mdegc: "int | None", snapshot: Snapshot) -> None:
    upkeep, now_ms = claim.state.upkeep, snapshot.now_ms
    assert upkeep is not None
    since_ms = now_ms - upkeep.hot_ms
    if rule.hot_mdegc is not None and since_ms >= rule.hot_every_ms + DAY_MS:
        claim.alarm = reasons.LEGIONELLA_LATE
    if mdegc is None:
        claim.tank = (upkeep.full, NEVER, upkeep.hot_ms)
        claim.alarm = claim.alarm or reasons.NO_TEMPERATURE_KNOWN
        claim.bar = reasons.NO_TEMPERATURE if rule.most_mdegc is not None else 0
        return
    claim.tank = _seen(rule, mdegc, upkeep.full, upkeep.reached_ms, upkeep.hot_ms, now_ms)
    if claim.tank[0]:
        claim.bar = reasons.HOT
    if claim.lease_w is not None or (claim.mode == OFF and claim.driven != reasons.EXPORT_PAYS):
        return
    if rule.hot_mdegc is not None and since_ms >= rule.hot_every_ms and since_ms % DAY_MS < TRY_MS:
        claim.driven, claim.mode = reasons.LEGIONELLA, FAST
    elif rule.warm_mdegc is not None:
        _by_day(claim, rule, rule.warm_mdegc - mdegc, snapshot.day_ms)


def _seen(rule: HeatRule, mdegc: int, full: bool, reached_ms: int, hot_ms: int,
          now_ms: int) -> "tuple[bool, int, int]":
    """(whether it is at its highest, since when it is hot against legionella, when it last was for long enough)"""
    most, gap = rule.most_mdegc, rule.gap_mdegc
    hot = rule.hot_mdegc
    if hot is not None:
        if mdegc < hot - (HOLD_GAP_MDEGC if reached_ms != NEVER else 0):
            reached_ms = NEVER
        elif reached_ms == NEVER:
            reached_ms = now_ms
        if now_ms - hot_ms >= rule.hot_every_ms * SUN_PERMILLE // 1_000 and most is not None and hot >= most:
            most, gap = hot, min(gap, HOLD_GAP_MDEGC // 2)
        if reached_ms != NEVER and now_ms - reached_ms >= HOLD_MS:
            hot_ms = now_ms
    if most is None:
        return False, reached_ms, hot_ms
    return mdegc >= most or (full and mdegc > most - gap), reached_ms, hot_ms


def _by_day(claim: Claim, rule: HeatRule, missing_mk: int, day_ms: int) -> None:
    """Takes from the grid when the surplus has not done it in time."""
    begun = claim.state.driven == reasons.TARGET
    missing_mk += WARM_GAP_MDEGC if begun else 0
    if missing_mk <= 0:
        return
    if day_ms == NONE:
        claim.alarm = claim.alarm or reasons.NO_TIME
        return
    left_ms = (rule.warm_day_ms - day_ms) % DAY_MS
    needs_ms = missing_mk * rule.litres * HEAT_MWS // max(rule.heats_w, 1)
    if presses(needs_ms, left_ms, begun) or (begun and DAY_MS - left_ms < GRACE_MS):
        claim.driven, claim.mode = reasons.TARGET, FAST
