"""OpenDTU: microinverters of Hoymiles and their like, over MQTT or over HTTP.

Source: its own description of MQTT topics and of its web API. Told is the limit that the inverter forgets without sun
(limit_nonpersistent_absolute; over HTTP limit_type 0), in whole watts, with retain off. Over HTTP its password is
needed to set anything (user "admin"). "Reachable" and "producing" both 0 mean that it sleeps: it then makes nothing;
not reachable while it last produced is a fault.
"""

import json
from decimal import Decimal

from drivers import json_fields
from drivers.dtu import LEAST_PERMILLE, SETTLE_MS, Dtu, Said
from drivers.generator import FALLBACK, LEAST, RATED, ability_of
from drivers.given import whole, word
from drivers.load_facts import LoadFacts
from drivers.meter_facts import MAKER
from hal.faults import FRAME, REFUSED, TIMEOUT, DeviceError
from hal.options import integer, text
from hal.ports import Inbox, Web
from hal.values import Ability

LINES = ("mqtt", "http")
FAILSAFE = ("none: the inverter keeps its last limit until it has no sun; stopped and by the service's stop hook it is "
            "told fallback_w")
LOAD = LoadFacts("OpenDTU: microinverters of Hoymiles", "inverter", "P, energy, its limit", "how much it makes, in W",
                 "none", MAKER)
OPTIONS = (
    RATED, LEAST, FALLBACK,
    text("serial_number", None, 1, 32, "of the inverter, as OpenDTU shows it"),
    text("topic", "solar", 1, 200, "over MQTT: its base topic, without the / behind it"),
    integer("sends_s", 5, 1, 60, "over MQTT: how often it publishes, in s"),
)
PERIOD_S = 5  # it asks the inverter no more often
LATE_MS = 1_500
NONPERSISTENT_ABSOLUTE = 0
LIVE = "/api/livedata/status?inv="
SET = "/api/limit/config"


class OverMqtt(Dtu):
    def __init__(self, inbox: Inbox, options: "dict[str, object]") -> None:
        super().__init__(options, ability(options))
        self._inbox = inbox
        self._root = "%s/%s" % (word(options, "topic"), word(options, "serial_number"))
        self._sends_ms = 1_000 * whole(options, "sends_s")
        self._seen_ms = -1 << 62
        for name in ("status/reachable", "status/producing", "status/limit_absolute", "0/power", "0/yieldtotal"):
            inbox.watch("%s/%s" % (self._root, name))

    def ask(self, now_ms: int, again: bool = False) -> Said:
        wait_ms = self._sends_ms + LATE_MS
        after_ms = now_ms - wait_ms if again else self._seen_ms
        got = self._inbox.newest(self._root + "/status/reachable", after_ms, wait_ms)
        if got is None:
            raise DeviceError(TIMEOUT, "nothing on %s/status/reachable" % self._root)
        self._seen_ms = got[1]
        reachable, producing = truth(got[0]), truth(self._any("status/producing"))
        energy = number(self._any("0/yieldtotal"), 1_000)
        limit_w = number(self._any("status/limit_absolute"))
        if not reachable:
            _asleep(producing)
            return Said(got[1], 0, False, None, energy)
        power = self._inbox.newest(self._root + "/0/power", got[1] - 3 * self._sends_ms - LATE_MS, 0)
        if power is None:
            raise DeviceError(TIMEOUT, "nothing on %s/0/power" % self._root)
        return Said(power[1], number(power[0]), True, limit_w, energy)

    def send(self, limit_w: int) -> None:
        self._inbox.tell(self._root + "/cmd/limit_nonpersistent_absolute", str(limit_w))

    def _any(self, name: str) -> "bytes | None":
        got = self._inbox.newest("%s/%s" % (self._root, name), -1 << 62, 0)
        return None if got is None else got[0]


class OverHttp(Dtu):
    def __init__(self, web: Web, options: "dict[str, object]") -> None:
        super().__init__(options, ability(options))
        self._web = web
        self._serial = word(options, "serial_number")

    def ask(self, now_ms: int, again: bool = False) -> Said:
        found = json_fields.document(self._web.get(LIVE + self._serial))
        inverters = json_fields.stands(found, ("inverters",))
        own = [one for one in inverters if isinstance(one, dict) and str(one.get("serial")) == self._serial] \
            if isinstance(inverters, list) else []
        if not own:
            raise DeviceError(FRAME, "it knows no inverter %s" % self._serial)
        here = own[0]
        energy = _watts(here, ("INV", "0", "YieldTotal", "v"), 1_000)
        if here.get("reachable") is not True:
            _asleep(here.get("producing") is True)
            return Said(now_ms, 0, False, None, energy)
        power_w = _watts(here, ("AC", "0", "Power", "v"))
        if power_w is None:
            raise DeviceError(FRAME, "it tells no power of %s" % self._serial)
        limit_w = _watts(here, ("limit_absolute",))
        return Said(now_ms, power_w, True, None if limit_w is None or limit_w < 0 else limit_w, energy)

    def send(self, limit_w: int) -> None:
        told = {"serial": self._serial, "limit_type": NONPERSISTENT_ABSOLUTE, "limit_value": limit_w}
        said = json_fields.document(self._web.post(SET, "data=" + json.dumps(told, separators=(",", ":"))))
        if json_fields.stands(said, ("type",)) != "success":
            raise DeviceError(REFUSED, "limit %d: %s" % (limit_w, json_fields.stands(said, ("message",))))


def _asleep(producing: bool) -> None:
    """DeviceError unless it makes nothing."""
    if producing:
        raise DeviceError(TIMEOUT, "the DTU does not reach the inverter, and it made something before")


def _watts(found: object, path: "tuple[str, ...]", times: int = 1) -> "int | None":
    value = json_fields.number_at(found, path)
    return None if value is None else round(value * times)


def number(message: "bytes | None", times: int = 1) -> "int | None":
    """A message that is a number; None for any other."""
    value = None if message is None else json_fields.number_at(json_fields.document(message), ())
    return None if value is None else round(value * times)


def truth(message: "bytes | None") -> bool:
    """1 or 0; DeviceError(FRAME) for anything else."""
    value = number(message)
    if value not in (Decimal(0), Decimal(1)):
        raise DeviceError(FRAME, "neither 0 nor 1: %r" % (message,))
    return bool(value)


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError("key: what is allowed")."""
    least_w = -(-whole(options, "rated_w") * LEAST_PERMILLE // 1_000)
    return ability_of(options, 0, settle_ms=SETTLE_MS, pace_ms=10_000, least_w=least_w)


def build(port: "Inbox | Web", options: "dict[str, object]") -> Dtu:
    return OverHttp(port, options) if isinstance(port, Web) else OverMqtt(port, options)
