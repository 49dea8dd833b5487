"""Whatever a station says, in whatever shape: it is answered or refused, and nothing else happens."""

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers import ocpp_frames
from drivers.ocpp_cards import Cards
from drivers.ocpp_desk import At, Desk
from drivers.ocpp_frames import Answers, Asks, Broken
from drivers.ocpp_reading import reading_of
from drivers.ocpp_talk import DIALECTS, judged
from drivers.ocpp_talk import answered as answered_by
from hal.faults import DeviceError
from sim.car import Car
from sim.ocpp_point import ChargePoint

NAMES = ("ocpp1.6", "ocpp2.0.1")
ODD = st.one_of(
    st.none(), st.booleans(), st.text(max_size=8), st.integers(), st.floats(), st.lists(st.integers(), max_size=3),
    st.sampled_from((float("nan"), float("inf"))),
    st.sampled_from((10 ** 400, -1, 0, 1e308, "NaN", "-1e999", "9" * 400, {}, [], "2026-99-99T00:00:00Z",
                     "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59")))


def spoken(name: str) -> "list[tuple[str, dict[str, Any]]]":
    """All that a station has to say in a session."""
    point, car = ChargePoint("CP-1", name[4:]), Car((0, 1, 2), seed=1)
    point.add(1, car, "04A1B2C3")
    point.connects()
    said = []
    for second in range(60):
        if second == 3:
            car.plug()
        if second == 50:
            car.unplug()
        car.step(1000 * (second + 1), 1000)
        point.every_ms = 5_000
        point.tick(1000 * (second + 1))
        while (due := point.due()) is not None:
            said.append(due)
            status = {"status": "Accepted"}
            point.answered({"currentTime": "2026-11-21T12:00:00Z", "transactionId": 7, "idTagInfo": status,
                            "idTokenInfo": status})
    return said


SPOKEN = {name: spoken(name) for name in NAMES}


def leaves(tree: Any, path: "tuple[Any, ...]" = ()) -> "list[tuple[Any, ...]]":
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path] * bool(path) + [one for key, value in items for one in leaves(value, (*path, key))]


def spoilt(data: st.DataObject, payload: "dict[str, Any]") -> "dict[str, Any]":
    out = copy.deepcopy(payload)
    for _ in range(data.draw(st.integers(1, 2))):
        places = leaves(out)
        if places:
            *way, last = data.draw(st.sampled_from(places))
            at = out
            for key in way:
                at = at[key]
            at[last] = data.draw(ODD)
    return out


@settings(max_examples=120, deadline=None)
@given(st.data(), st.sampled_from(NAMES))
def test_what_is_said_is_answered_or_refused(data: st.DataObject, name: str) -> None:
    desk = Desk("CP-1")
    one = desk.watch(1, Cards("any", ""))
    desk.joins(name[4:], 0)
    for number, (action, payload) in enumerate(SPOKEN[name]):
        said = spoilt(data, payload) if data.draw(st.booleans()) else payload
        code = ""
        try:
            asks = ocpp_frames.parse(json.dumps([2, str(number), action, said]))
            assert isinstance(asks, Asks)
            answered_by(DIALECTS[name], desk, asks, At(1_000 * number, 1_795_262_400_000 + 1_000 * number))
        except Broken as broken:
            code = broken.code
        assert code != "InternalError"
        try:
            found = reading_of(one, 1_000 * number, 1_000 * number, 10_000, (0, 1, 2), None)
        except DeviceError:
            continue
        assert found.t_ms <= 1_000 * number
        assert found.import_wh is None or 0 <= found.import_wh <= 10 ** 12
    assert len(desk.known) <= 8
    assert len(one.values) <= 5 * 4


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from(NAMES))
def test_what_is_answered_is_a_schedule_or_a_fault(data: st.DataObject, name: str) -> None:
    dialect = DIALECTS[name]
    point = ChargePoint("CP-1", name[4:])
    point.add(1, Car((0, 1, 2), seed=1), "")
    answers = {"GetCompositeSchedule": point.asked(*dialect.composite(1, 180, "A")),
               dialect.about()[0]: point.asked(*dialect.about())}
    for action, payload in answers.items():
        assert isinstance(payload, dict)
        try:
            text = json.dumps([3, "1", spoilt(data, payload)])
            found = ocpp_frames.parse(text)
            assert isinstance(found, Answers)
            said = judged(dialect.VERSION, action, found)
        except (Broken, DeviceError):
            continue
        if action == "GetCompositeSchedule":
            for period in dialect.periods(said, 3) or ():
                assert 0 <= period.limit_ma <= 10 ** 9
        else:
            assert dialect.skills(said).unit in ("A", "W")


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200),
                 st.recursive(ODD, lambda inner: st.lists(inner, max_size=5)).map(lambda tree: json.dumps(tree))))
def test_bytes_are_a_message_or_broken(said: "bytes | str") -> None:
    refusal = ""
    try:
        ocpp_frames.parse(said)
    except Broken as broken:
        refusal = ocpp_frames.refusal(broken)
    assert len(refusal) < 1_000
