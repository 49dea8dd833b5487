"""Whether a meter goes up and down by more than a house does.

Two devices on one address, a gateway that mixes up its answers or a loose clamp make a meter leap: up, down and up
again within seconds, by half of what its fuse bears. No load of a house does that so often.
"""

from control.values import NEVER, Leap

LEAPS = 6  # turns of direction ...
WITHIN_MS = 4_000  # ... with no more than this between two of them
CALM_MS = 30_000  # without one, and it is believed again

NEW_LEAP = Leap(0, False, NEVER)


def leapt(leap: Leap, before: "tuple[int, int, int, int]", flow: "tuple[int, int, int, int]", rated_ma: int,
          t_ms: int) -> Leap:
    """After one more reading."""
    most_ma = 0
    for p in range(3):
        if abs(flow[p] - before[p]) > abs(most_ma):
            most_ma = flow[p] - before[p]
    if 2 * abs(most_ma) <= rated_ma:
        return leap
    up, since_ms = most_ma > 0, t_ms - leap.t_ms
    if leap.t_ms == NEVER or since_ms > (CALM_MS if leap.count >= LEAPS else WITHIN_MS):
        return Leap(0, up, t_ms)
    return Leap(min(leap.count + (up != leap.up), LEAPS), up, t_ms)


def leaps(leap: Leap, now_ms: int) -> bool:
    return leap.count >= LEAPS and now_ms - leap.t_ms <= CALM_MS
