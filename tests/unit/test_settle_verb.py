"""`settle` as its user has it: a plan over the records of a house, a backup, an export; and what it refuses."""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from drivers import signing
from drivers.signing import Signer
from firmware.__main__ import main
from firmware.records import legal_time
from firmware.records.chain import CONSUMER, LOGS, METROLOGY, Draft, Stamp
from firmware.records.clock import SYNCED, ClockState
from firmware.records.keys import KEY
from firmware.records.query import Query
from firmware.records.store import Store

ROOT = Path(__file__).parents[2]
BERLIN = legal_time.zone("Europe/Berlin")
DAY = date(2026, 10, 25)  # of 100 quarter hours
BEGIN_S = legal_time.midnight(BERLIN, DAY)
EVENT = {"obis": "1-0:1.8.0", "scaler": 0, "unit": "Wh", "source": "", "text": "", "status": "measured"}
METERS = {"grid": (800, 0), "roof": (0, 600), "battery": (100, 50), "heat_pump": (200, 0), "carport": (300, 0),
          "flat_1": (100, 0), "flat_2": (250, 0)}  # what each imports and exports in a quarter hour, in Wh
PLAN = """
[plan]
name = "Haus"
[source.house]
{source}
[tariff.supply]
energy_ct = 25
vat_pct = 19
[tariff.roof]
energy_ct = 18.5
[settle.building]
kind = "shared"
roofs = ["roof"]
key = "constant"
tariff = "roof"
[settle.building.party.one]
meters = ["flat_1"]
[settle.building.party.two]
meters = ["flat_2", "carport"]
"""


def stamp(at_s: int) -> Stamp:
    return Stamp(at_s * 1_000 + 500, 3_600, ClockState(SYNCED, 10), "aa", (at_s - BEGIN_S) * 1_000 + 10 ** 9)


def readings(number: int, silent: "frozenset[str]") -> Draft:
    at_s = BEGIN_S + number * 900
    values = [[meter, imported * number, exported * number, 0, "measured", 10]
              for meter, (imported, exported) in METERS.items() if meter not in silent]
    return Draft(METROLOGY, "readings", stamp(at_s), {"at_s": at_s, "offset_s": 3_600, "values": values})


def event(what: str, number: int, value: int, **more: Any) -> Draft:
    """Of the charger, two minutes into a quarter hour."""
    at_s = BEGIN_S + number * 900 + 120
    return Draft(METROLOGY, "event", stamp(at_s), {
        **EVENT, "event": f"e{number}", "what": what, "seq": number, "meter": "carport", "value": value,
        "captured_ms": at_s * 1_000, "at_s": at_s, "external": "", "transaction": "t1", "number": 1, "group": "",
        **more})


def keep(folder: Path, mid: bool = True, silent: "dict[int, frozenset[str]] | None" = None,
         more: "tuple[Draft, ...]" = ()) -> Signer:
    """A day in the records; the carport's counter moves as METERS says, whatever its sessions are."""
    folder.mkdir(parents=True)
    signer = signing.make(folder / KEY)
    store = Store(folder)
    plate = {"driver": "d", **({"mid": "yes"} if mid else {})}
    plates = [{"name": name, "serial": f"S-{name}", **plate} for name in METERS]
    drafts = [Draft(METROLOGY, "start", stamp(BEGIN_S - 9), {"chain": "x", "public": signer.public.hex()}),
              Draft(METROLOGY, "meters", stamp(BEGIN_S - 8), {"meters": [
                  *plates, {"name": "flats", "driver": "virtual_meter", "sum": "flat_1 + flat_2"}]})]
    drafts += [readings(number, (silent or {}).get(number, frozenset())) for number in range(101)]
    drafts += more
    store.append(sorted(drafts, key=lambda draft: draft.stamp.utc_ms), signer)
    store.close()
    return signer


@pytest.fixture
def settle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> "Callable[..., Any]":
    """Runs the verb over a plan; its JSON, or with `code` 1 what it says on stderr."""
    def run(plan: str, *more: str, code: int = 0, form: str = "json", days: "tuple[str, str] | None" = None) -> Any:
        path = tmp_path / "plan.toml"
        path.write_text(plan.replace("{source}", 'records = "records"'))
        begin, end = days or (str(DAY), str(DAY))
        asked = ["settle", str(path), "--from", begin, "--to", end, "--format", form, "--lang", "en", *more]
        assert main(asked) == code
        out = capsys.readouterr()
        if code:
            return out.err
        return json.loads(out.out) if form == "json" else out.out
    return run


def rows(found: Any, settlement: str, table: str) -> "list[dict[str, Any]]":
    one = next(part for part in found["settlements"] if part["name"] == settlement)
    return list(one["tables"][table]["rows"])


def test_a_building_over_a_day_of_a_hundred_quarter_hours(settle: "Callable[..., Any]", tmp_path: Path) -> None:
    """300 Wh for each party: 100 for flat 1; 250 for flat 2 and 50 for its charger."""
    keep(tmp_path / "records")
    found = settle(PLAN)
    sums = rows(found, "building", "sums")
    assert [(row["meter"], row["position"], row["energy"], row["amount"]) for row in sums] == [
        ("flat_1", "roof", 10_000, 185), ("flat_1", "supplier", 0, None),
        ("carport", "roof", 5_000, 93), ("carport", "supplier", 25_000, None),  # 92.5: the cent goes to the name
        ("flat_2", "roof", 25_000, 462), ("flat_2", "supplier", 0, None),
        ("", "fed_in", 20_000, None)]
    assert rows(found, "building", "coverage") == [
        {"month": "2026-10", "intervals": 100, "settled": 100, "substituted": 0, "missing": 0}]
    assert all(row["difference"] == 0 for row in rows(found, "building", "closing"))
    assert (found["certified"], found["mark"]) == (True, None)


def test_the_mark_stays_unless_every_meter_bears_the_mid(settle: "Callable[..., Any]", tmp_path: Path) -> None:
    keep(tmp_path / "records", mid=False)
    found = settle(PLAN)
    assert (found["certified"], found["mark"]) == (False, "Not calibrated – not for legally metered billing")
    assert "not for legally metered billing" in settle(PLAN, form="html")
    assert "not for legally metered billing" in settle(PLAN, form="csv")


def test_a_gap_is_named_and_not_settled_unless_it_is_filled(settle: "Callable[..., Any]", tmp_path: Path) -> None:
    keep(tmp_path / "records", silent={number: frozenset({"flat_1"}) for number in (10, 11)})
    found = settle(PLAN)
    assert rows(found, "building", "gaps") == [
        {"from": BEGIN_S + 9 * 900, "to": BEGIN_S + 12 * 900, "meters": "flat_1"}]
    assert rows(found, "building", "sums")[0]["energy"] == 9_700
    assert found["settlements"][0]["notes"][0]["key"] == "missing"
    filled = settle(PLAN.replace('name = "Haus"', 'name = "Haus"\nfill = true'))
    assert rows(filled, "building", "sums")[0]["energy"] == 10_000
    assert rows(filled, "building", "coverage")[0]["substituted"] == 3
    assert filled["certified"] is False


def test_an_export_is_verified_before_it_is_settled(settle: "Callable[..., Any]", tmp_path: Path) -> None:
    signer = keep(tmp_path / "records")
    query = Query(tmp_path / "records")
    content = "".join(line + "\n" for log in LOGS if query.has(log, None, None)
                      for line in query.export(log, (METROLOGY,), None, None, signer))
    copy = tmp_path / "copy.sqlite"
    query.backup(copy)
    query.close()
    export = tmp_path / "house.jsonl"
    export.write_text(content)
    kept = settle(PLAN)["settlements"]
    assert settle(PLAN.replace("{source}", 'export = "house.jsonl"'))["settlements"] == kept
    assert settle(PLAN.replace("{source}", 'records = "copy.sqlite"'))["settlements"] == kept
    export.write_text(content.replace('["flat_1",5000,', '["flat_1",4000,'))
    assert "nothing is settled on it: line 54: record 53 is not what was signed" in settle(
        PLAN.replace("{source}", 'export = "house.jsonl"'), code=1)
    assert "house.gone" in settle(PLAN.replace("{source}", 'export = "house.gone"'), code=1)
    assert "no records can be read" in settle(PLAN.replace("{source}", 'records = "gone"'), code=1)


SESSIONS = """
[settle.cars]
kind = "sessions"
chargers = ["carport"]
tariff = "supply"
[settle.cars.account.Anna]
external = ["RFID1"]
cost_centre = "4711"
[settle.groups]
kind = "suppliers"
grid = "grid"
chargers = ["carport"]
group = "11XHOUSE"
"""


def test_a_session_for_its_driver_and_for_its_supplier(settle: "Callable[..., Any]", tmp_path: Path) -> None:
    """Begins 100 Wh into the fifth quarter hour and ends 200 Wh into the eighth."""
    marked = (event("begin", 4, 1_300, external="RFID1", group="11XCAR"), event("end", 7, 2_300, group="11XCAR"))
    keep(tmp_path / "records", more=marked)
    found = settle(PLAN + SESSIONS, "--detail")
    one, = rows(found, "cars", "sessions")
    assert (one["account"], one["energy"], one["amount"], one["begin"]) == ("Anna", 1_000, 30, BEGIN_S + 3_720)
    assert rows(found, "cars", "accounts") == [
        {"account": "Anna", "cost_centre": "4711", "sessions": 1, "energy": 1_000, "amount": 30}]
    assert [(row["party"], row["position"], row["energy"]) for row in rows(found, "groups", "sums")] == [
        ("11XCAR", "own", 0), ("11XCAR", "session", 1_000), ("11XHOUSE", "difference_series", 79_000)]
    parts = [row["energy"] for row in rows(found, "groups", "quarters") if row["position"] == "session"]
    assert parts[3:9] == [0, 200, 300, 300, 200, 0]
    assert found["certified"] is True


def test_a_spreadsheet_reads_umlauts_and_takes_no_card_for_a_formula(settle: "Callable[..., Any]", tmp_path: Path
                                                                     ) -> None:
    keep(tmp_path / "records", more=(event("begin", 4, 1_300, external="=1+1"), event("end", 7, 2_300)))
    settle((PLAN + SESSIONS).replace("RFID1", "=1+1").replace("Anna", '"Jörg"'), "--lang", "de", "--out",
           str(tmp_path / "out.csv"), form="csv")
    text = (tmp_path / "out.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf#")
    assert ";Jörg;'=1+1;1,000;0,30;" in text.decode("utf-8-sig")


def test_several_sources_name_their_meters(settle: "Callable[..., Any]", tmp_path: Path) -> None:
    keep(tmp_path / "records")
    keep(tmp_path / "barn")
    plan = PLAN.partition("[settle.building]")[0].replace('records"', 'records"\narea = "A"') + """
[source.barn]
records = "barn"
area = "A"
[settle.neighbours]
kind = "sharing"
key = "cascading"
tariff = "roof"
[settle.neighbours.plant.barn]
meter = "barn.roof"
[settle.neighbours.party.house]
meters = ["house.flats"]
"""
    found = settle(plan.replace('{source}', 'records = "records"\narea = "A"'))
    assert [(row["party"], row["position"], row["energy"]) for row in rows(found, "neighbours", "sums")] == [
        ("barn", "fed_in", 25_000_000), ("barn", "given", 35_000_000),
        ("house", "shared", 35_000_000), ("house", "supplier", 0)]  # a reckoned meter tells thousandths of a Wh
    assert found["settlements"][0]["notes"] == []
    assert "say which source it is of" in settle(plan.replace("house.flats", "flats"), code=1)


def test_what_a_plan_may_not_say_is_refused_with_its_line(settle: "Callable[..., Any]", tmp_path: Path) -> None:
    keep(tmp_path / "records")
    wrong = (PLAN.replace('tariff = "roof"', 'tariff = "rof"').replace("energy_ct = 25", "energy_ct = 25.0001")
             .replace('key = "constant"', 'key = "constnt"') + '[settle.x]\nkind = "share"\n[tarif.x]\nenergy_ct = 1\n')
    said = settle(wrong, code=1)
    assert re.sub(".*plan.toml", "plan.toml", said.replace("\n/", "\n")).count("plan.toml:") == 5
    for words in ("plan.toml:7: tariff.supply.energy_ct = 25.0001: finer than 0.001 ct",
                  'no such kind; did you mean shared?', 'did you mean tariff?',
                  'settle.building.key = "constnt": allowed are "cascading", "constant", "proportional"'):
        assert words in said
    assert 'meters = ["flat_1", "flat_x"]: flat_x: no such meter in the records; did you mean flat_' in settle(
        PLAN.replace('meters = ["flat_1"]', 'meters = ["flat_1", "flat_x"]'), code=1)
    assert "flat_1 is named by settle.building.party.one.meters already" in settle(
        PLAN.replace('"carport"]', '"flat_1"]'), code=1)
    assert "no such settlement; there are building" in settle(PLAN, "--only", "x", code=1)
    assert "before --from" in settle(PLAN, code=1, days=("2026-10-25", "2026-10-24"))


def test_a_price_list_that_is_wrong_or_too_short(settle: "Callable[..., Any]", tmp_path: Path) -> None:
    keep(tmp_path / "records")
    plan = PLAN + '[tariff.spot]\nspot = "prices.csv"\n[settle.bill]\nkind = "supply"\ngrid = "grid"\ntariff = "spot"\n'
    assert 'tariff.spot.spot = "prices.csv": cannot be read: No such file' in settle(plan, code=1)
    for text, words in (("time,x\n", "line 1: allowed is utc,eur_per_mwh"),
                        ("utc,eur_per_mwh\n2026-10-24T22:00Z,a\n", "line 2: allowed is a line like"),
                        ("utc,eur_per_mwh\n2026-10-24T22:00Z,1.234\n", "at most 2 decimals"),
                        ("utc,eur_per_mwh\n2026-10-24T22:00Z,1\n2026-10-24T22:00Z,2\n", "line 3: this time is there")):
        (tmp_path / "prices.csv").write_text(text)
        assert words in settle(plan, code=1)
    hourly = "utc,eur_per_mwh\n2026-10-24T22:00Z,100\n2026-10-24T23:00Z,-50\n"
    (tmp_path / "prices.csv").write_text(hourly)
    found = settle(plan)
    sums, = rows(found, "bill", "sums")
    assert (sums["energy"], sums["amount"]) == (80_000, 4 * 8 - 4 * 4)
    assert [note["key"] for note in found["settlements"][1]["notes"]] == ["unpriced"]


TENANTS = """
[settle.rented]
kind = "tenants"
grid = "grid"
roofs = ["roof"]
tariff = "supply"
basic_ct = 40
term_months = 12
[settle.rented.party.ober]
meters = ["flat_1"]
[settle.rented.party.unter]
meters = ["flat_2"]
"""


def test_the_tenant_supplement_by_the_rates_of_the_plan(settle: "Callable[..., Any]", tmp_path: Path) -> None:
    keep(tmp_path / "records")
    rate = '[settle.rented.supplement."{}"]\nct = {}\n'
    plain = settle(PLAN + TENANTS)
    found = settle(PLAN + TENANTS + rate.format("2026-02-01", 2.51) + rate.format("2026-11-01", 9))
    one, = rows(found, "rented", "supplement")
    # of 600 Wh the roof makes 43 + 107 go to the two tenants, the rest to the stairs: 100 times, at 2.51 ct/kWh
    assert (one["since"], one["energy"], one["amount"]) == ("2026-02-01", 15_000, 38)
    assert rows(found, "rented", "sums") == rows(plain, "rented", "sums")  # no tenant pays it
    later, = rows(settle(PLAN + TENANTS + rate.format("2026-11-01", 9)), "rented", "supplement")
    assert (later["since"], later["energy"], later["amount"]) == ("", 15_000, None)
    html = settle(PLAN + TENANTS + rate.format("2026-02-01", 2.51), "--lang", "de", form="html")
    assert "Mieterstromzuschlag (§ 21 Abs. 3 EEG)" in html
    assert "0,38" in html
    own = '[settle.rented.supplement."2026-02-01"]\n'
    one, = rows(settle(PLAN + TENANTS + own + "by_roof = {roof = 2.51}\n"), "rented", "supplement")
    assert (one["roof"], one["energy"], one["amount"]) == ("roof", 15_000, 38)
    for words, why in (("", "either ct or by_roof"), ("ct = 1\nby_roof = {roof = 1}", "either ct or by_roof"),
                       ("by_roof = {roff = 1}", "no roof of this settlement; did you mean roof?"),
                       ("by_roof = {roof = 1.0001}", "finer than 0.001 ct")):
        assert why in settle(PLAN + TENANTS + own + words, code=1)
    for day, ct, why in (("spring", 2, "not a day; allowed is the one from which on it holds"),
                         ("2026-02-01", 2.5001, "finer than 0.001 ct"), ("2026-02-01", -1, "allowed are 0 to 100")):
        assert why in settle(PLAN + TENANTS + rate.format(day, ct), code=1)


def test_ninety_percent_of_the_basic_supply_are_of_energy_and_base_price(settle: "Callable[..., Any]",
                                                                         tmp_path: Path) -> None:
    """10 and 25 kWh in a day at 25 + 19 %, and 60 ct; the basic supply is 28 and what its base price is."""
    keep(tmp_path / "records")
    plan = (PLAN + TENANTS).replace("vat_pct = 19\n", "vat_pct = 19\nbase_ct_day = 60\n").replace(
        "basic_ct = 40", "basic_ct = 28\nbasic_base_ct_day = {}")
    for base_ct, above in ((30, ["ober", "unter"]), (63, ["ober"]), (70, [])):
        found = settle(plan.replace("{}", str(base_ct)))
        notes = found["settlements"][1]["notes"]
        assert [note["party"] for note in notes if note["key"] == "above_90_of"] == above


def test_a_german_report_is_german_and_says_all_that_was_agreed(settle: "Callable[..., Any]", tmp_path: Path) -> None:
    keep(tmp_path / "records")
    plan = PLAN.replace("vat_pct = 19\n", 'vat_pct = 19\ngrid_ct = 8.62\nlow_ct = 3.45\nlow = ["01:00-04:00"]\n'
                        'quarters = [1, 4]\nmodule_1 = true\n') + TENANTS + """
own_supplier = true
[settle.bill]
kind = "supply"
grid = "grid"
tariff = "supply"
[settle.flat]
kind = "storage-flat"
grid = "grid"
installed_wp = 8000
storage_wh = 10000
"""
    told = settle(plan, "--lang", "de", form="html")
    assert "<li class=told>Tarif supply: Modul 1" in told  # no warning
    html = re.sub("<[^>]*>+", "|", told)
    for words in ("Schlüssel||fest", "Reihenfolge||wie aufgezählt", "eigener Lieferant||ja", "USt. (%)",
                  "Grundversorgung (ct/kWh)||40,0", "NT||3,450||01:00-04:00||1, 4", "Zeilen der Anlage 2",
                  "um 13188 ct netto im Jahr"):
        assert words in html, words
    for words in ("own_supplier", "constant", "term_months", "Anlage 1", "True", "‰"):
        assert words not in html, words
    terms = rows(settle(plan), "building", "terms")
    assert {"party": "", "what": "key", "said": "constant"} in terms


EVIDENCE = """
[settle.control]
kind = "evidence"
grid = "grid"
devices = ["carport", "heat_pump"]
roofs = ["roof"]
[settle.relief]
kind = "relief"
meter = "heat_pump"
allocated = "allocated.csv"
[settle.flat]
kind = "storage-flat"
grid = "grid"
installed_wp = 8000
storage_wh = 10000
[settle.split]
kind = "storage-split"
grid = "grid"
storage = "battery"
"""


def test_evidence_relief_and_storage(settle: "Callable[..., Any]", tmp_path: Path) -> None:
    at_s = BEGIN_S + 7_300
    said = {"event": "o1", "source": "box", "direction": "consume", "ceiling_w": 1_500, "input_lost": False}
    told = [{**said, "state": "received", "after_ms": 0, "owed_w": 7_560},
            {**said, "state": "applied", "after_ms": 800}, {**said, "state": "kept", "after_ms": 9_000},
            {"state": "minute", "mean_w": {"grid": 1_400}},
            {**said, "state": "resumed", "after_ms": 1_000_000},
            {**said, "state": "released", "after_ms": 2_700_000, "cause": "taken back", "most_w": 1_500, "over_s": 3}]
    keep(tmp_path / "records", more=tuple(
        Draft(CONSUMER, "obligation-minute" if one["state"] == "minute" else "obligation",
              stamp(at_s + one.get("after_ms", 60_000) // 1_000), one) for one in told))
    (tmp_path / "allocated.csv").write_text(
        "utc,kwh\n2026-10-25T10:00Z,1\n2026-10-25T11:00Z,0.5\n2026-10-26T10:00Z,9\n")
    found = settle(PLAN + EVIDENCE, "--detail")
    one, = rows(found, "control", "obligations")
    assert (one["id"], one["answer_ms"], one["comply_ms"], one["owed_w"]) == ("o1", 800, 9_000, 7_560)
    assert [step["state"] for step in rows(found, "control", "obligation_steps")] == [
        "received", "applied", "kept", "resumed", "released"]
    assert one["restarts"] == 1
    assert [row["mean_w"] for row in rows(found, "control", "obligation_minutes")] == [1_400]
    held = rows(found, "control", "obligation_quarters")
    assert [row["start"] for row in held] == [BEGIN_S + 8_100, BEGIN_S + 9_000]
    assert [held[0][key] for key in ("grid_w", "controlled_w", "counted_w", "prorata_w", "over")] == [
        3_200, 2_000, 2_000, 1_143, True]
    hours = rows(found, "relief", "relief")
    assert [(row["allocated"], row["used"], row["counted"], row["short"]) for row in hours] == [
        (1_000, 800, 800, 200), (500, 800, 500, 0)]
    split, = rows(found, "split", "split")
    assert (split["levy_reducing"], split["levied"], split["eligible"]) == (0, 80_000, 0)
    flat, = rows(found, "flat", "split")  # a day: nothing is fed in
    assert (flat["levy_reducing_flat"], flat["levied_flat"], flat["eligible_flat"]) == (0, 80_000, 0)
    assert [(row["line"], row["energy"]) for row in rows(found, "flat", "flat_lines")][:4] == [
        ("P1", 4_000_000), ("P2", None), ("P3", 320_000), ("P4", 4_320_000)]
    (tmp_path / "allocated.csv").write_text("utc,kwh\n2026-10-25T10:15Z,1\n")
    assert "allowed are whole hours" in settle(PLAN + EVIDENCE, code=1)


def test_the_example_is_a_plan_and_speaks_both_languages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(tmp_path / "records")
    plan = tmp_path / "plan.toml"
    plan.write_text((ROOT / "deploy/plan.example.toml").read_text().replace("/var/lib/hutschiene/records", "records"))
    (tmp_path / "prices.csv").write_text("utc,eur_per_mwh\n2026-10-24T22:00Z,100\n")
    (tmp_path / "allocated.csv").write_text("utc,kwh\n2026-10-25T10:00Z,1\n")
    for lang, words in (("de", "Gemeinschaftliche Gebäudeversorgung"), ("en", "Shared building supply")):
        out = tmp_path / f"{lang}.html"
        asked = ["settle", str(plan), "--from", str(DAY), "--to", str(DAY), "--format", "html", "--lang", lang]
        assert main([*asked, "--detail", "--out", str(out)]) == 0
        text = out.read_text()
        assert words in text
        assert "http" not in text.replace("http-equiv", "")  # nothing is fetched from anywhere
        assert main([*asked, "--out", str(out)]) == 1  # nothing is written over
    assert "is there already" in capsys.readouterr().err
