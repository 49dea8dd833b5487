"""ABB Terra AC: wallbox on Modbus TCP or RTU, 6 to 32 A in mA, no phase switching.

Source: maker's Modbus description 1.7 and an independent driver. Any request keeps it alive; after its communication
time-out it stops with an error, and the car has to be plugged anew. The maker advises to ask it every 30 to 90 s:
`period_s` may be raised where nothing else needs its currents. 0x400E tells the current that rules, maybe late.
"""

from drivers.meter_facts import BOTH
from drivers.orders import Order, blind
from drivers.register_device import needed
from drivers.register_wallbox import RegisterWallbox
from drivers.wallbox_table import ability_of, box, fail_safe, options_of
from hal.faults import RANGE, DeviceError
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp", "modbus-rtu")
FAILSAFE = "the box itself stops with an error failsafe_s after our last request; the car has to be plugged anew"

STATES = "ABBBC"  # no car, asks for permission, permitted, ready, charging
STOPPED = 5
CAR = 0x0101  # from here on the lock says that a car is connected


def state(values: "dict[str, tuple[int | None, ...]]") -> str:
    code = needed(values, "state_code")[0] >> 8 & 0x7F
    if code == STOPPED:
        return "B" if needed(values, "lock")[0] >= CAR else "A"
    if code >= len(STATES):
        raise DeviceError(RANGE, "state %d" % code)
    return STATES[code]


BOX = box(
    "ABB Terra AC", BOTH,
    (
        #   field         fn  address kind  n  num  den
        Reg("lock", 3, 0x400A, "u32", 1, 1, 1),
        Reg("state_code", 3, 0x400C, "u32", 1, 1, 1),
        Reg("limit_ma", 3, 0x400E, "u32", 1, 1, 1),
        Reg("current_ma", 3, 0x4010, "u32", 3, 1, 1),
        Reg("voltage_mv", 3, 0x4016, "u32", 3, 100, 1),
        Reg("total_w", 3, 0x401C, "u32", 1, 1, 1),
    ),
    state, blind("limit_ma", 16, 0x4100, "u32"), effective=True,
    slow=(Reg("session_wh", 3, 0x401E, "u32", 1, 1, 1), Reg("failsafe_s", 3, 0x4020, "u16", 1, 1, 1)),
    step_ma=1, refresh_ms=30_000,
    failsafe=fail_safe(None, Order(Reg("failsafe_s", 6, 0x4106, "u16", 1, 1, 1),
                                   Reg("failsafe_s", 3, 0x4020, "u16", 1, 1, 1)), default_s=60, least_s=30),
)
OPTIONS = options_of(BOX)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(BOX, options)


def build(port: Bus, options: "dict[str, object]") -> RegisterWallbox:
    return RegisterWallbox(port, BOX, options)
