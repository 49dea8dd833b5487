"""What the charge controllers of Phoenix Contact have in common: their state in ASCII, a meter that may be missing."""

from drivers.given import whole
from drivers.register_device import needed
from drivers.register_wallbox import letter
from drivers.wallbox_table import Box, ability_of
from hal.options import integer
from hal.values import Ability

HAS_METER = integer("meter", 0, 0, 1, "true: a meter hangs on the controller, so it knows currents, power and energy")


def state(values: "dict[str, tuple[int | None, ...]]") -> str:
    """The low byte."""
    return letter(needed(values, "state_code")[0] & 0xFF)


def state_high(values: "dict[str, tuple[int | None, ...]]") -> str:
    """The high byte."""
    return letter(needed(values, "state_code")[0] >> 8)


def able_with(box: Box, options: "dict[str, object]") -> Ability:
    return ability_of(box, options, measured=whole(options, "meter") == 1)
