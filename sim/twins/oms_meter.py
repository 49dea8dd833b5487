"""Meters that send by radio, and the sticks that hear them: seeded, of every security mode the driver reads.

A meter's telegrams come as on the air: not quite regularly, its access number and message counter rising, its
counters never falling. `on_stick` is what a receiver makes of a frame.
"""

from binascii import hexlify

from drivers.ciphers import cbc_seal, cmac, ctr
from drivers.mbus_media import Address
from drivers.wmbus_frame import crc, to_a
from drivers.wmbus_im871a import message as hci
from sim.rng import Rng

MODES = ("none", "mode 5", "mode 7", "ell")
HEAT, WATER, GAS, ELECTRICITY = 0x04, 0x07, 0x03, 0x02
_MAKERS = (0x2C2D, 0x11A5, 0x1593, 0x4493, 0x6A50)  # KAM DME ELS QDS ZTP
_SPREAD_PERMILLE = 60  # how far an interval strays, so that two meters do not meet for ever
BLOCK = 16


def bcd(value: int, width: int) -> bytes:
    out = b""
    for _ in range(width):
        out += bytes((value % 10 | value // 10 % 10 << 4,))
        value //= 100
    return out


def int_bytes(value: int, width: int) -> bytes:
    return bytes([(value >> 8 * place) & 0xFF for place in range(width)])


class Air:
    """Meters in reach of one stick; `lived` is what the stick writes while time passes."""

    def __init__(self, stick: str) -> None:
        self.stick = stick
        self.meters: "list[RadioMeter]" = []

    def lived(self, now_ms: int) -> bytes:
        """Of all that was sent until `now_ms`, in order; a meter that slept through several sends once."""
        due = sorted([meter for meter in self.meters if meter.due_ms <= now_ms], key=lambda meter: meter.due_ms)
        return b"".join([on_stick(self.stick, meter.send(now_ms)) for meter in due])


class RadioMeter:
    """One meter, made whole from its seed. `due_ms` is when it sends next."""

    def __init__(self, seed: int, number: int, interval_ms: int = 16_000, mode: str = "", medium: int = 0,
                 id_: str = "") -> None:
        self._rng = Rng(seed ^ number * 0x9E3779B1)
        self.mode = mode or MODES[1 + self._rng.below(3)]
        self.address = Address(_MAKERS[self._rng.below(len(_MAKERS))], id_ or "%08d" % (10_000_000 + number),
                               self._rng.below(256), medium or (HEAT, WATER, GAS, ELECTRICITY)[self._rng.below(4)])
        self.key = b"".join([int_bytes(self._rng.next(), 4) for _ in range(4)])
        self.interval_ms = interval_ms
        self.due_ms = self._rng.below(interval_ms)
        self.counter = self._rng.below(1 << 20)
        self.access = self._rng.below(256)
        self.total = self._rng.below(1 << 24)  # Wh or l
        self.sent = 0

    def send(self, now_ms: int) -> bytes:
        """The next frame, without CRCs."""
        spread = self.interval_ms * _SPREAD_PERMILLE // 1000
        self.due_ms = now_ms + self.interval_ms + self._rng.between(-spread, spread)
        self.counter += 1
        self.access = (self.access + 1) & 0xFF
        self.total += self._rng.below(50)
        self.sent += 1
        return self.frame(self.records())

    def records(self) -> bytes:
        if self.address.medium == HEAT:
            return (b"\x0c\x06" + bcd(self.total // 1000, 4) + b"\x0c\x13" + bcd(self.total // 7, 4)
                    + b"\x02\x59" + int_bytes(6_000 + self.access, 2) + b"\x02\x5d" + int_bytes(4_000, 2))
        if self.address.medium == ELECTRICITY:
            return (b"\x04\x03" + int_bytes(self.total, 4) + b"\x04\x83\x3c" + int_bytes(self.total // 3, 4)
                    + b"\x04\x2b" + int_bytes(300 + self.access, 4) + b"\x02\xfd\xc8\xfc\x01" + int_bytes(2300, 2))
        return b"\x0c\x13" + bcd(self.total, 4)

    def frame(self, records: bytes) -> bytes:
        """Link header, layers and `records` in this meter's security mode."""
        link = b"\x44" + self.address.packed()
        if self.mode == "ell":
            inner = b"\x78" + records
            session = int_bytes(1 << 29 | self.counter, 4)
            check = crc(inner)
            start = self.address.packed() + b"\x20" + session + bytes(3)
            body = b"\x8d\x20" + bytes((self.access,)) + session + ctr(
                self.key, start, bytes((check >> 8, check & 0xFF)) + inner)
        elif self.mode == "none":
            body = b"\x7a" + bytes((self.access, 0, 0, 0)) + records
        else:
            body = self._sealed(records)
        return bytes((len(link) + len(body),)) + link + body

    def _sealed(self, records: bytes) -> bytes:
        plain = b"\x2f\x2f" + records
        plain += b"\x2f" * (-len(plain) % BLOCK)
        blocks = len(plain) // BLOCK << 4
        if self.mode == "mode 5":
            start = self.address.packed() + bytes((self.access,)) * 8
            return b"\x7a" + bytes((self.access, 0, blocks, 5)) + cbc_seal(self.key, start, plain)
        number = int_bytes(self.counter, 4)
        tail = number + self.address.packed()[2:6] + b"\x07" * 7
        sealed = cbc_seal(cmac(self.key, b"\x00" + tail), bytes(BLOCK), plain)
        transport = b"\x7a" + bytes((self.access, 0, blocks, 7, 0x10)) + sealed
        mac = cmac(cmac(self.key, b"\x01" + tail), b"\x25" + number + transport)[:8]
        return b"\x90\x0f\x00\x2c\x25" + number + mac + transport


def on_stick(kind: str, frame: bytes) -> bytes:
    """What a receiver writes for this frame: "im871a", "amb8465", "cul", "rc1180" or "hex"."""
    if kind == "im871a":
        return hci(2, 3, frame[1:])
    if kind == "amb8465":
        head = b"\xff\x03" + frame
        value = 0
        for byte in head:
            value ^= byte
        return head + bytes((value,))
    if kind == "cul":
        return b"b" + hexlify(to_a(frame)).upper() + b"\r\n"
    return frame if kind == "rc1180" else hexlify(frame) + b"\n"
