"""KEBA KeContact P30 (x- and c-series, from firmware 3.10) and P40: wallboxes on Modbus TCP, 6 to 32 A in mA.

Source: maker's Modbus description of the P40 and two independent drivers; where the P30 differs, those drivers.
One value a request; its maker lets each be asked every 0.5 s, here it is every second. A current is told at most every
5 s unless it is less; 1100 tells the current that rules, and may follow late. The P40 pauses at 0, the P30 is disabled.
Which of both it is, its product number says.
The fail-safe is off when it comes from its maker. A phase switch (P40 with S10, P30 with S10 at X2) is ours once
its source is Modbus. Fast charging (P40) makes the box ignore us, which is the device's fault.
"""

from drivers.cards import HEX, card
from drivers.meter_facts import BOTH
from drivers.orders import Order, blind
from drivers.register_device import needed, one
from drivers.register_wallbox import RegisterWallbox
from drivers.wallbox_load import THREE
from drivers.wallbox_table import Enable, ability_of, box, fail_safe, options_of, switch, with_enable
from hal.faults import RANGE, DeviceError
from hal.ports import Bus
from hal.registers import Reg, decode
from hal.values import Ability, Reading

LINES = ("modbus-tcp",)
FAILSAFE = "the box itself goes to failsafe_a (0: charging stops) failsafe_s after our last request"

CAR = 4  # bit of the cable state: a car is connected
CHARGING, ERROR = 3, 4
WH_RIGHT = 10_201  # P40: the first firmware whose energies are in 0.1 Wh
MODBUS = 3

PRODUCT = Reg("product", 3, 1016, "u32", 1, 1, 1)
SOURCE = Order(Reg("phase_source", 6, 5050, "u16", 1, 1, 1), Reg("phase_source", 3, 1550, "u32", 1, 1, 1))


def state(values: "dict[str, tuple[int | None, ...]]") -> str:
    code = needed(values, "state_code")[0]
    if code > 5:
        raise DeviceError(RANGE, "state %d" % code)
    if code == ERROR:
        return "E"
    if not needed(values, "cable")[0] & CAR:
        return "A"
    return "C" if code == CHARGING else "B"


BOX = box(
    "KEBA KeContact P30/P40", BOTH,
    (
        #   field         fn  addr  kind  n  num  den
        Reg("state_code", 3, 1000, "u32", 1, 1, 1),
        Reg("cable", 3, 1004, "u32", 1, 1, 1),
        Reg("current_ma", 3, 1008, "u32", 1, 1, 1),
        Reg("current_ma", 3, 1010, "u32", 1, 1, 1),
        Reg("current_ma", 3, 1012, "u32", 1, 1, 1),
        Reg("total_w", 3, 1020, "u32", 1, 1, 1000),
        Reg("limit_ma", 3, 1100, "u32", 1, 1, 1),
    ),
    state, blind("limit_ma", 6, 5004), effective=True,
    slow=(
        Reg("failsafe_ma", 3, 1600, "u32", 1, 1, 1),
        Reg("failsafe_s", 3, 1602, "u32", 1, 1, 1),
        Reg("conductors", 3, 1552, "u32", 1, 1, 1),
        Reg("import_wh", 3, 1036, "u32", 1, 1, 10),
        Reg("voltage_mv", 3, 1040, "u32", 1, 1000, 1),
        Reg("voltage_mv", 3, 1042, "u32", 1, 1000, 1),
        Reg("voltage_mv", 3, 1044, "u32", 1, 1000, 1),
        Reg("session_wh", 3, 1502, "u32", 1, 1, 10),
        Reg("fast_charging", 3, 1200, "u32", 1, 1, 1),
        Reg("firmware", 3, 1018, "u32", 1, 1, 1),
    ),
    card=card(3, 1500, 2, HEX), step_ma=1, most_words=2, refresh_ms=8_000, settle_ms=15_000,
    switch=switch(Order(Reg("conductors", 6, 5052, "u16", 1, 1, 1), Reg("conductors", 3, 1552, "u32", 1, 1, 1)), 0, 1,
                  before=((SOURCE, MODBUS),), rest_ms=10_000),
    failsafe=fail_safe(
        Order(Reg("failsafe_ma", 6, 5016, "u16", 1, 1, 1), Reg("failsafe_ma", 3, 1600, "u32", 1, 1, 1)),
        Order(Reg("failsafe_s", 6, 5018, "u16", 1, 1, 1), Reg("failsafe_s", 3, 1602, "u32", 1, 1, 1)), least_s=20),
)
P30 = with_enable(BOX, Enable(blind("enabled", 6, 5014), 1, 0))
OPTIONS = options_of(BOX)


class Keba(RegisterWallbox):
    def __init__(self, bus: Bus, options: "dict[str, object]") -> None:
        super().__init__(bus, BOX, options)
        self._p40: "bool | None" = None

    def arm(self) -> None:
        self._identify()
        super().arm()

    def stand(self, current_ma: int) -> None:
        if self._p40 is None:
            self._identify()
        super().stand(current_ma)

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        firmware = one(values, "firmware")
        for field in ("import_wh", "session_wh"):
            energy_wh = one(values, field)
            if self._p40 is None or firmware is None:
                values[field] = (None,)  # its unit is not known yet
            elif energy_wh is not None and self._p40 and firmware < WH_RIGHT:
                values[field] = (10 * energy_wh,)
        if self._armed and one(values, "fast_charging") == 1:
            self._complaint = "fast charging is on: the box ignores what it is told until that session ends"
        return super().say(now_ms, values)

    def conductors(self, values: "dict[str, tuple[int | None, ...]]") -> "int | None":
        """The two generations count them differently."""
        said = one(values, "conductors")
        if said == 3 or (said == 1 and not self._p40):
            return THREE
        return 1 if said == (1 if self._p40 else 0) else None

    def _identify(self) -> None:
        """P30: six digits, the first a 3; P40: seven, the first a 4. Nothing is written to anything else."""
        product = decode(PRODUCT, tuple(self.bus.read(self.unit, 3, PRODUCT.address, 2)))[0]
        digits = str(product)
        if (len(digits), digits[0]) not in ((6, "3"), (7, "4")):
            raise DeviceError(RANGE, "product %s is neither a P30 nor a P40" % digits)
        self._p40 = digits[0] == "4"
        self.box = BOX if self._p40 else P30


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(BOX, options)


def build(port: Bus, options: "dict[str, object]") -> Keba:
    return Keba(port, options)
