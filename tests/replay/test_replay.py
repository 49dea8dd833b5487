"""A journal of this minute gives the same plans bit for bit, however it was cut into files; a changed one is named."""

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from control.values import Plan
from firmware.journal import journals
from firmware.replay import differences

ROOT = Path(__file__).parents[2]


def replay(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "firmware", "replay", *map(str, arguments)], cwd=ROOT,
                          capture_output=True, text=True, timeout=120)


def lines_of(path: Path) -> "list[bytes]":
    return gzip.decompress(path.read_bytes()).splitlines(keepends=True)


def test_the_same_plans_from_the_state_at_the_head_of_each_file(recorded: "tuple[Path, list[Plan]]") -> None:
    folder, plans = recorded
    paths = journals(folder)
    assert len(paths) >= 3
    made = [now for path in paths for _, _, _, now in differences(path)]
    assert made == plans
    assert repr(made) == repr(plans)


def test_any_file_can_be_replayed_alone(recorded: "tuple[Path, list[Plan]]") -> None:
    for path in journals(recorded[0]):
        assert all(was == now for _, _, was, now in differences(path))


@pytest.mark.parametrize("permille", [400, 800])
def test_a_file_that_was_cut_off_gives_the_plans_up_to_there(
    recorded: "tuple[Path, list[Plan]]", tmp_path: Path, permille: int,
) -> None:
    path = journals(recorded[0])[0]
    whole = path.read_bytes()
    cut = tmp_path / path.name
    cut.write_bytes(whole[:len(whole) * permille // 1000])
    made = list(differences(cut))
    assert 0 < len(made) < len(list(differences(path)))
    assert all(was == now for _, _, was, now in made)
    assert replay(cut).returncode == 0


def test_the_verb_says_how_much_was_the_same(recorded: "tuple[Path, list[Plan]]") -> None:
    folder, plans = recorded
    done = replay(folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{len(plans)} decisions made again, 0 differ\n"
    assert json.loads(replay(folder, "--json").stdout) == {"entries": len(plans), "differ": 0}


def changed(folder: Path, to: Path, what: str) -> "tuple[Path, int]":
    """A copy of the journal with another decision in the middle of its first file, and the time of it."""
    shutil.copytree(folder, to)
    path = journals(to)[0]
    lines = lines_of(path)
    entry = json.loads(lines[10])
    snapshot, plan = entry
    if what == "grant":
        rod = next(grant for grant in plan[0] if grant is not None)
        rod[0][1] += 460
    elif what == "reason":
        next(grant for grant in plan[0] if grant is not None)[2] = 1
    elif what == "alarm":
        plan[3].append([101, 0])
    else:
        plan[1][0][1][0] += 1
    lines[10] = json.dumps(entry).encode() + b"\n"
    path.write_bytes(gzip.compress(b"".join(lines)))
    return to, snapshot[0]


@pytest.mark.parametrize(("what", "words"), [
    ("grant", "carport: was '"), ("reason", "switched off"), ("alarm", "alarms"), ("node", "nodes"),
])
def test_a_changed_decision_is_found_and_named(
    recorded: "tuple[Path, list[Plan]]", tmp_path: Path, what: str, words: str,
) -> None:
    folder, t_ms = changed(recorded[0], tmp_path / "journal", what)
    done = replay(folder)
    assert done.returncode == 1
    told, last = done.stdout.splitlines()
    assert f"{t_ms} ms" in told
    assert "000001.jsonl.gz" in told
    assert words in told
    assert last.endswith("1 differ")
    found, end = map(json.loads, replay(folder, "--json").stdout.splitlines())
    assert found["t_ms"] == t_ms
    assert end == {"entries": len(recorded[1]), "differ": 1}


def test_a_snapshot_that_was_changed_changes_what_follows(recorded: "tuple[Path, list[Plan]]", tmp_path: Path) -> None:
    shutil.copytree(recorded[0], tmp_path / "journal")
    path = journals(tmp_path / "journal")[0]
    lines = lines_of(path)
    entry = json.loads(lines[10])
    entry[0][1][0] = [None, None]  # the grid meter was never heard
    lines[10] = json.dumps(entry).encode() + b"\n"
    path.write_bytes(gzip.compress(b"".join(lines)))
    different = [now_ms for _, now_ms, was, now in differences(path) if was != now]
    assert len(different) >= 3


@pytest.mark.parametrize(("content", "words"), [
    (None, "No such file"), (b"", "empty"), (b"not a journal", "no journal"),
])
def test_what_is_no_journal_is_refused(tmp_path: Path, content: "bytes | None", words: str) -> None:
    path = tmp_path / "x.jsonl.gz"
    if content is not None:
        path.write_bytes(content)
    done = replay(path)
    assert done.returncode == 1
    assert words in done.stderr
    assert str(path) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_without_a_journal_is_told(tmp_path: Path) -> None:
    done = replay(tmp_path)
    assert done.returncode == 1
    assert "no journal" in done.stderr
