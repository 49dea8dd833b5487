"""`verify` finds and names whatever was done to an export: altered, removed, inserted, reordered, dated back."""

import ast
import contextlib
import json
import random
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers import signing
from drivers.signing import Signer
from firmware import verify
from firmware.records import chain
from firmware.records.chain import EMPTY, METROLOGY, Draft, Head, Stamp
from firmware.records.clock import SYNCED, ClockState

KNOWN = ClockState(SYNCED, 20)
COUNT = 12


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return signing.make(tmp_path_factory.mktemp("key") / "key")


def stamp(n: int, run: str = "aa") -> Stamp:
    return Stamp(1_770_000_000_000 + n * 900_000, 3_600, KNOWN, run, n * 900_000)


def draft(n: int) -> Draft:
    return Draft(METROLOGY, "readings", stamp(n), {"at_s": 1_770_000_000 + n * 900, "values": [["grid", n * 250, 0]]})


def log_of(signer: Signer, drafts: "list[Draft]") -> "list[str]":
    head, out = EMPTY, []
    for one in drafts:
        line, head = chain.sealed(head, one, signer)
        out.append(line)
    return out


def export(signer: Signer, lines: "list[str]", keys: "tuple[Signer, ...]" = ()) -> bytes:
    """As written by the program, then tampered with by nobody."""
    first = chain.opened(lines[0])
    head = json.dumps({
        "log": METROLOGY, "logs": [METROLOGY], "first": first["n"], "last": chain.opened(lines[-1])["n"],
        "prev": first["prev"], "head": chain.line_hash(lines[-1]), "whole": True, "key": chain.key_id(signer.public),
        "keys": [one.public.hex() for one in (signer, *keys)]}, separators=(",", ":"))
    return "\n".join(('{"export":%s,"sig":"%s"}' % (head, signer.raw(head.encode()).hex()), *lines, "")).encode()


@pytest.fixture(scope="module")
def whole(signer: Signer) -> bytes:
    return export(signer, log_of(signer, [draft(n) for n in range(1, COUNT + 1)]))


def kinds(content: bytes, **more: object) -> "list[tuple[int | None, str]]":
    return [(n, kind) for section in verify.verified(content, **more)  # type: ignore[arg-type]
            for n, kind, _ in section.findings]


def changed(content: bytes, change: object) -> bytes:
    lines = content.decode().split("\n")[:-1]
    change(lines)  # type: ignore[operator]
    return ("\n".join(lines) + "\n").encode()


def test_what_nobody_touched_is_well(whole: bytes) -> None:
    assert kinds(whole) == []


def test_a_changed_number_is_named(whole: bytes) -> None:
    def more(lines: "list[str]") -> None:
        lines[5] = lines[5].replace('["grid",1250,', '["grid",1150,')
    assert kinds(changed(whole, more)) == [(5, "altered")]


def test_removed_records_are_named(whole: bytes) -> None:
    assert kinds(changed(whole, lambda lines: lines.__delitem__(slice(4, 6)))) == [(4, "removed"), (5, "removed")]
    assert kinds(changed(whole, lambda lines: lines.pop())) == [(COUNT, "removed")]
    assert kinds(changed(whole, lambda lines: lines.pop(1))) == [(1, "removed")]


def test_inserted_records_are_named(whole: bytes, signer: Signer, tmp_path: Path) -> None:
    assert kinds(changed(whole, lambda lines: lines.insert(7, lines[3]))) == [(3, "inserted")]
    stranger = signing.make(tmp_path / "key")
    forged, _ = chain.sealed(Head(6, "0" * 64), draft(7), stranger)
    assert kinds(changed(whole, lambda lines: lines.insert(7, forged))) == [(None, "inserted")]
    assert kinds(changed(whole, lambda lines: lines.insert(7, ""))) == [(None, "inserted")]


def test_reordered_records_are_named(whole: bytes) -> None:
    def swap(lines: "list[str]") -> None:
        lines[4], lines[9] = lines[9], lines[4]
    found = kinds(changed(whole, swap))
    assert found
    assert {kind for _, kind in found} == {"reordered"}
    assert (4, "reordered") in found

    def neighbours(lines: "list[str]") -> None:
        lines[4], lines[5] = lines[5], lines[4]
    assert kinds(changed(whole, neighbours)) == [(4, "reordered")]


def test_a_record_written_anew_with_the_key_does_not_fit_its_neighbours(whole: bytes, signer: Signer) -> None:
    lines = whole.decode().split("\n")[1:-1]
    forged, _ = chain.sealed(Head(4, chain.opened(lines[4])["prev"]), draft(5)._replace(data={"by": "me"}), signer)
    found = kinds(changed(whole, lambda lines: lines.__setitem__(5, forged)))
    assert found == [(6, "altered")]  # 6 does not follow this 5


def test_a_record_dated_back_is_named_even_when_its_chain_is_right(signer: Signer) -> None:
    drafts = [draft(n) for n in range(1, COUNT + 1)]
    drafts[6] = drafts[6]._replace(stamp=stamp(7)._replace(utc_ms=stamp(3).utc_ms))
    assert (7, "back-dated") in kinds(export(signer, log_of(signer, drafts)))
    other_run = [draft(1), draft(2)._replace(stamp=stamp(2)._replace(utc_ms=stamp(0).utc_ms, run="bb", mono_ms=5))]
    assert kinds(export(signer, log_of(signer, other_run))) == [(2, "back-dated")]


def test_a_step_of_the_clock_explains_a_time_that_goes_back(signer: Signer) -> None:
    step = Draft(METROLOGY, "step", stamp(3)._replace(utc_ms=stamp(3).utc_ms - 7_200_000), {"by_ms": -7_200_000})
    after = [draft(n)._replace(stamp=stamp(n)._replace(utc_ms=stamp(n).utc_ms - 7_200_000)) for n in (4, 5)]
    assert kinds(export(signer, log_of(signer, [draft(1), draft(2), step, *after]))) == []


def test_a_whole_log_written_anew_is_found_by_a_published_checkpoint(whole: bytes, signer: Signer) -> None:
    lines = whole.decode().split("\n")[1:-1]
    told = 'hutschiene/test/records/state {"heads":{"metrology":{"n":8,"hash":"%s"}}}\n' % chain.line_hash(lines[7])
    published = verify.checkpoints("something else\n" + told)
    assert kinds(whole, published=published) == []
    anew = export(signer, log_of(signer, [draft(n)._replace(data={"at_s": n}) for n in range(1, COUNT + 1)]))
    assert kinds(anew) == []
    assert kinds(anew, published=published) == [(8, "altered")]


def test_a_key_that_was_announced_may_follow_another_and_no_other(signer: Signer, tmp_path: Path) -> None:
    second = signing.make(tmp_path / "second")
    head, lines = EMPTY, []
    announced = Draft(METROLOGY, "key", stamp(2), {"public": second.public.hex()})
    for one, key in ((draft(1), signer), (announced, signer), (draft(3), second)):
        line, head = chain.sealed(head, one, key)
        lines.append(line)
    assert kinds(export(second, lines, (signer,))) == []
    line, _ = chain.sealed(Head(1, chain.line_hash(lines[0])), draft(2), second)
    stolen = export(second, [lines[0], line], (signer,))
    assert kinds(stolen) == [(2, "key")]
    assert kinds(stolen, trusted=(chain.key_id(second.public)[:16],)) == []
    assert (None, "key") in kinds(stolen, trusted=("0" * 16,))


@pytest.mark.parametrize("seed", range(4))
def test_every_single_byte_matters(whole: bytes, seed: int) -> None:
    """A random byte of every line changed to another one, or taken out."""
    chance = random.Random(seed)
    starts = [0] + [at + 1 for at, byte in enumerate(whole[:-1]) if byte == 10]
    for begin, end in zip(starts, [*starts[1:], len(whole)]):
        at = chance.randrange(begin, end)
        other = bytes([chance.choice([byte for byte in range(256) if byte != whole[at]])])
        for spoiled in (whole[:at] + other + whole[at + 1:], whole[:at] + whole[at + 1:]):
            with contextlib.suppress(ValueError):  # no export any more, and said so
                assert kinds(spoiled), f"byte {at}"


def test_no_single_change_of_an_export_is_missed(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte of it made another one, taken out, and swapped with the next. What was reckoned once is remembered."""
    monkeypatch.setattr(verify.Key, "signed", lru_cache(maxsize=64)(verify.Key.signed))
    content = export(signer, log_of(signer, [draft(n) for n in (1, 2)]))
    assert kinds(content) == []
    missed = []
    for at in range(len(content)):
        changed_ = (content[:at] + bytes([content[at] ^ 1]) + content[at + 1:], content[:at] + content[at + 1:],
                    content[:at] + content[at + 1:at + 2] + content[at:at + 1] + content[at + 2:])
        for spoiled in changed_:
            with contextlib.suppress(ValueError):  # no export any more, and said so
                if spoiled != content and not kinds(spoiled):
                    missed.append(at)
    assert missed == []


def test_the_signature_cannot_be_written_in_its_other_form(whole: bytes) -> None:
    def turned(lines: "list[str]") -> None:
        at = lines[COUNT].rindex('"sig":"') + 7 + 64
        s = verify.N - int(lines[COUNT][at:at + 64], 16)
        lines[COUNT] = lines[COUNT][:at] + "%064x" % s + lines[COUNT][at + 64:]
    assert kinds(changed(whole, turned)) == [(COUNT, "altered")]


def test_signatures_of_the_standard_are_checked_right() -> None:
    """NIST CAVP, ECDSA SigVer, P-256 with SHA-256: its first signature, and the same with another message."""
    key = verify.Key("04" + "e424dc61d4bb3cb7ef4344a7f8957a0c5134e16f7a67c074f82e6e12f49abf3c"
                     "970eed7aa2bc48651545949de1dddaf0127e5965ac85d1243d6f60e7dfaee927")
    message = bytes.fromhex(
        "e1130af6a38ccb412a9c8d13e15dbfc9e69a16385af3c3f1e5da954fd5e7c45fd75e2b8c36699228e92840c0562fbf3772f07e17f1add56588dd"
        "45f7450e1217ad239922dd9c32695dc71ff2424ca0dec1321aa47064a044b7fe3c2b97d03ce470a592304c5ef21eed9f93da56bb232d1eeb0035"
        "f9bf0dfafdcc4606272b20a3")
    signature = ("bf96b99aa49c705c910be33142017c642ff540c76349b9dab72f981fd9347f4f"
                 "17c55095819089c2e03b9cd415abdf12444e323075d98f31920b9e0f57ec871c")
    assert not key.signed(message + b"!", signature)
    s = int(signature[64:], 16)
    assert key.signed(message, signature[:64] + "%064x" % min(s, verify.N - s))


def test_it_runs_alone_and_imports_nothing_of_ours(whole: bytes, tmp_path: Path) -> None:
    program = tmp_path / "verify.py"
    program.write_bytes(Path(verify.__file__ or "").read_bytes())
    (tmp_path / "export").write_bytes(whole)
    (tmp_path / "spoiled").write_bytes(whole.replace(b'"grid",2000', b'"grid",2001'))
    alone = [sys.executable, "-I", "-S", str(program)]
    well = subprocess.run([*alone, "export"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (well.returncode, well.stderr) == (0, "")
    assert "12 records, all as they were written" in well.stdout
    bad = subprocess.run([*alone, "spoiled", "--json"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert bad.returncode == 1
    assert json.loads(bad.stdout)[METROLOGY]["findings"][0]["kind"] == "altered"
    (tmp_path / "mailed").write_bytes(whole.replace(b"\n", b"\r\n"))
    ends = subprocess.run([*alone, "mailed"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (ends.returncode, "line ends were changed" in ends.stderr) == (1, True)
    ast.parse(program.read_bytes(), feature_version=(3, 8))
    none = subprocess.run([*alone, "verify.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (none.returncode, none.stderr) == (1, "verify.py: line 1: no head of an export\n")


@given(st.binary(max_size=300), st.integers(0, 400))
@settings(max_examples=150, deadline=None)
def test_anything_is_verified_without_a_crash(noise: bytes, at: int) -> None:
    head = b'{"export":{"log":"metrology","n":1},"sig":"' + b"0" * 128 + b'"}\n'
    for content in (noise, head + noise, head + noise + b"\n", head[:at] + noise + head[at:]):
        with contextlib.suppress(ValueError):
            assert all(section.findings for section in verify.verified(content))
    verify.checkpoints(noise.decode("latin-1"))


@pytest.mark.parametrize("told", [
    '{"heads": 5}', '{"heads": {"metrology": 5}}', "[1]", '{"heads": {"metrology": {"n": "x"}}}', '{"a":' * 5_000])
def test_what_is_no_checkpoint_is_left_alone(told: str) -> None:
    assert verify.checkpoints(told) == {}
