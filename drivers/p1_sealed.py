"""Encrypted P1, as Luxembourg and Austria send it: a telegram within a DLMS general-glo-ciphering frame.

    DB 08 <system title> 82 <length> 30 <frame counter, 4> <encrypted telegram> <tag, 12>

AES-128-GCM with the system title and the counter as the initial value; the tag covers 30 and the authentication
key. Both keys come from the grid operator; Luxembourg's authentication key is the same for all (DEFAULT_SECOND).
No I/O and no cipher in here: `opener` is drivers.ciphers.gcm_open, or a board's.

Source: Creos/Luxmetering P1 specification; dsmr_parser issues on Sagemcom T210-D; DLMS green book, security suite 0.
"""

from binascii import hexlify

from drivers.counters import Counters, name_of
from drivers.p1 import MOST_BYTES, Telegram, telegram_of

DEFAULT_SECOND = bytes((0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF))
TAG = b"\xdb\x08"
_TITLE = 8
_SECURED = 0x30  # security suite 0, authenticated and encrypted
_COUNTER = 4
_SEAL = 12
_LONGEST = MOST_BYTES // 2
_HEAD = len(TAG) + _TITLE + 4  # up to the security byte


class SealedReader:
    """Feed it whatever arrives; it never raises and holds at most MOST_BYTES.

    `damaged` counts frames that were whole and did not open: damaged, or sealed with another key; and those that did
    and whose counter was not above the last one's (`repeated`): they have been sent before.
    """

    def __init__(self, opener: "object", key: bytes, second: bytes = DEFAULT_SECOND,
                 counters: "Counters | None" = None) -> None:
        """`opener(key, initial value, encrypted with tag, what else the tag covers) -> bytes or None`."""
        assert callable(opener)
        self.damaged = self.repeated = 0
        self._counters = Counters() if counters is None else counters
        self._opener = opener
        self._key = key
        self._second = second
        self._held = b""
        self._base = 0

    def feed(self, data: bytes) -> "list[Telegram]":
        out: "list[Telegram]" = []
        for at in range(0, len(data), _LONGEST):
            self._held += data[at:at + _LONGEST]
            while self._step(out):
                pass
        return out

    def _step(self, out: "list[Telegram]") -> bool:
        """Whether there is more to find in what is held."""
        start = self._held.find(TAG)
        self._drop(max(0, len(self._held) - 1) if start < 0 else start)
        if start < 0 or len(self._held) < _HEAD:
            return False
        body, end = extent(self._held)
        if not body:
            self._drop(1)
            return True
        if len(self._held) < end:
            return False
        telegram = self._opened(body, end)
        if telegram is None:
            self.damaged += 1
            self._drop(1)
        else:
            out.append(telegram)
            self._drop(end)
        return True

    def _opened(self, body: int, end: int) -> "Telegram | None":
        sealed = self._held[body + 1 + _COUNTER:end]
        initial = self._held[2:2 + _TITLE] + self._held[body + 1:body + 1 + _COUNTER]
        text = self._opener(self._key, initial, sealed, bytes((_SECURED,)) + self._second)
        if text is None:
            return None
        telegram = telegram_of(bytes(text).rstrip(b"\r\n\x00"), self._base)
        if telegram is None or not self._rises(initial[:_TITLE], initial[_TITLE:]):
            return None
        return Telegram(telegram.offset, telegram.ident, telegram.lines, True)

    def _rises(self, title: bytes, counter: bytes) -> bool:
        """By the seal, so that a forged frame raises nothing."""
        name = name_of("P1-" + str(hexlify(title), "ascii"), self._key)
        value = int.from_bytes(counter, "big")
        if value <= self._counters.last(name):
            self.repeated += 1
            return False
        self._counters.note(name, value)
        return True

    def _drop(self, count: int) -> None:
        self._held = self._held[count:]
        self._base += count


def extent(data: bytes) -> "tuple[int, int]":
    """(where the security byte stands, where the frame ends) of the frame that begins here; (0, 0) for none."""
    at = len(TAG) + _TITLE
    wide = {0x81: 1, 0x82: 2}.get(data[at], 0)
    length = int.from_bytes(data[at + 1:at + 1 + wide], "big") if wide else data[at]
    body = at + 1 + wide
    if not 1 + _COUNTER + _SEAL < length <= _LONGEST or data[body] != _SECURED:
        return 0, 0
    return body, body + length
