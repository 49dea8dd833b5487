"""Commands from outside: judged, answered, and kept as orders until they lapse. The decision sees them as modes and
ceiling of its snapshot, so they are in the journal, and the guard stands behind them as behind everything.

hutschiene/<site>/<device>/set/<what>          a bare value, or {"value", "for_s", "id", "by"}
hutschiene/<site>/<device>/set/<what>/result   {"ok", "value" or "why" and "why_de", "until_s", "id"}
hutschiene/<site>/<device>/settings            retained: what holds now, and until when

An order with `for_s` lapses by itself; what held before it holds again. A retained command is refused: it would be
carried out anew at each connect, long after its time.
"""

import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from control.values import NO_WISH, NONE, Obligation, Prices, Site, Snapshot, Wish
from drivers.mqtt import MOST_HEARD_BYTES, Message
from firmware import prices
from firmware.cycle import Cycle
from firmware.kept import Kept
from firmware.said import german, said
from firmware.settable import DEFAULT, EVENT, OBLIGES, SITE, Value, What, table
from firmware.topics import Pairs, slug

MOST_FOR_S = 31 * 86_400
MOST_ID = 64
FORMAT = 1
COMMAND = "command"  # the source of an obligation that came this way
KEYS = ("value", "for_s", "id", "by")
WISHES = ("power_w", "target_wh", "target_permille", "worth", "limit")
TARGETS = ("target_wh", "target_permille")
KEPT_KEYS = ("place", "what", "value", "for_s", "until_s", "base_wh")


class Order(NamedTuple):
    value: Value
    until_ms: "int | None"  # monotonic; None = until another one comes
    for_s: "int | None"
    until_s: "int | None"  # wall clock, for people and for the file
    base_wh: "int | None" = None  # of a target: the device's counter when it was ordered


class Command(NamedTuple):
    """One that has been judged: exactly one of `order` and `why` is there; `order` is None also for "default"."""

    order: "Order | None"
    why: str
    id: object


class Commands:
    """What has been ordered, by device and thing. `kept` None: a restart forgets it."""

    def __init__(self, site: Site, kept: "Kept | None", now_ms: int,
                 wall_s: "Callable[[], int]" = lambda: int(time.time()), events: bool = False) -> None:
        """`events`: what asks for a reading goes to `asked`, which says why not, or ""."""
        self.topics = f"hutschiene/{slug(site.name)}/+/set/+"
        self._site = site
        self._kept = kept
        self._wall_s = wall_s
        self._table = table(site, events)
        self.asked: "Callable[[dict[str, Any]], str]" = lambda asked: said("nothing is kept just now")
        self._places = {"site": SITE, **{slug(device.name): index for index, device in enumerate(site.devices)}}
        self._names = {index: name for name, index in self._places.items()}
        self._lasting: "dict[tuple[int, str], Order]" = {}
        self._leased: "dict[tuple[int, str], Order]" = {}
        self._counters: "tuple[int | None, ...]" = (None,) * len(site.devices)  # energy imported, as last heard
        self.left_out: "tuple[str, ...]" = ()  # what of the kept file is not allowed any more, in words
        if kept is not None:
            self._load(kept.load(), now_ms)

    def take(self, message: Message, now_ms: int) -> "tuple[str, str] | None":
        """Judges one message; the (topic, payload) of the answer, None for what is none of ours."""
        parts = message.topic.split("/")
        if len(parts) != 5 or parts[3] != "set" or parts[2] in ("carry", "records"):
            return None
        place, name = parts[2], parts[4]
        command = self._judged(place, name, message, now_ms)
        answer: "dict[str, object]" = {"ok": not command.why}
        if command.why:
            answer["why"], answer["why_de"] = command.why, german(command.why)
        else:
            key = (self._places[place], name)
            if not self._table[key].texts:
                self._obey(key, command.order)
            if name in TARGETS and command.order is not None:  # one of them at a time
                self._obey((key[0], TARGETS[1 - TARGETS.index(name)]), None)
            answer["value"] = DEFAULT if command.order is None else command.order.value
            answer["until_s"] = command.order and command.order.until_s
            self._keep()
        if command.id is not None:
            answer["id"] = command.id
        return message.topic + "/result", json.dumps(answer, ensure_ascii=False)

    def apply(self, cycle: Cycle, now_ms: int) -> None:
        """Into the next snapshot, without what has lapsed."""
        lapsed = [key for key, order in self._leased.items() if order.until_ms is not None and order.until_ms <= now_ms]
        for key in lapsed:
            del self._leased[key]
        if lapsed:
            self._keep()
        cycle.modes = tuple(str(self._value((index, "mode"), device.mode))
                            for index, device in enumerate(self._site.devices))
        cycle.obligations = self._obligations()
        cycle.prices = self._prices(now_ms)
        cycle.wishes = tuple(self._wish(index) for index in range(len(self._site.devices)))

    def hear(self, snapshot: Snapshot) -> None:
        """What a target is reckoned from."""
        self._counters = tuple(heard.reading and heard.reading.import_wh for heard in snapshot.heard)

    def pairs(self) -> Pairs:
        """The settings of each device that has any, and of the house."""
        out = []
        for place, index in self._places.items():
            state: "dict[str, object]" = {}
            for what in (what for (at, _), what in self._table.items() if at == index and not what.texts):
                order = self._order((index, what.name))
                state[what.name] = order.value if order else self._configured(index, what)
                state[what.name + "_until_s"] = order and order.until_s
                if what.series:
                    state[what.name + "_from_s"] = _since_s(order)
            if state:
                topic = f"hutschiene/{slug(self._site.name)}/{place}/settings"
                out.append((topic, json.dumps(state, separators=(",", ":"))))
        return tuple(out)

    def _judged(self, place: str, name: str, message: Message, now_ms: int) -> Command:
        if message.retained:
            return Command(None, said("a retained command; send it without retain, and remove the retained one"), None)
        if len(message.payload) > MOST_HEARD_BYTES:
            return Command(None, said("too long; allowed are {} bytes", MOST_HEARD_BYTES), None)
        if place not in self._places:
            return Command(None, said("there is no {}; known are {}", place, ", ".join(self._places)), None)
        what = self._table.get((self._places[place], name))
        if what is None:
            names = [known for index, known in self._table if index == self._places[place]]
            can = ", ".join(names) or said("nothing")
            return Command(None, said("there is no {} to set; {} can be", name, can), None)
        asked = _asked(message.payload)
        refused = _refused(what, asked, KEYS + what.texts)
        if refused is not None:
            return refused
        if what.texts:
            return self._event(self._names[self._places[place]], asked)
        order = self._ordered(asked, now_ms)
        if name == "target_wh" and order is not None:
            order = order._replace(base_wh=self._counters[self._places[place]])
            if order.base_wh is None:
                return Command(None, said("the energy counter of {} is not known now", place), asked.get("id"))
        return Command(order, "", asked.get("id"))

    def _event(self, place: str, asked: "dict[str, Any]") -> Command:
        """Done once: it neither holds nor lapses. The reading itself comes later, on records/events."""
        if asked["value"] == DEFAULT or asked.get("for_s") is not None:
            over = said("an event is over at once: allowed are reading, begin and end, without for_s")
            return Command(None, over, asked.get("id"))
        index = self._places[place]
        why = self.asked({"meter": self._site.devices[index].name, "what": asked["value"],
                          "external": str(asked.get("id") or ""),
                          **{key: asked[key] for key in EVENT.texts if key in asked}})
        return Command(None if why else Order(asked["value"], None, None, None), why, asked.get("id"))

    def _ordered(self, asked: "dict[str, Any]", now_ms: int) -> "Order | None":
        if asked["value"] == DEFAULT:
            return None
        for_s = asked.get("for_s")
        if for_s is None:
            return Order(_frozen(asked["value"]), None, None, None)
        return Order(_frozen(asked["value"]), now_ms + 1_000 * for_s, for_s, self._wall_s() + for_s)

    def _wish(self, index: int) -> "Wish | None":
        """All of it anew."""
        power, target, charge, worth, limit = (self._order((index, name)) for name in WISHES)
        wish = NO_WISH._replace(worth=worth and _whole(worth.value), limit=limit and _whole(limit.value))
        if power is not None:
            wish = wish._replace(lease_w=_whole(power.value), lease_ms=power.until_ms or 0)
        if target is not None and target.base_wh is not None:
            wish = wish._replace(target_wh=target.base_wh + _whole(target.value), target_ms=target.until_ms or 0)
        if charge is not None:
            wish = wish._replace(target_permille=_whole(charge.value), target_ms=charge.until_ms or 0)
        return None if wish == NO_WISH else wish

    def _obligations(self) -> "tuple[Obligation, ...]":
        """Of the grid operator, as somebody told them for him."""
        out = []
        for name, direction in OBLIGES:
            order = self._order((SITE, name))
            if order is not None:
                until_ms = NONE if order.until_ms is None else order.until_ms
                out.append(Obligation(direction, _whole(order.value), until_ms, COMMAND))
        return tuple(out)

    def _prices(self, now_ms: int) -> "Prices | None":
        buy, series, sell = (self._order((SITE, name)) for name in ("import_price", "import_prices", "export_price"))
        return prices.of_orders(buy, series, sell, now_ms)

    def _obey(self, key: "tuple[int, str]", order: "Order | None") -> None:
        if order is not None and order.for_s is not None:
            self._leased[key] = order
            return
        self._leased.pop(key, None)
        self._lasting.pop(key, None)
        if order is not None:
            self._lasting[key] = order

    def _order(self, key: "tuple[int, str]") -> "Order | None":
        return self._leased.get(key) or self._lasting.get(key)

    def _value(self, key: "tuple[int, str]", configured: Value) -> Value:
        order = self._order(key)
        return configured if order is None else order.value

    def _configured(self, index: int, what: What) -> "Value | None":
        return self._site.devices[index].mode if what.name == "mode" else None

    def _keep(self) -> None:
        if self._kept is None:
            return
        orders = [{"place": self._names[index], "what": name, "value": order.value,
                   "for_s": order.for_s, "until_s": order.until_s, "base_wh": order.base_wh}
                  for orders in (self._lasting, self._leased) for (index, name), order in orders.items()]
        self._kept.keep({"format": FORMAT, "orders": orders})

    def _load(self, content: object, now_ms: int) -> None:
        """What the configuration still knows; a lease goes on for what is left of it, and never for longer than it was
        given, however the clock was set meanwhile."""
        left_out = []
        orders = content.get("orders") if isinstance(content, dict) and content.get("format") == FORMAT else None
        for one in orders if isinstance(orders, list) else ():
            words = self._load_one(one, now_ms) if isinstance(one, dict) else "not understood"
            if words:
                left_out.append(f"{json.dumps(one)[:100]}: {words}")
        self.left_out = tuple(left_out)

    def _load_one(self, one: "dict[str, Any]", now_ms: int) -> str:
        key = (self._places.get(str(one.get("place")), NONE - 1), str(one.get("what")))
        if key not in self._table:
            return "there is no such device or setting any more"
        refused = _refused(self._table[key], one, KEPT_KEYS)
        if refused is not None:
            return refused.why
        for_s, until_s = one.get("for_s"), one.get("until_s")
        if for_s is None:
            self._obey(key, Order(_frozen(one["value"]), None, None, None))
        elif isinstance(until_s, int) and until_s > self._wall_s():
            left_s = min(for_s, until_s - self._wall_s())
            base_wh = one.get("base_wh")
            self._obey(key, Order(_frozen(one["value"]), now_ms + 1_000 * left_s, for_s, until_s,
                                  base_wh if isinstance(base_wh, int) else None))
        return ""


def _since_s(order: "Order | None") -> "int | None":
    """When a lease was given, by the wall clock."""
    if order is None or order.until_s is None or order.for_s is None:
        return None
    return order.until_s - order.for_s


def _whole(value: Value) -> int:
    """What has been judged to be a number."""
    assert isinstance(value, int)
    return value


def _frozen(value: Any) -> Value:
    return tuple(tuple(pair) for pair in value) if isinstance(value, list) else value


def declared(payload: bytes) -> str:
    """Who says to have sent it, "" when nobody does; a broker vouches for nobody."""
    by = _asked(payload).get("by")
    return str(by) if by is not None and _is_name(by) else ""


def _asked(payload: bytes) -> "dict[str, Any]":
    """{"value": ...} of a bare word or number, or the object that was sent."""
    text = payload.decode("utf-8", "replace").strip()
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError):
        asked = text
    return asked if isinstance(asked, dict) else {"value": asked}


def _is_name(by: object) -> bool:
    return by is None or (isinstance(by, str) and len(by) <= MOST_ID)


def _refused(what: What, asked: "dict[str, Any]", keys: "tuple[str, ...]") -> "Command | None":
    """None for what may be ordered."""
    id_, for_s, value = asked.get("id"), asked.get("for_s"), asked.get("value")
    if not (id_ is None or (isinstance(id_, str | int) and len(str(id_)) <= MOST_ID)):
        return Command(None, said("id: allowed is text or a number of at most {} characters", MOST_ID), None)
    if not _is_name(asked.get("by")):
        return Command(None, said("by: allowed is text of at most {} characters", MOST_ID), id_)
    why = "" if value == DEFAULT else what.refusal(value)
    if why:
        return Command(None, said("{} {}: {}", what.name, json.dumps(value, ensure_ascii=False)[:60], why), id_)
    whole, most_s = isinstance(for_s, int) and not isinstance(for_s, bool), what.longest_s or MOST_FOR_S
    needed = what.longest_s and value != DEFAULT
    if (needed or for_s is not None) and not (whole and 1 <= for_s <= most_s):  # type: ignore[operator]
        if needed:
            return Command(None, said("for_s: needed; allowed are 1 to {} (seconds until it lapses)", most_s), id_)
        return Command(None, said("for_s: allowed are 1 to {} (seconds until it lapses)", most_s), id_)
    unknown = sorted(set(asked) - set(keys))
    if unknown:
        found = ", ".join(unknown)[:60]
        return Command(None, said("no such key: {}; allowed are {}", found, ", ".join(keys)), id_)
    return None
