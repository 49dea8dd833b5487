import json
import os
from pathlib import Path

import pytest

from firmware.kept import MOST_BYTES, Kept


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "a" / "b.json", 0)
    assert kept.load() is None
    for number in range(100):
        kept.keep({"n": number})
    kept.close()
    assert Kept(tmp_path / "a" / "b.json").load() == {"n": 99}
    assert (kept.fault, os.listdir(tmp_path / "a")) == ("", ["b.json"])


def test_a_place_that_cannot_be_written_is_told_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = Kept(tmp_path / "file" / "b.json", 0)
    kept.keep([1])
    kept.close()
    assert kept.fault.startswith(f"{tmp_path}/file/b.json: not written")


@pytest.mark.parametrize("content", [b"\xff", b"{", b" " * (MOST_BYTES + 1)])
def test_what_cannot_be_read_is_told_and_as_if_it_were_not_there(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "b.json"
    path.write_bytes(content)
    kept = Kept(path, 0)
    assert kept.load() is None
    assert "not read" in kept.fault
    kept.keep("new")
    kept.close()
    assert (json.loads(path.read_text()), kept.fault) == ("new", "")


def test_a_write_that_was_cut_off_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text("1")
    (tmp_path / "b.json.new").write_text('{"half": ')
    assert Kept(tmp_path / "b.json").load() == 1
