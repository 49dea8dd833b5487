"""Twin of a wallbox that is a table of registers.

Writing where the table has no order, or with another function, is refused, as is a current that does not exist.
"""

from drivers.cards import card_words
from drivers.orders import READ_BACK
from drivers.wallbox_table import Box
from hal.registers import decode
from sim.bank import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, ILLEGAL_VALUE, Refused, Registers
from sim.car import Car
from sim.twins import RegisterTwin, wired
from sim.twins.wallbox import ALIVE, ANY, LIMIT, NEVER, BoxTwin, Nature, nature

__all__ = ["ALIVE", "ANY", "LIMIT", "NEVER", "Nature", "WallboxTwin", "build", "nature"]


class WallboxTwin(BoxTwin, RegisterTwin):
    def __init__(self, registers: Registers, part: Car, box: Box, kind: Nature, phases: "tuple[int, ...]") -> None:
        RegisterTwin.__init__(self, registers)
        BoxTwin.__init__(self, part, box, kind, phases)
        self._show()

    def power_cycle(self) -> None:
        self.wake()
        self._show()

    def _show(self) -> None:
        values = self.values()
        seen: "dict[str, int]" = {}
        for reg in self.box.reads + self.box.slow:
            start = seen.get(reg.field, 0)
            seen[reg.field] = start + reg.count
            self.registers.put(reg, values[reg.field][start:start + reg.count])
        if self.box.card is not None:
            reg = self.box.card.reg
            self.registers.poke(reg.function, reg.address, card_words(self.card, reg.count, self.box.card.how))
        places = [(READ_BACK.get(reg.function, reg.function), reg.address) for reg in self.box.reads + self.box.slow]
        for told in self.orders:
            if told.reg is not None and (READ_BACK[told.reg.function], told.reg.address) not in places:
                self.registers.put(told.reg, (self.told[told.reg.field],))
            back = told.back
            if back is None or (told.reg is not None and back.address == told.reg.address):
                continue
            if (back.function, back.address) not in places:
                self.registers.put(back, values[back.field])

    def _asked(self, function: int, address: int, count: int) -> None:
        super()._asked(function, address, count)
        if count > self.box.most_words:
            raise Refused(ILLEGAL_ADDRESS)
        if self.kind.triggered_by == ANY:
            self._heard_ms = self.now_ms

    def _told(self, function: int, address: int, values: "tuple[int, ...]") -> None:
        found = [told for told in self.orders if told.reg is not None and told.reg.address == address
                 and READ_BACK[told.reg.function] == READ_BACK[function]]
        if not found:
            raise Refused(ILLEGAL_ADDRESS)
        reg = found[0].reg
        assert reg is not None
        if reg.function != function:
            raise Refused(ILLEGAL_FUNCTION)
        if reg.words() != len(values):
            raise Refused(ILLEGAL_VALUE)
        if self.refuse_writes or self.ignore_writes:
            super()._told(function, address, ())
            return
        self._obey(reg.field, decode(reg, values)[0])
        self._shown = False


def build(registers: Registers, part: Car, options: "dict[str, object]", box: Box, kind: Nature) -> WallboxTwin:
    return WallboxTwin(registers, part, box, kind, wired(options))
