"""The verbs `decode wmbus` and `decode mbus`: what they print, and what they say when they cannot."""

import argparse
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.ciphers import cbc_seal
from drivers.wmbus_frame import to_a
from firmware import decode
from sim.mbus_slave import long_frame

KEY = bytes(range(16))
HEAD = bytes.fromhex("442d2c785634121b04")
RECORDS = bytes.fromhex("2f2f0406390000000413a1b200002f2f")
WIRED = long_frame(8, 1, 0x72, bytes.fromhex("785634122d2c1b0455040000"
                                             "04135a0000004c13120000f002ff2012341f"))


def radio(access: int = 1, sealed: bool = True) -> bytes:
    start = HEAD[1:] + bytes((access,)) * 8
    payload = cbc_seal(KEY, start, RECORDS) if sealed else RECORDS
    data = HEAD + bytes((0x7A, access, 0x04)) + (b"\x10\x05" if sealed else b"\x00\x00") + payload
    return bytes((len(data),)) + data


def call(*words: str) -> int:
    parser = argparse.ArgumentParser()
    decode.add_arguments(parser)
    return decode.run(parser.parse_args(words))


def keys(tmp_path: Path, line: str, mode: int = 0o600) -> str:
    path = tmp_path / "keys"
    path.write_text(line + "\n")
    path.chmod(mode)
    return str(path)


def written(tmp_path: Path, *frames: bytes) -> str:
    path = tmp_path / "air.txt"
    path.write_text("\n".join("b" + to_a(frame).hex() for frame in frames))
    return str(path)


@pytest.mark.parametrize("name", ["12345678", "KAM-12345678-1B-04"])
def test_radio_with_key(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert call("wmbus", written(tmp_path, radio()), "--json", "--key-file", keys(tmp_path, f"{name} {KEY.hex()}")) == 0
    got = json.loads(capsys.readouterr().out)
    assert (got["meter"], got["medium"], got["security"], got["status_words"], got["why_none"]) == (
        "KAM-12345678-1B-04", "heat", "mode 5", ["low power"], None)
    assert [(one["quantity"], one["value"], one["scaler"], one["unit"], one["number"]) for one in got["records"]] == [
        ("energy", 57, 3, "Wh", 57000), ("volume", 45729, -3, "m3", 45.729)]


def test_radio_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("wmbus", written(tmp_path, radio(sealed=False))) == 0
    out = capsys.readouterr().out
    assert out.startswith("KAM-12345678-1B-04 heat: low power\n  energy                 57000 Wh\n")
    assert out.endswith("1 frame, 0 damaged\n")


@pytest.mark.parametrize(("frames", "line", "why"), [
    ((radio(),), "", "no key: KAM-12345678-1B-04 is encrypted (mode 5)"),
    ((radio(),), "12345678 " + "11" * 16, "wrong key: no 2F 2F within"),
    ((radio(sealed=False),), "12345678 " + KEY.hex(), "unprotected: sent in the clear")])
def test_what_is_not_read_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str], frames: "tuple[bytes, ...]",
                                   line: str, why: str) -> None:
    assert call("wmbus", written(tmp_path, *frames), "--keys", keys(tmp_path, line)) == 0
    assert why in capsys.readouterr().out


def test_a_key_file_open_to_others_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = keys(tmp_path, f"12345678 {KEY.hex()}", 0o640)
    assert call("wmbus", written(tmp_path, radio()), "--keys", path) == 1
    assert "chmod 600" in capsys.readouterr().err


def test_recorded_bytes_of_a_stick(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "stick.bin"
    path.write_bytes(b"\x00" + radio(sealed=False) * 2)
    assert call("wmbus", str(path), "--stick", "rc1180", "--json") == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.fixture
def served() -> "Iterator[str]":
    """A program that writes one line to whoever connects."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        def serve() -> None:
            connected, _ = listening.accept()
            with connected:
                connected.sendall(radio(sealed=False).hex().encode() + b"\r\n")
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(5)


def test_lines_over_a_socket(served: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("wmbus", served, "--json", "--frames", "1") == 0
    assert json.loads(capsys.readouterr().out)["id"] == "12345678"


def test_wired_from_hex_and_from_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.hex").write_text(WIRED.hex(" "))
    (tmp_path / "a.bin").write_bytes(b"\xe5" + WIRED)
    lines = []
    for name in ("a.hex", "a.bin"):
        assert call("mbus", str(tmp_path / name), "--json") == 0
        lines.append(capsys.readouterr().out)
    assert lines[0] == lines[1]
    got = json.loads(lines[0])
    assert (got["id"], got["more_follows"]) == ("12345678", True)
    assert [one["number"] for one in got["records"][:2]] == [0.09, -0.012]
    assert got["records"][2]["quantity"] is None
    assert got["records"][2]["dif_vif"] + got["records"][2]["data"] == "02ff201234"


def test_the_old_fixed_structure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "f.hex").write_text("68 13 13 68 08 05 73 78 56 34 12 0A 00 E9 7E 01 00 00 00 35 01 00 00 3C 16")
    assert call("mbus", str(tmp_path / "f.hex")) == 0
    assert "12345678 water\n  volume                 0.001 m3\n  volume                 0.135 m3  (storage 1)" in (
        capsys.readouterr().out)


@pytest.mark.parametrize(("kind", "content", "why"), [
    ("wmbus", b"hello\n", "no intact wM-Bus frame (0 damaged ones)"), ("mbus", b"68 00", "no intact M-Bus frame"),
    ("wmbus", b"b00\n", "1 damaged one"), ("wmbus", None, "No such file")])
def test_errors_name_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, content: "bytes | None",
                              why: str) -> None:
    path = tmp_path / "x"
    if content is not None:
        path.write_bytes(content)
    assert call(kind, str(path)) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"{path}: ")
    assert why in err
