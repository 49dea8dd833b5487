"""What a fuse and a cabinet bear beyond their rating."""

import pytest

from control.overload import bears_ma, heated, warmed
from control.rest import NEW_NODE
from control.values import NEVER, NONE, NodeSpec, NodeState


def node(curve: str = "sls-e", rated_ma: int = 35_000, continuous_ma: int = 35_000) -> NodeSpec:
    return NodeSpec("house", NONE, 0, rated_ma, continuous_ma, curve, 0, 0, 0)


def after(spec: NodeSpec, state: NodeState, current_ma: int, seconds: int) -> NodeState:
    """The state after so many readings, one a second."""
    for _ in range(seconds):
        flow, t_ms = (current_ma, 0, 0, current_ma * 230 // 1_000), max(state.used_ms, 0) + 1_000
        heat, severity = heated(state, spec, flow, t_ms)
        warm = warmed(state, flow, t_ms) if state.used_ms != NEVER else (current_ma, 0, 0)
        state = NodeState(t_ms, *state[1:5], heat, severity, warm, state.risen)
    return state


def seconds_until(spec: NodeSpec, permille: int, severity: int) -> int:
    state = after(spec, NEW_NODE, 0, 1)
    for second in range(100_000):
        if state.severity >= severity:
            return second
        state = after(spec, state, spec.rated_ma * permille // 1_000, 1)
    return NEVER


@pytest.mark.parametrize(("curve", "holds"), [("sls-e", 1_050), ("gg", 1_250), ("mcb-b", 1_130), ("mcb-d", 1_130)])
def test_what_a_curve_holds_for_ever_sheds_nothing(curve: str, holds: int) -> None:
    assert seconds_until(node(curve), holds, 1) == NEVER
    assert 0 < seconds_until(node(curve), holds + 40, 1) < 200


def test_the_hotter_the_sooner() -> None:
    for curve in ("sls-e", "gg", "mcb-c"):
        took = [seconds_until(node(curve), permille, 1) for permille in (1_260, 1_280, 1_300)]
        assert took == sorted(took, reverse=True)
    assert seconds_until(node("sls-e"), 1_200, 1) < seconds_until(node("mcb-b"), 1_200, 1)


def test_cut_and_stop_at_once_whatever_the_curve() -> None:
    for curve in ("sls-e", "gg", "mcb-b"):
        assert seconds_until(node(curve), 1_310, 1) == 1
        assert seconds_until(node(curve), 1_810, 2) == 1
    assert seconds_until(node("sls-e"), 1_500, 2) <= 10  # the chain has 13 s


def test_a_hot_fuse_cools_within_minutes() -> None:
    hot = after(node(), NEW_NODE, 45_000, 60)
    assert hot.severity == 2
    assert after(node(), hot, 20_000, 30).severity > 0
    assert after(node(), hot, 20_000, 120).heat == (0, 0, 0)


def test_a_cold_cabinet_carries_its_fuse_and_a_warm_one_what_it_bears_for_hours() -> None:
    spec = node(rated_ma=50_000, continuous_ma=32_000)
    state = after(spec, NEW_NODE, 0, 1)
    assert bears_ma(spec, state, True) == (50_000, 50_000, 50_000)
    means = []
    for _ in range(3 * 3_600):
        state = after(spec, state, bears_ma(spec, state, True)[0], 1)  # all it is given, all the time
        means.append(state.warm[0])
    assert max(means) <= 32_000
    assert 32_000 <= bears_ma(spec, state, True)[0] <= 32_100
    assert bears_ma(spec, state, True)[1] == 50_000
    rested = after(spec, state, 10_000, 1_800)
    assert bears_ma(spec, rested, True)[0] > 50_000 - 1_000


def test_without_a_reading_it_is_what_is_borne_for_hours() -> None:
    spec = node(rated_ma=50_000, continuous_ma=32_000)
    assert bears_ma(spec, after(spec, NEW_NODE, 0, 60), False) == (32_000, 32_000, 32_000)
    assert bears_ma(spec, NEW_NODE, True) == (32_000, 32_000, 32_000)
    assert bears_ma(node(), after(node(), NEW_NODE, 0, 60), True) == (35_000, 35_000, 35_000)
