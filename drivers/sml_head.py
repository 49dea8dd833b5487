"""Meter with an SML optical head: German electricity meters push a frame every second or so.

Sign: 16.7.0 is + on import as it is; drivers.sml_rules turns what DZG and EMH meters send.
A locked meter (no PIN) is read too: `state` is "locked", its power unknown, its energy in whole kWh.
"""

from binascii import hexlify

from drivers import obis_reading
from drivers.given import MOUNTING, ROLE, clock, is_reversed, phases, word
from drivers.heard_passport import of_sml
from drivers.meter_facts import CAPTURED, Facts
from drivers.obis import Entry
from drivers.obis_measured import measured
from drivers.push_head import PushHead
from drivers.sml import Frame, Reader
from drivers.sml_rules import locked
from hal import values
from hal.ports import Clock, Stream
from hal.values import Ability, Reading

LINES = ("sml",)
OPTIONS = (
    ROLE,
    MOUNTING,
)
FAILSAFE = "nothing is ever written to an optical head; the meter goes on counting without us"
METER = Facts("German electricity meters with SML",
              "what the meter sends: P, mostly U, I and P per phase; import, export", CAPTURED)

ANSWER_MS = 2_500  # meters send every 1-2 s


def ability(options: "dict[str, object]") -> Ability:
    return values.ability(word(options, "role"), settle_ms=0)


class SmlHead(PushHead):
    """Waits for the newest whole frame of the meter under the head."""

    def __init__(self, stream: Stream, clock: Clock, wired: "tuple[int, ...]", turned: bool) -> None:
        super().__init__(stream, clock, wired, turned, ANSWER_MS)
        self._reader = Reader()

    def frames(self, data: bytes) -> "list[tuple[Entry, ...]]":
        frames = self._reader.feed(data)
        if frames and frames[-1].entries:
            self.said = of_sml(frames[-1].server, frames[-1].entries)
            server = str(hexlify(frames[-1].server or b""), "ascii")
            self.measured = measured(frames[-1].entries, server, None,
                                     ("locked",) if locked(frames[-1].entries) else ())
        return [frame.entries for frame in frames]

    def damaged(self) -> int:
        return self._reader.damaged

    def state_of(self, entries: "tuple[Entry, ...]") -> "str | None":
        return "locked" if locked(entries) else None


def reading_of(frame: Frame, t_ms: int, wired: "tuple[int, ...]", turned: bool) -> Reading:
    """`wired` are the grid phases of the meter's own conductors; DeviceError(RANGE) for what cannot be."""
    state = "locked" if locked(frame.entries) else None
    return obis_reading.reading_of(frame.entries, t_ms, wired, turned, state)


def build(port: Stream, options: "dict[str, object]") -> SmlHead:
    """`options["clock"]` is the hal.ports.Clock that dates what is heard."""
    return SmlHead(port, clock(options), phases(options), is_reversed(options))
