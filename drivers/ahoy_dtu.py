"""AhoyDTU over MQTT: microinverters of Hoymiles, TSUN and their like.

Source: its user manual. Told is a limit in whole watts that the inverter forgets without sun: "600W" on
TOPIC/ctrl/limit/NUMBER. What stands in it is said in per cent. "Available" 0 or 1 means that it produces nothing; it is
published when it changes and retained, and a retained message has no time: after a start in the night the inverter is
silent until the morning. That the DTU itself lives shows its uptime.
"""

from drivers.dtu import LEAST_PERMILLE, SETTLE_MS, Dtu, Said
from drivers.generator import FALLBACK, LEAST, RATED, ability_of
from drivers.given import whole, word
from drivers.load_facts import LoadFacts
from drivers.meter_facts import MAKER
from drivers.open_dtu import number
from hal.faults import FRAME, TIMEOUT, DeviceError
from hal.options import integer, text
from hal.ports import Inbox
from hal.values import Ability

LINES = ("mqtt",)
FAILSAFE = ("none: the inverter keeps its last limit until it has no sun; stopped and by the service's stop hook it is "
            "told fallback_w")
LOAD = LoadFacts("AhoyDTU: microinverters of Hoymiles and TSUN", "inverter", "P, energy, its limit",
                 "how much it makes, in W", "none", MAKER)
OPTIONS = (
    RATED, LEAST, FALLBACK,
    text("topic", "inverter", 1, 200, "its topic, as set in it"),
    text("inverter", None, 1, 64, "the inverter's name, as set in it"),
    integer("number", 0, 0, 15, "the inverter's number, as set in it"),
    integer("sends_s", 15, 1, 60, "how often it asks the inverter, in s"),
)
LATE_MS = 3_000
ALIVE_MS = 180_000  # the DTU tells its uptime every minute
LIMITS = ("active_PowerLimit", "PowerLimit")  # newer and older versions


class AhoyDtu(Dtu):
    def __init__(self, inbox: Inbox, options: "dict[str, object]") -> None:
        super().__init__(options, ability(options))
        self._inbox = inbox
        self._rated_w = whole(options, "rated_w")
        self._uptime = word(options, "topic") + "/uptime"
        self._root = "%s/%s" % (word(options, "topic"), word(options, "inverter"))
        self._told_on = "%s/ctrl/limit/%d" % (word(options, "topic"), whole(options, "number"))
        self._sends_ms = 1_000 * whole(options, "sends_s")
        self._seen_ms = -1 << 62
        inbox.watch(self._uptime)
        for name in ("available", "ch0/P_AC", "ch0/YieldTotal") + tuple(["ch0/" + limit for limit in LIMITS]):
            inbox.watch("%s/%s" % (self._root, name))

    def ask(self, now_ms: int, again: bool = False) -> Said:
        available, energy = number(self._any("available")), number(self._any("ch0/YieldTotal"), 1_000)
        if available in (0, 1):
            return self._asleep(energy)
        wait_ms = self._sends_ms + LATE_MS
        got = self._inbox.newest(self._root + "/ch0/P_AC", now_ms - wait_ms if again else self._seen_ms, wait_ms)
        if got is None:
            raise DeviceError(TIMEOUT, "nothing on %s/ch0/P_AC" % self._root)
        self._seen_ms, power_w = got[1], number(got[0])
        if power_w is None:
            raise DeviceError(FRAME, "no power on %s/ch0/P_AC" % self._root)
        percents = [number(self._any("ch0/" + name), 10) for name in LIMITS]
        known = [self._rated_w * permille // 1_000 for permille in percents if permille is not None]
        return Said(got[1], power_w, True, known[0] if known else None, energy)

    def send(self, limit_w: int) -> None:
        self._inbox.tell(self._told_on, "%dW" % limit_w)

    def _asleep(self, energy: "int | None") -> Said:
        now_ms = self._clock.now_ms()
        got = self._inbox.newest(self._uptime, now_ms - ALIVE_MS, 0)
        if got is None:
            raise DeviceError(TIMEOUT, "nothing on " + self._uptime)
        return Said(now_ms, 0, False, None, energy)

    def _any(self, name: str) -> "bytes | None":
        got = self._inbox.newest("%s/%s" % (self._root, name), -1 << 62, 0)
        return None if got is None else got[0]


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError("key: what is allowed")."""
    least_w = -(-whole(options, "rated_w") * LEAST_PERMILLE // 1_000)
    settle_ms = SETTLE_MS + 1_000 * whole(options, "sends_s")
    return ability_of(options, 0, settle_ms=settle_ms, pace_ms=10_000, least_w=least_w)


def build(port: Inbox, options: "dict[str, object]") -> AhoyDtu:
    return AhoyDtu(port, options)
