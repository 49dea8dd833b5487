"""On how many phases the car on a wallbox charges: many cars use one or two of the three they are offered.

Only what it means in watts follows from it. What it may draw, and so what is reserved, stays what it is offered.
"""

from control.claims import Claim
from control.values import NEVER

SURE_MS = 10_000  # for so long it must charge on another number of phases; chargers begin one after the other
CHARGES_MA = 3_000  # a phase that charges; the ventilation of a car takes less


def learn(claim: Claim, now_ms: int) -> None:
    """Sets what the claim uses. More phases count at once, fewer when they last."""
    if claim.kind != "wallbox" or claim.silent or not claim.able.measured or not claim.sense.phased:
        return
    count, drawn = 0, claim.drawn
    for p in claim.active:
        if drawn[p] >= CHARGES_MA:
            count += 1
    if count == 0 or count == claim.uses or (count == len(claim.active) < claim.uses):
        claim.uses_ms = NEVER
        return
    if claim.uses_ms == NEVER:
        claim.uses_ms = now_ms
    if count > claim.uses > 0 or now_ms - claim.uses_ms >= SURE_MS:
        claim.uses, claim.uses_ms = count, NEVER
        claim.set_conductors(claim.conductors)
