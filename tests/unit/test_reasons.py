"""Reasons are numbers that keep their meaning, and sentences a person can read."""

from control import reasons, reasons_de
from control.values import NONE, SURPLUS, DeviceSpec, Grant, NodeSpec, Site
from hal.values import ZERO, Phases, Setpoint, ability

SITE = Site("house", (
    NodeSpec("house", NONE, NONE, 35_000, 32_000, "sls-e", 10_000, 0, 4_600),
    NodeSpec("garage", 0, NONE, 20_000, 20_000, "mcb-b", 2_000, 0, 0),
), (
    DeviceSpec("car", 1, (1, 2, 0), ability("wallbox", min_ma=6_000, max_ma=16_000, one_phase=True), 10, SURPLUS,
               15_000, 16_000, None, NONE, ""),
    DeviceSpec("rod", 0, (0,), ability("heater", max_w=3_500), 5, SURPLUS, 15_000, 16_000, None, NONE, ""),
    DeviceSpec("relays", 0, (0,), ability("stages", stages=((0,), (1_000,))), 5, SURPLUS, 15_000, 5_000,
               None, NONE, ""),
), 1_000, NONE, None)


def grant(reason: int, current_ma: int = 0, power_w: int = 0, node: int = NONE, phase: int = NONE,
          offer_w: int = 0) -> Grant:
    setpoint = Setpoint(Phases(current_ma, current_ma, current_ma), power_w)
    return Grant(setpoint, Setpoint(ZERO, offer_w), reason, node, phase)


def test_a_fuse_is_named_with_its_phase() -> None:
    assert reasons.sentence(SITE, 0, grant(reasons.FUSE, 6_000, node=1, phase=1)) == "6 A: garage fuse, L2"


def test_tenths_of_an_ampere_are_shown_when_there_are_some() -> None:
    assert reasons.sentence(SITE, 0, grant(reasons.SURPLUS, 7_390)) == "7.3 A: follows the surplus"


def test_waiting_says_how_much_of_how_much() -> None:
    text = reasons.sentence(SITE, 0, grant(reasons.WAITS_SURPLUS, offer_w=900))
    assert text == "0 A: waits for surplus: 900 W of 1,380 W"


def test_staged_loads_need_their_first_stage() -> None:
    text = reasons.sentence(SITE, 2, grant(reasons.WAITS_SURPLUS, offer_w=0))
    assert text == "0 W: waits for surplus: 0 W of 1,000 W"


def test_watts_for_what_is_set_in_watts() -> None:
    assert reasons.sentence(SITE, 1, grant(reasons.OPERATOR, power_w=1_234)) == "1,234 W: grid operator's ceiling"
    assert reasons.watts(1_234_567) == "1,234,567 W"
    assert reasons.sentence(SITE, 1, grant(reasons.ZERO_GRID, power_w=-2_500)) == "-2,500 W: holds the grid at zero"


def test_a_lost_meter_is_named() -> None:
    text = reasons.sentence(SITE, 0, grant(reasons.METER_LOST, 6_000, node=0))
    assert text == "6 A: house meter lost: safe budget"
    assert reasons.alarm(SITE, reasons.FROZEN, 1) == "rod repeats itself, or stands still while others move"


def test_every_reason_has_its_own_number_and_word_and_no_blank_left() -> None:
    assert len(set(reasons.ALL)) == len(reasons.ALL)
    assert len({reasons.word(reason) for reason in reasons.ALL}) == len(reasons.ALL)
    for reason in reasons.ALL:
        assert "{" not in reasons.sentence(SITE, 0, grant(reason, 6_000, node=0, phase=2))
        assert " " not in reasons.word(reason)


def test_numbers_never_change_their_meaning() -> None:
    """Journals and registers of years hold these; a new reason is added below, none is altered."""
    assert [(number, reasons.word(number)) for number in reasons.ALL] == [
        (1, "off"), (2, "full"), (3, "no-car"), (4, "device-fault"), (5, "silent"), (6, "idle"),
        (7, "target"), (8, "lease"), (9, "limit"),
        (10, "fuse"), (11, "continuous"), (12, "power"), (13, "imbalance"), (14, "operator"), (15, "overload"),
        (16, "export-fuse"), (17, "meter-lost"), (18, "others-first"), (19, "peak"),
        (20, "surplus"), (21, "waits"), (22, "starts-soon"), (23, "stops-soon"), (24, "minimum"),
        (25, "cheap"), (26, "export-pays"), (27, "generates"), (28, "feed-in"), (29, "export-costs"),
        (30, "zero-grid"), (31, "reserve"), (32, "charged"), (33, "no-level"), (34, "storage-first"),
        (35, "keeps"), (36, "own-loop"), (37, "locked"), (38, "departure"), (39, "curve"),
        (40, "ramp"), (41, "rest"), (42, "shortest-run"), (43, "phase-dwell"), (44, "others-lower"),
        (45, "waits-reading"), (46, "probe"),
        (50, "hot"), (51, "no-temperature"), (52, "legionella"), (53, "starts-used"), (54, "day-energy"),
        (60, "least-power"), (61, "peak-fill"),
        (100, "never-heard"), (101, "stale"), (102, "frozen"), (103, "current-range"), (104, "voltage-range"),
        (105, "power-mismatch"), (106, "counter-fell"), (107, "future"), (108, "recovering"), (109, "write-fault"),
        (110, "over-fuse"), (111, "not-obeyed"), (112, "no-power"), (113, "turned"),
        (114, "phases-mixed"), (115, "feeds-too-much"), (116, "input-lost"), (117, "leaping"), (118, "scaled"),
        (120, "tank-unknown"), (121, "legionella-late"), (122, "no-time"),
    ]


def test_every_reason_is_said_in_german_too() -> None:
    for reason in reasons.ALL:
        said = reasons_de.sentence(SITE, 0, grant(reason, 6_500, node=0, phase=2))
        assert said.startswith("6,5 A: ")
        assert "{" not in said
        places = {place for place in ("{node}", "{phase}", "{need}", "{offer}") if place in reasons_de.text(reason)}
        assert places == {place for place in ("{node}", "{phase}", "{need}", "{offer}") if place in english(reason)}
    assert reasons_de.sentence(SITE, 0, grant(reasons.FUSE, 6_000, node=1, phase=1)) == "6 A: Sicherung garage, L2"
    assert reasons_de.alarm(SITE, reasons.STALE, 1) == "rod: antwortet nicht"


def english(reason: int) -> str:
    return next(text for number, _, text in reasons._TEXTS if number == reason)
