"""Smart-meter gateways: what each maker says, what is believed of it, and an account that is never locked by us."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from drivers import digest, key_file, smgw_account, smgw_casa, smgw_conexa, smgw_ppc
from drivers.digest import challenge
from drivers.smgw_account import AFTER_REFUSED_S, LEAST_S, Account
from drivers.smgw_gateway import Gateway
from drivers.smgw_https import Answer, Transport
from drivers.smgw_meter import MISSED, SmgwMeter
from drivers.smgw_values import measured
from firmware.config.file import ConfigError, load
from firmware.day import Day
from hal.faults import FRAME, REFUSED, TIMEOUT, DeviceError
from hal.measured import OWN_CLOCK
from sim.rng import Rng
from sim.smgw_gateway import LOCKS_AFTER, SimGateway
from sim.smgw_pages import Counted

MAKERS = ("conexa", "casa", "ppc")
METER, OTHER = "1emh0012345678", "7elr0000000001"
TIME = "2026-06-21 12:15:00"
KEPT = ((METER, (Counted("0100010800ff", 12_345_678, -1, 30), Counted("0100020800ff", 98_765, -1, 30))),
        (OTHER, (Counted("0700030000ff", 4_711, -2, 13),)))
HOUR_MS, QUARTER_MS = 3_600_000, 900_000
S_OF_START = 1_800_000_000


class Inside(Transport):
    """Straight into the simulated gateway; `broken` breaks the line before a request, and is told what it was."""

    certificate = "aa" * 32

    def __init__(self, gateway: SimGateway, broken: "Callable[[str], bool]") -> None:
        self._gateway, self._broken = gateway, broken

    def ask(self, method: str, path: str, headers: "dict[str, str]", body: bytes) -> Answer:
        said = self._gateway.answer(method, path, {name.lower(): value for name, value in headers.items()}, body)
        if self._broken(headers.get("Authorization", "")):
            raise DeviceError(TIMEOUT, "cut")
        return Answer(*said)

    def close(self) -> None:
        pass


class House:
    """A simulated gateway and its client, which can be started again."""

    def __init__(self, path: Path, maker: str, password: str = "geheim", most: int = 2, md5: bool = False) -> None:
        self.sim = SimGateway(maker, "user", "geheim", lambda: KEPT)
        self.sim.capture(TIME)
        self.path, self.maker, self.password, self.most, self.md5 = path / "state", maker, password, most, md5
        self.now_ms, self.sessions, self.clock_s = 0, 0, S_OF_START
        self.broken: "Callable[[str], bool]" = lambda login: False
        self.start()

    def start(self, password: str = "") -> None:
        self.password = password or self.password
        path = str(self.path)

        def connect(shown: str) -> Transport:
            self.sessions += 1
            return Inside(self.sim, self.broken)

        self.gateway = Gateway(
            self.maker, connect, lambda: ("user", self.password),
            lambda user, word: Account(smgw_account.kept(path), lambda fields: smgw_account.keep(path, fields), user,
                                       word, self.most),
            self.md5, "", lambda: self.clock_s + self.now_ms / 1000)

    def ask(self) -> "DeviceError | None":
        try:
            self.gateway.ask(self.now_ms, QUARTER_MS)
        except DeviceError as error:
            return error
        return None

    def live(self, hours: int, restart_s: int = 0) -> None:
        """Asked every minute, and started anew every so often."""
        for minute in range(60 * hours):
            if restart_s and minute * 60 % restart_s == 0:
                self.start()
            self.ask()
            self.now_ms += 60_000


@pytest.mark.parametrize("maker", MAKERS)
def test_every_maker_tells_the_same(tmp_path: Path, maker: str) -> None:
    house = House(tmp_path, maker)
    assert house.ask() is None
    found = {(one.meter, one.entry.obis.hex()): one for one in house.gateway.values}
    assert set(found) == {(METER, "0100010800ff"), (METER, "0100020800ff"), (OTHER, "0700030000ff")}
    energy, volume = (measured((found[key],))[0] for key in ((METER, "0100010800ff"), (OTHER, "0700030000ff")))
    assert (energy.medium, energy.quantity, energy.value * 10 ** (energy.scaler + 1), energy.unit) == (
        "electricity", "energy", 12_345_678, "Wh")
    assert (volume.medium, volume.quantity, volume.value, volume.scaler, volume.unit) == ("gas", "volume", 4_711, -2,
                                                                                         "m3")
    assert (energy.time or "")[:19] == "2026-06-21T12:15:00"
    assert (energy.clock, energy.status) == (OWN_CLOCK, ())
    assert house.sim.session == ""


def test_a_meter_has_its_energies_and_no_power_of_then(tmp_path: Path) -> None:
    house = House(tmp_path, "casa")
    house.sim._meters = lambda: ((METER, (*KEPT[0][1], Counted("0100100700ff", -4_000, 0, 27))), KEPT[1])
    house.sim.capture(TIME)
    meter = SmgwMeter(house.gateway, METER, QUARTER_MS, (0, 1, 2))
    got = meter.read(5_000)
    assert (got.t_ms, got.import_wh, got.export_wh, got.total_w, got.power_w) == (5_000, 1_234_567, 9_876, None, None)
    assert [one.value for one in meter.measured if one.quantity == "power"] == [-4_000]
    gas = SmgwMeter(house.gateway, OTHER, QUARTER_MS, (0, 1, 2)).read(6_000)
    assert (gas.t_ms, gas.import_wh) == (5_000, None)
    for unknown in ("", "1xyz0000000000"):
        with pytest.raises(DeviceError, match=f"{METER}, {OTHER}"):
            SmgwMeter(house.gateway, unknown, QUARTER_MS, (0, 1, 2)).read(7_000)
    assert house.sessions == 1


def test_old_readings_end(tmp_path: Path) -> None:
    house = House(tmp_path, "casa")
    meter = SmgwMeter(house.gateway, METER, QUARTER_MS, (0, 1, 2))
    good = meter.read(0)
    house.broken = lambda login: True
    assert meter.read(MISSED * QUARTER_MS) is good
    with pytest.raises(DeviceError) as caught:
        meter.read(MISSED * QUARTER_MS + 1)
    assert caught.value.kind == TIMEOUT


@pytest.mark.parametrize("maker", MAKERS)
def test_a_gateway_is_left_alone(tmp_path: Path, maker: str) -> None:
    """A session a quarter of an hour; a daemon that dies every two minutes asks no oftener than every five."""
    house = House(tmp_path, maker)
    house.live(3)
    assert house.sessions == 12
    restless = House(tmp_path / "restless", maker)
    restless.live(3, restart_s=120)
    assert 3 * 3600 // (LEAST_S + 120) <= restless.sessions <= 3 * 3600 // LEAST_S


def test_two_that_share_the_account_leave_it_alone_together(tmp_path: Path) -> None:
    """The service, and whoever asks once beside it: each begins when the other has just been there."""
    service, beside = House(tmp_path, "ppc"), House(tmp_path, "ppc")
    begun = []
    for minute in range(600):
        service.now_ms = beside.now_ms = 60_000 * minute
        before = service.sessions + beside.sessions
        if minute % 7 == 0:
            beside.start()
            beside.ask()
        service.ask()
        begun += [60 * minute] * (service.sessions + beside.sessions - before)
    assert min(after - before for before, after in pairwise(begun)) >= LEAST_S
    assert min(service.sessions, beside.sessions) > 20


@pytest.mark.parametrize("years", [-1, -9, 1])
def test_a_clock_that_is_set_costs_one_wait_at_most(tmp_path: Path, years: int) -> None:
    house = House(tmp_path, "casa")
    house.live(1)
    assert house.sessions == 4
    house.clock_s += years * 31_557_600
    house.live(1)
    assert 7 <= house.sessions <= 8
    house.start()
    house.live(1)
    assert 11 <= house.sessions <= 12


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("restart_s", [0, 180])
def test_a_wrong_password_never_locks_the_account(tmp_path: Path, maker: str, restart_s: int) -> None:
    house = House(tmp_path, maker, password="falsch")
    house.live(6, restart_s)
    assert house.sim.failed == 2 < LOCKS_AFTER
    fault = house.ask()
    assert fault is not None
    assert fault.kind == REFUSED
    assert "2 logins in a row have failed" in fault.detail
    house.start("geheim")  # the file of the logins was put right
    house.live(2)
    assert not house.sim.locked
    assert house.gateway.values


def test_a_refused_login_waits_an_hour(tmp_path: Path) -> None:
    house = House(tmp_path, "casa", password="falsch")
    house.ask()
    for _ in range(AFTER_REFUSED_S // 60 - 1):
        house.now_ms += 60_000
        house.ask()
    assert (house.sim.failed, house.sessions) == (1, 1)
    house.now_ms += 60_000
    house.ask()
    assert (house.sim.failed, house.sessions) == (2, 2)


def test_a_crash_in_the_middle_of_a_login_is_counted(tmp_path: Path) -> None:
    """Killed after the login went out: the next life knows of it."""
    house = House(tmp_path, "casa", password="falsch", most=1)

    def killed(login: str) -> bool:
        if login:
            raise KeyboardInterrupt
        return False

    house.broken = killed
    with pytest.raises(KeyboardInterrupt):
        house.gateway.ask(0, QUARTER_MS)
    house.broken = lambda login: False
    house.start()
    house.now_ms = 5 * HOUR_MS
    assert house.ask() is not None
    assert house.sim.failed == 1


@pytest.mark.parametrize("proven", [True, False])
def test_an_answer_that_never_came(tmp_path: Path, proven: bool) -> None:
    """A login that was once taken is not doubted; a new one may have been refused unheard."""
    house = House(tmp_path, "conexa")
    if proven:
        house.ask()
    house.broken = bool
    house.now_ms = HOUR_MS
    house.live(5)
    house.broken = lambda login: False
    house.live(2)
    assert bool(house.gateway.values and house.gateway.asked_ms > HOUR_MS) is proven


def test_a_nonce_that_ran_out_is_no_failed_login(tmp_path: Path) -> None:
    house = House(tmp_path, "ppc")
    asked = 0

    def forgets(login: str) -> bool:
        nonlocal asked
        asked += 1
        if asked % 4 == 0:
            house.sim.forget()
        return False

    house.broken = forgets
    house.live(3)
    assert (house.sim.failed, house.sim.session) == (0, "")
    assert house.gateway.values


def test_a_session_of_somebody_else_is_waited_for(tmp_path: Path) -> None:
    house = House(tmp_path, "ppc")
    house.sim.session = "theirs"
    fault = house.ask()
    assert fault is not None
    assert "another one is open" in fault.detail
    house.sim.session = ""
    house.live(1)
    assert house.gateway.values


def test_what_somebody_changed_on_the_way_still_logs_out(tmp_path: Path) -> None:
    house = House(tmp_path, "ppc")
    house.sim._meters = lambda: ()
    house.sim.capture(TIME)
    fault = house.ask()
    assert fault is not None
    assert (fault.kind, fault.detail, house.sim.session) == (FRAME, "meterform: no meter on the page", "")


def test_a_conexa_that_means_md5(tmp_path: Path) -> None:
    for md5 in (False, True):
        house = House(tmp_path / str(md5), "conexa", md5=md5)
        house.sim.means, house.sim.algorithm = "MD5", "SHA-256"
        assert (house.ask() is None) is md5
    empty = House(tmp_path / "empty", "casa")
    empty.sim.empty = True
    fault = empty.ask()
    assert fault is not None
    assert 'digest = "md5"' in fault.detail


def test_the_state_is_only_the_owners_and_holds_no_password(tmp_path: Path) -> None:
    house = House(tmp_path, "casa")
    house.ask()
    assert house.path.stat().st_mode & 0o777 == 0o600
    text = house.path.read_text()
    assert "geheim" not in text
    assert json.loads(text)["certificate"] == "aa" * 32
    house.path.write_text(text[:20])
    house.start()
    house.now_ms = HOUR_MS
    fault = house.ask()
    assert fault is not None
    assert "logins in a row have failed" in fault.detail
    house.path.unlink()
    house.now_ms += HOUR_MS
    assert house.ask() is None


def test_a_count_that_cannot_be_kept_stops_the_login(tmp_path: Path) -> None:
    house = House(tmp_path, "casa")
    (tmp_path / "file").write_text("")
    house.path = tmp_path / "file" / "state"
    house.start()
    fault = house.ask()
    assert fault is not None
    assert fault.kind == REFUSED
    assert house.sim.requests == 0


CASA = {"capture_time": "2026-01-01T00:00:00+01:00", "status": "a0000000000000", "values": [
    {"logical_name": "0100010800ff.1test000000001.sm", "scaler": -1, "unit": 30, "value": "12345678", "signature": "-"},
    {"logical_name": "0100100700FF.1test000000001.sm", "scaler": 0, "unit": 27, "value": "-500"},
    {"logical_name": "short", "scaler": 0, "unit": 27, "value": "1"},
    {"logical_name": "0100020800ff", "scaler": -1, "unit": 30, "value": 12.5},
    {"logical_name": "0100020800ff", "unit": 30, "value": "9"},
    {"logical_name": "0100020800ff", "scaler": 0, "unit": 30, "value": "9" * 19}, 7, None]}


def test_casa_keeps_what_is_a_number_and_its_status() -> None:
    got = smgw_casa.values("m", json.dumps(CASA).encode())
    assert [(one.entry.value, one.entry.scaler, one.entry.unit) for one in got] == [(12_345_678, -1, 30), (-500, 0, 27)]
    assert {(one.time, one.status) for one in got} == {("2026-01-01T00:00:00+01:00", ("status a0000000000000",))}
    assert smgw_casa.meters(b'["1a.b", "../x", "", 5, "ok"]') == ("1a.b", "ok")


def test_conexa_chooses_what_runs_and_guesses_no_scaler() -> None:
    points = [{"usage-point-id": name, "taf-state": state, "taf-number": taf, "meter": meter}
              for name, state, taf, meter in (("a", "running", "1", [{"meter-id": "m1"}]), ("b", "archive", "7", []),
                                              ("c", "running", "7", []))]
    body = json.dumps({"user-info": {"usage-points": points}}).encode()
    assert smgw_conexa.points(body) == (("c", ""),)
    assert smgw_conexa.points(body.replace(b'"c"', b"7")) == (("a", "m1"),)
    info = {"usage-point-info": {"databases": [{"database": "derived", "channels": [
        {"obis": "0100010800ff", "scaler": "3", "unit": "30"}]}, {"database": "origin", "channels": [
            {"obis": "0100020800ff", "scaler": "-1", "unit": "30"}, {"obis": "0100010800ff", "scaler": "-1"}]}]}}
    known = smgw_conexa.channels(json.dumps(info).encode())
    assert list(known) == [bytes.fromhex("0100020800ff")]
    said = {"readings": {"channels": [{"obis": obis, "readings": [{"value": "123", "capture-time": "T", "fnn-status":
            "0x40"}]} for obis in ("0100010800ff", "0100020800ff")]}}
    got, = smgw_conexa.readings(json.dumps(said).encode(), "m", known)
    assert (got.entry.obis.hex(), got.entry.value, got.entry.scaler, got.time, got.status) == (
        "0100020800ff", 123, -1, "T", ("fnn-status 0x40",))


def row(**cells: str) -> str:
    found = "".join(f'<td id="table_metervalues_col_{name}">{text}</td>' for name, text in cells.items())
    return f"<tr>{found}</tr>"


def test_a_page_that_was_cut_off_tells_nothing_wrong() -> None:
    """Each value of any beginning of it is one of the whole."""
    rows = [row(timestamp="2026-05-16 00:00:01", einheit="kWh", istvalide="1", obis=obis, wert="3344.0514")
            for obis in ("1-0:1.8.12", "1-0:2.8.0*255")]
    page = f'<table id="metervalue">{"".join(rows)}</table>'
    whole = smgw_ppc.values_of_page(page.encode(), "m")
    assert len(whole) == 2
    for end in range(len(page)):
        assert set(smgw_ppc.values_of_page(page[:end].encode(), "m")) <= set(whole), end


def test_ppc_rows_inherit_and_gaps_are_no_values() -> None:
    page = '<table id="metervalue">' + "".join((
        row(timestamp="2026-05-16 00:00:01", wert="10.5993", einheit="kWh", istvalide="1", obis="1-0:2.8.0"),
        row(timestamp="", wert="3344.0514", einheit="kWh", istvalide="", obis="1-0:1.8.0*255"),
        row(timestamp="2026-05-15 12:00:01", wert="1005.0", einheit="kWh", istvalide="2", obis="1-0:1.8.1"),
        row(wert="7", einheit="kWh", obis="1-0:1.8.2"),
        row(timestamp="2026-05-15 11:00:01", wert="1", einheit="kWh", istvalide="3", obis="1-0:1.8.3"),
        row(timestamp="nonsense", wert="9999.0", einheit="kWh", istvalide="1", obis="1-0:1.8.4"),
        row(wert="8888.0", einheit="kWh", obis="1-0:2.8.4"),
        row(timestamp="2026-05-15 10:00:01", wert="5", einheit="furlong", istvalide="1", obis="1-0:1.8.5"),
        row(timestamp="2026-05-15 10:00:01", wert="5", istvalide="1", obis="1-0:1.8.6"),
    )) + "</table>" + row(timestamp="2026-05-15 10:00:01", wert="5", einheit="kWh", obis="1-0:1.8.7")
    got = smgw_ppc.values_of_page(page.encode(), "m")
    assert [(one.entry.obis[2:5].hex(), one.entry.value, one.entry.scaler, one.status) for one in got] == [
        ("020800", 105_993, -1, ()), ("010800", 33_440_514, -1, ()), ("010801", 10_050, 2, ("invalid",)),
        ("010802", 7, 3, ("invalid",))]
    assert {one.time for one in got[:2]} == {"2026-05-16T00:00:01+02:00"}
    assert smgw_ppc.meter_name("01005e318002.1lgz0072999211.sm") == "1lgz0072999211"


def test_digest_of_the_standards_example() -> None:
    """RFC 2617, 3.5; the client's own nonce put back."""
    asks = challenge('Digest realm="testrealm@host.com", qop="auth,auth-int", '
                     'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"')
    said = digest.answer(asks, "Mufasa", "Circle Of Life", "GET", "/dir/index.html", 1)
    once = said.partition('cnonce="')[2].partition('"')[0]
    who = digest.made("MD5", "Mufasa:testrealm@host.com:Circle Of Life")
    what = digest.made("MD5", "GET:/dir/index.html")
    head = f"{who}:{asks['nonce']}:00000001"
    assert digest.made("MD5", f"{head}:0a4f113b:auth:{what}") == "6629fae49393a05397450978507c4ef1"
    made = digest.made("MD5", f"{head}:{once}:auth:{what}")
    assert f'response="{made}"' in said
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in said
    for unknown in ('Basic realm="x"', 'Digest realm="x", nonce="1", algorithm=SHA-512',
                    'Digest realm="x", nonce="1", qop="auth-int"', 'Digest realm="x"', ""):
        assert challenge(unknown) == {}


def test_logins_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "logins"
    path.write_text("# gateways\nsmgw 0123 p#ss w:rd \nother x\ty\n")
    path.chmod(0o600)
    assert key_file.login(str(path), "smgw") == ("0123", "p#ss w:rd")
    assert key_file.login(str(path), "other") == ("x", "y")
    for text, name, why in (("smgw a b\nsmgw a b", "smgw", "2 logins of the name smgw"), ("", "smgw", "0 logins"),
                            ("smgw geheim", "smgw", ":1: allowed is NAME USER PASSWORD"),
                            ('smgw "a" geheim', "smgw", ":1: allowed is NAME USER PASSWORD")):
        path.write_text(text)
        with pytest.raises(ValueError, match=why) as caught:
            key_file.login(str(path), name)
        assert "geheim" not in str(caught.value)
    path.chmod(0o640)
    with pytest.raises(ValueError, match="chmod 600"):
        key_file.login(str(path), "smgw")


SITE = """
[site]
name = "x"
latitude = 48.0
longitude = 11.0
[line.bus]
kind = "modbus-rtu"
port = "/dev/ttyUSB0"
[line.gate]
kind = "smgw"
maker = "{maker}"
state = "{folder}/state"
logins = "{folder}/logins"
[node.house]
rated_a = 35
curve = "sls-e"
meter = "grid"
[device.grid]
driver = "eastron_sdm630"
line = "bus"
unit = 1
[device.official]
driver = "smgw_meter"
line = "gate"
id = "1emh0012345678"
"""


def site(tmp_path: Path, maker: str = "casa", more: str = "") -> Path:
    logins, path = tmp_path / "logins", tmp_path / "site.toml"
    logins.touch(0o600)
    logins.write_text("smgw user geheim\n")
    path.write_text(SITE.format(maker=maker, folder=tmp_path) + more)
    return path


def test_the_configuration_says_what_is_wrong(tmp_path: Path) -> None:
    two = '[device.two]\ndriver = "smgw_meter"\nline = "gate"\n'
    gate = f'[line.two]\nkind = "smgw"\nmaker = "ppc"\nstate = "{tmp_path}/state"\nhost = "192.168.0.9"\n'
    for more, why in ((two + 'id = "1emh0012345678"\n', "already has this address"),
                      (two + "[device.three]\n" + two.partition("\n")[2], r"three.id is missing"),
                      (two + "every_s = 60\n", "every_s = 60"), (gate, "has this file already"),
                      (gate.replace("192.168.0.9", "192.168.100.100"), "is already there")):
        with pytest.raises(ConfigError, match=why):
            load(site(tmp_path, more=more))
    with pytest.raises(ConfigError, match=r"line.gate.maker"):
        load(site(tmp_path, maker="unknown"))
    file = load(site(tmp_path))
    assert (file.site.devices[1].ability.kind, file.site.devices[1].stale_ms) == ("sensor", 2_700_000)
    (tmp_path / "logins").chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        load(tmp_path / "site.toml")


@pytest.mark.parametrize("maker", MAKERS)
def test_a_simulated_house_shows_it_and_decides_without_it(tmp_path: Path, maker: str) -> None:
    day = Day(load(site(tmp_path, maker)), "sunny", 7, start_ms=12 * HOUR_MS)
    for _ in range(20):
        snapshot, plan = day.second()
    heard = snapshot.heard[1]
    assert heard.reading is not None
    assert (heard.fault, heard.reading.total_w) == (None, None)
    grid = day.simulated.house.nodes[0]
    assert heard.reading.import_wh is not None
    assert 0 <= grid.import_wh - heard.reading.import_wh < 200
    assert plan.nodes[0].believed
    assert not (tmp_path / "state").exists()


def mutated(data: bytes, rng: Rng) -> bytes:
    for _ in range(rng.between(1, 3)):
        at = rng.below(len(data)) if data else 0
        kind = rng.below(5)
        piece = (b"", bytes((rng.below(256),)), b"<![x[", b'{"a":[' * rng.below(40), b"9" * rng.below(30))[kind]
        data = data[:at] + piece + data[at + rng.below(4):]
    return data


def test_mutated_answers_raise_nothing_foreign() -> None:
    rng = Rng(46)
    sims = {maker: SimGateway(maker, "", "", lambda: KEPT) for maker in MAKERS}
    for sim in sims.values():
        sim.capture(TIME)
    casa, ppc = sims["casa"], sims["ppc"]
    page = casa._casa("GET", f"/json/metering/origin/{METER}/extended", {}, b"")[2]
    values = ppc._page(
        "<table id='metervalue'>" + row(timestamp=TIME, wert="1.5", einheit="kWh", istvalide="1", obis="1-0:1.8.0")
        + "</table>")
    asked = [json.dumps({"method": method, "usage-point-id": "up0", "last-reading": "true"}).encode()
             for method in ("user-info", "usage-point-info", "readings")]
    info, point, said = (sims["conexa"]._conexa("POST", "/smgw/m2m/0123456789abcdef.sm/json",
                                                {"content-type": "application/json"}, body)[2] for body in asked)
    known = smgw_conexa.channels(point)
    readers: "tuple[tuple[bytes, Callable[[bytes], object]], ...]" = (
        (page, lambda data: measured(smgw_casa.values("m", data))),
        (b'["a", "b"]', smgw_casa.meters), (info, smgw_conexa.points), (point, smgw_conexa.channels),
        (said, lambda data: measured(smgw_conexa.readings(data, "m", known))),
        (values, lambda data: measured(smgw_ppc.values_of_page(data, "m"))))
    told = refused = 0
    for good, reader in readers:
        assert reader(good)
        for _ in range(1_500):
            try:
                told += bool(reader(mutated(good, rng)))
            except DeviceError:
                refused += 1
    assert told > 1_500
    assert refused > 1_500
