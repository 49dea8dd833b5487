"""Whatever hangs where and whatever is commanded: the grid is the sum of the nodes, and no energy is lost."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hal.values import ZERO, Phases
from sim.battery import Battery
from sim.car import Car
from sim.day import HOUSE, PARENTS
from sim.house import NONE, House
from sim.part import Part
from sim.rng import Rng
from sim.scenarios import NAMES
from sim.tank import Tank
from sim.world import World


class Fixed(Part):
    """Any powers, one tuple a step."""

    def __init__(self, powers):
        super().__init__((0, 1, 2))
        self._powers = list(powers)

    def _live(self, now_ms, dt_ms):
        self.power_w = self._powers.pop(0)


watts = st.integers(-20_000, 20_000)
steps = st.lists(st.builds(Phases, watts, watts, watts), min_size=6, max_size=6)


@st.composite
def trees(draw):
    parents = [NONE]
    for i in range(draw(st.integers(0, 4))):
        parents.append(draw(st.integers(0, i)))
    hung = draw(st.lists(st.tuples(st.integers(0, len(parents) - 1), steps), max_size=5))
    return tuple(parents), hung


@given(trees(), st.lists(st.integers(1, 1000), min_size=6, max_size=6))
def test_a_node_is_the_sum_of_what_hangs_on_it(tree, dts_ms):
    parents, hung = tree
    house = House(parents, tuple((node, Fixed(powers)) for node, powers in hung), seed=3)
    now_ms, net_mws = 0, [0] * len(parents)
    for dt_ms in dts_ms:
        now_ms += dt_ms
        house.step(now_ms, dt_ms)
        for node in range(len(parents)):
            total = ZERO
            for (at, _), part in zip(hung, house.parts):
                total = total.plus(part.power_w) if at == node else total
            for child, parent in enumerate(parents):
                total = total.plus(house.node_w(child)) if parent == node else total
            assert house.node_w(node) == total
            net_mws[node] += total.total() * dt_ms
    for point, net in zip(house.nodes, net_mws):
        assert point.import_mws - point.export_mws == net
        assert min(point.import_mws, point.export_mws) >= 0
    all_parts = sum(part.import_mws - part.export_mws for part in house.parts)
    assert house.nodes[0].import_mws - house.nodes[0].export_mws == all_parts


@given(st.builds(Phases, watts, watts, watts))
def test_the_current_has_the_sign_of_the_power_and_the_voltage_sags_with_it(power_w):
    house = House((NONE,), ((0, Fixed([power_w] * 3)),), seed=1)
    for i in range(3):
        house.step((i + 1) * 1000, 1000)
    for w, ma, mv in zip(power_w, house.node_ma(0), house.voltage_mv):
        assert (w > 0) == (ma > 0)
        assert (w < 0) == (ma < 0)
        assert abs(abs(ma) * mv - abs(w) * 1_000_000) < mv
        assert abs((230_000 - mv) - w * 240 // 230) <= abs(w) // 5 + 400


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(NAMES), st.integers(0, 2**32), st.integers(0, 86_000), st.integers(1, 1000))
def test_a_whole_house_keeps_its_bounds_under_any_command(scenario, seed, start_s, dt_ms):
    world = World(scenario, seed, HOUSE, PARENTS)
    house, rng, now_ms = world.house, Rng(seed), start_s * 1000
    for _ in range(400):
        for part in world.parts:
            if isinstance(part, Car) and rng.chance(50):
                part.offer(tuple(rng.between(0, 40) * 1000 for _ in part.phases))
            if isinstance(part, Battery) and rng.chance(100):
                part.target(rng.between(-99_000, 99_000))
            if isinstance(part, Tank) and not part.elements_w and rng.chance(100):
                part.set_w(rng.between(-99_000, 99_000))
        now_ms += dt_ms
        house.step(now_ms, dt_ms)
        total = ZERO
        for part in world.parts:
            total = total.plus(part.power_w)
            _check_bounds(part)
        assert house.node_w(0) == total
        assert all(200_000 < mv < 260_000 for mv in house.voltage_mv)


def _check_bounds(part):
    own = set(part.phases)
    assert all(w == 0 for phase, w in enumerate(part.power_w) if phase not in own)
    if isinstance(part, Battery):
        assert 0 <= part.soc_permille <= 1000
        assert abs(part.power_w.total()) <= part.max_w + 20
    elif isinstance(part, Car):
        assert 0 <= part.soc_permille <= 1000
        assert part.state in ("A", "B", "C")
        assert (part.state == "C") == any(part.current_ma)
        assert max(part.current_ma) <= 32_000
        assert all(ma == 0 or ma >= 5_700 for ma in part.current_ma)
    elif isinstance(part, Tank):
        assert 10_000 <= part.temperature_mdegc <= 95_000
        assert 0 <= part.power_w.total() <= 8_000


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-9_000, 9_000), min_size=1, max_size=40), st.integers(1, 1000), st.integers(0, 1000))
def test_a_battery_never_gives_back_more_than_it_took(targets, dt_ms, soc_permille):
    battery = Battery((0, 1, 2), 1, capacity_wh=200, soc_permille=soc_permille, standby_w=0)
    now_ms, start_wh = 0, battery.stored_wh
    for target_w in targets:
        battery.target(target_w)
        for _ in range(20):
            now_ms += dt_ms
            battery.step(now_ms, dt_ms)
    gained_wh = battery.stored_wh - start_wh
    assert gained_wh <= battery.import_wh - battery.export_wh + 1
    assert 10 <= battery.stored_wh <= 200
