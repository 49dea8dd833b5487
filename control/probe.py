"""Whether a meter that has stayed the same for long still lives: a load behind it draws a little less for a moment.

A meter that hangs while its noise goes on cannot be told from a quiet house, and what is switched on in that house
would not be seen. One ampere that it does not follow tells it. In a living house the voltage alone moves so much
current that this is rare.
"""

from control import reasons
from control.claims import Claim
from control.surplus import FLIGHT_MS
from control.values import Sense, Site
from control.wiring import Wiring
from hal.values import ma_of_w

AFTER_MS = 300_000  # of a meter that has not moved beyond its noise
USED_MA = 1_000  # a conductor in use
DIP_W = 600  # above what control.frozen wants the others to have moved


def probe(site: Site, wired: Wiring, senses: "tuple[Sense, ...]", claims: "tuple[Claim, ...]", now_ms: int) -> None:
    """Lowers one load behind each node whose meter is to prove itself."""
    for index, node in enumerate(site.nodes):
        sense = senses[node.meter] if node.meter >= 0 else None
        if sense is None or not sense.believed or sense.still is None:
            continue
        if now_ms - sense.still.anchor_ms >= AFTER_MS and _leans(wired, index, claims):
            able = [claim for claim in claims if index in claim.path and _can_dip(claim)]
            if able:
                _dip(able[-1], index, now_ms)


def _leans(wired: Wiring, index: int, claims: "tuple[Claim, ...]") -> bool:
    """Whether more is granted behind the node than there would be without its meter."""
    cap, assumed = wired.caps[index], wired.assumed[index]
    for p in range(3):
        if sum([claim.usage(claim.level)[p] for claim in claims if index in claim.path]) > cap[p] - assumed[p]:
            return True
    return False


def _can_dip(claim: Claim) -> bool:
    if claim.kind not in ("wallbox", "heater") or claim.stuck or not claim.able.measured or claim.level == 0:
        return False
    return claim.running and _lower(claim) >= claim.floor


def _lower(claim: Claim) -> int:
    """The level at which it draws so much less that it shows."""
    if claim.kind == "heater":
        return claim.stepped(min(claim.state.level, claim.drawn[3]) - DIP_W)
    used = max(sum([claim.drawn[p] > USED_MA for p in range(3)]), 1)
    drawn_ma = max(claim.drawn[0], claim.drawn[1], claim.drawn[2])
    return claim.stepped(min(claim.state.level, drawn_ma) - ma_of_w(DIP_W // used))


def _dip(claim: Claim, node: int, now_ms: int) -> None:
    """It stays there until it must have followed."""
    followed = now_ms - claim.state.changed_ms >= claim.able.settle_ms + FLIGHT_MS
    claim.bind(_lower(claim) if followed else claim.state.level, reasons.PROBE, node)
