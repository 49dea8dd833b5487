"""The sun over the house, with clouds that move in front of it.

Geometry: declination and hour angle on a circle, in integers. Strength: direct beam of a clear day by
Meinel's formula 1353 W/m2 * 0.7 ** (AM ** 0.678) with the air mass of Kasten and Young, as a table over
the elevation; a tenth of it comes from the whole sky. Clouds: gaps and clouds of random length and
depth with soft edges; fitted so that the 1 min steps of 10 kWp in broken cloud have their 99th
percentile at 2 to 2.5 kW, as measured irradiance has (tests/unit/test_physics_sun.py).
"""

from collections import namedtuple

from sim.part import DAY_MS
from sim.rng import Rng
from sim.trigonometry import ONE, between, cosine, root, sine

_BEAM_W_M2 = (20, 239, 431, 559, 649, 715, 766, 805, 837, 862, 883, 900, 913, 924, 933, 939, 944, 946, 947)
_SPACING = 5_000  # of that table: mdeg of elevation
_SKY_PERMILLE = 110  # diffuse light of a clear sky, of the beam
_TILT_OF_EARTH_MDEG = 23_440
_REFRESH_MS = 10_000  # in this time the clear sky changes by less than a thousandth


class Sky(namedtuple("Sky", ("until_ms", "clear", "cloud", "gap_s", "cloud_s", "edge_ms"))):
    """The weather of one part of the day; each pair is (least, most)."""

    __slots__ = ()
    until_ms: int  # local time of day
    clear: "tuple[int, int]"  # permille of the clear sky's light between the clouds; over 1000 at bright edges
    cloud: "tuple[int, int]"  # permille under a cloud
    gap_s: "tuple[int, int]"  # how long a gap lasts; short ones are more frequent
    cloud_s: "tuple[int, int]"
    edge_ms: "tuple[int, int]"  # how long an edge takes to cross the roof


class Clouds:
    """Permille of the clear sky's light, as a broken line drawn by the seed; the same for any step length."""

    def __init__(self, skies: "tuple[Sky, ...]", seed: int) -> None:
        assert skies[-1].until_ms == DAY_MS
        self._skies = skies
        self._rng = Rng(seed)
        self._covered = False
        self._from_ms = 0
        self._edge_ms = 1
        self._until_ms = 0
        self._was = self._goal = self._rng.between(*skies[0].clear)

    def permille(self, now_ms: int) -> int:
        """Time must not run backwards."""
        while now_ms >= self._until_ms:
            self._drift()
        gone_ms = now_ms - self._from_ms
        if gone_ms >= self._edge_ms:
            return self._goal
        return self._was + (self._goal - self._was) * gone_ms // self._edge_ms

    def _drift(self) -> None:
        rng = self._rng
        sky = self._sky(self._until_ms % DAY_MS)
        self._covered = not self._covered
        self._from_ms = self._until_ms
        self._was = self._goal
        self._goal = rng.between(*(sky.cloud if self._covered else sky.clear))
        self._edge_ms = rng.between(*sky.edge_ms)
        least_s, most_s = sky.cloud_s if self._covered else sky.gap_s
        lasts_ms = 1000 * rng.between(least_s, rng.between(least_s, most_s)) + rng.below(1000)
        self._until_ms += max(lasts_ms, self._edge_ms)

    def _sky(self, time_ms: int) -> Sky:
        for sky in self._skies:
            if time_ms < sky.until_ms:
                return sky
        return self._skies[-1]


class Sun:
    """One sun and one set of clouds for all plants of the house."""

    def __init__(self, latitude_mdeg: int, day: int, noon_ms: int, skies: "tuple[Sky, ...]", seed: int) -> None:
        """`day` of the year, 1 = January 1st; `noon_ms` local time at which the sun stands in the south."""
        self._noon_ms = noon_ms
        self._clouds = Clouds(skies, seed)
        sin_d = -sine(_TILT_OF_EARTH_MDEG) * cosine(360_000 * (day + 10) // 365) // ONE
        cos_d = root(ONE * ONE - sin_d * sin_d)
        sin_l, cos_l = sine(latitude_mdeg), cosine(latitude_mdeg)
        self._up = (sin_l * sin_d // ONE, cos_l * cos_d // ONE)
        self._south = (-cos_l * sin_d // ONE, sin_l * cos_d // ONE)
        self._cos_d = cos_d
        self.held_permille = -1  # what the clouds leave while somebody holds them still; -1 = they drift
        self.moved = 0  # grows whenever the beam has been reckoned anew
        self._next_ms = 0
        self._beam_w_m2 = 0
        self._at = (0, 0, 0)

    def move(self, now_ms: int) -> None:
        if now_ms < self._next_ms:
            return
        self._next_ms = now_ms - now_ms % _REFRESH_MS + _REFRESH_MS
        self.moved += 1
        hour_mdeg = (now_ms % DAY_MS - self._noon_ms) * 15 // 3600  # 15 degrees an hour
        cos_h = cosine(hour_mdeg)
        up = self._up[0] + self._up[1] * cos_h // ONE
        south = self._south[0] + self._south[1] * cos_h // ONE
        west = self._cos_d * sine(hour_mdeg) // ONE
        self._at = (up, south, west)
        self._beam_w_m2 = between(_BEAM_W_M2, _elevation_mdeg(up), _SPACING) if up > 0 else 0

    def clear_w_m2(self, facing: "tuple[int, int, int]") -> int:
        """Light of the clear sky on a plane that faces (up, south, west), in parts of ONE."""
        up, south, west = self._at
        straight = max(0, up * facing[0] + south * facing[1] + west * facing[2]) // ONE
        sky = (ONE + facing[0]) // 2 * _SKY_PERMILLE // 1000
        return self._beam_w_m2 * (straight + sky) // ONE

    def through_permille(self, now_ms: int) -> int:
        """What the clouds leave of it."""
        if self.held_permille >= 0:
            return self.held_permille
        return self._clouds.permille(now_ms)


def facing(tilt_deg: int, azimuth_deg: int) -> "tuple[int, int, int]":
    """A roof's direction for clear_w_m2; azimuth 0 is south, 90 west, -90 east."""
    flat, steep = cosine(1000 * tilt_deg), sine(1000 * tilt_deg)
    return flat, steep * cosine(1000 * azimuth_deg) // ONE, steep * sine(1000 * azimuth_deg) // ONE


def _elevation_mdeg(up: int) -> int:
    """Angle whose sine is `up`, by halving."""
    low, high = 0, 90_000
    while high - low > 10:
        middle = (low + high) // 2
        if sine(middle) <= up:
            low = middle
        else:
            high = middle
    return low
