"""Telegrams in several fragments (EN 13757-7): put together before anything in them is opened.

The first fragment bears number 1 and the message's control byte, counter and length, the last one its code. A meter
sends them one behind the other; one that is missing costs the whole telegram, one that a repeater says again nothing.
"""

from drivers.mbus_telegram import FRAGMENT, MACS, Afl, MBusError, Telegram, joined

MOST_PENDING = 16  # meters whose telegrams are not whole yet
MOST_FRAGMENTS = 64
MOST_BYTES = 16_384


class Fragments:
    """Feed it every fragment; it holds at most MOST_PENDING telegrams."""

    def __init__(self) -> None:
        self._pending: "list[tuple[tuple[object, ...], list[Telegram]]]" = []  # oldest first

    def add(self, telegram: Telegram) -> "Telegram | None":
        """The telegram that this fragment ends; None while it goes on. Raises MBusError for what does not fit."""
        assert telegram.seal == FRAGMENT
        sender = (telegram.link, telegram.meter)
        parts, number = self._taken(sender), _afl(telegram).fragment
        if parts and number == _afl(parts[-1]).fragment and telegram.body == parts[-1].body:
            parts.pop()
        elif number == 1:
            parts = []
        elif not parts or _afl(parts[-1]).fragment + 1 != number:
            raise MBusError("fragment %d without those before it" % number)
        parts.append(telegram)
        if len(parts) > MOST_FRAGMENTS or sum([len(part.body) for part in parts]) > MOST_BYTES:
            raise MBusError("a telegram in too many fragments")
        if _afl(telegram).more:
            self._pending = (self._pending + [(sender, parts)])[-MOST_PENDING:]
            return None
        return _whole(parts)

    def _taken(self, sender: "tuple[object, ...]") -> "list[Telegram]":
        for at in range(len(self._pending)):
            if self._pending[at][0] == sender:
                parts = self._pending[at][1]
                del self._pending[at]
                return parts
        return []


def _afl(telegram: Telegram) -> Afl:
    assert telegram.afl is not None
    return telegram.afl


def _whole(parts: "list[Telegram]") -> Telegram:
    first, last = _afl(parts[0]), _afl(parts[-1])
    body = b"".join([part.body for part in parts])
    if first.length is not None and first.length != len(body):
        raise MBusError("fragments of %d bytes, announced were %d" % (len(body), first.length))
    code = last.mac or first.mac
    if len(code) != MACS.get(first.mcl & 0x0F, 0):
        raise MBusError("fragments with an authentication code of %d bytes" % len(code))
    return joined(parts[0], Afl(first.mcl, first.counter, code, first.covered + body, 0, False, first.length), body)
