"""The key in a token, SoftHSM: made there, announced by the file before it, changed, taken away."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.signing import SignerGone
from drivers.token_signing import LABEL, Token
from firmware import verify
from firmware.__main__ import main
from firmware.config.file import ConfigError, load
from firmware.records.chain import LOGS, METROLOGY, key_id
from firmware.records.keeper import Keeper
from firmware.records.keys import FORMER_KEY, KEY, TokenKeys, configured
from firmware.records.legal_time import zone
from firmware.records.query import Query
from firmware.records.recorder import about
from firmware.records.retention import RULES
from sim.time_service import SimTime

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
           "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so")
MODULE = next((path for path in MODULES if os.path.exists(path)), None)
T0 = 1_792_888_000_000
PIN = "1234"

if not os.environ.get("CI"):
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    if MODULE is None or shutil.which("softhsm2-util") is None:
        pytest.skip("no SoftHSM on this machine: ./dev setup installs it", allow_module_level=True)


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Callable[[str], Callable[[], Token]]]":
    """An empty token of that label, ready to be opened. The library reads its folder once in a process."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "conf").write_text(f"directories.tokendir = {folder / 'tokens'}\n")
    (folder / "pin").write_text(PIN + "\n")
    (folder / "pin").chmod(0o600)
    before, os.environ["SOFTHSM2_CONF"] = os.environ.get("SOFTHSM2_CONF"), str(folder / "conf")

    def made(label: str) -> "Callable[[], Token]":
        subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "5678"],
                       check=True, capture_output=True, timeout=60)
        import pkcs11
        pkcs11.lib(str(MODULE)).reinitialize()
        return lambda: Token(str(MODULE), label, folder / "pin")

    yield made
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


Tokens = Callable[[str], Callable[[], Token]]
Sites = Callable[..., Path]


def lived(site: Path, keys: Any, clock: SimTime) -> Keeper:
    """A start and an end."""
    file = load(site)
    assert file.records is not None
    keeper = Keeper(file.site, Path(file.records.folder), zone("Europe/Berlin"), about(file),
                    {rule.log: rule.usual_days for rule in RULES}, keys=keys)
    clock.wait(1_000)
    keeper.turn(clock.read(), [])
    assert keeper.fault == ""
    keeper.close(clock.read())
    return keeper


def found(folder: Path, keys: Any) -> "list[str]":
    query = Query(folder)
    signer = keys.known()
    content = "".join(line + "\n" for log in LOGS for line in query.export(log, LOGS, None, None, signer))
    query.close()
    keys.close()
    return [words for section in verify.verified(content.encode()) for _, _, words in section.findings]


def test_records_signed_by_a_token_are_verified_by_anyone(token: Tokens, recorded_site: Sites) -> None:
    site, clock = recorded_site(), SimTime(T0)
    folder = site.parent / "records"
    keys = TokenKeys(folder, token("whole"))
    keeper = lived(site, keys, clock)
    assert not (folder / KEY).exists()
    assert lived(site, keys, clock).key == keeper.key
    assert found(folder, keys) == []
    signer = keys.known()
    assert key_id(signer.public) == keeper.key
    assert signer.public_der[-65:] == signer.public


def test_the_file_that_signed_until_then_announces_the_token(token: Tokens, recorded_site: Sites) -> None:
    site, clock = recorded_site(), SimTime(T0)
    folder = site.parent / "records"
    before = lived(site, None, clock)
    keys = TokenKeys(folder, token("second"))
    after = lived(site, keys, clock)
    assert after.key != before.key
    assert (folder / FORMER_KEY).exists()
    assert not (folder / KEY).exists()
    query = Query(folder)
    assert [record["data"]["note"] for record in query.records(METROLOGY, "key", 0, None)] == ["changed as asked"]
    query.close()
    assert found(folder, keys) == []


def test_a_key_that_was_prepared_in_the_token_follows(token: Tokens, recorded_site: Sites) -> None:
    site, clock = recorded_site(), SimTime(T0)
    folder = site.parent / "records"
    keys = TokenKeys(folder, token("third"))
    before = lived(site, keys, clock)
    following = keys.prepare()
    assert following is not None
    assert keys.prepare() is None
    keys.close()
    after = lived(site, keys, clock)
    assert after.key == key_id(following.public) != before.key
    assert found(folder, keys) == []
    assert lived(site, keys, clock).key == after.key


def test_a_token_that_is_pulled_costs_nothing_that_fits_in_memory(token: Tokens, recorded_site: Sites
                                                                   ) -> None:
    site, clock = recorded_site(), SimTime(T0)
    file = load(site)
    opened, there = token("fourth"), True

    def open_() -> Token:
        if not there:
            raise SignerGone("token 'fourth': no such token")
        return opened()

    keys = TokenKeys(site.parent / "records", open_)
    keeper = Keeper(file.site, site.parent / "records", zone("Europe/Berlin"), about(file),
                    {rule.log: rule.usual_days for rule in RULES}, keys=keys)
    keeper.turn(clock.read(), [])
    there = False
    keys.close()  # the session ends, as when the stick is pulled
    keeper.command({"by": "mqtt"})
    clock.wait(1_000)
    keeper.turn(clock.read(), [])
    assert "the token does not sign" in keeper.fault
    clock.wait(31_000)
    keeper.turn(clock.read(), [])
    assert "no such token" in keeper.fault
    there = True
    clock.wait(31_000)
    keeper.turn(clock.read(), [])
    assert keeper.fault == ""
    keeper.close(clock.read())
    query = Query(site.parent / "records")
    assert len(list(query.records("consumer", "command", 0, None))) == 1
    query.close()
    assert found(site.parent / "records", keys) == []


def test_by_the_configuration_and_the_verbs(token: Tokens, recorded_site: Sites, tmp_path: Path,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    token("fifth")
    (tmp_path / "pin").write_text(PIN)
    (tmp_path / "pin").chmod(0o600)
    site = recorded_site(f'token = "{MODULE}"\ntoken_label = "fifth"\npin_file = "{tmp_path / "pin"}"\n')
    table = load(site).records
    assert table is not None
    keeper = lived(site, configured(table), SimTime(T0))
    assert main(["export", str(site), "key"]) == 0
    assert keeper.key in capsys.readouterr().out
    assert main(["export", str(site), "records", "--out", str(tmp_path / "out.jsonl")]) == 0
    assert main(["verify", str(tmp_path / "out.jsonl"), "--key", keeper.key]) == 0
    assert main(["export", str(site), "new-key"]) == 0
    assert main(["export", str(site), "new-key"]) == 1
    (tmp_path / "pin").write_text("9999")
    assert main(["export", str(site), "key"]) == 1
    assert "PinIncorrect" in capsys.readouterr().err
    (tmp_path / "pin").chmod(0o644)
    assert main(["export", str(site), "key"]) == 1
    assert "chmod 600" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="a token needs token, token_label and pin_file"):
        load(recorded_site('token = "x.so"\n'))


def test_a_library_that_is_none_is_said(token: Tokens, tmp_path: Path) -> None:
    (tmp_path / "pin").write_text(PIN)
    (tmp_path / "pin").chmod(0o600)
    with pytest.raises(SignerGone, match="/nothing"):
        Token("/nothing.so", "x", tmp_path / "pin")
    with pytest.raises(SignerGone, match="'stranger'"):
        Token(str(MODULE), "stranger", tmp_path / "pin")
    opened = token("sixth")()
    assert opened.find(LABEL) is None
    opened.close()
