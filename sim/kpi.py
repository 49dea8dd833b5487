"""What a simulated day was worth: counted from the physics second by second, not from what control believes.

Energies are exact. "Surplus" is what the plants make beyond the loads nobody controls; in each second it
goes to all controlled parts that draw, in proportion to their power. A limit counts as passed in a second in
which the truth is above it, whatever the meters said. Looks at Site and Plan by their attributes only, as the
simulator must not know control.
"""

from collections.abc import Sequence
from typing import Protocol

from hal.values import ZERO, Phases
from sim.battery import Battery
from sim.car import Car
from sim.heatpump import HeatPump
from sim.house import House
from sim.part import WH_MWS, Part
from sim.pv import Inverter
from sim.quarters import Quarters
from sim.tank import Tank

CONTROLLED = ("car", "battery", "tank", "heatpump")

_RUNS_W = 50  # less is standby
_CUT_PERMILLE = 1_300  # of the rating: from here control shall cut at once
_CONTINUOUS_S = 600  # time constant of what a cabinet's warmth feels


class NodeLike(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def rated_ma(self) -> int: ...
    @property
    def continuous_ma(self) -> int: ...
    @property
    def max_w(self) -> int: ...
    @property
    def imbalance_va(self) -> int: ...


class DeviceLike(Protocol):
    @property
    def name(self) -> str: ...


class SiteLike(Protocol):
    @property
    def nodes(self) -> Sequence[NodeLike]: ...
    @property
    def devices(self) -> Sequence[DeviceLike]: ...
    @property
    def feed_in_w(self) -> int: ...


class GrantLike(Protocol):
    @property
    def setpoint(self) -> object: ...
    @property
    def reason(self) -> int: ...


class ObligationLike(Protocol):
    @property
    def direction(self) -> str: ...
    @property
    def ceiling_w(self) -> int: ...


class ObeyedLike(Protocol):
    @property
    def obligations(self) -> Sequence[ObligationLike]: ...


class PlanLike(Protocol):
    @property
    def grants(self) -> Sequence[GrantLike | None]: ...
    @property
    def obeyed(self) -> ObeyedLike: ...


class Limit:
    """Seconds above one limit."""

    def __init__(self, node: str, what: str, most: int, unit: str) -> None:
        self.node = node
        self.what = what
        self.most = most
        self.unit = unit
        self.seconds = 0
        self.longest_s = 0
        self.worst = 0
        self._run_s = 0

    def see(self, value: int) -> None:
        self.worst = max(self.worst, value)
        self._run_s = self._run_s + 1 if value > self.most else 0
        if self._run_s:
            self.seconds += 1
            self.longest_s = max(self.longest_s, self._run_s)

    def as_dict(self) -> dict[str, object]:
        return {
            "node": self.node, "limit": self.what, "most": self.most, "unit": self.unit, "worst": self.worst,
            "seconds": self.seconds, "longest_s": self.longest_s,
        }


class _NodeLimits:
    """All limits of one node; those it has not are not looked at."""

    def __init__(self, spec: NodeLike, feed_in_w: int) -> None:
        rated_ma = spec.rated_ma
        self._fuse = (Limit(spec.name, "fuse", rated_ma, "mA"),
                      Limit(spec.name, "1.3 x fuse", rated_ma * _CUT_PERMILLE // 1000, "mA"))
        self._warmth = Limit(spec.name, "continuous", spec.continuous_ma, "mA")
        self._import = Limit(spec.name, "import", spec.max_w, "W")
        self._imbalance = Limit(spec.name, "imbalance", spec.imbalance_va, "VA")
        self._export = Limit(spec.name, "feed-in", feed_in_w, "W")
        self._mean_mas = [0, 0, 0]
        self.limits = [*self._fuse]
        if spec.continuous_ma < rated_ma:
            self.limits.append(self._warmth)
        if spec.max_w > 0:
            self.limits.append(self._import)
        if spec.imbalance_va > 0:
            self.limits.append(self._imbalance)
        if feed_in_w >= 0:
            self.limits.append(self._export)

    def see(self, power_w: Phases, flow_ma: Phases, controlled_w: Phases) -> None:
        worst_ma = max(max(flow_ma), -min(flow_ma))
        for limit in self._fuse:
            limit.see(worst_ma)
        for i, ma in enumerate(flow_ma):
            self._mean_mas[i] += abs(ma) - self._mean_mas[i] // _CONTINUOUS_S
        self._warmth.see(max(self._mean_mas) // _CONTINUOUS_S)
        total_w = power_w.total()
        self._import.see(total_w)
        self._export.see(-total_w)
        self._imbalance.see(max(controlled_w) - min(controlled_w))


class _Use:
    """One controlled part."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.surplus_mws = 0
        self.starts = 0
        self.stops = 0
        self.running_s = 0
        self.highest_mdegc: int | None = None
        self._running = False

    def see(self, share_w: int) -> None:
        """`share_w`: how much of what it draws is surplus."""
        self.surplus_mws += share_w * 1000
        running = abs(self.part.power_w.total()) > _RUNS_W
        self.starts += running and not self._running
        self.stops += self._running and not running
        self.running_s += running
        self._running = running
        if isinstance(self.part, (Tank, HeatPump)):
            self.highest_mdegc = max(self.highest_mdegc or 0, self.part.temperature_mdegc)

    def as_dict(self) -> dict[str, object]:
        part = self.part
        out: dict[str, object] = {
            "name": part.name, "kind": part.kind, "energy_wh": part.import_wh,
            "surplus_wh": self.surplus_mws // WH_MWS, "starts": self.starts, "stops": self.stops,
            "running_s": self.running_s,
        }
        if isinstance(part, Battery):
            out.update(given_wh=part.export_wh, soc_permille=part.soc_permille)
        if isinstance(part, (Tank, HeatPump)):
            out.update(highest_mdegc=self.highest_mdegc, temperature_mdegc=part.temperature_mdegc)
        if isinstance(part, Car):
            out.update(
                phase_changes=part.phase_changes, hard_switches=part.hard_switches, soc_permille=part.soc_permille,
                plugged=part.plugged, session_wh=part.session_wh if part.plugged else 0,
                departures=[{"t_ms": left.t_ms, "energy_wh": left.energy_wh, "soc_permille": left.soc_permille}
                            for left in part.departures],
            )
        return out


class _Obeyed:
    """What control said to one device."""

    def __init__(self) -> None:
        self.changes = 0
        self.reason_s: dict[int, int] = {}
        self._last: object = None

    def see(self, grant: GrantLike) -> None:
        self.changes += self._last is not None and grant.setpoint != self._last
        self._last = grant.setpoint
        self.reason_s[grant.reason] = self.reason_s.get(grant.reason, 0) + 1


class _FeedIn:
    """What was fed in above what was allowed just then: by the configuration, or by the grid operator."""

    def __init__(self, feed_in_w: int) -> None:
        self._feed_in_w = feed_in_w
        self.over_mws = 0
        self.over_s = 0

    def see(self, fed_w: int, plan: PlanLike | None) -> None:
        caps_w = [self._feed_in_w] if self._feed_in_w >= 0 else []
        if plan is not None:
            caps_w += [one.ceiling_w for one in plan.obeyed.obligations if one.direction == "produce"]
        if caps_w and fed_w > min(caps_w):
            self.over_mws += (fed_w - min(caps_w)) * 1000
            self.over_s += 1


class Kpi:
    """Counts a day; `second` is called once for each second of physics."""

    def __init__(self, site: SiteLike) -> None:
        self._site = site
        self._nodes = tuple(_NodeLimits(spec, site.feed_in_w if i == 0 else -1) for i, spec in enumerate(site.nodes))
        self._obeyed = tuple(_Obeyed() for _ in site.devices)
        self._house: House | None = None
        self._uses: tuple[_Use, ...] = ()
        self._pv: tuple[Part, ...] = ()
        self._quarters = Quarters()
        self._fed = _FeedIn(site.feed_in_w)
        self.seconds = 0

    def second(self, now_ms: int, house: House, plan: PlanLike | None = None) -> None:
        """After house.step; `plan` is the newest one, None while there is none."""
        if self._house is None:
            self._meet(house)
        assert house is self._house
        self.seconds += 1
        self._see_surplus(house)
        self._quarters.second(now_ms, house.node_w(0).total())
        self._fed.see(-house.nodes[0].power_w.total(), plan)
        controlled_w = _controlled_w(house)
        for node, limits, below_w in zip(house.nodes, self._nodes, controlled_w):
            limits.see(node.power_w, node.flow_ma, below_w)
        if plan is not None:
            for grant, obeyed in zip(plan.grants, self._obeyed):
                if grant is not None:
                    obeyed.see(grant)

    def limits(self) -> list[Limit]:
        return [limit for node in self._nodes for limit in node.limits]

    def as_dict(self) -> dict[str, object]:
        """Whole numbers, ready for JSON; permille of nothing is None."""
        assert self._house is not None, "no second was counted"
        grid = self._house.nodes[0]
        pv_mws = sum(part.export_mws for part in self._pv)
        used_mws = pv_mws + grid.import_mws - grid.export_mws
        return {
            "seconds": self.seconds,
            "import_wh": grid.import_wh,
            "export_wh": grid.export_wh,
            "pv_wh": pv_mws // WH_MWS,
            "used_wh": used_mws // WH_MWS,
            "self_consumption_permille": _permille(pv_mws - grid.export_mws, pv_mws),
            "autarky_permille": _permille(used_mws - grid.import_mws, used_mws),
            "quarter_w": self._quarters.clock_w,
            "sliding_quarter_w": self._quarters.sliding_w,
            "curtailed_wh": sum(part.curtailed_mws for part in self._pv if isinstance(part, Inverter)) // WH_MWS,
            "over_feed_in_wh": self._fed.over_mws // WH_MWS,
            "over_feed_in_s": self._fed.over_s,
            "over_limit_s": max((limit.seconds for limit in self.limits()), default=0),
            "devices": [use.as_dict() for use in self._uses],
            "limits": [limit.as_dict() for limit in self.limits()],
            "control": [
                {"name": device.name, "changes": obeyed.changes, "reason_s": dict(sorted(obeyed.reason_s.items()))}
                for device, obeyed in zip(self._site.devices, self._obeyed) if obeyed.reason_s
            ],
        }

    def table(self) -> list[tuple[str, str, str]]:
        """(what, value, unit) for people."""
        got = self.as_dict()
        rows = [(words, _number(got[key], thousandths), unit) for words, key, thousandths, unit in _TOTALS]
        if any(isinstance(part, Inverter) for part in self._pv):
            rows.append(("curtailed", _number(got["curtailed_wh"], True), "kWh"))
        if self._fed.over_s:
            rows.append(("fed in above what is allowed", _number(got["over_feed_in_wh"], True),
                         "kWh in %d s" % self._fed.over_s))
        for use in self._uses:
            rows += _use_rows(use)
        for limit in self.limits():
            rows.append(("%s: above %s of %s" % (limit.node, limit.what, _plain(limit.most, limit.unit)),
                         "%d" % limit.seconds, "s (longest %d s, worst %s)" % (
                             limit.longest_s, _plain(limit.worst, limit.unit))))
        return rows

    def _meet(self, house: House) -> None:
        assert len(house.nodes) == len(self._nodes), "site and house have different trees"
        self._house = house
        self._uses = tuple(_Use(part) for part in house.parts if part.kind in CONTROLLED)
        self._pv = tuple(part for part in house.parts if part.kind == "pv")

    def _see_surplus(self, house: House) -> None:
        drawn_w = [max(0, use.part.power_w.total()) for use in self._uses]
        free_w = -sum(part.power_w.total() for part in house.parts if part.kind not in CONTROLLED)
        taken_w = sum(drawn_w)
        covered_w = max(0, min(free_w, taken_w))
        for use, w in zip(self._uses, drawn_w):
            use.see(w * covered_w // taken_w if taken_w else 0)


_TOTALS = (
    ("from the grid", "import_wh", True, "kWh"),
    ("to the grid", "export_wh", True, "kWh"),
    ("made by the sun", "pv_wh", True, "kWh"),
    ("used in the house", "used_wh", True, "kWh"),
    ("self-consumption", "self_consumption_permille", False, "%"),
    ("autarky", "autarky_permille", False, "%"),
)


def _use_rows(use: _Use) -> list[tuple[str, str, str]]:
    part = use.part
    surplus = _number(use.surplus_mws // WH_MWS, True)
    rows = [(part.name, _number(part.import_wh, True), "kWh, of it %s surplus" % surplus)]
    if isinstance(part, Battery):
        rows.append(("%s: given back" % part.name, _number(part.export_wh, True), "kWh"))
        rows.append(("%s: charge at the end" % part.name, _number(part.soc_permille, False), "%"))
    else:
        rows.append(("%s: starts" % part.name, "%d" % use.starts, "(%d stops)" % use.stops))
    if use.highest_mdegc is not None:
        rows.append(("%s: warmest" % part.name, _number(use.highest_mdegc, True), "degC"))
    if isinstance(part, Car):
        under_load = "(%d under load)" % part.hard_switches
        rows.append(("%s: phase switches" % part.name, "%d" % part.phase_changes, under_load))
        for left in part.departures:
            rows.append(("%s: taken by %s" % (part.name, _clock(left.t_ms)), _number(left.energy_wh, True),
                         "kWh, left with %s %%" % _number(left.soc_permille, False)))
        if part.plugged:
            rows.append(("%s: taken since it came" % part.name, _number(part.session_wh, True),
                         "kWh, stands at %s %%" % _number(part.soc_permille, False)))
    return rows


def _controlled_w(house: House) -> list[Phases]:
    """Power of the controlled parts at and below each node."""
    sums = [ZERO for _ in house.nodes]
    for node, part in zip(house.part_nodes, house.parts):
        if part.kind in CONTROLLED:
            sums[node] = sums[node].plus(part.power_w)
    for i in range(len(sums) - 1, 0, -1):
        parent = house.parents[i]
        sums[parent] = sums[parent].plus(sums[i])
    return sums


def _permille(part: int, whole: int) -> int | None:
    return max(0, part * 1000 // whole) if whole > 0 else None


def _number(value: object, thousandths: bool) -> str:
    """Wh as kWh and mdegC as degC, or permille as percent."""
    if value is None:
        return "-"
    assert isinstance(value, int)
    return "%d.%02d" % (value // 1000, value % 1000 // 10) if thousandths else "%d.%d" % (value // 10, value % 10)


def _plain(value: int, unit: str) -> str:
    return "%d.%d A" % (value // 1000, value % 1000 // 100) if unit == "mA" else "%d %s" % (value, unit)


def _clock(now_ms: int) -> str:
    minute = now_ms // 60_000 % 1440
    return "%02d:%02d" % (minute // 60, minute % 60)
