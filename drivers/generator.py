"""What generators that can be limited have in common: how big they are, how low they go, what they do left alone.

Powers are limits and positive in the configuration; a Setpoint's are negative, as what is made flows out of the node.
"""

from drivers.given import whole
from hal.options import integer
from hal.values import ZERO, Ability, Setpoint
from hal.values import ability as able

RATED = integer("rated_w", None, 100, 100_000, "its rated AC power in W")
LEAST = integer("least_w", 0, 0, 100_000, "lowest limit it takes, in W")
FALLBACK = integer("fallback_w", 100_000, 0, 100_000, "most it makes once nobody talks to it, in W; more means "
                                                      "rated_w")


def limit_w(setpoint: Setpoint, able: Ability) -> int:
    """The limit of a setpoint as a positive power, within what the device takes, in its steps and towards less."""
    wanted_w = max(-able.max_w, min(-setpoint.power_w, -able.min_w))
    if wanted_w < -able.min_w:
        wanted_w -= wanted_w % max(able.step_w, 1)
    return max(wanted_w, -able.max_w)


def ability_of(options: "dict[str, object]", failsafe_ms: int, settle_ms: int, pace_ms: int = 0, step_w: int = 1,
               least_w: int = 0, stored_w: int = 0) -> Ability:
    """`least_w`: lower limits the device does not take, whatever its owner says; `stored_w`: what of the roof goes into
    a battery before it flows out. Raises ValueError("key: ...")."""
    rated_w = whole(options, "rated_w")
    lowest_w = max(whole(options, "least_w"), least_w)
    fallback_w = min(whole(options, "fallback_w"), rated_w) if "fallback_w" in options else rated_w
    if lowest_w > rated_w:
        raise ValueError("least_w: above its rated power; allowed are 0 to %d" % rated_w)
    if fallback_w < lowest_w:
        raise ValueError("fallback_w: lower than it goes; allowed are %d to %d" % (lowest_w, rated_w))
    return able("inverter", min_w=-rated_w - stored_w, max_w=-lowest_w, step_w=step_w, failsafe_ms=failsafe_ms,
                settle_ms=settle_ms, pace_ms=pace_ms, fallback=Setpoint(ZERO, -fallback_w))
