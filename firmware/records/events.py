"""Readings at any instant, asked for by a car, a person or another system; and transactions, the difference of two.

A reading counts only when it was taken at or after it was asked for, and at most ANSWER_MS later; else it is refused,
never estimated. One transaction at a time is open on a meter, so its sections never overlap.
"""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from control.values import Site
from firmware.records.clock import UNKNOWN, Look
from firmware.records.digits import captured_ms, counters
from firmware.records.sampler import CLOCK_UNKNOWN, FAULTY, MEASURED, SELDOM_MS, Seen
from firmware.said import said
from hal.values import Reading

ANSWER_MS = 30_000
MOST_ASKED = 32  # that wait at a time
READING, BEGIN, END = "reading", "begin", "end"
IMPORT, EXPORT = "1-0:1.8.0", "1-0:2.8.0"  # OBIS: active energy
REGISTERS = {"import": (IMPORT,), "export": (EXPORT,), "both": (IMPORT, EXPORT)}


class Ask(NamedTuple):
    """What somebody wants a reading for."""

    what: str  # READING, BEGIN or END
    meter: str
    asked_ms: int  # monotonic
    source: str = ""  # CLS-ID of who asks
    text: str = ""
    external: str = ""  # the asker's own name for it
    group: str = ""  # balancing group; BEGIN only
    transaction: str = ""  # END: the open one, "" for whichever is open on the meter
    register: str = ""  # of REGISTERS; "" = import, or at an END what its transaction began with
    found: bool = False  # BEGIN, END: how things stood at a start; asks for nothing when the records say so already


class Answer(NamedTuple):
    ask: Ask
    event: "dict[str, Any] | None"  # the data of a record of kind `event`
    why: str  # why there is none


class Desk:
    """Takes what is asked, answers when the meter has spoken."""

    def __init__(self, site: Site) -> None:
        self._index = {device.name: index for index, device in enumerate(site.devices)}
        self._seldom = frozenset(index for index, device in enumerate(site.devices) if device.stale_ms > SELDOM_MS)
        self._asked: "list[Ask]" = []
        self._open: "dict[str, dict[str, Any]]" = {}  # by meter: its begin
        self._sequence = 0
        self._transactions = 0
        self._swapped_s: "Mapping[str, int]" = {}

    def resume(self, events: "Iterable[dict[str, Any]]", swapped_s: "Mapping[str, int]") -> None:
        """The newest one that is kept, and then all that begin or end something, the oldest first; no other is open.

        `swapped_s`: by meter, since when (UTC) another one hangs there.
        """
        self._open, self._swapped_s = {}, swapped_s
        for data in events:
            self._note(data)

    def open_on(self, meter: str) -> "dict[str, Any] | None":
        return self._open.get(meter)

    def stands(self, ask: Ask) -> bool:
        """Whether the records say already what `ask` has found; a transaction of others is not for it to end."""
        begun = self._open.get(ask.meter)
        return begun is not None if ask.what == BEGIN else begun is None or begun["source"] != ask.source

    def ask(self, ask: Ask) -> str:
        """Why it cannot be answered; "" when it will be."""
        why = self._refused(ask)
        if not why:
            self._asked.append(ask)
        return why

    def look(self, seen: Seen, look: Look) -> "list[Answer]":
        out, waiting = [], []
        for ask in self._asked:
            answer = self._answer(ask, seen, look)
            if answer is None:
                waiting.append(ask)
            else:
                out.append(answer)
        self._asked = waiting
        return out

    def _answer(self, ask: Ask, seen: Seen, look: Look) -> "Answer | None":
        index = self._index[ask.meter]
        one = seen.snapshot.heard[index].reading
        wanted = self._registers(ask)
        if one is None or not _tells(one, wanted) or one.t_ms < ask.asked_ms or self._old(index, seen, look, ask):
            if seen.snapshot.now_ms - ask.asked_ms <= ANSWER_MS:
                return None
            return Answer(ask, None, said("{}: no reading within {} s", ask.meter, ANSWER_MS // 1_000))
        why = self._refused(ask)
        if why:  # answered meanwhile by another one
            return Answer(ask, None, why)
        at_ms = self._captured_ms(index, seen) or one.t_ms + look.now.utc_ms - look.now.mono_ms
        import_e, export_e, scaler = counters(one, seen.told.get(index, ()))
        told = {IMPORT: import_e, EXPORT: export_e}
        fell = ask.what == END and self._other(self._open[ask.meter], told, scaler)
        status = FAULTY if index in seen.doubted or fell else MEASURED
        data = {
            "event": uuid7(at_ms), "what": ask.what, "seq": self._sequence + 1, "meter": ask.meter,
            "obis": wanted[0], "value": told[wanted[0]], "scaler": scaler, "unit": "Wh",
            **({"also": [[obis, told[obis]] for obis in wanted[1:]]} if wanted[1:] else {}),
            "captured_ms": at_ms, "at_s": at_ms // 1_000,
            "status": CLOCK_UNKNOWN if look.clock.state == UNKNOWN else status,
            "source": ask.source, "text": ask.text, "external": ask.external, **self._transaction(ask),
        }
        self._note(data)
        return Answer(ask, data, "")

    def _old(self, index: int, seen: Seen, look: Look, ask: Ask) -> bool:
        """Whether a device that is asked seldom tells what it captured before it was asked."""
        captured = self._captured_ms(index, seen)
        return captured is not None and captured < ask.asked_ms + look.now.utc_ms - look.now.mono_ms

    def _captured_ms(self, index: int, seen: Seen) -> "int | None":
        return captured_ms(seen.told.get(index, ())) if index in self._seldom else None

    def _other(self, begun: "dict[str, Any]", told: "dict[str, int | None]", scaler: int) -> bool:
        return self._swapped_s.get(begun["meter"], -1) >= begun["at_s"] or _fell(begun, told, scaler)

    def _registers(self, ask: Ask) -> "tuple[str, ...]":
        begun = self._open.get(ask.meter)
        if ask.what == END and begun is not None:
            return tuple(obis for obis, _ in readings_of(begun))
        return REGISTERS[ask.register or "import"]

    def _transaction(self, ask: Ask) -> "dict[str, Any]":
        if ask.what == BEGIN:
            return {"transaction": uuid7(0), "number": self._transactions + 1, "group": ask.group}
        if ask.what == END:
            begun = self._open[ask.meter]
            return {name: begun[name] for name in ("transaction", "number", "group")}
        return {"transaction": "", "number": 0, "group": ""}

    def _note(self, data: "dict[str, Any]") -> None:
        self._sequence = max(self._sequence, data["seq"])
        self._transactions = max(self._transactions, data["number"])
        if data["what"] == BEGIN:
            self._open[data["meter"]] = data
        elif data["what"] == END:
            self._open.pop(data["meter"], None)

    def _refused(self, ask: Ask) -> str:
        begun = self._open.get(ask.meter)
        if ask.meter not in self._index:
            return said("there is no meter {}", repr(ask.meter))
        if ask.what not in (READING, BEGIN, END):
            return said("{}: allowed are {}, {}, {}", repr(ask.what), READING, BEGIN, END)
        if ask.register not in ("", *REGISTERS):
            return said("{}: allowed are {}", repr(ask.register), ", ".join(REGISTERS))
        if ask.what == BEGIN and begun is not None:
            return said("{}: transaction {} is still open", ask.meter, begun["transaction"])
        if ask.what == END and begun is None:
            return said("{}: no transaction is open", ask.meter)
        if ask.what == END and begun is not None and ask.transaction not in ("", begun["transaction"]):
            return said("{}: the open transaction is {}", ask.meter, begun["transaction"])
        if ask.what == END and ask.register and REGISTERS[ask.register] != self._registers(ask):
            return said("{}: the open transaction is of {}", ask.meter, " + ".join(self._registers(ask)))
        if len(self._asked) >= MOST_ASKED and ask not in self._asked:
            return said("{} are waiting already", MOST_ASKED)
        return ""


def readings_of(event: "dict[str, Any]") -> "list[tuple[str, int]]":
    """(OBIS, counter) of the data of an event, in its unit; mostly one."""
    return [(event["obis"], event["value"]), *((obis, value) for obis, value in event.get("also", ()))]


def _fell(begun: "dict[str, Any]", told: "dict[str, int | None]", scaler: int) -> bool:
    """Whether a counter stands below where it began: it was reset, or another meter hangs there."""
    finest = min(scaler, begun["scaler"])
    return any((told[obis] or 0) * 10 ** (scaler - finest) < value * 10 ** (begun["scaler"] - finest)
               for obis, value in readings_of(begun))


def _tells(one: Reading, wanted: "tuple[str, ...]") -> bool:
    counted = {IMPORT: one.import_wh, EXPORT: one.export_wh}
    return all(counted[obis] is not None for obis in wanted)


class Sessions:
    """A charging session of a wallbox is a transaction: it begins when a car is plugged in and ends when it leaves.

    The card it was charged with stands in its end, where the wallbox tells one.
    """

    def __init__(self, site: Site) -> None:
        self._boxes = tuple((index, device.name) for index, device in enumerate(site.devices)
                            if device.ability.kind == "wallbox")
        self._there: "dict[int, bool]" = {}  # whether a car is plugged in, as last seen
        self._cards: "dict[int, str]" = {}  # of the session that runs

    def forget(self) -> None:
        """As at a start: what is open is read anew, and may be another."""
        self._there = {}

    def look(self, seen: Seen, desk: Desk) -> "list[Ask]":
        """IEC 61851: A is no car, B to D is one; E and F tell nothing of that."""
        out = []
        for index, name in self._boxes:
            one = seen.snapshot.heard[index].reading
            if one is None or one.import_wh is None or one.state is None or one.state[:1] not in "ABCD":
                continue
            there = one.state[:1] != "A"
            first = index not in self._there
            same = not first and self._there[index] == there
            if there and not same and not first:
                self._cards.pop(index, None)
            if there and one.card:
                self._cards[index] = one.card
            if same:
                continue
            self._there[index] = there
            begun = desk.open_on(name) is not None
            if there and not begun:
                out.append(Ask(BEGIN, name, one.t_ms, name, "car was there at start" if first else "car plugged in"))
            elif begun and not there:
                text = "car was gone at start" if first else "car unplugged"
                card = one.card or self._cards.pop(index, "")
                out.append(Ask(END, name, one.t_ms, name, text, "" if first else card))
        return out


def uuid7(utc_ms: int) -> str:
    """RFC 9562 version 7 of an instant; all chance (version 4) for an instant of 0."""
    chance = secrets.token_bytes(16)
    if utc_ms:
        chance = (utc_ms & 0xFFFFFFFFFFFF).to_bytes(6, "big") + chance[6:]
    version = 0x70 if utc_ms else 0x40
    text = (chance[:6] + bytes([chance[6] & 0x0F | version, chance[7], chance[8] & 0x3F | 0x80]) + chance[9:]).hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
