"""The order of decisions, and nothing else.

A pure function of integers: the same site, state and snapshot give the same plan, on every interpreter. Time is
what the snapshot says. Phases are chosen before the tree is shared out, because a car on one phase asks for other
room than one on three.
"""

from control import operator, reasons
from control.allocate import allocate
from control.claims import HIGH_MV, LOW_MV, Claim
from control.demand import demand
from control.generation import NO_FEED, View, asleep, feed, feeds_too_much, hidden_w, ignores, limited
from control.guard import guard
from control.health import NEW_SENSE, believe, doubt
from control.heat import heat
from control.limits import Limits, limits
from control.peak import NEW_SHAVE, allowed_w, counted, excess_w, not_on_storage, support_w
from control.phases import DAY_MS, choose, dwells, turns
from control.probe import probe
from control.ramp import ramp
from control.reserve import reserve
from control.rest import NEW_NODE, Flow, rests
from control.storage import buffered, storages, takes_more_w
from control.surplus import REST_MS, Pool, pool, rest_ms, share
from control.upkeep import kept, new_upkeep
from control.uses import learn
from control.values import (
    CONSUME,
    NEVER,
    NONE,
    DeviceSpec,
    Generator,
    Grant,
    LoadState,
    NodeView,
    Plan,
    Sense,
    Site,
    Snapshot,
    State,
)
from control.wiring import NO_LIMIT, Wiring, is_load, wiring
from control.wishes import wishes
from hal.values import NOMINAL_MV, Phases, Setpoint


def start(site: Site, now_ms: int) -> State:
    """Nothing is believed, nothing is granted, everything may be drawing what its cable bears."""
    return State(
        now_ms, tuple(NEW_SENSE for _ in site.devices), tuple(NEW_NODE for _ in site.nodes),
        tuple(_new_load(device, now_ms) if is_load(device) else None for device in site.devices), NEVER, 0, 0,
        tuple(Generator(-device.ability.min_w, now_ms, 0) if device.ability.kind == "inverter" else None
              for device in site.devices), NO_FEED, NEW_SHAVE,
    )


def step(site: Site, state: State, snapshot: Snapshot) -> "tuple[State, Plan]":
    """One decision."""
    now_ms, wired = snapshot.now_ms, wiring(site)
    senses = believe(site, wired, state.senses, snapshot)
    obliged, grid = operator.obligations(site, wired, senses, snapshot), _grid(site, senses)
    claims = _claims(site, wired, state, snapshot, senses)
    flows, nodes = rests(site, wired, state.nodes, senses, _by_device(site, claims), now_ms)
    shave = counted(site.peak, state.shave, grid, snapshot.day_ms, now_ms)
    may_w = allowed_w(site.peak, shave, snapshot.day_ms, now_ms)
    support = support_w(site.peak, claims)
    bounds = limits(site, wired, flows, tuple([node.severity for node in nodes]), claims,
                    operator.ceiling_w(obliged, CONSUME), may_w + support)
    cap = operator.cap(site, obliged, snapshot.prices, now_ms)
    shared = pool(state, grid, claims, hidden_w(wired, state.generators, senses))
    quick_mw = shared.slow_mw if buffered(claims) else shared.quick_mw
    share(claims, quick_mw // 1_000, shared.slow_mw // 1_000, now_ms)
    for claim in claims:
        if claim.kind != "storage":
            choose(claim, bounds, now_ms)
            demand(claim, bounds, now_ms)
    storages(claims, bounds, shared, cap.power_w, excess_w(site.peak, shave, may_w, claims, shared.t_ms), now_ms)
    _share_out(claims, bounds, may_w - flows[0].rest[3] if support else NO_LIMIT)
    news = _news(site, snapshot, state.senses, senses)
    fresh = all(news)
    for claim in claims:
        ramp(claim, fresh or all([news[node] for node in claim.path]), shared.t_ms, now_ms)
    probe(site, wired, senses, claims, now_ms)
    issued = guard(claims, bounds)
    view = View(site, wired, senses, grid, cap, news[-1], now_ms - state.now_ms, now_ms)
    fed = feed(view, state.feed)
    generators, made = limited(view, state.generators, fed, takes_more_w(claims, now_ms) if wired.inverters else 0,
                               snapshot.wishes)
    after = State(now_ms, senses, nodes, _after(claims, state.loads, snapshot),
                  shared.t_ms, shared.quick_mw, shared.slow_mw, generators, fed, shave)
    return after, Plan(_grants(site, claims, made), _views(flows, issued), _surplus(shared),
                       _alarms(view, snapshot, after, flows, claims),
                       operator.obeyed(obliged, grid, len(site.nodes), claims))


def _share_out(claims: "tuple[Claim, ...]", bounds: Limits, own_w: int) -> None:
    """`own_w`: what loads may take without what storage gives against a peak; what one leaves is shared anew."""
    asked = [(claim.level, claim.reason, claim.node, claim.phase) for claim in claims] if own_w != NO_LIMIT else []
    allocate(claims, bounds)
    cut = not_on_storage(claims, own_w) if asked else []
    if not cut:
        return
    for index, claim in enumerate(claims):
        if index not in cut:
            claim.ask(*asked[index])
    allocate(claims, bounds)
    not_on_storage(claims, own_w)


def _grid(site: Site, senses: "tuple[Sense, ...]") -> "Sense | None":
    meter = site.nodes[0].meter
    return senses[meter] if meter != NONE else None


def _claims(site: Site, wired: Wiring, state: State, snapshot: Snapshot,
            senses: "tuple[Sense, ...]") -> "tuple[Claim, ...]":
    """One for each load, highest priority first, with what it holds."""
    volts = _volts(_grid(site, senses))
    out = []
    for index in wired.loads:
        load = state.loads[index]
        assert load is not None
        claim = Claim(index, site.devices[index], wired.paths[index], wired.levels[index], load, senses[index],
                      snapshot.modes[index], volts)
        reserve(claim, snapshot.written[index], snapshot.now_ms)
        learn(claim, snapshot.now_ms)
        out.append(claim)
    wishes(tuple(out), snapshot)
    heat(tuple(out), senses, snapshot)
    return tuple(out)


def _volts(grid: "Sense | None") -> "tuple[int, int, int]":
    """(lowest, mean, highest) phase voltage, in mV; what the grid may be at while it is not known."""
    if grid is None or not grid.believed or grid.good is None or grid.good.voltage_mv is None:
        return LOW_MV, NOMINAL_MV, HIGH_MV
    volts = grid.good.voltage_mv
    low, high = max(min(volts), LOW_MV), min(max(volts), HIGH_MV)
    if low > high or min(volts) < LOW_MV:
        return LOW_MV, NOMINAL_MV, HIGH_MV
    return low, volts.total() // 3, high


def _by_device(site: Site, claims: "tuple[Claim, ...]") -> "tuple[Claim | None, ...]":
    out: "list[Claim | None]" = [None] * len(site.devices)
    for claim in claims:
        out[claim.index] = claim
    return tuple(out)


def _news(site: Site, snapshot: Snapshot, before: "tuple[Sense, ...]", senses: "tuple[Sense, ...]") -> "list[bool]":
    """By node, the operator's ceiling behind the last: whether its meter answers. In the step in which anything is lost
    nothing is news."""
    lost = any([was.believed and not sense.believed for was, sense in zip(before, senses)])
    out = []
    for node in site.nodes:
        heard = snapshot.heard[node.meter] if node.meter != NONE else None
        out.append(not lost and (heard is None or heard.fault is None))
    out.append(not lost)
    return out


def _after(claims: "tuple[Claim, ...]", before: "tuple[LoadState | None, ...]",
           snapshot: Snapshot) -> "tuple[LoadState | None, ...]":
    out = list(before)
    for claim in claims:
        out[claim.index] = _kept(claim, snapshot.written[claim.index].confirmed, snapshot.now_ms, snapshot.day_ms)
    return tuple(out)


def _kept(claim: Claim, stood: "Setpoint | None", now_ms: int, day_ms: int) -> LoadState:
    """The load's state for the next step."""
    load = claim.state
    on, was_on = claim.level != 0, load.level != 0
    turned = claim.conductors != load.conductors
    # what was chosen while it stood still is done when it starts
    starts_so = on and not was_on and load.conductors_ms != NEVER and load.conductors_ms > load.switched_ms
    changed_ms = now_ms if turned or claim.level != load.level else load.changed_ms
    switched_ms = now_ms if on != was_on else load.switched_ms
    if claim.reason == reasons.NO_CAR:
        switched_ms = min(switched_ms, now_ms - rest_ms(claim))  # the next car need not wait for the last one's rest
    edge_ms = claim.edge_ms if on == was_on else NEVER
    return LoadState(claim.level, claim.conductors, claim.held, stood, claim.stood_ms, changed_ms, switched_ms, edge_ms,
                     now_ms if turned or starts_so else load.conductors_ms, claim.conductors_edge_ms, claim.idle_ms,
                     claim.uses, claim.uses_ms, turns(claim, now_ms) + turned,
                     load.turns_ms if now_ms - load.turns_ms < DAY_MS else now_ms, claim.driven,
                     None if load.upkeep is None else kept(claim, now_ms, day_ms))


def _new_load(device: DeviceSpec, now_ms: int) -> LoadState:
    """Off, or on the fallback that devices are left on at start. A contactor may just have opened; a car may start."""
    able = device.ability
    rested_ms = now_ms - REST_MS if able.kind == "wallbox" else now_ms
    level = able.fallback.power_w if able.kind == "stages" else 0
    return LoadState(level, len(device.phases), (0, 0, 0, 0), None, now_ms, now_ms, rested_ms,
                     NEVER, NEVER, NEVER, NEVER, 0, NEVER, 0, now_ms, 0, new_upkeep(device, now_ms))


def _grants(site: Site, claims: "tuple[Claim, ...]",
            made: "tuple[tuple[int, Grant], ...]") -> "tuple[Grant | None, ...]":
    out: "list[Grant | None]" = [None] * len(site.devices)
    for index, grant in made:
        out[index] = grant
    for claim in claims:
        setpoint = claim.setpoint(claim.level)
        wanted = setpoint
        if claim.wanted != claim.level or claim.wanted_w != setpoint.power_w:
            wanted = Setpoint(claim.currents(claim.wanted), claim.wanted_w)
        reason = claim.reason
        if reason in (reasons.SURPLUS, reasons.RAMP) and dwells(claim):
            reason = reasons.PHASE_DWELL
        out[claim.index] = Grant(setpoint, wanted, reason, claim.node, claim.phase)
    return tuple(out)


def _views(flows: "tuple[Flow, ...]", issued: "list[list[int]]") -> "tuple[NodeView, ...]":
    out = []
    for flow, sums in zip(flows, issued):
        measured, rest = flow.measured, flow.rest
        out.append(NodeView(
            None if measured is None else Phases(measured[0], measured[1], measured[2]),
            Phases(rest[0], rest[1], rest[2]), Phases(sums[0], sums[1], sums[2]), flow.believed))
    return tuple(out)


def _surplus(shared: Pool) -> "int | None":
    return None if shared.t_ms == NEVER else shared.quick_mw // 1_000


def _alarms(view: View, snapshot: Snapshot, after: State,
            flows: "tuple[Flow, ...]", claims: "tuple[Claim, ...]") -> "tuple[tuple[int, int], ...]":
    """By device: readings not believed, writes not taken or not followed, fuses over their rating, too much feed-in."""
    site, senses, now_ms = view.site, view.senses, view.now_ms
    out = [(claim.alarm, claim.index) for claim in claims if claim.alarm]
    deaf = [claim.index for claim in claims if claim.stuck and not claim.silent]
    for index in view.wired.inverters:
        generator = after.generators[index]
        assert generator is not None
        if ignores(view, index, generator):
            deaf.append(index)
    for index, device in enumerate(site.devices):
        doubted = device.ability.measured and not senses[index].believed
        if doubted and asleep(device, senses[index], now_ms):
            continue
        if doubted:
            out.append((doubt(senses[index]), index))
        if snapshot.written[index].fault is not None:
            out.append((reasons.WRITE_FAULT, index))
        elif index in deaf:
            out.append((reasons.NOT_OBEYED, index))
    out += [(reasons.INPUT_LOST, index) for index in view.wired.signals if operator.is_broken(senses[index])]
    for node, flow in zip(site.nodes, flows):
        measured = flow.measured
        if measured is not None and max(measured[:3]) > node.rated_ma:
            out.append((reasons.OVER_FUSE, node.meter))
    if feeds_too_much(after.feed, now_ms):
        out.append((reasons.FEEDS_TOO_MUCH, site.nodes[0].meter))
    return tuple(out)
