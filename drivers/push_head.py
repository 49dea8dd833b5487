"""Meter that sends by itself, frame after frame, on a port of its own.

Age: what has piled up since the last look may have been sent at any time since, so it counts as heard
when the port was last seen empty; when that is too long ago it is thrown away and the next frame awaited.
"""

from drivers.obis import Entry
from drivers.obis_reading import reading_of
from drivers.passport import UNKNOWN, Passport
from hal.faults import FRAME, TIMEOUT, DeviceError
from hal.measured import Measured
from hal.ports import Clock, Meter, Stream
from hal.values import Reading

STEP_MS = 100  # longest wait on the port at once
CHUNK = 512
MOST_READS = 8_192  # a port that never falls silent ends here even if the clock stands still
FRESH_MS = 1_500  # what piled up unwatched within this time is taken


class PushHead(Meter):
    """Waits for the newest whole frame of the meter; a subclass knows what a frame is."""

    def __init__(self, stream: Stream, clock: Clock, wired: "tuple[int, ...]", turned: bool, answer_ms: int) -> None:
        """`wired`: grid phases of the meter's own conductors; `answer_ms`: longest wait, beyond the meter's period."""
        self._stream = stream
        self._clock = clock
        self._wired = wired
        self._turned = turned
        self._answer_ms = answer_ms
        self.measured: "tuple[Measured, ...]" = ()  # the newest telegram, as records of any medium
        self.said: Passport = UNKNOWN  # of itself, in the newest telegram
        self._empty_ms = -FRESH_MS - 1  # when nothing was left to read on the port, last seen

    def frames(self, data: bytes) -> "list[tuple[Entry, ...]]":
        """The lists that `data` completes."""
        raise NotImplementedError

    def damaged(self) -> int:
        """How many frames were none, so far."""
        raise NotImplementedError

    def passport(self) -> Passport:
        """As heard with the newest reading; nothing is asked."""
        return self.said

    def state_of(self, entries: "tuple[Entry, ...]") -> "str | None":
        """What the reading says about the meter itself."""
        return None

    def read(self, now_ms: int) -> Reading:
        """Returns within its time; TIMEOUT on silence, FRAME when only damaged frames came."""
        until_ms = self._clock.now_ms() + self._answer_ms
        damaged = self.damaged()
        newest: "tuple[Entry, ...]" = ()
        silent_ms = 0
        for _ in range(MOST_READS):
            wait_ms = min(STEP_MS, until_ms - self._clock.now_ms())
            if wait_ms <= 0 or silent_ms >= self._answer_ms:
                break
            chunk = self._stream.read(CHUNK, wait_ms)
            silent_ms = 0 if chunk else silent_ms + wait_ms
            for entries in self.frames(chunk):
                newest = entries or newest
            if len(chunk) == CHUNK:
                continue  # more is waiting
            since_ms = self._empty_ms
            self._empty_ms = self._clock.now_ms()
            if newest and self._empty_ms - since_ms <= FRESH_MS:
                return reading_of(newest, since_ms, self._wired, self._turned, self.state_of(newest))
            newest = ()
        if self.damaged() > damaged:
            raise DeviceError(FRAME, "only damaged frames")
        raise DeviceError(TIMEOUT, "no frame")
