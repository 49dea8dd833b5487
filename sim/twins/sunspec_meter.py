"""Twin of a SunSpec meter: the common model and one of 201 to 204 or 211 to 214; `factors` may be moved."""

from drivers.given import word
from drivers.sunspec_meter import COMMON, FLOAT_POINTS, FLOATS, INTEGERS, POINTS, TELLS
from hal.faults import TIMEOUT, DeviceError
from sim.bank import Registers
from sim.part import Point as Clamp
from sim.twins import RegisterTwin, own_mv, wired
from sim.twins.meter_table import truth
from sim.twins.sunspec_map import BASE, lay_out, put

LENGTHS = {COMMON: 66, 201: 105, 202: 105, 203: 105, 204: 105, 211: 124, 212: 124, 213: 124, 214: 124}
FACTORS = {"current_ma": -2, "voltage_mv": -1, "frequency_mhz": -2, "power_w": 0, "power_factor_permille": -1}
SAYS = {"maker": "Hutschiene", "model": "twin of a meter", "firmware": "1.2.3", "serial": "21043217"}


class SunspecMeterTwin(RegisterTwin):
    def __init__(self, registers: Registers, part: Clamp, options: "dict[str, object]", model: int = 203,
                 base: int = BASE) -> None:
        super().__init__(registers)
        assert model in INTEGERS + FLOATS
        self._part = part
        self._phases = wired(options)
        self._sign = -1 if options.get("mounting") == "reversed" else 1
        self._positive = -1 if word(options, "positive") == "export" else 1
        self.factors = dict(FACTORS)
        models = lay_out(registers, base, (COMMON, model), LENGTHS)
        self._model = models[model]
        for field, offset, count in TELLS:
            text = (SAYS[field] + "\0" * 2 * count)[:2 * count]
            words = tuple([ord(text[2 * i]) << 8 | ord(text[2 * i + 1]) for i in range(count)])
            registers.poke(3, models[COMMON].address + offset, words)
        self._show()

    def _show(self) -> None:
        said = truth(self._part, self._phases, self._sign)
        for point in FLOAT_POINTS if self._model.id in FLOATS else POINTS:
            values = said[point.field][:min(point.count, len(self._phases))]
            if point.field == "power_w":
                values = tuple([self._positive * w for w in values])
            put(self.registers, self._model, point, values, self.factors.get(point.field, 0))

    def _asked(self, function: int, address: int, count: int) -> None:
        if max(own_mv(self._part, self._phases)) == 0:
            raise DeviceError(TIMEOUT, "no voltage")
        super()._asked(function, address, count)


def build(registers: Registers, part: Clamp, options: "dict[str, object]") -> SunspecMeterTwin:
    return SunspecMeterTwin(registers, part, options, model=200 + len(wired(options)))
