"""Twin of a Fronius GEN24: a SunSpec storage inverter whose battery is two modules of model 160, beside its roof."""

from drivers.fronius_gen24 import CHARGING, DISCHARGING, MODULES, MPPT_MODEL, module_w
from sim.bank import Registers
from sim.battery import Battery
from sim.twins import wired
from sim.twins.sunspec_map import put
from sim.twins.sunspec_storage import StorageTwin

MODULE_COUNT = 4
ROOF_W = 1_200  # modules of its own roof, which are no part of the battery's power


class Gen24Twin(StorageTwin):
    def __init__(self, registers: Registers, part: Battery, phases: "tuple[int, ...]", inverter: int = 103,
                 more: "dict[int, int] | None" = None) -> None:
        models = {MPPT_MODEL: 8 + 20 * MODULE_COUNT}
        models.update(more or {})
        super().__init__(registers, part, phases, inverter=inverter, more=models)

    def _show(self) -> None:
        super()._show()
        total_w, model = self._part.power_w.total(), self._models[MPPT_MODEL]
        put(self.registers, model, MODULES, (MODULE_COUNT,), 0)
        first_w = self._roof_w() // 2
        for number, power_w in ((1, first_w), (2, self._roof_w() - first_w), (CHARGING, max(total_w, 0)),
                                (DISCHARGING, max(-total_w, 0))):
            put(self.registers, model, module_w(number), (power_w,), -1)

    def _roof_w(self) -> int:
        return ROOF_W


def build(registers: Registers, part: Battery, options: "dict[str, object]") -> Gen24Twin:
    return Gen24Twin(registers, part, wired(options))
