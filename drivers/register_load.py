"""A device of registers that obeys: how an order is written, read back, and a setting put right only where it is wrong.

The last reading is the only clock here: it comes every second or so, and after one that failed nothing is left out.
"""

from drivers.orders import Order
from drivers.register_device import MOST_WORDS, SLOW_EVERY_MS, RegisterDevice
from hal.faults import RANGE, REFUSED, DeviceError
from hal.ports import Bus, Load
from hal.registers import Reg, decode, encode


class RegisterLoad(RegisterDevice, Load):
    def __init__(self, bus: Bus, unit: int, reads: "tuple[Reg, ...]", slow: "tuple[Reg, ...]" = (),
                 most_words: int = MOST_WORDS, phases: "tuple[int, ...]" = (0, 1, 2), gap: int = 0) -> None:
        super().__init__(bus, unit, reads, slow, SLOW_EVERY_MS, most_words, phases, gap)
        self._armed = False
        self._now_ms = 0  # of the newest reading
        self._blind = True  # it failed
        self._complaint = ""  # what is wrong with what it was told, for the next who tells it something

    def complain(self) -> None:
        """DeviceError(REFUSED) with what was found wrong since the last time."""
        if self._complaint:
            words, self._complaint = self._complaint, ""
            raise DeviceError(REFUSED, words)

    def tell(self, told: Order, value: "int | tuple[int, ...]") -> None:
        """Writes, and reads back where that is the same register; elsewhere it may need its time."""
        reg = told.reg
        assert reg is not None
        words = encode(reg, value if isinstance(value, tuple) else (value,))
        self.bus.write(self.unit, reg.function, reg.address, words)
        if told.back is None or told.back.address != reg.address:
            return
        kept = self._found(told)
        if kept != decode(reg, words)[0]:
            raise DeviceError(REFUSED, "%s: told %s, kept %s" % (reg.field, value, kept))

    def settle(self, told: Order, value: int) -> None:
        """As tell, but writes only what does not stand there; a setting that cannot be written must be right."""
        if told.back is not None and self._found(told) == value:
            return
        if told.reg is None:
            assert told.back is not None
            found = self._found(told)
            if found is None or found > value:
                raise DeviceError(RANGE, "%s: %s stands in the box, its configuration says %d" % (
                    told.back.field, found, value))
            return
        self.bus.write(self.unit, told.reg.function, told.reg.address, encode(told.reg, (value,)))
        if told.back is not None and self._found(told) != value:
            raise DeviceError(REFUSED, "%s: told %d, kept %s" % (told.reg.field, value, self._found(told)))

    def _found(self, told: Order) -> "int | None":
        back = told.back
        assert back is not None
        return decode(back, tuple(self.bus.read(self.unit, back.function, back.address, back.words())))[0]
