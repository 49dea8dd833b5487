"""What may still flow when something is lost: arithmetic over the Site alone, for the start and for `check`.

Worst case throughout: a power means the current it takes at 10 % less than nominal voltage, as in control.
"""

from control.claims import LOW_MV
from control.values import NONE, DeviceSpec, Site
from control.wiring import is_load, wiring
from hal.values import ZERO, Phases, Setpoint, ma_of_w, placed


def most_ma(device: DeviceSpec) -> Phases:
    """The most a load draws, whatever it was told."""
    able, phases = device.ability, device.phases
    if able.kind == "wallbox":
        return placed((able.max_ma,) * len(phases), phases)
    if able.kind == "stages":
        out = ZERO
        for stage in able.stages:
            out = out.most(placed(tuple(ma_of_w(power_w, LOW_MV) for power_w in stage), phases))
        return out
    return _shared(able.max_w, phases)


def left_alone_ma(device: DeviceSpec) -> Phases:
    """What a load may draw for ever once nobody talks to it: its fallback, or the most when it has none."""
    if not is_load(device):
        return ZERO
    if not device.ability.failsafe_ms:
        return most_ma(device)
    return drawn_ma(device, device.ability.fallback)


def left_alone_w(device: DeviceSpec) -> int:
    """What a generator that can be limited may make once nobody talks to it; without a fail-safe all it can: its limit
    stays, or is lost when it restarts."""
    able = device.ability
    return -able.fallback.power_w if able.failsafe_ms else -able.min_w


def drawn_ma(device: DeviceSpec, setpoint: Setpoint) -> Phases:
    """The most a load draws under a setpoint."""
    if device.ability.kind == "wallbox":
        return setpoint.current_ma.most(ZERO)
    if device.ability.kind == "stages":
        below = [stage for stage in device.ability.stages if sum(stage) <= setpoint.power_w]
        out = ZERO
        for stage in (stage for stage in below if sum(stage) == sum(below[-1])):  # on whichever conductors
            out = out.most(placed(tuple(ma_of_w(power_w, LOW_MV) for power_w in stage), device.phases))
        return out
    return _shared(setpoint.power_w, device.phases)


def assumed_ma(site: Site) -> "tuple[int, ...]":
    """By node: the loads nobody controls, per phase, while nothing is measured; not less than those below it."""
    out = [node.rest_ma for node in site.nodes]
    for index in range(len(out) - 1, -1, -1):
        out[index] = max(out[index], sum(out[child] for child in wiring(site).children[index]))
    return tuple(out)


def silent_ma(site: Site, silent: "tuple[int, ...]") -> "tuple[Phases, ...]":
    """By node: what the given loads behind it may draw once nobody talks to them."""
    out = []
    for behind in wiring(site).behind:
        total = ZERO
        for index in behind:
            if index in silent:
                total = total.plus(left_alone_ma(site.devices[index]))
        out.append(total)
    return tuple(out)


def blind_budget_ma(site: Site, lost: "tuple[int, ...]") -> "tuple[Phases | None, ...]":
    """By node: what its loads may share while these meters are lost; None where the node is still measured."""
    assumed = assumed_ma(site)
    out: "list[Phases | None]" = []
    for index, node in enumerate(site.nodes):
        if node.meter != NONE and node.meter not in lost:
            out.append(None)
            continue
        left_ma = max(0, wiring(site).caps[index][0] - assumed[index])
        out.append(Phases(left_ma, left_ma, left_ma))
    return tuple(out)


def _shared(power_w: int, phases: "tuple[int, ...]") -> Phases:
    """A power shared by its conductors; nothing while it flows back."""
    if power_w <= 0:
        return ZERO
    return placed((-(-ma_of_w(power_w, LOW_MV) // len(phases)),) * len(phases), phases)
