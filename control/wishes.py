"""What beside its mode rules a load now: its owner's limit, a lease from outside, a target that would be missed, a
price worth paying.

A kWh has a worth to each device. The owner's priorities are such worths, beneath all that are given in money; with
worths and prices known, a load whose worth is not below the price of import takes from the grid, one whose worth is
below what export earns takes nothing, and a storage whose worth is above the price of import gives nothing. What was
wanted until a time is not wanted beyond it: then the mode alone rules again.
"""

from control import reasons
from control.claims import Claim
from control.values import FAST, NO_WISH, OFF, SURPLUS, TARGET, Prices, Snapshot, Wish

SPARE_PERMILLE = 100  # a target is begun as if it took so much longer ...
SPARE_MS = 600_000  # ... and so much earlier
CALM_MS = 1_800_000  # what was begun for a target goes on until there is so much time to spare again
CYCLE_PERMILLE = 900  # what a storage gives of what it took
MONEY = 1_000_000  # above every priority


def wishes(claims: "tuple[Claim, ...]", snapshot: Snapshot) -> None:
    """Sets each claim's rank, and its mode as it is in force now."""
    prices = snapshot.prices
    if prices is not None and snapshot.now_ms >= prices.until_ms:
        prices = None
    for claim in claims:
        wish = (snapshot.wishes[claim.index] if snapshot.wishes else None) or NO_WISH
        if wish.worth is not None:
            claim.rank = MONEY + wish.worth
        if claim.mode == OFF:
            continue
        if wish.limit is not None and not _may_run(claim, wish.limit):
            claim.driven, claim.mode = reasons.LIMIT, OFF
        elif wish.lease_w is not None and snapshot.now_ms < wish.lease_ms:
            claim.lease_w, claim.mode = wish.lease_w, FAST
        elif wish.worth is not None and prices is not None:
            _trade(claim, wish.worth, prices)
        if claim.mode == TARGET:
            claim.mode = SURPLUS
            if claim.kind != "storage" and _late(claim, wish, snapshot.now_ms):
                claim.driven, claim.mode = reasons.TARGET, FAST


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
        cost = cost * 1_000 // CYCLE_PERMILLE
    if worth >= cost:
        claim.driven, claim.mode = reasons.CHEAP, FAST
    elif claim.kind != "storage" and worth < prices.export:
        claim.driven, claim.mode = reasons.EXPORT_PAYS, OFF


def _late(claim: Claim, wish: Wish, now_ms: int) -> bool:
    """Whether it has to take all it can get to be ready in time; a target missed is still wanted."""
    good = claim.sense.good
    if wish.target_wh is None or good is None or good.import_wh is None:
        return False
    missing_wh = wish.target_wh - good.import_wh
    if missing_wh <= 0:
        return False
    needs_ms = missing_wh * 3_600_000 // max(claim.watts(min(claim.top, claim.limit)), 1)
    spare_ms = wish.target_ms - now_ms - needs_ms - needs_ms * SPARE_PERMILLE // 1_000 - SPARE_MS
    return spare_ms <= (CALM_MS if claim.state.driven == reasons.TARGET else 0)
