"""What the events of a case do to the house, to a device or to us."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import structs

from control.values import NO_WISH, NONE, Obligation, Prices
from firmware.cases import tables
from sim.appliance import Appliance
from sim.battery import Battery
from sim.car import Car
from sim.twins.contact_input import ContactTwin

if TYPE_CHECKING:
    from firmware.cases.life import CaseLife


def _switch(life: "CaseLife", event: tables.Switch) -> None:
    """The same load again when node and phases are the same."""
    phases = tuple(int(word[1]) - 1 for word in event.phases.split())
    name = f"{event.node} {event.phases}"
    house = life.day.simulated.house
    for part in house.parts:
        if isinstance(part, Appliance) and part.name == name:
            part.switch(event.power_w)
            return
    part = Appliance(phases, event.power_w)
    part.name = name
    house.hang(next(i for i, node in enumerate(life.site.nodes) if node.name == event.node), part)


def _mode(life: "CaseLife", event: tables.Mode) -> None:
    modes = list(life.day.cycle.modes)
    modes[life.index[event.device]] = event.mode
    life.day.cycle.modes = tuple(modes)


def _ceiling(life: "CaseLife", event: tables.Ceiling) -> None:
    cycle, told = life.day.cycle, []
    if event.power_w is not None:
        told = [Obligation(event.direction, event.power_w, NONE, "case")]
    cycle.obligations = (*(one for one in cycle.obligations if one.direction != event.direction), *told)


def _wish(life: "CaseLife", device: str, **parts: object) -> None:
    """Changes the parts that are named of what is wanted of a device."""
    index, wishes = life.index[device], list(life.day.cycle.wishes)
    wishes[index] = (wishes[index] or NO_WISH)._replace(**parts)
    life.day.cycle.wishes = tuple(wishes)


def _target(life: "CaseLife", event: tables.Target) -> None:
    now_ms = life.day.clock.now_ms()
    good = life.day.cycle.state.senses[life.index[event.device]].good
    target_wh = None
    if good is not None and good.import_wh is not None and event.energy_wh is not None:
        target_wh = good.import_wh + event.energy_wh
    _wish(life, event.device, target_wh=target_wh, target_ms=now_ms + event.within_s * 1_000,
          target_permille=None if event.soc_pct is None else event.soc_pct * 10)


def _lease(life: "CaseLife", event: tables.Lease) -> None:
    _wish(life, event.device, lease_w=event.power_w, lease_ms=life.day.clock.now_ms() + event.for_s * 1_000)


def _worth(life: "CaseLife", event: tables.Worth) -> None:
    _wish(life, event.device, worth=event.worth)


def _prices(life: "CaseLife", event: tables.Tariff) -> None:
    now_ms = life.day.clock.now_ms()
    later = tuple((now_ms + in_s * 1_000, price) for in_s, price in event.later)
    life.day.cycle.prices = Prices(event.buy, event.sell, now_ms + event.for_s * 1_000, later)


def _hot(life: "CaseLife", event: tables.Hot) -> None:
    cycle, index = life.day.cycle, life.index[event.device]
    loads = list(cycle.state.loads)
    load = loads[index]
    if load is not None and load.upkeep is not None:
        hot_ms = life.day.clock.now_ms() - event.hours_ago * 3_600_000
        loads[index] = load._replace(upkeep=load.upkeep._replace(hot_ms=hot_ms))
        cycle.state = cycle.state._replace(loads=tuple(loads))


def _light(life: "CaseLife", event: tables.Light) -> None:
    life.day.simulated.world.sun.held_permille = NONE if event.light_pct is None else event.light_pct * 10


def _car(life: "CaseLife", device: str) -> "Car | Battery":
    part = life.day.simulated.part(device)
    assert isinstance(part, Car | Battery)
    return part


def _plug(life: "CaseLife", event: tables.Plug) -> None:
    _car(life, event.device).plug(None if event.soc_pct is None else event.soc_pct * 10)


def _unplug(life: "CaseLife", event: tables.Unplug) -> None:
    _car(life, event.device).unplug(life.day.clock.now_ms())


def _fault(life: "CaseLife", event: tables.Fault) -> None:
    for key, value in structs.asdict(event).items():
        if key not in ("at_s", "device") and value is not None:
            setattr(life.ill[life.index[event.device]], key, value)


def _well(life: "CaseLife", event: tables.Well) -> None:
    life.ill[life.index[event.device]].clear()


def _power_cut(life: "CaseLife", event: tables.PowerCut) -> None:
    life.day.simulated.twins[life.index[event.device]].power_cycle()


def _cut(life: "CaseLife", event: tables.Cut) -> None:
    for index in life.devices_on(event.line):
        life.ill[index].silent = True


def _mend(life: "CaseLife", event: tables.Mend) -> None:
    for index in life.devices_on(event.line):
        life.ill[index].silent = False


def _contacts(life: "CaseLife", device: str) -> ContactTwin:
    twin = life.day.simulated.twins[life.index[device]]
    assert isinstance(twin, ContactTwin)
    return twin


def _close(life: "CaseLife", event: tables.Close) -> None:
    _contacts(life, event.device).set(event.contact, True)


def _open(life: "CaseLife", event: tables.Open) -> None:
    _contacts(life, event.device).set(event.contact, False)


def _break_wire(life: "CaseLife", event: tables.BreakWire) -> None:
    _contacts(life, event.device).cut(event.contact)


def _join_wire(life: "CaseLife", event: tables.JoinWire) -> None:
    _contacts(life, event.device).mend(event.contact)


def _pause(life: "CaseLife", event: tables.Pause) -> None:
    life.day.clock.advance(event.for_s * 1_000)


def _restart(life: "CaseLife", event: tables.Restart) -> None:
    life.down_until_ms = life.day.clock.now_ms() + event.for_s * 1_000


ACTIONS: "dict[str, Callable[[CaseLife, Any], None]]" = {
    "switch": _switch, "mode": _mode, "ceiling": _ceiling, "target": _target,
    "lease": _lease, "worth": _worth, "prices": _prices, "hot": _hot, "light": _light, "plug": _plug, "unplug": _unplug,
    "fault": _fault, "well": _well, "power-cut": _power_cut, "cut": _cut, "mend": _mend, "close": _close,
    "open": _open, "break-wire": _break_wire, "join-wire": _join_wire, "pause": _pause,
    "restart": _restart,
}
