"""SMA Energy Meter 1.0 and 2.0, Sunny Home Manager 2.0: heard on the network about once a second.

Sign: consumed less supplied, + from the grid. Only the configured serial number is heard: several meters share the
group, and the inverters speak on it too. Five seconds of silence are a fault (a switch that forgot who listens).
"""

from drivers import speedwire
from drivers.given import MOUNTING, ROLE, clock, is_reversed, phases, whole, word
from drivers.meter_facts import DRIVERS, Facts
from drivers.obis_reading import reading_of
from drivers.passport import Passport, passport
from hal import values
from hal.faults import FRAME, TIMEOUT, DeviceError
from hal.options import integer
from hal.ports import Clock, Inbox, Meter
from hal.values import Ability, Reading

LINES = ("speedwire",)
OPTIONS = (
    ROLE,
    MOUNTING,
    integer("sma_serial", None, 1, 4_294_967_295, "serial number, as printed on the meter"),
)
METER = Facts("SMA Energy Meter, Sunny Home Manager 2.0 (Speedwire)",
              "U, I and P per phase; P, import, export", DRIVERS)
FAILSAFE = "nothing is ever sent to it; the meter goes on counting without us"

SILENT_MS = 5_000


def ability(options: "dict[str, object]") -> Ability:
    return values.ability(word(options, "role"), settle_ms=0)


class SpeedwireMeter(Meter):
    """Waits for the next datagram of its meter."""

    def __init__(self, inbox: Inbox, clock: Clock, serial: int, wired: "tuple[int, ...]", turned: bool) -> None:
        self._inbox = inbox
        self._serial = str(serial)
        self._wired = wired
        self._turned = turned
        self._seen_ms = clock.now_ms()
        self._said = passport({"maker": "SMA", "serial": self._serial})
        inbox.watch(self._serial)

    def read(self, now_ms: int) -> Reading:
        """Returns within SILENT_MS; TIMEOUT for silence, FRAME for a datagram that is cut short."""
        got = self._inbox.newest(self._serial, self._seen_ms, SILENT_MS)
        if got is None:
            raise DeviceError(TIMEOUT, "meter %s silent for %d s" % (self._serial, SILENT_MS // 1_000))
        self._seen_ms = got[1]
        entries = speedwire.entries(got[0])
        if not entries:
            raise DeviceError(FRAME, "a datagram that is cut short")
        self._said = passport({"maker": "SMA", "serial": self._serial, "firmware": speedwire.version_of(got[0])})
        return reading_of(entries, got[1], self._wired, self._turned)

    def passport(self) -> Passport:
        """As heard with the newest datagram."""
        return self._said


def build(port: Inbox, options: "dict[str, object]") -> SpeedwireMeter:
    return SpeedwireMeter(port, clock(options), whole(options, "sma_serial"), phases(options),
                          is_reversed(options))
