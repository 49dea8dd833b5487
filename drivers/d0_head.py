"""Meter with a D0 optical head (IEC 62056-21): asked anew for each reading (modes A to C), or sending by itself (D).

Sign: 16.7.0 and 1.7.0 are + from the grid as they are; where there is a 2.7.0 the reading has the difference.
A meter that is asked takes two seconds and more, at 300 baud half a minute: for energies, not for control. What
it says is as old as the acknowledgement that started the readout.
"""

from drivers import d0, dataset, p1
from drivers.dataset import DataError, Line
from drivers.given import MOUNTING, ROLE, clock, is_reversed, phases, whole, word
from drivers.heard_passport import of_d0
from drivers.meter_facts import STANDARD, Facts
from drivers.obis import Entry
from drivers.obis_measured import measured
from drivers.obis_reading import reading_of
from drivers.passport import UNKNOWN, Passport
from drivers.push_head import PushHead
from hal import values
from hal.faults import FRAME, TIMEOUT, DeviceError
from hal.measured import Measured
from hal.options import choice, integer, text
from hal.ports import Clock, Dialogue, Meter
from hal.values import Ability, Reading

LINES = ("d0",)
OPTIONS = (
    ROLE,
    MOUNTING,
    choice("talk", "asked", ("asked", "sends"), "asked: modes A to C; sends: mode D, by itself"),
    integer("sends_s", 2, 1, 60, "how often a meter that sends does so, in s"),
    text("address", "", 0, d0.MOST_ADDRESS, "device address of a meter that answers to none but its own, mostly its "
                                            "number; none: whichever is there"),
    integer("most_baud", 9_600, 300, 19_200, "highest rate the head bears when the meter is asked"),
)
FAILSAFE = "a readout changes nothing in the meter; it goes on counting without us"
METER = Facts("Meters with a D0 optical head (IEC 62056-21, modes A to D)",
              "what the meter says: import, export, mostly P", STANDARD)

LATE_MS = 1_500
STEP_MS = 100
CHUNK = 512
MOST_READS = 8_192
GUARD_MS = 12  # beyond the wire time before the rate changes; the quickest meter answers after 20
SIGN_ON_MS = 4_000  # our request, the meter's pause and the longest identification, all at 300 baud
READOUT_MS = 60_000  # the longest a readout may take in all
ASKED_S = 30  # at 300 baud a readout takes most of it, and what it says is as old as its beginning


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError("option: what is allowed")."""
    if not d0.is_address(word(options, "address")):
        raise ValueError("address: allowed are letters, digits and blanks")
    return values.ability(word(options, "role"), settle_ms=0)


def period_s(options: "dict[str, object]") -> int:
    """How often it is read when the configuration does not say.

    The meter of a node as often as any: what a fuse is kept by is not to be older for its meter's sake.
    """
    slow = word(options, "talk") == "asked" and word(options, "role") == "source"
    return ASKED_S if slow else whole(options, "sends_s")


class D0Push(PushHead):
    """Mode D: telegrams as those of P1, with parity, without a CRC."""

    def __init__(self, stream: Dialogue, clock: Clock, wired: "tuple[int, ...]", turned: bool, sends_ms: int) -> None:
        super().__init__(stream, clock, wired, turned, sends_ms + LATE_MS)
        self._reader = p1.Reader()

    def frames(self, data: bytes) -> "list[tuple[Entry, ...]]":
        telegrams = self._reader.feed(data)
        found = [telegram.lines for telegram in telegrams]
        if found:
            self.said = of_d0(telegrams[-1].ident[:3], telegrams[-1].ident[4:], found[-1])
            self.measured = measured(dataset.entries(found[-1]), d0.meter_id(found[-1]), None)
        return [dataset.entries(lines) for lines in found]

    def damaged(self) -> int:
        return self._reader.damaged


class D0Asked(Meter):
    """Modes A to C: sign-on at 300 baud, then the readout at what both can."""

    def __init__(self, stream: Dialogue, clock: Clock, wired: "tuple[int, ...]", turned: bool, most_baud: int,
                 address: str = "") -> None:
        self._address = address
        self._stream = stream
        self._clock = clock
        self._wired = wired
        self._turned = turned
        self._most_baud = most_baud
        self.said: Passport = UNKNOWN
        self.measured: "tuple[Measured, ...]" = ()  # the newest readout, as records of any medium

    def read(self, now_ms: int) -> Reading:
        """Returns within SIGN_ON_MS and READOUT_MS; TIMEOUT for silence, FRAME for a wrong check or parity."""
        ident, lines, t_ms = self.session()
        self.said = of_d0(ident.maker, ident.model, lines)
        self.measured = measured(dataset.entries(lines), d0.meter_id(lines), None)
        return reading_of(dataset.entries(lines), t_ms, self._wired, self._turned)

    def passport(self) -> Passport:
        """As said with the newest readout."""
        return self.said

    def session(self) -> "tuple[d0.Ident, tuple[Line, ...], int]":
        """(who answered, what it said, when it began to say it)"""
        stream = self._stream
        stream.set_baud(d0.SIGN_ON_BAUD)
        self._drain()
        self._say(d0.request(self._address))
        ident = self._identified()
        answer, baud = d0.acknowledge(ident, self._most_baud)
        if answer:
            self._clock.sleep_ms(d0.REACTION_MS)
            self._say(answer)
        t_ms = self._clock.now_ms()
        if baud != d0.SIGN_ON_BAUD:
            stream.set_baud(baud)
        return ident, self._readout(), t_ms

    def _say(self, data: bytes) -> None:
        """Returns once it has left at 300 baud: many an adapter says so while half of it still waits in it."""
        begun_ms = self._clock.now_ms()
        self._stream.write(data)
        self._clock.sleep_ms(max(0, begun_ms + len(data) * 10_000 // d0.SIGN_ON_BAUD + GUARD_MS - self._clock.now_ms()))

    def _identified(self) -> d0.Ident:
        heard, ident = b"", None
        until_ms = self._clock.now_ms() + SIGN_ON_MS
        while ident is None:
            heard = self._more(heard, until_ms, SIGN_ON_MS, "no answer to the sign-on")
            ident = d0.ident_of(heard)
        return ident

    def _readout(self) -> "tuple[Line, ...]":
        heard, lines = b"", None
        until_ms = self._clock.now_ms() + READOUT_MS
        while lines is None:
            heard = self._more(heard, until_ms, d0.SILENCE_MS + STEP_MS, "the readout did not come to its end")
            try:
                lines = d0.readout(heard)
            except DataError as error:
                raise DeviceError(FRAME, str(error)) from error
        return lines

    def _more(self, heard: bytes, until_ms: int, silence_ms: int, why: str) -> bytes:
        """What was heard and what comes next; TIMEOUT after silence, at `until_ms`, or when it never ends."""
        silent_ms = 0
        while silent_ms < silence_ms and self._clock.now_ms() < until_ms and len(heard) < d0.MOST_BYTES:
            chunk = self._stream.read(CHUNK, STEP_MS)
            if chunk:
                return heard + chunk
            silent_ms += STEP_MS
        raise DeviceError(TIMEOUT, why)

    def _drain(self) -> None:
        """Throws away what an earlier readout left; bounded, for a line that never falls silent."""
        for _ in range(MOST_READS):
            if not self._stream.read(CHUNK, 0):
                return


def build(port: Dialogue, options: "dict[str, object]") -> Meter:
    wired, turned = phases(options), is_reversed(options)
    if word(options, "talk") == "sends":
        return D0Push(port, clock(options), wired, turned, 1_000 * whole(options, "sends_s"))
    return D0Asked(port, clock(options), wired, turned, whole(options, "most_baud"), word(options, "address"))
