"""Twin of a Lambda heat pump: it takes what surplus it is told, for a minute, if that is enough for its compressor."""

from drivers.lambda_heatpump import READS, SLOW, TIMEOUT_MS
from drivers.orders import blind
from sim.bank import Registers
from sim.tank import Tank
from sim.twins import wired
from sim.twins.register_heater import HeaterTwin


class LambdaTwin(HeaterTwin):
    def asked_w(self) -> int:
        return self.told["surplus_w"]

    def fields(self) -> "dict[str, int]":
        return {"state": 1}


def build(registers: Registers, part: Tank, options: "dict[str, object]") -> LambdaTwin:
    surplus = blind("surplus_w", 16, 102, "s16", 1 if options["surplus"] == "positive" else -1)
    return LambdaTwin(registers, part, wired(options), READS + SLOW, (surplus,), TIMEOUT_MS)
