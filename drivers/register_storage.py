"""A storage inverter that is a table of registers: one recipe for every power it shall take, and a neutral one.

Powers are those of the battery, + charge. What a hybrid makes from its own PV is not part of them: it stays in the
loads nobody controls, as any other PV that no meter shows.
"""

from drivers.follows import Follows
from drivers.given import most_w, phases, whole
from drivers.orders import ON_CHANGE, Order
from drivers.register_device import one
from drivers.register_load import RegisterLoad
from drivers.rivals import WORDS, Rivals
from hal.faults import RANGE, DeviceError
from hal.options import Option, integer
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability, Reading, Setpoint, reading
from hal.values import ability as able

POWERS = (
    integer("max_charge_w", None, 100, 30_000, "highest charging power of the battery"),
    integer("max_discharge_w", None, 0, 30_000, "highest discharging power of the battery"),
)


def timeout(help: str, default_s: int = 0, least_s: int = 0) -> Option:
    """A time that is only set in the device; 0 where none is set."""
    return integer("timeout_s", default_s, least_s, 3_600, help)


class RegisterStorage(RegisterLoad):
    """A subclass says its recipe, and what is neutral."""

    refresh_ms = ON_CHANGE
    judged = True  # by what it takes, unless it regulates by itself

    def __init__(self, bus: Bus, options: "dict[str, object]", storage: Ability, reads: "tuple[Reg, ...]",
                 slow: "tuple[Reg, ...]" = ()) -> None:
        super().__init__(bus, whole(options, "unit"), reads, slow, phases=phases(options))
        self.max_w = storage.max_w
        self.min_w = storage.min_w
        self.step_w = storage.step_w
        self._stands: "dict[str, int | tuple[int, ...]]" = {}  # by field, what was told and confirmed
        self._neutral = False
        self._rivals = Rivals()
        self._follows = Follows() if self.judged and not storage.own else None

    def recipe(self, power_w: int) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        """What it is told to take that power, in the order of writing."""
        raise NotImplementedError

    def neutral(self) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        """What it is told to regulate by itself."""
        raise NotImplementedError

    def settings(self) -> "tuple[tuple[Order, int], ...]":
        """What has to stand in it before it may be told a power; written only where something else stands."""
        return ()

    def arm(self) -> None:
        """Nothing is written to an inverter whose charge makes no sense: it may be another device."""
        self.say(self._now_ms, self.fetch(self._now_ms))
        for told, value in self.settings():
            self.settle(told, value)
        if self.settings():
            self.forget()  # an old slow value would look as if it did not stand there
        self._stands = {}
        self._armed = True

    def apply(self, setpoint: Setpoint) -> None:
        power_w = max(self.min_w, min(setpoint.power_w, self.max_w))
        power_w -= power_w % self.step_w if power_w > 0 else -(-power_w % self.step_w)
        self._neutral = False
        if self._follows is not None:
            self._follows.tells(self._now_ms, power_w)
        self._tell_all(self.recipe(power_w))
        self.complain()

    def release(self) -> None:
        """Once; then it is left alone."""
        if self._follows is not None:
            self._follows.leaves()
        if not self._neutral:
            self._stands = {}
            self._tell_all(self.neutral())
            self._neutral = True

    def _tell_all(self, orders: "tuple[tuple[Order, int | tuple[int, ...]], ...]") -> None:
        for told, value in orders:
            assert told.reg is not None
            field = told.reg.field
            if self.refresh_ms == ON_CHANGE and not self._blind and self._stands.get(field) == value:
                continue
            self._stands.pop(field, None)
            self.tell(told, value)
            self._stands[field] = value

    def read(self, now_ms: int) -> Reading:
        self._now_ms = now_ms
        self._blind = True
        values = self.fetch(now_ms)
        said = self.say(now_ms, values)
        self._watch(values)
        if self._follows is not None:
            self._complaint = self._complaint or self._follows.judge(now_ms, said.total_w)
        self._blind = False
        return said

    def _watch(self, values: "dict[str, tuple[int | None, ...]]") -> None:
        """What was told and stands otherwise is told anew with the next lease."""
        for field in self._stands:
            if one(values, field) not in (None, self._stands[field]):
                self._found_strange(field, self._stands[field], one(values, field))
                self._stands = {}
                break
        for told, value in self.settings():
            field = told.reg.field if told.reg is not None else ""
            if self._armed and one(values, field) not in (None, value):
                if self._rivals.may_mend(self._now_ms):
                    self.arm()
                self._found_strange(field, value, one(values, field))
                break

    def _found_strange(self, field: str, told: object, stands: object) -> None:
        if self._rivals.found(self._now_ms):
            self._complaint = "%s: told %s, and it stands at %s" % (field, told, stands) + WORDS

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        soc_permille, total_w = one(values, "soc_permille"), one(values, "total_w")
        if soc_permille is not None and not 0 <= soc_permille <= 1000:
            raise DeviceError(RANGE, "charge %d permille" % soc_permille)
        if total_w is not None and abs(total_w) > 2 * (self.max_w - self.min_w) + 5_000:
            raise DeviceError(RANGE, "%d W from a battery of %d W" % (total_w, self.max_w))
        return reading(
            now_ms, total_w=total_w, import_wh=one(values, "import_wh"), export_wh=one(values, "export_wh"),
            soc_permille=soc_permille, temperature_mdegc=one(values, "temperature_mdegc"),
            limit_w=one(values, "limit_w"), take_w=one(values, "take_w"), give_w=one(values, "give_w"),
        )


def ability_of(options: "dict[str, object]", failsafe_ms: int = 0, step_w: int = 1, settle_ms: int = 3_000,
               pace_ms: int = 0, own: str = "") -> Ability:
    """Its fallback is its own regulation; without a time-out it stays where it was told."""
    cable_w = most_w(options)
    return able("storage", min_w=-min(whole(options, "max_discharge_w"), cable_w),
                max_w=min(whole(options, "max_charge_w"), cable_w), step_w=step_w, failsafe_ms=failsafe_ms,
                settle_ms=settle_ms, pace_ms=pace_ms, own=own)
