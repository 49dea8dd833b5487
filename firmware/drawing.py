"""The columns of a simulated day's plot: what flows, what was granted, every limit, the storages, the tanks."""

from control.operator import ceiling_w
from control.values import CONSUME, NONE, PRODUCE, Plan, Site
from control.wiring import is_told
from firmware.simulated.house import Simulated
from sim.battery import Battery
from sim.car import Car
from sim.heatpump import HeatPump
from sim.plot import Record
from sim.tank import Tank


class Drawing:
    """`add` a row whenever there is something to see; `record` is what sim.plot draws."""

    def __init__(self, site: Site, simulated: Simulated, title: str, operator: bool = False) -> None:
        """`operator`: a ceiling of the grid operator may come."""
        self._site = site
        self._simulated = simulated
        self._loads = tuple(i for i, device in enumerate(site.devices)
                            if is_told(device))
        self._stored = tuple(part for part in simulated.world.parts if isinstance(part, (Battery, Car)))
        self._warm = tuple(part for part in simulated.world.parts if isinstance(part, (HeatPump, Tank)))
        names = ["grid_w"] + [f"{part.name}_w" for part in simulated.world.parts]
        names += [f"{site.devices[i].name}_granted_w" for i in self._loads]
        self._limits_w = _limits_w(site)
        self._operator = operator
        names += [name for name, _ in self._limits_w] 
        names += ["operator_limit_w", "operator_feed_in_limit_w"] if operator else []
        for node in site.nodes:
            names += [f"{node.name}_ma", f"{node.name}_limit_ma"]
        names += [f"{part.name}_permille" for part in self._stored] + [f"{part.name}_mdegc" for part in self._warm]
        self.record = Record(names, title)

    def add(self, now_ms: int, plan: "Plan | None") -> None:
        """`plan` None: nobody decides."""
        house = self._simulated.house
        row: "list[int | None]" = [house.node_w(0).total()]
        row += [part.power_w.total() for part in self._simulated.world.parts]
        for index in self._loads:
            grant = plan.grants[index] if plan is not None else None
            row.append(None if grant is None else grant.setpoint.power_w)
        row += [most_w for _, most_w in self._limits_w]
        if self._operator:
            for direction, sign in ((CONSUME, 1), (PRODUCE, -1)):
                low_w = NONE if plan is None else ceiling_w(plan.obeyed.obligations, direction)
                row.append(None if low_w == NONE else sign * low_w)
        for index, node in enumerate(self._site.nodes):
            row += [max(house.node_ma(index)), node.rated_ma]
        row += [part.soc_permille for part in self._stored]
        row += [part.temperature_mdegc for part in self._warm]
        self.record.add(now_ms, row)


def _limits_w(site: Site) -> "list[tuple[str, int]]":
    """Highest import of each node that has one, and the feed-in cap; + is import."""
    out = [(f"{node.name}_power_limit_w", node.max_w) for node in site.nodes if node.max_w]
    return out + ([("feed_in_limit_w", -site.feed_in_w)] if site.feed_in_w >= 0 else [])
