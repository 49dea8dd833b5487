"""Shared building supply: the published numbers, and what must hold for any building."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.records.sharing import CASCADING, CONSTANT, KEYS, PROPORTIONAL, shared

FLATS = {"a": 1_000, "b": 2_000, "c": 5_000}
EQUAL = {"a": 1, "b": 1, "c": 1}


@pytest.mark.parametrize(("key", "allocated", "residual"), [
    (CONSTANT, (1_000, 2_000, 2_000), 1_000), (PROPORTIONAL, (750, 1_500, 3_750), 0),
    (CASCADING, (1_000, 2_000, 3_000), 0)])
def test_the_published_example(key: str, allocated: "tuple[int, ...]", residual: int) -> None:
    """Section 42b EnWG as the BDEW's guide reckons it: G = 6, c = (1, 2, 5)."""
    found = shared(key, 6_000, FLATS, EQUAL)
    assert tuple(found.allocated.values()) == allocated
    assert found.residual == residual
    assert sum(found.net.values()) == 8_000 - sum(allocated)


def test_odd_units_go_to_the_largest_remainder() -> None:
    assert shared(CONSTANT, 100, {"a": 99, "b": 99, "c": 99}, EQUAL).allocated == {"a": 34, "b": 33, "c": 33}
    assert shared(PROPORTIONAL, 10, {"a": 1, "b": 6, "c": 8}, {}).allocated == {"a": 1, "b": 4, "c": 5}


def test_who_has_no_part_gets_none_and_nothing_is_divided_by_nothing() -> None:
    assert shared(CASCADING, 9_000, FLATS, {"a": 1}).allocated == {"a": 1_000, "b": 0, "c": 0}
    assert shared(PROPORTIONAL, 5, {"a": 0}, {}) == ({"a": 0}, {"a": 0}, 5)
    assert shared(CONSTANT, 5, {}, {}).residual == 5


USED = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 5_000), max_size=8)


@given(st.sampled_from(KEYS), st.integers(0, 30_000), USED,
       st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 100)))
@settings(max_examples=300, deadline=None)
def test_no_more_than_is_used_or_made_and_the_order_means_nothing(
        key: str, generation: int, used: "dict[str, int]", parts: "dict[str, int]") -> None:
    found = shared(key, generation, used, parts)
    assert sum(found.allocated.values()) + found.residual == generation
    assert found.residual >= 0
    for name, energy in used.items():
        assert 0 <= found.allocated[name] <= energy
        assert found.net[name] + found.allocated[name] == energy
    turned = shared(key, generation, dict(reversed(used.items())), parts)
    assert turned.allocated == found.allocated
    if key == PROPORTIONAL or (key == CASCADING and used and all(parts.get(name) for name in used)):
        assert found.residual == max(0, generation - sum(used.values()))
