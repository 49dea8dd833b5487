"""What a carrying gateway has heard since its last checkpoint: forgotten by a power cut, by no kill."""

import json
from pathlib import Path

import pytest

from firmware.carrying import recent as module
from firmware.carrying.core import CHECKPOINT_MS, DAY_S, SET_CLOCK_S, Carry
from firmware.carrying.recent import Recent, place
from firmware.carrying.spool import Kept, Spool

T0 = SET_CLOCK_S + 100 * DAY_S
ONE, TWO = "KAM-00000001-00-04", "KAM-00000002-00-04"


def born(folder: Path, **more: object) -> Carry:
    return Carry(Spool(folder / "spool", 1_000_000), DAY_S, recent=Recent(folder / "recent"), **more)  # type: ignore[arg-type]


def day_ends(carry: Carry, day: int) -> "list[str]":
    """The frames that leave."""
    carry.tick(T0 + day * DAY_S, day)
    out = []
    while (part := carry.first()) is not None:
        out += [one["frame"] for one in json.loads(part.payload)["frames"]]
        carry.delivered(part.number)
    return out


def test_a_kill_forgets_nothing(tmp_path: Path) -> None:
    carry = born(tmp_path)
    carry.tick(T0, 0)
    carry.hear(ONE, b"old", T0 + 1, -70)
    carry.tick(T0 + 2, CHECKPOINT_MS)
    carry.hear(ONE, b"new", T0 + 3, -71)
    carry.hear(TWO, b"two", T0 + 4, None)
    again = born(tmp_path)  # nothing was saved or closed
    assert again.state()["kept"] == 2
    again.hear(TWO, b"three", T0 + 5, None)
    third = born(tmp_path)
    assert day_ends(third, 1) == [b"new".hex(), b"three".hex()]
    assert (tmp_path / "recent").stat().st_size == 0
    assert day_ends(born(tmp_path), 2) == []


def test_killed_before_the_file_was_cleared_nothing_comes_twice(tmp_path: Path) -> None:
    carry = born(tmp_path)
    carry.tick(T0, 0)
    carry.hear(ONE, b"new", T0 + 3, None)
    recent = (tmp_path / "recent").read_bytes()
    assert day_ends(carry, 1) == [b"new".hex()]
    (tmp_path / "recent").write_bytes(recent)  # as if it had not come to that
    again = born(tmp_path)
    assert again.state()["kept"] == 0
    again.hear(ONE, b"next", T0 + DAY_S + 1, None)
    assert day_ends(born(tmp_path), 2) == [b"next".hex()]


def test_the_configuration_counts_for_what_was_heard_before_it(tmp_path: Path) -> None:
    carry = born(tmp_path)
    carry.tick(T0, 0)
    for name in (ONE, TWO):
        carry.hear(name, b"x", T0, None)
    assert born(tmp_path, only=frozenset({"00000002"})).state()["kept"] == 1


def test_lines_that_are_damaged_cost_themselves(tmp_path: Path) -> None:
    path = tmp_path / "recent"
    recent = Recent(path)
    rows = [(number, Kept(ONE, bytes((number,)) * 3, None if number % 2 else T0, -60 if number % 2 else None), T0)
            for number in range(1, 6)]
    for row in rows:
        recent.add(*row)
    assert Recent(path).frames() == rows
    content = bytearray(path.read_bytes())
    content[content.index(b"030303")] ^= 1
    path.write_bytes(bytes(content[:-4]) + b"\xff\n 1 2\n" + b"\n" * 9)
    assert Recent(path).frames() == [rows[0], rows[1], rows[3]]


def test_a_file_that_others_may_write_is_left_alone(tmp_path: Path) -> None:
    mine, link, folder = tmp_path / "mine", tmp_path / "link", tmp_path / "folder"
    Recent(mine).add(1, Kept(ONE, b"x", None, None), T0)
    assert mine.stat().st_mode & 0o777 == 0o600
    link.symlink_to(mine)
    folder.mkdir()
    assert [Recent(path).frames() for path in (link, folder, tmp_path / "no" / "folder", None)] == [[], [], [], []]
    mine.chmod(0o644)
    assert Recent(mine).frames() == []
    for path in (link, folder, None):
        Recent(path).add(2, Kept(ONE, b"y", None, None), T0)
        Recent(path).clear()
        Recent(path).close()
    assert (link.exists(), folder.exists()) == (True, True)


def test_it_is_bounded_and_ends_with_a_good_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 5_000)
    recent = Recent(tmp_path / "recent")
    for number in range(100):
        recent.add(number, Kept(ONE, bytes(255), None, None), T0)
    assert 4_000 < (tmp_path / "recent").stat().st_size < 5_000
    recent.close()
    assert not (tmp_path / "recent").exists()
    recent.add(1, Kept(ONE, b"x", None, None), T0)
    assert place(tmp_path) != place(tmp_path / "other")
