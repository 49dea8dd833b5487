"""Recorded journals in, the same plans out. A change of control shows here: look at the difference, and when it is
meant, record anew with `./dev replay --record` and commit what tests/replay/journals/*.txt then say.
"""

import gzip
from collections.abc import Callable
from pathlib import Path

from control.values import Plan, Site
from firmware.journal import read
from firmware.replay import differences

MOST_BYTES = 150_000  # of all of them


def test_the_same_plans(
    golden: "tuple[Path, list[str]]", tell: "Callable[[Site, list[Plan]], list[str]]",
) -> None:
    path, told = golden
    made = list(differences(path))
    site = made[0][0]
    assert tell(site, [now for _, _, _, now in made]) == told
    different = [now_ms for _, now_ms, was, now in made if was != now]
    assert different == [], "plans differ, in numbers if not in causes; see `hutschiene replay`"
    assert repr([now for _, _, _, now in made]) == repr([was for _, _, was, _ in made])


def test_there_is_something_in_each(golden: "tuple[Path, list[str]]") -> None:
    path, told = golden
    assert len(list(read(path)[1])) >= 200
    assert len(told) >= 10


def test_they_are_small_and_without_a_date(golden: "tuple[Path, list[str]]") -> None:
    path, _ = golden
    assert sum(each.stat().st_size for each in path.parent.iterdir()) <= MOST_BYTES
    data = path.read_bytes()
    assert data[4:8] == bytes(4)
    assert gzip.decompress(data).startswith(b"[2,")
