"""Least power the grid operator has to leave to controllable consumption devices, section 14a EnWG.

Source: BNetzA BK6-22-300, annex 1, 2.4 (who counts) and 4.5 (how much). Dated data: another decision is another line.
"""

import time
from typing import NamedTuple

from control.values import NONE, DeviceSpec
from control.wiring import CONTROLLABLE_ABOVE_W, SUMMED, is_load, most_w


class Rule(NamedTuple):
    valid_from: str  # ISO date
    each_w: int
    large_w: int  # a group of heat pumps or cooling above it is left a share
    large_permille: int
    together_permille: "tuple[int, ...]"  # simultaneity factor by number of devices, from 1 on; the last for all more


RULES = (
    Rule("2024-01-01", 4_200, 11_000, 400, (1_000, 800, 750, 700, 650, 600, 550, 500, 450)),
)


def rule(day: str) -> Rule:
    """The one in force; the first for an earlier day."""
    return max((one for one in RULES if one.valid_from <= day), default=RULES[0], key=lambda one: one.valid_from)


def today() -> str:
    """By the clock of this computer."""
    return time.strftime("%Y-%m-%d")


def owed_w(devices: "tuple[DeviceSpec, ...]", day: str) -> int:
    """Pmin through an energy manager; NONE for a house without such devices."""
    force = rule(day)
    summed = {group: sum(most_w(device) for device in devices if device.group == group and is_load(device))
              for group in SUMMED}
    counted = [total_w for total_w in summed.values() if total_w > CONTROLLABLE_ABOVE_W]
    singles = sum(1 for device in devices if is_load(device) and device.group and device.group not in SUMMED
                  and most_w(device) > CONTROLLABLE_ABOVE_W)
    count = len(counted) + singles
    if count == 0:
        return NONE
    shares = [total_w * force.large_permille // 1_000 for total_w in counted if total_w > force.large_w]
    factor = force.together_permille[min(count, len(force.together_permille)) - 1]
    return max([force.each_w, *shares]) + (count - 1) * factor * force.each_w // 1_000
