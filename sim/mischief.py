"""What goes wrong between a master and its devices, by seed and at full speed; sim.wire does it to bytes.

A Bus gives whole answers or a DeviceError, so this is what can be seen of a bad line from there: silence, answers that
come late or damaged, a device that repeats itself, registers that tell something else than the truth. What a failed
request costs in time is waited for on the clock.
"""

from hal.faults import FRAME, TIMEOUT, DeviceError
from hal.ports import Bus, Clock, Stream
from hal.registers import Reg, decode, encode
from sim.rng import Rng

ANSWER_MS = 300  # what the master waits for an answer


class Twist:
    """A quantity told wrongly: value * num / den, and `drift_s` more with every second."""

    def __init__(self, reg: Reg, num: int = 1, den: int = 1, drift_s: int = 0) -> None:
        self._reg = reg
        self._num = num
        self._den = den
        self._drift_s = drift_s
        self._since_ms: "int | None" = None

    def words(self, function: int, address: int, words: "tuple[int, ...]", now_ms: int) -> "tuple[int, ...]":
        """The answer to a read of `address`, with the quantity as it is told."""
        if self._since_ms is None:
            self._since_ms = now_ms
        start, size = self._reg.address - address, self._reg.words()
        if function != self._reg.function or start < 0 or start + size > len(words):
            return words
        true = decode(self._reg, words[start:start + size])
        if None in true:
            return words
        drift = self._drift_s * (now_ms - self._since_ms) // 1000
        told = tuple(value * self._num // self._den + drift for value in true if value is not None)
        return words[:start] + encode(self._reg, told) + words[start + size:]


class Trouble:
    """What is wrong with one device; may be changed at any time."""

    def __init__(self) -> None:
        self.silent = False  # hears nothing, says nothing
        self.late_ms = 0  # does what it is told, but answers so late; beyond ANSWER_MS nobody hears it
        self.spoilt_permille = 0  # of its answers are damaged or too short
        self.frozen = False  # repeats to each question what it last answered
        self.twists: "tuple[Twist, ...]" = ()

    def clear(self) -> None:
        """All is well again."""
        self.silent = self.frozen = False
        self.late_ms = self.spoilt_permille = 0
        self.twists = ()


class Mischief(Bus):
    """Between a driver and `bus`."""

    def __init__(self, bus: Bus, clock: Clock, seed: int) -> None:
        self.cut = False  # the cable
        self._bus = bus
        self._clock = clock
        self._rng = Rng(seed)
        self._troubles: "dict[int, Trouble]" = {}
        self._answers: "dict[tuple[int, int, int, int], tuple[int, ...]]" = {}

    def on(self, unit: int) -> Trouble:
        """The trouble with one unit, none at first."""
        if unit not in self._troubles:
            self._troubles[unit] = Trouble()
        return self._troubles[unit]

    def read(self, unit: int, function: int, address: int, count: int) -> "tuple[int, ...]":
        trouble, asked = self.on(unit), (unit, function, address, count)
        self._send(trouble)
        words = self._bus.read(unit, function, address, count)
        if trouble.frozen:
            words = self._answers.get(asked, words)
        self._answers[asked] = words
        self._receive(trouble)
        for twist in trouble.twists:
            words = twist.words(function, address, words, self._clock.now_ms())
        return words

    def write(self, unit: int, function: int, address: int, values: "tuple[int, ...]") -> None:
        trouble = self.on(unit)
        self._send(trouble)
        self._bus.write(unit, function, address, values)
        self._receive(trouble)

    def _send(self, trouble: Trouble) -> None:
        if self.cut or trouble.silent:
            self._clock.sleep_ms(ANSWER_MS)
            raise DeviceError(TIMEOUT, "mischief: silent")

    def _receive(self, trouble: Trouble) -> None:
        """The device has done what it was told; now its answer has to come."""
        self._clock.sleep_ms(min(trouble.late_ms, ANSWER_MS))
        if trouble.late_ms > ANSWER_MS:
            raise DeviceError(TIMEOUT, "mischief: late")
        if trouble.spoilt_permille and self._rng.chance(trouble.spoilt_permille):
            raise DeviceError(FRAME, "mischief: spoilt")


class Noise(Stream):
    """Between an optical head and its port: bytes are lost or change a bit on the way."""

    def __init__(self, stream: Stream, seed: int, drop_permille: int = 0, flip_permille: int = 0) -> None:
        self.cut = False  # the head has fallen off
        self.drop_permille = drop_permille
        self.flip_permille = flip_permille
        self._stream = stream
        self._rng = Rng(seed)

    def read(self, most: int, wait_ms: int) -> bytes:
        data = self._stream.read(most, wait_ms)
        if self.cut:
            return b""
        if not self.drop_permille and not self.flip_permille:
            return data
        out = bytearray()
        for byte in data:
            if self._rng.chance(self.flip_permille):
                byte ^= 1 << self._rng.below(8)
            if not self._rng.chance(self.drop_permille):
                out.append(byte)
        return bytes(out)
