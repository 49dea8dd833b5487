"""What a wallbox is held to, however it is told: a current towards less, one or three phases, kept alive, watched.

Between one and three phases it is switched only after nothing has flowed for 5 s, and a current is offered again only
once the box says that it stands there. What was told and is found otherwise is told once more; found so again and
again, the box has another master, which is the device's fault.
The last reading is the only clock here: it comes every second or so, and after one that failed nothing is left out.
"""

from drivers.cards import card_text
from drivers.given import phases
from drivers.orders import EVERY_TIME, ON_CHANGE, STATED, Order
from drivers.register_device import one, own_values, split
from drivers.rivals import WORDS, Rivals
from drivers.wallbox_table import MIN_MA, Box
from hal.faults import REFUSED, DeviceError
from hal.ports import Load
from hal.values import Ability, Phases, Reading, Setpoint, placed, reading, unplaced

IDLE_MS = 5_000  # current-free before contactors may move
IDLE_BLIND_MS = 15_000  # for a box that measures nothing: a car stops within 3 s, the box opens within 6 s
IDLE_MA = 500
IDLE_W = 100
SWITCHED_MS = 60_000  # a box that does not stand where it was told by then will not
AGAIN_MS = 3_000  # a box that tells late what rules is not told again sooner
ANY_MA = 1_000_000  # nobody knows where it stands
THREE = 3  # conductors of a box that can choose: one, or three


class WallboxLoad(Load):
    """A subclass knows its words: fetch, tell, settle, poke and forget."""

    def __init__(self, box: Box, options: "dict[str, object]", able: Ability) -> None:
        self.box = box
        self.phases = phases(options)
        self._cards = options.get("cards") == 1
        self._armed = False
        self._now_ms = 0  # of the newest reading
        self._blind = True  # it failed
        self._complaint = ""  # what is wrong with what it was told, for the next who tells it something
        self._max_ma = able.max_ma
        self._failsafe_ma = max(able.fallback.current_ma)
        self._failsafe_ms = able.failsafe_ms
        self._switches = able.one_phase
        self._told_ma: "int | None" = None  # the newest current it has confirmed
        self._told_ms = 0
        self._offer_ma: "int | None" = None  # what it is to stand at
        self._offer_ms = 0  # since when
        self._earlier: "list[tuple[int, int]]" = []  # (until when it may still stand there, an earlier current)
        self._lives_ms: "int | None" = None  # when it was last kept alive
        self._conductors: "int | None" = None  # on how many it stands
        self._used = 0  # for how many it was told its current
        self._wish: "tuple[int, int] | None" = None  # (conductors, current) once it has been switched
        self._idle_ms: "int | None" = None
        self._moved_ms: "int | None" = None
        self._rivals = Rivals()

    # its words

    def fetch(self, now_ms: int) -> "dict[str, tuple[int | None, ...]]":
        """Field -> values on its own conductors, as in the tables of the box."""
        raise NotImplementedError

    def tell(self, told: Order, value: int) -> None:
        """DeviceError(REFUSED) where it is seen at once that it is not kept."""
        raise NotImplementedError

    def settle(self, told: Order, value: int) -> None:
        """As tell, and read back; told only where something else stands."""
        raise NotImplementedError

    def poke(self, told: Order, value: int) -> None:
        """A sign of life: nothing to read back."""
        raise NotImplementedError

    def forget(self) -> None:
        """Slow values are asked anew, from the next reading on."""
        raise NotImplementedError

    # what is told

    def complain(self) -> None:
        """DeviceError(REFUSED) with what was found wrong since the last time."""
        if self._complaint:
            words, self._complaint = self._complaint, ""
            raise DeviceError(REFUSED, words)

    def arm(self) -> None:
        """Fail-safe current and time, read back; written only where something else stands.

        Nothing is written to a box whose state makes no sense: it may be another device.
        """
        self.box.state(self.fetch(self._now_ms))  # type: ignore[operator]
        for told, value in self.settings():
            self.settle(told, value)
        safe = self.box.failsafe
        if safe is not None and safe.alive is not None:
            self._live(self._now_ms)
        self.forget()
        self._armed = True

    def settings(self) -> "tuple[tuple[Order, int], ...]":
        """What has to stand in the box before it may be told a current."""
        safe = self.box.failsafe
        out: "tuple[tuple[Order, int], ...]" = ()
        if safe is not None and safe.current not in (None, STATED):
            out += ((safe.current, self._failsafe_ma),)
        if safe is not None and safe.time is not None:
            in_ms = safe.time.back is not None and safe.time.back.field.endswith("_ms")
            out += ((safe.time, self._failsafe_ms // (1 if in_ms else 1000)),)
        return out

    def apply(self, setpoint: Setpoint) -> None:
        """One pilot serves all conductors: the least of those in use, towards less."""
        own = tuple([max(ma, 0) for ma in unplaced(setpoint.current_ma, self.phases)])
        conductors = len(own)
        if self._switches and own[0] and not any(own[1:]):
            conductors = 1
        current_ma = self.rounded(min(own[:conductors]))
        self._wish_or_stand(conductors, current_ma)
        self.complain()

    def release(self) -> None:
        """To where it would fall back by itself; where only its installer knows that, to 0."""
        safe = self.box.failsafe
        self._wish = None
        self.stand(0 if safe is not None and safe.current == STATED else self.rounded(self._failsafe_ma))

    def rounded(self, current_ma: int) -> int:
        current_ma = min(current_ma, self._max_ma)
        current_ma -= current_ma % self.box.step_ma
        return current_ma if current_ma >= MIN_MA else 0

    def _wish_or_stand(self, conductors: int, current_ma: int) -> None:
        if not self._switches or not current_ma or conductors == self._conductors:
            self._wish = None
            self.stand(current_ma)
            self._used = conductors
            return
        if self._wish is None or self._wish[0] != conductors:
            self._idle_ms = self._moved_ms = None
        self._wish = conductors, current_ma
        self.stand(0)

    def stand(self, current_ma: int) -> None:
        """Tells the current, unless it stands there and need not be told again yet."""
        if self._fresh(current_ma):
            return
        self._remember(current_ma)
        before, self._told_ma = self._told_ma, None
        enable = self.box.enable
        if current_ma or enable is None:
            self.tell(self.box.limit, current_ma)
        if enable is not None and (not current_ma or self._renews() or not before):
            self.tell(enable.order, enable.on if current_ma else enable.off)
        self._told_ma, self._told_ms = current_ma, self._now_ms

    def _remember(self, current_ma: int) -> None:
        if current_ma == self._offer_ma:
            return
        now_ms, settled_ms = self._now_ms, self._now_ms + self.box.settle_ms
        self._earlier = [each for each in self._earlier if each[0] > now_ms]
        self._earlier.append((settled_ms, ANY_MA if self._offer_ma is None else self._offer_ma))
        self._offer_ma, self._offer_ms = current_ma, now_ms

    def _renews(self) -> bool:
        return self.box.refresh_ms != ON_CHANGE

    def _fresh(self, current_ma: int) -> bool:
        refresh_ms = self.box.refresh_ms
        if self._blind or current_ma != self._told_ma or refresh_ms == EVERY_TIME:
            return False
        return refresh_ms == ON_CHANGE or self._now_ms - self._told_ms < refresh_ms

    # what is read

    def read(self, now_ms: int) -> Reading:
        self._now_ms = now_ms
        was_blind, self._blind = self._blind, True
        if self._armed:
            self._live(now_ms)
        values = self.fetch(now_ms)
        self._blind = was_blind
        self._see_conductors(values)
        if self._armed:
            self._watch(now_ms, values)
            self._switch(now_ms, values)
        said = self.say(now_ms, values)
        self._blind = False
        return said

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        count = len(self.phases)
        current_ma, voltage_mv = own_values(values, "current_ma", count), own_values(values, "voltage_mv", count)
        power_w = own_values(values, "power_w", count)
        total_w = one(values, "total_w")
        if total_w is None and power_w is not None:
            total_w = sum(power_w)
        if power_w is None and total_w is not None and current_ma is not None:
            power_w = split(total_w, current_ma)
        return reading(
            now_ms, total_w=total_w, power_w=None if power_w is None else placed(power_w, self.phases),
            current_ma=None if current_ma is None else placed(current_ma, self.phases),
            voltage_mv=None if voltage_mv is None else placed(voltage_mv, self.phases),
            import_wh=one(values, "import_wh"),
            temperature_mdegc=one(values, "temperature_mdegc"), state=self.box.state(values),  # type: ignore[operator]
            limit_ma=self.limit(values), session_wh=one(values, "session_wh"), card=self.card(values),
        )

    def card(self, values: "dict[str, tuple[int | None, ...]]") -> "str | None":
        """Only where its owner wants to know."""
        number = one(values, "card_number")
        if not self._cards:
            return None
        if self.box.card is not None:
            return card_text(values.get("card", ()), self.box.card.how)
        return str(number) if number else None

    def limit(self, values: "dict[str, tuple[int | None, ...]]") -> "Phases | None":
        """The current that stands in the box, on the conductors it uses."""
        limit_ma, enable = one(values, "limit_ma"), self.box.enable
        if enable is not None and one(values, "enabled") == enable.off:
            limit_ma = 0
        if limit_ma is None:
            return None
        count = self._conductors if self._switches and self._conductors else len(self.phases)
        return placed((limit_ma,) * count, self.phases)

    def _see_conductors(self, values: "dict[str, tuple[int | None, ...]]") -> None:
        """A slow value may be missing for a while: then the one before stands."""
        if self._switches and one(values, "conductors") is not None:
            self._conductors = self.conductors(values)

    def conductors(self, values: "dict[str, tuple[int | None, ...]]") -> "int | None":
        """How many phases it says it is switched to; None for neither one nor three."""
        switch, said = self.box.switch, one(values, "conductors")
        assert switch is not None
        return 1 if said == switch.one else THREE if said == switch.three else None

    # what it must be held to

    def _live(self, now_ms: int) -> None:
        """Keeps it alive, four times in its own time."""
        safe = self.box.failsafe
        if safe is None or safe.alive is None:
            return
        if self._lives_ms is None or self._blind or now_ms - self._lives_ms >= self._failsafe_ms // 4:
            self.poke(safe.alive, safe.alive_value)
            self._lives_ms = now_ms

    def _watch(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> None:
        for told, value in self.settings():
            field = told.reg.field if told.reg is not None else ""
            if one(values, field) not in (None, value):
                if self._rivals.may_mend(now_ms):
                    self.arm()  # it was without power, or has another master
                self._found_strange(now_ms, "%s: set to %d, and it stands at %s" % (field, value, one(values, field)))
                break
        if self._told_ma is not None and self._strange(now_ms, values):
            told_ma, self._told_ma = self._told_ma, None
            self.stand(told_ma)
            self._found_strange(now_ms, "told %d mA, and it stands at %s mA" % (told_ma, one(values, "limit_ma")))
        if self._told_ma and self._switches and self._wish is None and self._conductors != self._used:
            self._found_strange(now_ms, "told to use %d phases, and it stands at %s" % (self._used, self._conductors))
            self._wish_or_stand(self._used, self._told_ma)

    def _found_strange(self, now_ms: int, words: str) -> None:
        if self._rivals.found(now_ms):
            self._complaint = words + WORDS

    def _strange(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> bool:
        """Whether something else stands there than it was told."""
        told_ma, limit_ma, enable = self._told_ma, one(values, "limit_ma"), self.box.enable
        assert told_ma is not None
        if enable is not None and "enabled" in values:
            if one(values, "enabled") not in (None, enable.on if told_ma else enable.off):
                return True
            if not told_ma:
                return False
        if limit_ma is None or (enable is not None and not told_ma):
            return False
        if self.box.effective:
            if now_ms - self._told_ms < AGAIN_MS:
                return False
            return limit_ma > max([told_ma] + [ma for until_ms, ma in self._earlier if until_ms > now_ms])
        return limit_ma != told_ma

    def _switch(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> None:
        """One step on the way to another number of phases; it stands at 0 until that is reached."""
        if self._wish is None:
            return
        conductors, current_ma = self._wish
        switch, moved_ms = self.box.switch, self._moved_ms
        assert switch is not None
        there = self._conductors == conductors and (moved_ms is None or now_ms - moved_ms >= switch.rest_ms)
        if there:
            self._wish = None
            self.stand(current_ma)
            self._used = conductors
        elif moved_ms is None:
            if self.may_move(now_ms) and self._idle(now_ms, values):
                self.move(conductors)
                self._moved_ms = now_ms
        elif now_ms - moved_ms >= SWITCHED_MS:
            self._moved_ms = None
            self._complaint = "told to use %d phases, and it stands at %s" % (conductors, self._conductors)

    def may_move(self, now_ms: int) -> bool:
        """Whether the box takes another number of phases already."""
        return True

    def move(self, conductors: int) -> None:
        switch = self.box.switch
        assert switch is not None
        for told, value in switch.before:
            self.settle(told, value)
        self.tell(switch.order, switch.one if conductors == 1 else switch.three)
        for told, value in switch.behind:
            self.tell(told, value)
        if self._says_conductors():
            self.forget()  # a slow value is asked at once
        else:
            self._conductors = conductors

    def _says_conductors(self) -> bool:
        return any(reg.field == "conductors" for reg in self.box.reads + self.box.slow)

    def _idle(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> bool:
        current_ma, total_w = values.get("current_ma"), one(values, "total_w")
        rest_ms = IDLE_MS
        if current_ma is not None and None not in current_ma:
            flows = max([ma or 0 for ma in current_ma]) > IDLE_MA
        elif total_w is not None:
            flows = total_w > IDLE_W
        else:
            flows, rest_ms = False, IDLE_BLIND_MS
        if flows:
            self._idle_ms = None
        elif self._idle_ms is None:
            self._idle_ms = now_ms
        return self._idle_ms is not None and now_ms - self._idle_ms >= rest_ms
