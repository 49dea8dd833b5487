"""A meter behind a smart-meter gateway, read at its customer interface: Theben CONEXA, EMH CASA, PPC.

Only shown and recorded, never part of a decision: what a gateway tells is up to a quarter of an hour old. All its
numbers are in `measured`, with the time of their capture; the reading has the energies alone.
"""

from drivers import smgw_values
from drivers.given import phases, whole, word
from drivers.meter_facts import DRIVERS, Facts
from drivers.smgw_gateway import Gateway
from hal import values
from hal.faults import FRAME, DeviceError
from hal.measured import Measured
from hal.options import integer, text
from hal.ports import Meter
from hal.values import Ability, Reading

LINES = ("smgw",)
OPTIONS = (
    text("id", "", 0, 64, "number of the meter, as the gateway writes it; none for the only one"),
    integer("every_s", 900, 300, 86_400, "how often the gateway is asked, in s; it knows nothing newer within minutes"),
)
METER = Facts("Meters behind a smart-meter gateway: Theben CONEXA, EMH CASA, PPC", "everything the gateway tells",
              DRIVERS)
FAILSAFE = "only measures"
MISSED = 3  # answers of the gateway until the newest reading is none any more


def ability(options: "dict[str, object]") -> Ability:
    return values.ability("sensor", measured=False, settle_ms=0)


class SmgwMeter(Meter):
    def __init__(self, gateway: Gateway, id_: str, every_ms: int, wired: "tuple[int, ...]") -> None:
        self.measured: "tuple[Measured, ...]" = ()
        self._gateway = gateway
        self._id = id_
        self._every_ms = every_ms
        self._wired = wired
        self._good: "Reading | None" = None

    def read(self, now_ms: int) -> Reading:
        """Mostly returns at once; a session with the gateway, when one is due, takes up to a minute."""
        good = self._good
        try:
            self._gateway.ask(now_ms, self._every_ms)
            if good is None or good.t_ms != self._gateway.asked_ms:
                good = self._good = self._taken()
        except DeviceError:
            if good is None or now_ms - good.t_ms > MISSED * self._every_ms:
                raise
        return good

    def _taken(self) -> Reading:
        gateway = self._gateway
        mine = tuple([one for one in gateway.values if self._id in ("", one.meter)])
        names = sorted({one.meter for one in gateway.values})
        if not mine or len({one.meter for one in mine}) > 1:
            raise DeviceError(FRAME, f"id: the gateway has the meters {', '.join(names) or 'none'}; name one of them")
        good = smgw_values.counters(gateway.asked_ms, mine, self._wired)
        self.measured = smgw_values.measured(mine)
        return good


def build(port: Gateway, options: "dict[str, object]") -> SmgwMeter:
    return SmgwMeter(port, word(options, "id"), 1_000 * whole(options, "every_s"), phases(options))
