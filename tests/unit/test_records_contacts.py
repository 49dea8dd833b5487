"""A contact that asks for a reading: bounces and surges tell nothing, each closing counts once, from when it began."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

os.environ["GPIOZERO_PIN_FACTORY"] = "mock"

from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin

from control.values import Obeyed, Plan
from drivers.deglitch import Deglitch
from drivers.gpio import PinContacts
from drivers.mqtt import Message
from firmware.commands import Commands
from firmware.config.file import ConfigError, load
from firmware.config.schema import schema
from firmware.image import Image
from firmware.records.asking import NotAsked, ask_of
from firmware.records.contacts import Contact, Watch
from firmware.records.events import BEGIN, END, READING, Ask
from firmware.records.query import Query
from firmware.records.recorder import Recorder
from firmware.said import german
from hal.faults import DeviceError
from hal.values import reading
from sim.pins import Pins
from sim.time_service import SimTime

KEY = """
[contact.key]
pin = 17
meter = "grid"
what = "session"
external = "order 7"
group = "11XCAR"
"""
Sites = Callable[..., Path]


def test_what_bounces_counts_once_it_stands_and_from_then() -> None:
    judge = Deglitch(100)
    told = [judge.look(closed, now_ms) for now_ms, closed in (
        (0, False), (100, False),  # as found
        (200, True), (220, False), (240, True), (260, True), (340, True), (360, True),  # closes at 240
        (400, False), (480, True), (600, True),  # a surge
        (700, False), (800, False))]
    assert [one for one in told if one] == [(True, 240), (False, 700)]


def test_after_a_blind_time_nothing_is_made_up() -> None:
    judge = Deglitch(50)
    for now_ms in (0, 50, 100):
        assert judge.look(False, now_ms) is None
    judge.lost()
    assert judge.look(True, 5_000) is None
    assert judge.look(True, 5_050) == (True, 5_000)


def test_a_session_from_closing_to_opening_and_a_reading_at_each_closing() -> None:
    board, asked = Pins(), list[Ask]()
    for pin, high in ((17, True), (4, False)):
        board.drive(pin, high)
    now_ms = 0
    watch = Watch((Contact("key", "grid", "session", 40), Contact("pulse", "roof", READING, 20, text="tariff")),
                  board.contacts((17, 4), (True, False)), lambda: now_ms, lambda ask: str(asked.append(ask) or ""))
    for now_ms in range(0, 1_000, 20):
        board.drive(17, not 200 <= now_ms < 700)  # to ground
        board.drive(4, now_ms in range(300, 340))
        watch.look()
    assert [(ask.what, ask.meter, ask.asked_ms, ask.source, ask.text) for ask in asked] == [
        (END, "grid", 40, "key", "contact key opened, as found at start"),
        (BEGIN, "grid", 200, "key", "contact key closed"), (READING, "roof", 300, "pulse", "tariff"),
        (END, "grid", 700, "key", "contact key opened")]
    board.gone = True
    with pytest.raises(DeviceError):
        watch.look()


def test_from_the_pin_to_the_disk(recorded_site: Sites, tmp_path: Path) -> None:
    board, clock = Pins(), SimTime(1_792_888_000_000)
    board.drive(17, True)
    recorder = Recorder(load(recorded_site(KEY + 'register = "both"\n')), clock, board.contacts)
    watch, image = recorder._contacts, Image(1)
    assert watch is not None

    def look(seconds: int) -> None:
        for _ in range(10 * seconds):
            clock.wait(100)
            watch.look()
        now_ms = clock.read().mono_ms
        image.hear(0, reading(now_ms, import_wh=now_ms // 1_000, export_wh=3))
        recorder.hear(image.snapshot(now_ms, ("surplus",)),
                      Plan((None,), (), None, (), Obeyed((), None, None)))
        recorder._turn()

    look(5)
    board.drive(17, False)
    look(5)
    topic, payload = recorder.pairs()[1]
    event = json.loads(payload)["events"][-1]["event"]
    assert topic == "hutschiene/test/records/events"
    assert (event["what"], event["value"], event["source"], event["external"], event["group"]) == (
        "begin", 10, "key", "order 7", "11XCAR")
    board.drive(17, True)
    look(5)
    end = json.loads(recorder.pairs()[1][1])["events"][-1]["event"]
    assert (end["what"], end["obis"], end["also"]) == ("end", "1-0:1.8.0", [["1-0:2.8.0", 3]])
    recorder._keeper.close(clock.read())


def test_a_contact_that_moved_while_nobody_looked(recorded_site: Sites) -> None:
    """Closed over a restart it is one transaction; what was opened meanwhile ends, what was closed begins."""
    file, board, clock = load(recorded_site(KEY)), Pins(), SimTime(1_792_888_000_000)
    folder = Path(file.records.folder) if file.records else Path()
    told = []
    for low in (False, True, True, False, False, True):
        board.drive(17, not low)
        recorder, image = Recorder(file, clock, board.contacts), Image(1)
        assert recorder._contacts is not None
        for _ in range(40):
            clock.wait(100)
            recorder._contacts.look()
            now_ms = clock.read().mono_ms
            image.hear(0, reading(now_ms, import_wh=now_ms // 1_000, export_wh=3))
            recorder.hear(image.snapshot(now_ms, ("surplus",)), Plan((None,), (), None, (), Obeyed((), None, None)))
            recorder._turn()
        told.append([event["ok"] for event in recorder._events])
        recorder._keeper.close(clock.read())
    query = Query(folder)
    events = [record["data"] for record in query.records("metrology", "event", 0, None)]
    query.close()
    assert [(one["what"], one["number"]) for one in events] == [("begin", 1), ("end", 1), ("begin", 2)]
    assert all("as found at start" in one["text"] for one in events)
    assert told == [[], [True], [], [True], [], [True]]


def test_over_the_commands_that_every_way_in_shares(recorded_site: Sites) -> None:
    file = load(recorded_site('events = true\n[mqtt]\nhost = "127.0.0.1"\n[commands]\n'))
    clock = SimTime(1_792_888_000_000)
    recorder = Recorder(file, clock)
    recorder._turn()
    commands = Commands(file.site, None, 0, events=True)
    commands.asked = recorder.ask_said

    def told(payload: "dict[str, Any] | str") -> "dict[str, Any]":
        text = payload if isinstance(payload, str) else json.dumps(payload)
        answer = commands.take(Message("hutschiene/test/grid/set/event", text.encode(), False), 0)
        assert answer is not None
        return dict(json.loads(answer[1]))

    assert told({"value": "begin", "id": "x7", "group": "11XCAR", "text": "by hand", "register": "export",
                 "by": "CLS"}) == {
        "ok": True, "value": "begin", "until_s": None, "id": "x7"}
    assert "allowed are reading, begin, end" in told("middle")["why"]
    assert "by: allowed is text of at most 64 characters" in told({"value": "reading", "by": 7})["why"]
    assert "over at once" in told({"value": "begin", "for_s": 5})["why"]
    long = told({"value": "begin", "text": "x" * 201})
    assert (long["why"], long["why_de"]) == ("text: allowed is text of at most 200 characters",
                                             "text: erlaubt ist Text mit höchstens 200 Zeichen")
    assert "no such key: price" in told({"value": "begin", "price": 5})["why"]
    assert all("event" not in json.loads(payload) for _, payload in commands.pairs())
    recorder._turn()
    image = Image(1)
    image.hear(0, reading(clock.read().mono_ms + 5, import_wh=77, export_wh=9))
    recorder.hear(image.snapshot(clock.read().mono_ms + 5, ("surplus",)),
                      Plan((None,), (), None, (), Obeyed((), None, None)))
    recorder._turn()
    event = json.loads(recorder.pairs()[1][1])["events"][-1]["event"]
    assert (event["obis"], event["value"], event["external"], event["group"], event["text"]) == (
        "1-0:2.8.0", 9, "x7", "11XCAR", "by hand")
    assert told({"value": "begin", "id": "x8"})["ok"] is True
    recorder._turn()
    assert "is still open" in json.loads(recorder.pairs()[1][1])["events"][-1]["why"]
    recorder._keeper.close(clock.read())
    assert ("grid", "event") not in Commands(file.site, None, 0)._table


@pytest.mark.parametrize(("by", "payload", "recorded"), [
    ("mqtt", b'{"value": "fast", "by": "Home Assistant"}', ("mqtt", "Home Assistant")),
    ("mqtt", b"fast", ("mqtt", None)), ("mqtt", b'{"value": "fast", "by": 5}', ("mqtt", None)),
    ("page anna", b'{"value": "fast", "by": "somebody else"}', ("page anna", None)),
])
def test_who_sent_a_command_is_known_or_only_declared(recorded_site: Sites, tmp_path: Path, by: str, payload: bytes,
                                                      recorded: "tuple[str, str | None]") -> None:
    recorder = Recorder(load(recorded_site()), SimTime(1_792_888_000_000))
    recorder._turn()
    recorder.command("hutschiene/test/roof/set/mode", payload, "{}", by)
    recorder._turn()
    recorder._turn()
    query = Query(tmp_path / "records")
    one, = query.records("consumer", "command", 0, None)
    query.close()
    assert (one["data"]["by"], one["data"].get("declared")) == recorded
    assert one["data"]["payload"] == payload.decode()


@pytest.mark.parametrize(("more", "why"), [
    (KEY.replace("grid", "gird"), "contact.key.meter = \"gird\": no such device; did you mean grid?"),
    (KEY.replace("17", "99"), "allowed are 0 to 27"),
    (KEY + KEY.replace("key", "other"), "[contact.key] already has this pin"),
    (KEY + 'register = "reactive"\n', 'allowed are "both", "export", "import"'),
    (KEY + "hold = 5\n", "no such key here; did you mean hold_ms?"),
    (KEY.replace(".key", ".Key"), "not allowed as a name"),
])
def test_what_a_contact_may_not_be(recorded_site: Sites, more: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(recorded_site(more))
    assert why in str(caught.value)


def test_editors_know_contacts() -> None:
    assert "contact" in schema()["$defs"]["SiteToml"]["properties"]


def test_on_the_stand_in_of_gpiozero() -> None:
    before, Device.pin_factory = Device.pin_factory, MockFactory()
    try:
        port = PinContacts((17, 4), (True, False))
        assert port.closed() == (False, False)
        for number, high in ((17, False), (4, True)):
            pin = Device.pin_factory.pin(number)
            assert isinstance(pin, MockPin)
            (pin.drive_high if high else pin.drive_low)()
        assert port.closed() == (True, True)
        port.close()
        with pytest.raises(DeviceError):
            PinContacts((99,), (True,)).closed()
    finally:
        Device.pin_factory.reset()
        Device.pin_factory = before


def test_a_contact_nobody_can_look_at_is_told(recorded_site: Sites) -> None:
    board, clock = Pins(), SimTime(1_792_888_000_000)
    board.gone = True
    recorder = Recorder(load(recorded_site(KEY)), clock, board.contacts)
    watch = recorder._contacts
    assert watch is not None
    watch.start()
    watch.stop()
    assert recorder.fault in ("", "contacts: no pins")


@pytest.mark.parametrize(("payload", "why"), [
    (b"{", "allowed is an object of JSON"), (b"[" * 5_000, "allowed is an object of JSON"), (b'"x"', "an object"),
    (b"{}", "meter: needed"), (b'{"meter": 5}', "meter: allowed is text"),
    (b'{"meter": "grid", "what": null}', "what: allowed is text of at most 64 characters"),
    (b'{"meter": "grid", "price": 5}', "no such key: price; allowed are meter, what, text"),
    (b'{"meter": "\xff"}', "allowed is an object of JSON"),
])
def test_what_asks_for_nothing_is_refused_in_words(payload: bytes, why: str) -> None:
    with pytest.raises(NotAsked) as caught:
        ask_of(payload, 0)
    assert why in caught.value.why
    assert german(caught.value.why) != caught.value.why


def test_an_ask_has_all_that_was_said() -> None:
    said = {"meter": "grid", "what": "end", "text": "a", "external": "b", "source": "c", "group": "d",
            "transaction": "e", "register": "both"}
    assert ask_of(json.dumps(said), 7) == Ask("end", "grid", 7, "c", "a", "b", "d", "e", "both")
    assert ask_of(b'{"meter": "grid"}', 7) == Ask(READING, "grid", 7)
