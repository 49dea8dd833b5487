"""Which troubles become messages, and when; on a clock that moves when told."""

import json
from pathlib import Path

import pytest

from control import reasons
from firmware.config.file import load
from firmware.config.tables_people import NotifyTable
from firmware.notices import sender as sender_module
from firmware.notices.post import without
from firmware.notices.sender import FIRST_S, GIVE_UP_S, LONGEST_S, LOOK_S, MOST_WAITING, Sender
from firmware.notices.services import services
from firmware.notices.teller import Teller
from firmware.notices.watcher import CRITICAL_MS, MOST, Notice, Quiet, Watcher, quiet_hours
from firmware.troubles import Trouble, of_alarm

NOON, NIGHT = 12 * 60, 3 * 60
CLEAR_MS = 300_000
FUSE = Trouble(("110", "grid"), True, ("grid measures more than the fuse bears", "grid: mehr"), ("", ""),
               ("switch off", "aus"))
SILENT = Trouble(("reading", "rod"), False, ("rod does not answer", "rod: still"), ("", ""), ("cable", "Kabel"))
HELLO = Notice("t", "x", False, False)


class Life:
    def __init__(self, quiet: "Quiet | None" = None) -> None:
        self.watcher = Watcher("Home", "en", 60_000, CLEAR_MS, quiet)
        self.now_ms, self.minute = 0, NOON
        self.told: "list[tuple[int, str]]" = []

    def pass_(self, seconds: int, *troubles: Trouble) -> "list[tuple[int, str]]":
        before = len(self.told)
        for _ in range(seconds):
            found = self.watcher.feed(troubles, self.now_ms, self.minute)
            self.told += [(self.now_ms // 1_000, ("well: " if one.well else "") + one.title + "/" + one.text)
                          for one in found]
            self.now_ms += 1_000
        return self.told[before:]


def test_a_trouble_is_told_once_when_it_lasts_and_once_when_it_is_over() -> None:
    life = Life()
    assert life.pass_(50, SILENT) == []
    assert life.pass_(3_600, SILENT) == [(60, "Home: rod does not answer/cable")]
    assert life.pass_(CLEAR_MS // 1_000 - 10) == []
    assert life.pass_(3_600) == [(3_650 + 299, "well: Home: is well again/rod does not answer")]


def test_what_passes_quickly_is_never_told_and_what_flutters_once() -> None:
    life = Life()
    life.pass_(50, SILENT)
    assert life.pass_(1_000) == []
    for _ in range(100):
        life.pass_(5, SILENT)
        life.pass_(20)
    assert [words for _, words in life.told] == ["Home: rod does not answer/cable"]
    other = SILENT._replace(what=("rod repeats itself", "rod: wiederholt"))
    assert life.pass_(600, other) == []  # another reason of the same trouble


def test_what_is_critical_does_not_wait_long() -> None:
    life = Life()
    assert life.pass_(100, FUSE, SILENT) == [
        (CRITICAL_MS // 1_000, "Home: grid measures more than the fuse bears/switch off"),
        (60, "Home: rod does not answer/cable")]


def test_in_quiet_hours_only_what_is_critical_is_told_and_the_rest_after_them_if_it_still_is() -> None:
    life = Life(Quiet(22 * 60, 6 * 60))
    life.minute = NIGHT
    gone = SILENT._replace(key=("reading", "car"))
    assert [words.partition("/")[0] for _, words in life.pass_(600, FUSE, SILENT, gone)] == [
        "Home: grid measures more than the fuse bears"]
    assert life.pass_(1_000, SILENT) == []
    life.minute = NOON
    found = [words for _, words in life.pass_(1, SILENT)]
    assert sorted(found) == ["Home: rod does not answer/cable",
                             "well: Home: is well again/grid measures more than the fuse bears"]
    assert life.pass_(1_000, SILENT) == []


@pytest.mark.parametrize(("text", "quiet_at", "loud_at"), [
    ("22:00-06:30", (22 * 60, 23 * 60, 0, 389), (390, NOON, 22 * 60 - 1)), ("12:00-13:00", (720, 779), (719, 780)),
    ("", (), (0, NOON)),
])
def test_quiet_hours_may_go_over_midnight(text: str, quiet_at: "tuple[int, ...]", loud_at: "tuple[int, ...]") -> None:
    found = quiet_hours(text)
    assert [found is not None and found.holds(minute) for minute in quiet_at + loud_at] == (
        [True] * len(quiet_at) + [False] * len(loud_at))


def test_a_thousand_troubles_take_no_more_memory() -> None:
    watcher = Watcher("Home", "en", 0, CLEAR_MS, None)
    told = watcher.feed([SILENT._replace(key=("reading", str(number))) for number in range(1_000)], 0, NOON)
    assert len(told) == MOST


def test_a_restart_tells_nothing_again_and_the_end_of_what_was_told() -> None:
    life, again = Life(), Life()
    life.pass_(100, FUSE, SILENT)
    kept = json.loads(json.dumps(life.watcher.told()))
    again.watcher.remember(kept, 0)
    assert again.pass_(1_000, SILENT) == [(300, "well: Home: is well again/grid measures more than the fuse bears")]
    assert again.pass_(400)[0][1] == "well: Home: is well again/rod does not answer"
    assert again.watcher.told() == []


@pytest.mark.parametrize("kept", [None, 5, {}, [5, None, {}, {"key": 5}, {"key": ["a", "b"], "what": 5, "critical": 1},
                                               {"key": ["a", 7], "what": "x", "critical": True}]])
def test_what_was_kept_and_is_not_understood_is_left(kept: object) -> None:
    life = Life()
    life.watcher.remember(kept, 0)
    assert life.watcher.told() == []


class Told:
    """A service that takes what it is told to, on a clock of its own."""

    def __init__(self, good: bool = True) -> None:
        self.good, self.now_s = good, 0.0
        self.told: "list[str]" = []
        self.quiet = False
        self.sender = Sender((), self.say, lambda: self.now_s, lambda: self.quiet)

    def say(self, notice: Notice) -> bool:
        self.told.append(notice.title)
        return self.good


def test_what_is_not_taken_is_tried_again_with_longer_and_longer_pauses_for_a_day() -> None:
    life = Told(good=False)
    life.sender.send(HELLO)
    pauses = []
    while (wait_s := life.sender.turn()) is not None:
        assert life.sender.fault == "MQTT: no connection to the broker"
        pauses.append(wait_s)
        life.now_s += wait_s
    assert pauses[:8] == [FIRST_S * 2**n for n in range(7)] + [LONGEST_S]
    assert sum(pauses) >= GIVE_UP_S
    assert life.sender.lost == 1


def test_what_waits_is_delivered_in_order_once_it_can_be() -> None:
    life = Told(good=False)
    for number in range(3):
        life.sender.send(HELLO._replace(title=str(number)))
    assert life.sender.turn() == FIRST_S
    life.good, life.told = True, []
    life.now_s += FIRST_S
    assert life.sender.turn() is None
    assert (life.told, life.sender.fault, life.sender.lost) == (["0", "1", "2"], "", 0)


def test_what_could_not_be_told_before_the_quiet_hours_wakes_nobody() -> None:
    """The internet went in the evening, and comes back at night."""
    life = Told(good=False)
    grave = HELLO._replace(title="grave", critical=True)
    for notice in (HELLO, grave, grave._replace(title="well", well=True)):
        life.sender.send(notice)
    life.sender.turn()
    life.good, life.told, life.quiet = True, [], True
    life.now_s += LONGEST_S
    assert life.sender.turn() == LOOK_S, "it looks again whether they are over"
    assert life.told == ["grave"]
    life.sender.send(HELLO._replace(title="at night"))
    life.now_s += LOOK_S
    assert (life.sender.turn(), life.told) == (LOOK_S, ["grave"])
    life.quiet = False
    assert life.sender.turn() is None
    assert life.told == ["grave", HELLO.title, "well", "at night"]


def test_a_retry_of_what_is_grave_is_not_put_off_by_the_quiet_hours() -> None:
    life = Told(good=False)
    life.sender.send(HELLO._replace(critical=True))
    life.quiet = True
    assert life.sender.turn() == FIRST_S


def test_too_many_push_out_the_oldest_and_are_counted() -> None:
    life = Told()
    for number in range(MOST_WAITING + 5):
        life.sender.send(HELLO._replace(title=str(number)))
    life.sender.turn()
    assert (life.told[0], len(life.told), life.sender.lost) == ("5", MOST_WAITING, 5)


def test_a_house_tells_its_alarms_over_mqtt(monkeypatch: pytest.MonkeyPatch) -> None:
    said: "list[tuple[str, str]]" = []

    def say(topic: str, payload: str) -> bool:
        said.append((topic, payload))
        return True

    file = load(Path(__file__).parents[2] / "deploy" / "demo.toml")
    teller = Teller(file._replace(notify=NotifyTable(mqtt=True, language="de")), say, lambda: 1_800_000_000.0)
    stumbles = SILENT._replace(key=("device", "rod"), critical=True)
    for now_ms in range(0, 20_000, 1_000):
        teller.hear((of_alarm(file.site, reasons.STALE, 0), stumbles), now_ms)
    teller.sender.turn()
    assert [topic for topic, _ in said] == ["hutschiene/haus_sonnenhang/site/notice"]
    assert '"title": "Haus Sonnenhang: grid: antwortet nicht"' in said[0][1]
    assert '"critical": true, "well": false' in said[0][1]
    assert teller.fault == ""
    assert sender_module.MOST_WAITING == MOST_WAITING
    quiet = Teller(file._replace(notify=NotifyTable(mqtt=True, quiet="08:59-09:01")), say, lambda: 1_800_000_000.0)
    quiet.sender.send(HELLO)
    quiet.sender.turn()
    assert len(said) == 1, "it is nine in the morning in Berlin"


@pytest.mark.parametrize(("content", "why"), [
    ("syslog://\n", ":1: allowed is the address of a service, ntfy://, "), ("# none\n", "0 addresses of services"),
    ("ntfy://a\n" * 17, "17 addresses"), ("ntfy://h/t secret\n", ":1: an address of at most 1000 letters without spa"),
    ("\n\nntfy\n", ":3: allowed is the address"),
])
def test_a_wrong_file_of_services_is_refused_without_its_secrets(tmp_path: Path, content: str, why: str) -> None:
    path = tmp_path / "notify"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(ValueError, match="notify") as error:
        services(str(path))
    assert why in str(error.value)
    assert "secret" not in str(error.value)
    path.chmod(0o644)
    with pytest.raises(ValueError, match="chmod 600"):
        services(str(path))


def test_what_a_library_says_is_told_without_the_secrets_of_the_address() -> None:
    url = "tgram://123456789:AAAsecretAAA/4711471"
    assert without(url, "Failed for 123456789:AAAsecretAAA about 4711471: 401") == "Failed for ...:... about ...: 401"
