"""A wallbox by its table of registers (drivers.wallbox_table)."""

from drivers.given import phases, whole
from drivers.orders import Order
from drivers.register_device import needed
from drivers.register_load import RegisterLoad
from drivers.wallbox_load import WallboxLoad
from drivers.wallbox_table import Box, ability_of
from hal.faults import RANGE, DeviceError
from hal.ports import Bus
from hal.registers import encode
from hal.values import Ability


class RegisterWallbox(WallboxLoad, RegisterLoad):
    def __init__(self, bus: Bus, box: Box, options: "dict[str, object]", able: "Ability | None" = None) -> None:
        card = (box.card.reg,) if box.card is not None and options.get("cards") == 1 else ()
        RegisterLoad.__init__(self, bus, whole(options, "unit"), box.reads, box.slow + card, most_words=box.most_words,
                              phases=phases(options), gap=box.gap)
        WallboxLoad.__init__(self, box, options, ability_of(box, options) if able is None else able)

    def fetch(self, now_ms: int) -> "dict[str, tuple[int | None, ...]]":
        return RegisterLoad.fetch(self, now_ms)

    def tell(self, told: Order, value: "int | tuple[int, ...]") -> None:
        RegisterLoad.tell(self, told, value)

    def settle(self, told: Order, value: int) -> None:
        RegisterLoad.settle(self, told, value)

    def poke(self, told: Order, value: int) -> None:
        reg = told.reg
        assert reg is not None
        self.bus.write(self.unit, reg.function, reg.address, encode(reg, (value,)))

    def forget(self) -> None:
        RegisterLoad.forget(self)


def lettered(values: "dict[str, tuple[int | None, ...]]", letters: "dict[int, str]") -> str:
    """The letter of `state_code`; DeviceError(RANGE) for a code that is none."""
    code = needed(values, "state_code")[0]
    if code not in letters:
        raise DeviceError(RANGE, "state %d" % code)
    return letters[code]


def letter(code: int) -> str:
    """A state of IEC 61851 in ASCII; DeviceError(RANGE) for any other character."""
    if not ord("A") <= code <= ord("F"):
        raise DeviceError(RANGE, "state 0x%02X" % code)
    return chr(code)
