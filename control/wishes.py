"""What beside its mode rules a load now: its owner's limit, a lease from outside, a target that would be missed, a
price worth paying.

A kWh has a worth to each device. The owner's priorities are such worths, beneath all that are given in money; with
worths and prices known, a load whose worth is not below the price of import takes from the grid, one whose worth is
below what export earns takes nothing, and a storage whose worth is above the price of import gives nothing. What was
wanted until a time is not wanted beyond it: then the mode alone rules again.

A target is begun as late as it is safe, so that the sun comes first; where coming prices are known, in the hours
before it that cost least.
"""

from control import reasons
from control.battery import GAP_PERMILLE, filling_ms, measure
from control.claims import Claim
from control.tariff import cheap_ms, pays_from
from control.values import FAST, NEVER, NO_WISH, OFF, SURPLUS, TARGET, Prices, Snapshot, Wish

SPARE_PERMILLE = 100  # a target is begun as if it took so much longer ...
SPARE_MS = 600_000  # ... and so much earlier
CALM_MS = 1_800_000  # what was begun for a target goes on until there is so much time to spare again
CYCLE_PERMILLE = 900  # what a storage gives of what it took, when nothing else is known
MONEY = 1_000_000  # above every priority


def wishes(claims: "tuple[Claim, ...]", snapshot: Snapshot) -> None:
    """Sets each claim's rank, and its mode as it is in force now."""
    prices, now_ms = snapshot.prices, snapshot.now_ms
    if prices is not None and now_ms >= prices.until_ms:
        prices = None
    for claim in claims:
        wish = (snapshot.wishes[claim.index] if snapshot.wishes else None) or NO_WISH
        if claim.store is not None:
            measure(claim, wish, now_ms, snapshot.day_ms)
        if wish.worth is not None:
            claim.rank = MONEY + wish.worth
        if claim.mode != OFF:
            _rule(claim, wish, prices, now_ms)


def _rule(claim: Claim, wish: Wish, prices: "Prices | None", now_ms: int) -> None:
    """Its mode as it is in force now."""
    if wish.limit is not None and not _may_run(claim, wish.limit):
        claim.driven, claim.mode = reasons.LIMIT, OFF
    elif wish.lease_w is not None and now_ms < wish.lease_ms:
        claim.lease_w, claim.mode = wish.lease_w, FAST
    elif prices is not None and wish.worth is not None:
        _trade(claim, wish.worth, prices)
    elif prices is not None:
        _window(claim, prices, now_ms)
    if claim.mode == TARGET:
        claim.mode = SURPLUS
        if _late(claim, wish, prices, now_ms):
            claim.driven, claim.mode = reasons.TARGET, FAST
            if claim.kind == "storage":
                claim.fill = min(claim.goal, claim.fill)


def _may_run(claim: Claim, limit: int) -> bool:
    """Sets the owner's limit; whether anything can be done within it. A storage may still give."""
    claim.limit = claim.stepped(max(limit, 0))
    return claim.limit > 0 or claim.kind == "storage"


def _trade(claim: Claim, worth: int, prices: Prices) -> None:
    if claim.mode not in (SURPLUS, TARGET):
        return
    cost = prices.import_
    if claim.kind == "storage":
        claim.keeps = worth >= cost
        cost = cost * 1_000 // (claim.store.efficiency_permille if claim.store is not None else CYCLE_PERMILLE)
    if worth >= cost:
        claim.driven, claim.mode = reasons.CHEAP, FAST
    elif claim.kind != "storage" and prices.export is not None and worth < prices.export:
        claim.driven, claim.mode = reasons.EXPORT_PAYS, OFF


def _window(claim: Claim, prices: Prices, now_ms: int) -> None:
    """From the grid while that is cheap, in the cheapest hours before a dearer one that pays for the losses."""
    store = claim.store
    if store is None or store.grid_price is None or claim.mode not in (SURPLUS, TARGET):
        return
    dear_ms = pays_from(prices, store.efficiency_permille)
    if prices.import_ > store.grid_price or dear_ms == NEVER:
        return
    claim.keeps = True
    needs_ms = filling_ms(claim, store.grid_permille)
    if needs_ms is None:
        return
    if presses(needs_ms, cheap_ms(prices, now_ms, dear_ms), claim.state.driven == reasons.CHEAP):
        claim.driven, claim.mode, claim.fill = reasons.CHEAP, FAST, min(store.grid_permille, claim.fill)


def _late(claim: Claim, wish: Wish, prices: "Prices | None", now_ms: int) -> bool:
    """Whether it has to take all it can get to be ready in time; a target missed is still wanted."""
    begun, good = claim.state.driven == reasons.TARGET, claim.sense.good
    if claim.kind != "storage" and wish.target_wh is not None and good is not None and good.import_wh is not None:
        missing_wh = max(wish.target_wh - good.import_wh, 0)
        needs_ms = missing_wh * 3_600_000 // max(claim.watts(min(claim.top, claim.limit)), 1)
        if missing_wh and presses(needs_ms, cheap_ms(prices, now_ms, wish.target_ms), begun):
            return True
    if claim.store is None or not claim.goal or claim.goal_ms == NEVER or claim.soc is None:
        return False
    if claim.soc >= claim.goal - (0 if begun else GAP_PERMILLE):
        return False
    filled_ms = filling_ms(claim, claim.goal)
    return filled_ms is not None and presses(filled_ms, cheap_ms(prices, now_ms, claim.goal_ms), begun)


def presses(needs_ms: int, left_ms: int, begun: bool) -> bool:
    """Whether what needs so long at full power has to be begun, or gone on with, to be done in what is left."""
    return left_ms - needs_ms - needs_ms * SPARE_PERMILLE // 1_000 - SPARE_MS <= (CALM_MS if begun else 0)
