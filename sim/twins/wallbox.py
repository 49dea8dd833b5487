"""What a simulated wallbox does, however it is told: keeps that, falls back by itself, shows what its car draws.

`Nature` says what the table cannot: how its state is told, what re-triggers its fail-safe, what a power cut leaves.
A current that does not exist is refused. The pilot moves at once here; how slowly a car follows is the car's own.
"""

from collections import namedtuple

from drivers.orders import Order
from drivers.wallbox_table import MIN_MA, Box
from sim.bank import ILLEGAL_VALUE, Refused
from sim.car import Car
from sim.twins import own_mv, own_w, three

ANY, LIMIT, ALIVE, NEVER = "any", "limit", "alive", "never"  # what re-triggers the fail-safe
BOARD_MDEGC = 31_000


class Nature(namedtuple("Nature", ("words", "triggered_by", "power_on", "fixed", "extra", "failsafe_ms", "stops"))):
    """words         (letter, True when it offers a current) -> the fields its state is made of
    triggered_by  which requests re-trigger its fail-safe
    power_on      field -> value after a power cut, in the field's unit
    fixed         fields that never change
    extra         orders beside those of the table
    failsafe_ms   of a box whose time its installer has set
    stops         expired, it stops and says E until it is told 0
    """

    __slots__ = ()
    words: "object"
    triggered_by: str
    power_on: "dict[str, int]"
    fixed: "dict[str, int]"
    extra: "tuple[Order, ...]"
    failsafe_ms: int
    stops: bool


def nature(words: "object", triggered_by: str = NEVER, power_on: "dict[str, int] | None" = None,
           fixed: "dict[str, int] | None" = None, extra: "tuple[Order, ...]" = (), failsafe_ms: int = 0,
           stops: bool = False) -> Nature:
    return Nature(words, triggered_by, power_on or {}, fixed or {}, extra, failsafe_ms, stops)


class BoxTwin:
    """A subclass carries its words; `now_ms` is its clock."""

    now_ms = 0

    def __init__(self, part: Car, box: Box, kind: Nature, phases: "tuple[int, ...]") -> None:
        self._part = part
        self._phases = phases
        self.box = box
        self.kind = kind
        self.orders = orders_of(box) + kind.extra
        self.told: "dict[str, int]" = {}  # by field, in its unit
        self.error = False
        self.card = "04A1B2C3"
        self.wake()

    def wake(self) -> None:
        """After a power cut."""
        power_on = {"limit_ma": min(self.box.max_ma, 16_000), "failsafe_ma": 0, "failsafe_s": 0, "enabled": 1}
        if self.box.enable is not None:
            power_on["enabled"] = self.box.enable.on
        if self.box.switch is not None:
            power_on["conductors"] = self.box.switch.three
        power_on.update(self.kind.fixed)
        power_on.update(self.kind.power_on)
        for told in self.orders:
            if told.reg is not None and told.reg.field not in power_on:
                power_on[told.reg.field] = 0
        self.told = power_on
        self._heard_ms = self.now_ms
        self.error = False

    @property
    def failsafe_ms(self) -> int:
        told = self.told.get("watchdog_ms", 1000 * self.told["failsafe_s"])
        return told or self.kind.failsafe_ms

    @property
    def expired(self) -> bool:
        if self.kind.triggered_by == NEVER or not self.failsafe_ms:
            return False
        return self.now_ms - self._heard_ms >= self.failsafe_ms

    @property
    def offered_ma(self) -> int:
        return self._offered_ma()

    def _offered_ma(self) -> int:
        if self.error:
            return 0
        if self.expired:
            return 0 if self.kind.stops else self.told["failsafe_ma"]
        enable = self.box.enable
        if enable is not None and self.told["enabled"] != enable.on:
            return 0
        return self.told["limit_ma"] if self.told["limit_ma"] >= MIN_MA else 0

    @property
    def conductors(self) -> int:
        """How many of its conductors are connected."""
        switch = self.box.switch
        return 1 if switch is not None and self._switched() == switch.one else len(self._phases)

    def _switched(self) -> int:
        """What its switch was told last."""
        assert self.box.switch is not None
        reg = self.box.switch.order.reg
        assert reg is not None
        return self.told[reg.field]

    def _live(self) -> None:
        if self.expired and self.kind.stops:
            self.error = True
        count = len(self._phases)
        closed = min(self.conductors, count)
        self._part.offer((self.offered_ma,) * closed + (0,) * (count - closed))

    def values(self) -> "dict[str, tuple[int, ...]]":
        """Every field there may be, on its own conductors."""
        part = self._part
        out: "dict[str, tuple[int, ...]]" = {field: (value,) for field, value in self.told.items()}
        rules_ma = self.offered_ma if self.box.effective else self.told["limit_ma"]
        import_wh = part.import_wh
        out.update({
            "current_ma": three(part.current_ma), "voltage_mv": own_mv(part, self._phases),
            "power_w": own_w(part, self._phases), "total_w": (sum(own_w(part, self._phases)),),
            "import_wh": (import_wh,), "session_wh": (part.session_wh,), "temperature_mdegc": (BOARD_MDEGC,),
            "limit_ma": (rules_ma,),
            "phase_wh": (import_wh - 2 * (import_wh // 3), import_wh // 3, import_wh // 3),
        })
        if self.box.switch is not None:
            out["conductors"] = (self._switched(),)
        said = self.kind.words("E" if self.error else part.state, self.offered_ma > 0)  # type: ignore[operator]
        out.update({field: (value,) for field, value in said.items()})
        return out

    def _obey(self, field: str, value: "int | None") -> None:
        if value is None or (field in ("limit_ma", "failsafe_ma") and not self.exists(value)):
            raise Refused(ILLEGAL_VALUE)
        self.told[field] = value
        kind = self.kind.triggered_by
        if kind == ANY or (kind == LIMIT and field == "limit_ma") or (kind == ALIVE and self._lives(field, value)):
            self._heard_ms = self.now_ms
        if self.error and field == "limit_ma" and value == 0:
            self.error = False

    def exists(self, current_ma: int) -> bool:
        """Whether this box knows such a current."""
        return (current_ma == 0 and self.knows_zero()) or MIN_MA <= current_ma <= self.box.max_ma

    def knows_zero(self) -> bool:
        return True

    def _lives(self, field: str, value: int) -> bool:
        safe = self.box.failsafe
        return (safe is not None and safe.alive is not None and safe.alive.reg is not None
                and field == safe.alive.reg.field and value == safe.alive_value)


def orders_of(box: Box) -> "tuple[Order, ...]":
    """All it can be told."""
    out: "tuple[Order, ...]" = (box.limit,)
    if box.enable is not None:
        out += (box.enable.order,)
    if box.switch is not None:
        out += (box.switch.order,)
        out += tuple([told for told, _ in box.switch.before + box.switch.behind])
    safe = box.failsafe
    if safe is not None:
        out += tuple([told for told in (safe.current, safe.time, safe.alive)
                      if told is not None and (told.reg is not None or told.back is not None)])
    return out
