"""Three days to run a house through: which household, which sky, when the car is there, how cold it is.

The seed chooses among the days of a scenario and shifts the car's times; each part then draws its own
chance from its own seed.
"""

from collections import namedtuple

from sim.car import Session
from sim.part import DAY_MS
from sim.rng import Rng
from sim.sun import Sky

_MINUTE_MS = 60_000
_HOUR_MS = 3_600_000
_CAR_LATE_MIN = 20  # the car comes and goes within this of its time
_CAR_SOC_PERMILLE = 80  # and comes with so much more or less


class Scenario(namedtuple("Scenario", (
    "name", "about", "day", "noon_ms", "skies", "days", "sessions", "outside_mdegc",
))):
    """What a day brings from outside."""

    __slots__ = ()
    name: str
    about: str
    day: int  # of the year
    noon_ms: int  # local time at which the sun stands in the south
    skies: "tuple[Sky, ...]"
    days: "tuple[tuple[str, str], ...]"  # traces to choose from: (load, hot water)
    sessions: "tuple[Session, ...]"  # of a car, before the seed shifts them
    outside_mdegc: "tuple[int, int]"  # mean and swing


def _sky(
    until_h: int, clear: "tuple[int, int]", cloud: "tuple[int, int]",
    gap_s: "tuple[int, int]", cloud_s: "tuple[int, int]", edge_s: "tuple[int, int]",
) -> Sky:
    return Sky(until_h * _HOUR_MS, clear, cloud, gap_s, cloud_s, (edge_s[0] * 1000, edge_s[1] * 1000))


def _session(from_min: int, to_min: int, soc_permille: int) -> Session:
    return Session(from_min * _MINUTE_MS, to_min * _MINUTE_MS, soc_permille)


_LIGHT = (985, 1000)

SCENARIOS = (
    Scenario(
        "sunny", "a clear day in July, small clouds in the afternoon; the car is back before noon",
        196, 13 * _HOUR_MS + 20 * _MINUTE_MS,
        (
            _sky(13, _LIGHT, (970, 1000), (120, 900), (60, 600), (20, 90)),
            _sky(17, (980, 1060), (450, 900), (240, 1500), (20, 180), (4, 60)),
            _sky(24, _LIGHT, (950, 1000), (120, 900), (60, 600), (20, 90)),
        ),
        (("lpg_20210715_w", "lpg_20210715_dl"), ("lpg_20210717_w", "lpg_20210717_dl")),
        (_session(0, 450, 620), _session(690, 1440, 420)),
        (20_000, 6_000),
    ),
    Scenario(
        "cloudy", "broken cloud in April from nine to six; the car is there for most of it",
        105, 13 * _HOUR_MS + 14 * _MINUTE_MS,
        (
            _sky(9, (250, 450), (150, 300), (300, 1800), (300, 1800), (60, 600)),
            _sky(18, (700, 1080), (400, 900), (30, 500), (30, 400), (3, 240)),
            _sky(24, (250, 500), (150, 300), (300, 1800), (300, 1800), (60, 600)),
        ),
        (("lpg_20210413_w", "lpg_20210413_dl"), ("lpg_20210417_w", "lpg_20210417_dl")),
        (_session(0, 480, 600), _session(570, 1060, 350), _session(1110, 1440, 500)),
        (9_000, 5_000),
    ),
    Scenario(
        "winter", "a dull day before Christmas, a little sun at noon; the car is away from seven to five",
        354, 12 * _HOUR_MS + 12 * _MINUTE_MS,
        (
            _sky(10, (200, 400), (100, 250), (600, 2400), (600, 2400), (60, 600)),
            _sky(14, (600, 950), (200, 500), (60, 900), (60, 1200), (10, 300)),
            _sky(24, (200, 400), (100, 250), (600, 2400), (600, 2400), (60, 600)),
        ),
        (
            ("uci_20061218_w", "lpg_20210114_dl"), ("uci_20061220_w", "lpg_20210116_dl"),
            ("uci_20061228_w", "lpg_20210114_dl"),
        ),
        (_session(0, 420, 450), _session(1025, 1440, 300)),
        (1_000, 3_000),
    ),
)
NAMES = tuple(each.name for each in SCENARIOS)


def scenario(name: str) -> Scenario:
    for each in SCENARIOS:
        if each.name == name:
            return each
    raise ValueError("no scenario %s; there are %s" % (name, ", ".join(NAMES)))


def shifted(sessions: "tuple[Session, ...]", seed: int) -> "tuple[Session, ...]":
    """The car's day as the seed has it; midnight stays where it is."""
    rng = Rng(seed)
    out = []
    for session in sessions:
        late_ms = [rng.between(-_CAR_LATE_MIN, _CAR_LATE_MIN) * _MINUTE_MS for _ in range(2)]
        more = rng.between(-_CAR_SOC_PERMILLE, _CAR_SOC_PERMILLE)
        from_ms = session.from_ms + late_ms[0] if session.from_ms > 0 else 0
        to_ms = session.to_ms + late_ms[1] if session.to_ms < DAY_MS else DAY_MS
        out.append(Session(from_ms, to_ms, session.soc_permille + more))
    return tuple(out)
