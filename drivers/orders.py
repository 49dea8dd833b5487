"""What a controlled device can be told, and where it is read back; shared by all that are tables of registers."""

from collections import namedtuple

from drivers.given import whole
from hal.options import integer
from hal.registers import Reg

EVERY_TIME = 0  # written with each lease, though it stands already: what was told cannot be seen, or lapses
ON_CHANGE = -1  # written only when it changes: memory that wears out, or nothing to keep awake
READ_BACK = {5: 1, 6: 3, 15: 1, 16: 3}  # where what a function writes is read


class Order(namedtuple("Order", ("reg", "back"))):
    """What is written, and where it is read back; None where it cannot be."""

    __slots__ = ()
    reg: "Reg | None"  # None: cannot be written, only looked at
    back: "Reg | None"


def order(field: str, function: int, address: int, kind: str = "u16", num: int = 1, den: int = 1) -> Order:
    """What is read back where it is written."""
    reg = Reg(field, function, address, kind, 1, num, den)
    return Order(reg, Reg(field, READ_BACK[function], address, kind, 1, num, den))


def blind(field: str, function: int, address: int, kind: str = "u16", num: int = 1, den: int = 1) -> Order:
    """What can be written only."""
    return Order(Reg(field, function, address, kind, 1, num, den), None)


STATED = Order(None, None)  # what nobody but the installer knows

CONFIRM = integer("confirm_single_source", 0, 0, 1,
                  "true: its registers, known from one source only, were seen to be right on this device")


def confirmed(options: "dict[str, object]") -> None:
    """Raises ValueError for a device whose registers nobody has confirmed."""
    if not whole(options, CONFIRM.name):
        raise ValueError("confirm_single_source: its registers are known from a single source; try it once with "
                         "someone standing by (poll shows them), then say true")
