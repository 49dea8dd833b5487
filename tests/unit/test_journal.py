"""The flight recorder: what goes in comes out, bounded in size and number, readable when cut, harmless when full."""

import gzip
import resource
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from control.values import Site
from firmware.config.file import load
from firmware.day import Day
from firmware.demo import HOUSE
from firmware.journal import FLUSH_MS, MOST_FILES, RETRY_MS, Entry, Journal, journals, read

Recorded = "list[tuple[object, ...]]"
NOON_MS = 12 * 3_600_000


@pytest.fixture(scope="module")
def recorded() -> "tuple[Site, Recorded]":
    """Two minutes of a real house: (state before the step, snapshot, plan)."""
    day = Day(load(HOUSE), "cloudy", 1, start_ms=NOON_MS)
    out = []
    for _ in range(120):
        before = day.cycle.state
        snapshot, plan = day.second()
        out.append((before, snapshot, plan))
    return day.cycle.site, out


def keep(journal: Journal, site: Site, entries: "Recorded") -> None:
    for state, snapshot, plan in entries:
        journal.add(site, state, snapshot, plan)


def entries_of(path: Path) -> "list[Entry]":
    return list(read(path)[1])


@contextmanager
def room_for(file_bytes: int) -> "Iterator[None]":
    """No file of this process can grow beyond it: writes come up short and then fail, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_goes_in_comes_out(tmp_path: Path, recorded: "tuple[Site, Recorded]") -> None:
    site, entries = recorded
    journal = Journal(tmp_path / "deep" / "journal")
    keep(journal, site, entries)
    journal.close()
    assert journal.fault == ""
    path, = journals(tmp_path / "deep" / "journal")
    head, out = read(path)
    assert head.site == site
    assert head.state == entries[0][0]
    assert [tuple(entry) for entry in out] == [(snapshot, plan) for _, snapshot, plan in entries]


def test_what_comes_out_has_the_types_that_went_in(tmp_path: Path, recorded: "tuple[Site, Recorded]") -> None:
    """A tuple that came back as a list would be unequal to itself in the next step."""
    site, entries = recorded
    journal = Journal(tmp_path)
    keep(journal, site, entries[-1:])
    journal.close()
    path, = journals(tmp_path)
    head, out = read(path)
    assert repr(head.site) == repr(site)
    assert repr(head.state) == repr(entries[-1][0])
    assert repr(tuple(next(out))) == repr(entries[-1][1:])


def test_files_are_bounded_in_size(tmp_path: Path, recorded: "tuple[Site, Recorded]") -> None:
    site, entries = recorded
    journal = Journal(tmp_path, file_bytes=1_500, most_files=3)
    keep(journal, site, entries)
    journal.close()
    paths = journals(tmp_path)
    sizes = [path.stat().st_size for path in paths]
    assert 2 <= len(paths) <= 4
    assert int(paths[-1].name[:6]) > len(paths)  # older ones have gone
    assert max(sizes) <= 1_500 + 4_000  # what a flush can bring
    assert entries_of(paths[-1])[-1].plan == entries[-1][2]
    for path in paths:  # each begins with the state before its first entry
        first = entries_of(path)[0].snapshot.now_ms
        assert read(path)[0].state == next(state for state, snapshot, _ in entries if snapshot.now_ms == first)


def test_a_process_that_keeps_restarting_does_not_push_out_what_came_before(
    tmp_path: Path, recorded: "tuple[Site, Recorded]",
) -> None:
    site, entries = recorded
    for part in [entries] + [entries[:1]] * 20:
        journal = Journal(tmp_path, file_bytes=50_000, most_files=3)
        keep(journal, site, part)
        journal.close()
    assert len(entries_of(journals(tmp_path)[0])) == len(entries)


def test_however_short_they_are_there_is_an_end_to_files(tmp_path: Path, recorded: "tuple[Site, Recorded]") -> None:
    site, entries = recorded
    for number in range(1, MOST_FILES + 100):
        (tmp_path / f"{number:06d}.jsonl.gz").touch()
    journal = Journal(tmp_path)
    keep(journal, site, entries[:1])
    journal.close()
    assert len(journals(tmp_path)) == MOST_FILES + 1
    assert journals(tmp_path)[-1].name == f"{MOST_FILES + 100:06d}.jsonl.gz"


def test_a_new_run_begins_a_new_file(tmp_path: Path, recorded: "tuple[Site, Recorded]") -> None:
    site, entries = recorded
    for part in (entries[:60], entries[60:]):
        journal = Journal(tmp_path)
        keep(journal, site, part)
        journal.close()
    assert [path.name for path in journals(tmp_path)] == ["000001.jsonl.gz", "000002.jsonl.gz"]
    assert [len(entries_of(path)) for path in journals(tmp_path)] == [60, 60]


def test_after_a_crash_all_but_the_newest_seconds_are_there(tmp_path: Path, recorded: "tuple[Site, Recorded]") -> None:
    site, entries = recorded
    journal = Journal(tmp_path)
    keep(journal, site, entries)
    path, = journals(tmp_path)
    written = path.read_bytes()  # nothing was closed
    journal.close()
    path.write_bytes(written)
    kept = entries_of(path)
    assert len(entries) - FLUSH_MS // 1000 - 1 <= len(kept) <= len(entries)
    assert [entry.plan for entry in kept] == [plan for _, _, plan in entries[:len(kept)]]


@pytest.mark.parametrize("permille", [300, 500, 700, 999])
def test_a_file_cut_off_anywhere_is_read_up_to_there(
    tmp_path: Path, recorded: "tuple[Site, Recorded]", permille: int,
) -> None:
    site, entries = recorded
    journal = Journal(tmp_path)
    keep(journal, site, entries)
    journal.close()
    path, = journals(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:len(whole) * permille // 1000])
    kept = entries_of(path)
    assert len(kept) >= len(entries) * permille // 1000 - 2 * FLUSH_MS // 1000
    assert [entry.plan for entry in kept] == [plan for _, _, plan in entries[:len(kept)]]


def test_a_full_disk_is_a_fault_and_nothing_else(tmp_path: Path, recorded: "tuple[Site, Recorded]") -> None:
    site, entries = recorded
    journal = Journal(tmp_path)
    faults = []
    with room_for(3_000):
        for each in entries:
            keep(journal, site, [each])
            faults.append(journal.fault)
    first = faults.index(next(fault for fault in faults if fault))
    assert "000001.jsonl.gz" in faults[first]
    assert all(faults[first:first + (RETRY_MS + FLUSH_MS) // 1000])  # until something has reached the disk again
    kept = entries_of(journals(tmp_path)[0])
    assert 10 <= len(kept) <= first
    assert [entry.plan for entry in kept] == [plan for _, _, plan in entries[:len(kept)]]


def test_it_goes_on_in_a_new_file_once_there_is_room_again(tmp_path: Path, recorded: "tuple[Site, Recorded]") -> None:
    site, entries = recorded
    journal = Journal(tmp_path)
    with room_for(3_000):
        keep(journal, site, entries[:50])
    assert journal.fault
    keep(journal, site, entries[50:])
    assert (len(entries) - 50) * 1000 > RETRY_MS
    journal.close()
    assert journal.fault == ""
    newest = journals(tmp_path)[-1]
    assert newest.name == "000002.jsonl.gz"
    assert entries_of(newest)[-1].plan == entries[-1][2]


def test_a_folder_that_cannot_be_made_is_a_fault(tmp_path: Path, recorded: "tuple[Site, Recorded]") -> None:
    site, entries = recorded
    (tmp_path / "file").write_text("in the way")
    journal = Journal(tmp_path / "file")
    keep(journal, site, entries[:3])
    journal.close()
    assert str(tmp_path / "file") in journal.fault


def test_an_old_file_that_cannot_be_removed_does_not_end_the_decision(
    tmp_path: Path, recorded: "tuple[Site, Recorded]",
) -> None:
    site, entries = recorded
    (tmp_path / "000001.jsonl.gz").mkdir()
    journal = Journal(tmp_path, file_bytes=1, most_files=1)
    keep(journal, site, entries[:3])
    assert journal.fault.endswith("Is a directory")


@pytest.mark.parametrize(("content", "words"), [
    (b"", "empty"),
    (b"some text\n", "no journal"),
    (gzip.compress(b"", mtime=0), "empty"),
    (gzip.compress(b"hello\n", mtime=0), "no journal"),
    (gzip.compress(b'{"format": 1}\n', mtime=0), "no journal"),
    (gzip.compress(b"\xff\xfe\x00\n", mtime=0), "no journal"),
    (zlib.compress(b"[]\n"), "no journal"),
], ids=("nothing", "text", "gzip of nothing", "gzip of text", "gzip of an object", "gzip of noise", "zlib"))
def test_a_foreign_file_is_refused_by_name(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "something.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words) as caught:
        read(path)
    assert str(path) in str(caught.value)


def test_a_journal_of_another_version_is_refused(tmp_path: Path, recorded: "tuple[Site, Recorded]") -> None:
    site, entries = recorded
    journal = Journal(tmp_path)
    keep(journal, site, entries[:3])
    journal.close()
    path, = journals(tmp_path)
    lines = gzip.decompress(path.read_bytes())
    assert lines.startswith(b"[2,")
    path.write_bytes(gzip.compress(b"[99," + lines[3:], mtime=0))
    with pytest.raises(ValueError, match="format 99, this version reads 2"):
        read(path)


def test_a_damaged_line_is_told(tmp_path: Path, recorded: "tuple[Site, Recorded]") -> None:
    site, entries = recorded
    journal = Journal(tmp_path)
    keep(journal, site, entries[:3])
    journal.close()
    path, = journals(tmp_path)
    lines = gzip.decompress(path.read_bytes()).split(b"\n")
    lines[2] = lines[2].replace(b"[", b"{", 1)
    path.write_bytes(gzip.compress(b"\n".join(lines)))
    with pytest.raises(ValueError, match="Expected `array`"):
        entries_of(path)
