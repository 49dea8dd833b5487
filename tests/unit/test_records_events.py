"""Events, transactions, marked sections and charging sessions; numbers by hand, and sums that always close."""

import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers import signing
from firmware import verify
from firmware.image import Image
from firmware.records import legal_time, marks, ocmf, series
from firmware.records.events import ANSWER_MS, BEGIN, END, EXPORT, IMPORT, READING, Ask, Desk, uuid7
from firmware.records.keys import KEY
from firmware.records.sampler import CLOCK_UNKNOWN, FAULTY, MEASURED, Seen, Value
from firmware.records.store import NAME
from hal.times import TimeNow
from hal.values import Reading, reading
from sim.time_service import SimTime

BERLIN = legal_time.zone("Europe/Berlin")
T0 = int(datetime(2026, 10, 25, 0, 40, tzinfo=timezone.utc).timestamp()) * 1_000
Houses = Callable[..., Any]
CARPORT = """
[device.carport]
driver = "heidelberg_energy_control"
line = "bus"
unit = 2
node = "house"
phases = "L1 L2 L3"
"""


def counted(house: Any, now: TimeNow) -> "tuple[Reading, Reading]":
    """The wallbox counts 1 Wh at each look at which a car is there."""
    house.counter_wh += house.state != "A"
    return (reading(now.mono_ms - 100, import_wh=now.utc_ms // 1_000, export_wh=0),
            reading(now.mono_ms - 200, import_wh=house.counter_wh, state=house.state, card=house.card))


@pytest.fixture
def house_of(recorded: Houses) -> Houses:
    def made(folder: Path, clock: SimTime, counter_wh: int = 5_000) -> Any:
        house = recorded(folder, clock, counted, CARPORT)
        house.counter_wh, house.state, house.card = counter_wh, "A", None
        return house
    return made


def live(house: Any, seconds: int) -> None:
    house.live(1_000 * seconds, 10_000)


def events(house: Any) -> "list[dict[str, Any]]":
    return [record["data"] for record in house.records("metrology", "event")]


def transactions(house: Any) -> "list[marks.Transaction]":
    return marks.transactions(events(house))


def test_a_car_that_comes_and_goes_is_a_transaction(house_of: Houses, tmp_path: Path) -> None:
    house = house_of(tmp_path, SimTime(T0))
    live(house, 600)
    house.state = "B"
    live(house, 1_000)
    house.state = "C"
    live(house, 1_000)
    house.state = "A"
    live(house, 1_000)
    one, = transactions(house)
    assert (one.meter, one.number, one.energy_e()) == ("carport", 1, 199)
    assert one.end is not None
    assert (one.begin["text"], one.end["text"]) == ("car plugged in", "car unplugged")
    assert [event["seq"] for event in events(house)] == [1, 2]
    found = marks.sections(house.values()["carport"], [one])
    by_mark = {name: sum(part.energy_e for part in found if part.transaction == name) for name in ("", one.id)}
    assert by_mark == {"": 1, one.id: 199}  # one Wh passed before the reading that saw the car


def test_a_transaction_outlives_a_restart_and_the_next_has_the_next_number(house_of: Houses, tmp_path: Path) -> None:
    clock = SimTime(T0)
    house = house_of(tmp_path, clock)
    house.state = "C"
    live(house, 1_200)
    house.keeper.close(clock.read())
    clock.wait(120_000)
    again = house_of(tmp_path, clock, house.counter_wh + 12)
    again.state = "C"
    live(again, 1_200)
    again.state = "A"
    live(again, 60)
    again.keeper.close(clock.read())
    third = house_of(tmp_path, clock, again.counter_wh)
    third.state = "B"
    live(third, 60)
    first, second = transactions(third)
    assert (first.energy_e(), first.number, second.number, second.energy_e()) == (251, 1, 2, None)
    assert third.keeper.ask(Ask(BEGIN, "carport", 0)) == f"carport: transaction {second.id} is still open"


def test_a_car_that_comes_while_the_file_is_away_has_one_transaction(house_of: Houses, tmp_path: Path) -> None:
    """Its begin waits in memory; what is read back when the file is there again knows an older one only."""
    house = house_of(tmp_path, SimTime(T0))
    for state in ("C", "A"):
        house.state = state
        live(house, 60)
    kept = tmp_path / "kept"
    (tmp_path / NAME).rename(kept)
    house.state = "C"
    live(house, 10)
    assert "is gone, or another one" in house.keeper.fault
    kept.rename(tmp_path / NAME)
    live(house, 60)
    assert house.keeper.fault == ""
    house.state = "A"
    live(house, 60)
    first, second = transactions(house)
    assert (first.number, second.number) == (1, 2)
    assert first.end is not None
    assert second.end is not None
    assert (second.energy_e(), second.begin["text"]) == (6, "car plugged in")
    assert [section.findings for section in verify.verified(house.export())] == [[], [], []]


def test_a_file_that_is_gone_for_good_is_begun_anew(house_of: Houses, tmp_path: Path) -> None:
    """What went on being written to a file that nobody finds any more would be lost at the next start."""
    house = house_of(tmp_path, SimTime(T0))
    house.state = "C"
    live(house, 60)
    (tmp_path / NAME).unlink()
    live(house, 1_200)
    assert house.keeper.fault == ""
    one, = transactions(house)
    assert one.begin["text"] == "car was there at start"
    assert len(house.values()["grid"]) >= 1
    assert [section.findings for section in verify.verified(house.export())] == [[], [], []]


def test_a_transaction_outlives_any_number_of_readings(house_of: Houses, tmp_path: Path) -> None:
    clock = SimTime(T0)
    house = house_of(tmp_path, clock)
    house.state = "C"
    live(house, 600)
    begun, = events(house)
    read = {**begun, "what": READING, "transaction": "", "number": 0, "group": "", "text": '"what":"begin",'}
    keeper = house.keeper
    stamp = keeper._draft("metrology", "event", keeper._look, begun)
    keeper._store.append([stamp._replace(data={**read, "seq": number}) for number in range(2, 1_502)], keeper._signer)
    keeper.close(clock.read())
    again = house_of(tmp_path, clock, house.counter_wh)
    again.state = "C"
    live(again, 60)
    again.state = "A"
    live(again, 60)
    again.state = "C"
    live(again, 60)
    first, second = transactions(again)
    assert (first.begin, first.number, second.number) == (begun, 1, 2)
    assert first.end is not None
    assert first.end["seq"] == 1_502


def test_a_car_that_left_while_nobody_looked_ends_at_the_next_start(house_of: Houses, tmp_path: Path) -> None:
    clock = SimTime(T0)
    house = house_of(tmp_path, clock)
    house.state = "C"
    live(house, 600)
    house.keeper.close(clock.read())
    again = house_of(tmp_path, clock, house.counter_wh + 40)
    live(again, 60)
    one, = transactions(again)
    assert one.end is not None
    assert (one.end["text"], one.energy_e()) == ("car was gone at start", 99)


def test_a_reading_is_one_that_was_taken_after_it_was_asked_for(house_of: Houses, tmp_path: Path) -> None:
    clock = SimTime(T0)
    house = house_of(tmp_path, clock)
    live(house, 60)
    asked_ms = clock.read().mono_ms
    assert house.keeper.ask(Ask(READING, "grid", asked_ms, "CLS-7", "tariff change", "order 12")) == ""
    live(house, 10)
    answer, = house.keeper.answers()
    event, = events(house)
    assert answer.event == event
    assert event["captured_ms"] == T0 + 69_900
    assert (event["value"], event["source"], event["external"], event["obis"]) == (
        (T0 + 70_000) // 1_000, "CLS-7", "order 12", "1-0:1.8.0")
    assert event["event"][14] == "7"
    assert int(event["event"].replace("-", "")[:12], 16) == event["captured_ms"]
    assert house.keeper.ask(Ask(END, "grid", 0)) == "grid: no transaction is open"
    assert "no meter" in house.keeper.ask(Ask(READING, "roof", 0))
    assert "allowed are" in house.keeper.ask(Ask("middle", "grid", 0))


def test_what_was_given_can_be_asked_for_as_what_was_drawn(house_of: Houses, tmp_path: Path) -> None:
    house = house_of(tmp_path, SimTime(T0))
    live(house, 60)
    def ask(what: str, meter: str = "grid", register: str = "") -> str:
        return str(house.keeper.ask(Ask(what, meter, house.clock.read().mono_ms, register=register)))
    assert ask(READING, register="reactive") == "'reactive': allowed are import, export, both"
    assert ask(READING, register="export") == ask(READING, register="both") == ask(READING) == ""
    live(house, 10)
    assert [(one["obis"], one.get("also")) for one in events(house)] == [
        (EXPORT, None), (IMPORT, [[EXPORT, 0]]), (IMPORT, None)]
    assert ask(BEGIN, register="export") == ""
    live(house, 20)
    assert ask(END, register="both") == "grid: the open transaction is of 1-0:2.8.0"
    assert ask(END) == ""
    live(house, 10)
    one, = transactions(house)
    assert one.end is not None
    assert (one.begin["obis"], one.end["obis"], one.registers) == (EXPORT, EXPORT, (EXPORT,))
    assert (one.energy_e(EXPORT), one.energy_e()) == (0, None)  # nothing was drawn that anybody could be billed
    assert ask(READING, "carport", "export") == ""
    live(house, 2 * ANSWER_MS // 1_000)
    assert "carport: no reading within 30 s" in [answer.why for answer in house.keeper.answers()]


def test_a_meter_that_stays_silent_is_an_answer_too(house_of: Houses, tmp_path: Path) -> None:
    desk = Desk(house_of(tmp_path, SimTime(T0)).site)
    assert desk.ask(Ask(READING, "grid", 1_000)) == ""
    image = Image(2)
    for now_ms, count in ((1_000, 0), (1_000 + ANSWER_MS, 0), (1_001 + ANSWER_MS, 1)):
        assert len(desk.look(Seen(image.snapshot(now_ms, ()), frozenset()), None)) == count  # type: ignore[arg-type]


def test_two_identical_moments_have_two_names() -> None:
    assert uuid7(T0) != uuid7(T0)
    assert uuid7(T0)[19] in "89ab"


def mark(number: int, begin: int, end: "int | None", values: "dict[int, Value]", group: str = "") -> marks.Transaction:
    """Each event in the quarter hour in which the counter goes past its value."""
    def event(value: int) -> "dict[str, Any]":
        passed = [at_s for at_s, one in values.items() if (one.import_e or 0) <= value]
        return {"value": value, "scaler": 0, "obis": IMPORT, "at_s": max(passed, default=-900) + 450,
                "status": MEASURED}
    return marks.Transaction(f"t{number}", number, "m", group, event(begin), None if end is None else event(end))


def counters(*values: int) -> "dict[int, Value]":
    return {number * 900: Value("m", value, 0, 0, MEASURED, 0) for number, value in enumerate(values)}


def test_an_event_inside_an_interval_cuts_it_where_the_counter_was() -> None:
    values = counters(0, 1_000, 1_500)
    found = marks.sections(values, [mark(1, 250, 1_200, values, "supplier A"), mark(2, 1_200, None, values)])
    assert [(part.start_s, part.transaction, part.energy_e) for part in found] == [
        (0, "t1", 750), (0, "", 250), (900, "t1", 200), (900, "t2", 300), (900, "", 0)]
    assert found[0].group == "supplier A"


def test_another_meter_that_counts_the_same_numbers_again_has_none_of_the_old_transactions() -> None:
    old = counters(0, 400, 1_000)
    first, second = mark(1, 100, 700, old), mark(2, 700, 900, old)
    again = {at_s + 90_000: value for at_s, value in old.items()}
    third = mark(3, 200, None, again)
    found = marks.sections({**old, **again}, [first, second, third])
    by_mark = {name: sum(part.energy_e for part in found if part.transaction == name) for name in ("t1", "t2", "t3")}
    assert by_mark == {"t1": 600, "t2": 200, "t3": 800}
    assert sum(part.energy_e for part in found) == 2_000
    unknown = first._replace(begin={**first.begin, "status": CLOCK_UNKNOWN, "at_s": 10 ** 9})
    assert sum(part.energy_e for part in marks.sections(old, [unknown]) if part.transaction) == 600


def test_a_section_says_how_good_its_interval_is() -> None:
    values = counters(0, 1_000, 1_500)
    values[1_800] = values[1_800]._replace(status=CLOCK_UNKNOWN)
    assert [part.status for part in marks.sections(values, [mark(1, 100, None, values)])] == [
        MEASURED, MEASURED, CLOCK_UNKNOWN, CLOCK_UNKNOWN]


def test_a_faulty_interval_has_no_sections() -> None:
    values = counters(0, 1_000, 400, 900)
    values[2_700] = values[2_700]._replace(status=FAULTY)
    assert [part.start_s for part in marks.sections(values, [])] == [0]


@given(st.lists(st.integers(0, 3_000), min_size=2, max_size=20),
       st.lists(st.integers(0, 60_000), max_size=12, unique=True))
@settings(max_examples=150, deadline=None)
def test_marked_and_unmarked_always_add_up(steps: "list[int]", cuts: "list[int]") -> None:
    """Transactions anywhere: within an interval, over many, before the first and behind the last."""
    total, at = [], 0
    for step in steps:
        total.append(at)
        at += step
    ordered = sorted(cuts)
    pairs = [(ordered[n], ordered[n + 1]) for n in range(0, len(ordered) - 1, 2)]
    values = counters(*total)
    given_marks = [mark(number, begin, end, values) for number, (begin, end) in enumerate(pairs)]
    parts = marks.sections(values, given_marks)
    for one in series.intervals(values):
        assert sum(part.energy_e for part in parts if part.start_s == one.start_s) == one.import_e
    for one_mark, (begin, end) in zip(given_marks, pairs):
        inside = max(0, min(end, total[-1]) - max(begin, total[0]))
        assert sum(part.energy_e for part in parts if part.transaction == one_mark.id) == inside


def read_ocmf(text: str, public: str) -> "dict[str, Any]":
    """A reader written from the specification alone: three parts, ECDSA over the bytes of the middle one."""
    word, payload, signature = text.split("|")
    assert word == "OCMF"
    told = json.loads(signature)
    assert told["SA"] == "ECDSA-secp256r1-SHA256"
    der = bytes.fromhex(told["SD"])
    assert der[0] == 0x30
    assert der[1] == len(der) - 2
    r = int.from_bytes(der[4:4 + der[3]], "big")
    rest = der[4 + der[3]:]
    s = int.from_bytes(rest[2:2 + rest[1]], "big")
    key = verify.Key(public[-130:].lower())
    if not key.signed(payload.encode(), "%064x%064x" % (r, min(s, verify.N - s))):
        raise ValueError("signature")
    return dict(json.loads(payload))


def test_a_session_in_the_open_charge_metering_format(house_of: Houses, tmp_path: Path) -> None:
    house = house_of(tmp_path, SimTime(T0))
    house.state = "C"
    live(house, 3_600)
    house.state = "A"
    live(house, 10)
    one, = transactions(house)
    signer = signing.load(tmp_path / KEY)
    begin, end = (event["event"] for event in events(house))
    text = ocmf.session(one, {begin: "synced", end: "holdover"}, {"serial": "HD-1"}, BERLIN, signer)
    found = read_ocmf(text, ocmf.public(signer))
    assert (found["FV"], found["PG"], found["MS"]) == ("1.4", "T1", "HD-1")
    first, last = found["RD"]
    assert first["TM"] == "2026-10-25T02:40:09,800+0200 S"
    assert last["TM"] == "2026-10-25T02:40:09,800+0100 I"  # an hour later, on the day of the change
    assert (first["TX"], first["RV"], last["TX"], last["RV"], last["RU"]) == ("B", 5_001, "E", 5_360, "Wh")
    with pytest.raises(ValueError, match="signature"):
        read_ocmf(text.replace("5360", "5361"), ocmf.public(signer))
    pyocmf = pytest.importorskip("pyocmf", reason="the independent reader needs Python 3.11")
    parsed = pyocmf.OCMF.from_string(text)
    assert parsed.verify_signature(ocmf.public(signer))
    assert parsed.check_eichrecht(errors_only=True) == []


def test_a_session_bears_the_card_it_was_charged_with(house_of: Houses, tmp_path: Path) -> None:
    house = house_of(tmp_path, SimTime(T0))
    house.state = "B"
    live(house, 10)
    house.state, house.card = "C", "04A1B2C3"
    live(house, 600)
    house.state, house.card = "A", None  # some boxes forget it at once
    live(house, 10)
    one, = transactions(house)
    assert one.end is not None
    assert (one.begin["external"], one.end["external"]) == ("", "04A1B2C3")
    text = ocmf.session(one, {}, {}, BERLIN, signing.load(tmp_path / KEY))
    public = ocmf.public(signing.load(tmp_path / KEY))
    found = read_ocmf(text, public)
    assert [found[key] for key in ("IS", "IL", "IF", "IT", "ID")] == [
        True, "HEARSAY", ["RFID_PLAIN"], "UNDEFINED", "04A1B2C3"]
    over = ocmf.session(one, {}, {"driver": "ocpp_station"}, BERLIN, signing.load(tmp_path / KEY))
    assert read_ocmf(over, public)["IF"] == ["OCPP_AUTH"]
    pyocmf = pytest.importorskip("pyocmf", reason="the independent reader needs Python 3.11")
    assert pyocmf.OCMF.from_string(text).verify_signature(public)


def test_a_session_without_a_clock_says_so(house_of: Houses, tmp_path: Path) -> None:
    house = house_of(tmp_path, SimTime(T0, synced=False))
    house.state = "C"
    live(house, 600)
    house.state = "A"
    live(house, 10)
    one, = transactions(house)
    assert one.begin["status"] == CLOCK_UNKNOWN
    signer = signing.load(tmp_path / KEY)
    found = read_ocmf(ocmf.session(one, {}, {}, BERLIN, signer), ocmf.public(signer))
    assert found["RD"][0]["TM"].endswith(" U")
    assert found["RD"][0]["EF"] == "t"
