"""A Modbus RTU line in simulated time: the port of a master, with slaves that answer in order, late or never.

Thousands of exchanges a second by seed, where sim.wire carries one at its true pace. Every request gets a
number, and every register of its answer tells that number, so an answer that belongs to another request
is recognised. Only reads of registers; what is lost is never executed.
"""

import struct

from sim.clock import SimClock
from sim.rng import Rng

QUEUE_MS = 500  # a slave that is behind by more drops what it is asked


def check(body: bytes) -> bytes:
    """The checksum as MODBUS over Serial Line 6.2.2 words it, bit by bit."""
    crc = 0xFFFF
    for byte in body:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return bytes((crc & 0xFF, crc >> 8))


def word(number: int, offset: int) -> int:
    """What register `offset` of the answer to request `number` holds."""
    return (number * 131 + offset) & 0xFFFF


class Habits:
    """How the line and its slaves behave; permille of the exchanges unless a unit is named."""

    def __init__(self) -> None:
        self.delay_ms = (5, 40)  # least and most before an answer
        self.late_permille = 0
        self.late_ms = (0, 0)  # added to the delay of a late answer
        self.lost_permille = 0
        self.spoilt_permille = 0  # one byte of the answer changed
        self.noise_permille = 0  # up to 3 bytes before the answer
        self.longer = 0  # registers more (or fewer) than asked
        self.refused_permille = 0
        self.only_words = 0  # refuses any other length; 0 = takes all
        self.echo = False
        self.rival_ms = 0  # another master asks so often; 0 = none
        self.rival_hidden = False  # its requests are not heard, only their answers (four wires)
        self.rival_request = (1, 3, 40, 6)  # unit, function, address, count


class RtuLine:
    """A drivers.modbus_master.Port. `number` is the newest request of the master that uses it."""

    def __init__(self, clock: SimClock, seed: int, habits: Habits, baud: int = 9600) -> None:
        self.habits = habits
        self.number = 0
        self._requests = 0
        self._clock = clock
        self._rng = Rng(seed)
        self._character_us = 10_000_000 // baud
        self._coming: "list[tuple[int, int]]" = []  # (us when it is out, byte), in this order
        self._talks: "list[tuple[int, int]]" = []  # (from us, to us) of what is on the line
        self._free_us: "dict[int, int]" = {}  # by unit: when it will have answered all it was asked
        self._rival_us = 0
        self._open = False

    def is_open(self) -> bool:
        return self._open

    def open(self) -> None:
        self._open = True

    def close(self) -> None:
        self._open = False

    def say(self, frame: bytes) -> None:
        now_us = self._clock.now_ms() * 1000
        self._rivals_until(now_us)
        self.number = self._request(frame, now_us, self.habits.echo)

    def hear(self, wait_ms: int) -> bytes:
        until_ms = self._clock.now_ms() + max(0, wait_ms)
        while True:
            now_ms = self._clock.now_ms()
            self._rivals_until(now_ms * 1000)
            heard = []
            while self._coming and self._coming[0][0] <= now_ms * 1000:
                heard.append(self._coming.pop(0)[1])
            if heard or now_ms >= until_ms:
                return bytes(heard)
            next_us = self._coming[0][0] if self._coming else until_ms * 1000
            if self.habits.rival_ms:
                next_us = min(next_us, self._rival_us)
            self._clock.advance(min(until_ms, -(-next_us // 1000)) - now_ms)

    def _rivals_until(self, end_us: int) -> None:
        """The other master asks whenever it is its time, whoever is talking."""
        habits = self.habits
        while habits.rival_ms and self._rival_us <= end_us:
            at_us = self._rival_us
            self._rival_us += habits.rival_ms * 1000 + self._rng.below(habits.rival_ms * 100 + 1)
            unit, function, address, count = habits.rival_request
            body = struct.pack(">BBHH", unit, function, address, count)
            self._request(body + check(body), at_us, not habits.rival_hidden)

    def _request(self, frame: bytes, at_us: int, heard: bool) -> int:
        """Puts a request on the line; returns its number."""
        self._requests += 1
        sent, end_us = self._talk(frame, at_us)
        if heard:
            self._arrive(sent, at_us)
        if sent == frame and not self._rng.chance(self.habits.lost_permille):
            self._answer(frame, end_us, self._requests)
        return self._requests

    def _answer(self, frame: bytes, end_us: int, number: int) -> None:
        habits, rng = self.habits, self._rng
        delay_ms = rng.between(habits.delay_ms[0], habits.delay_ms[1])
        if rng.chance(habits.late_permille):
            delay_ms += rng.between(habits.late_ms[0], habits.late_ms[1])
        free_us = self._free_us.get(frame[0], 0)
        if free_us > end_us + QUEUE_MS * 1000:
            return
        start_us = max(end_us, free_us) + delay_ms * 1000
        count = max(1, (frame[4] << 8 | frame[5]) + habits.longer)
        body = bytes((frame[0], frame[1], 2 * count))
        body += b"".join(struct.pack(">H", word(number, offset)) for offset in range(count))
        odd = habits.only_words and habits.only_words != frame[4] << 8 | frame[5]
        if rng.chance(habits.refused_permille) or odd:
            body = bytes((frame[0], frame[1] | 0x80, 6))
        answer = body + check(body)
        if rng.chance(habits.spoilt_permille):
            at = rng.below(len(answer))
            answer = answer[:at] + bytes((answer[at] ^ 1 << rng.below(8),)) + answer[at + 1:]
        if rng.chance(habits.noise_permille):
            answer = b"".join(bytes((rng.below(256),)) for _ in range(rng.between(1, 3))) + answer
        sent, self._free_us[frame[0]] = self._talk(answer, start_us)
        self._arrive(sent, start_us)

    def _talk(self, frame: bytes, at_us: int) -> "tuple[bytes, int]":
        """The frame as it is on the line, spoilt when somebody else talks too, and when it ends."""
        end_us = at_us + len(frame) * self._character_us
        self._talks = [talk for talk in self._talks if talk[1] > at_us - 2_000_000]
        if any(talk[0] < end_us and at_us < talk[1] for talk in self._talks):
            at = self._rng.below(len(frame))
            frame = frame[:at] + bytes((frame[at] ^ 0x55,)) + frame[at + 1:]
        self._talks.append((at_us, end_us))
        return frame, end_us

    def _arrive(self, frame: bytes, at_us: int) -> None:
        for i, byte in enumerate(frame):
            self._coming.append((at_us + (i + 1) * self._character_us, byte))
        self._coming.sort()
