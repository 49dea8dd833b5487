"""What the quarter hours add up to: by party, meter and position, by month, by level; whole numbers throughout."""

from collections.abc import Iterable
from typing import NamedTuple
from zoneinfo import ZoneInfo

from firmware.settlement import tariffs
from firmware.settlement.tariffs import Price, Tariff


class Line(NamedTuple):
    """What one party has of one position in one quarter hour."""

    party: str
    meter: str  # "" where it is not of one meter
    position: str  # a key of words.POSITIONS
    energy_e: int
    tariff: "Tariff | None" = None  # None: nothing is to be paid for it here


class Closing(NamedTuple):
    """A measured quantity of one quarter hour, and what was made of it."""

    name: str  # a key of words.CLOSINGS
    measured_e: int
    parts_e: int


class Settled(NamedTuple):
    lines: "tuple[Line, ...]"
    closings: "tuple[Closing, ...]"


class Entry(NamedTuple):
    """A sum. `exact`: money, in 10**(scaler - 11) EUR; `unpriced_e`: of the energy, where no price was known."""

    energy_e: int
    exact: int
    unpriced_e: int
    due: bool  # whether something is to be paid for it
    price: "int | None"  # the one price it has, in 1e-11 EUR/Wh; None: several, or none


Key = tuple[str, str, str]  # party, meter, position
NOTHING = Entry(0, 0, 0, False, None)


class Ledger:
    """Grows quarter hour by quarter hour; a finer unit that comes later makes all of it finer."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._prices: "dict[tuple[str, int], Price]" = {}
        self.scaler = 0
        self.sums: "dict[Key, Entry]" = {}
        self.months: "dict[tuple[str, str, str], tuple[int, int]]" = {}  # month, party, position: energy, exact
        self.levels: "dict[tuple[str, str], tuple[int, int, int]]" = {}  # tariff, level: quarter hours, energy, exact
        self.closings: "dict[str, tuple[int, int]]" = {}

    def finer(self, scaler: int) -> int:
        """Makes the unit as fine as this; by what energies in 10**scaler Wh are multiplied from then on."""
        if scaler < self.scaler:
            by = 10 ** (self.scaler - scaler)
            self.sums = {key: one._replace(energy_e=one.energy_e * by, exact=one.exact * by,
                                           unpriced_e=one.unpriced_e * by) for key, one in self.sums.items()}
            self.months = {key: (energy * by, exact * by) for key, (energy, exact) in self.months.items()}
            self.levels = {key: (count, energy * by, exact * by) for key, (count, energy, exact) in self.levels.items()}
            self.closings = {key: (one * by, two * by) for key, (one, two) in self.closings.items()}
            self.scaler = scaler
        return int(10 ** (scaler - self.scaler))

    def add(self, month: str, start_s: int, scaler: int, settled: Settled) -> "list[tuple[Line, Price | None]]":
        """The same lines with their prices, energies in the unit of this ledger."""
        by = self.finer(scaler)
        lines = settled.lines if by == 1 else [line._replace(energy_e=line.energy_e * by) for line in settled.lines]
        priced = [(line, self._price(line.tariff, start_s)) for line in lines]
        for line, price in priced:
            self._enter(month, line, price)
        self._count(priced)
        for one in settled.closings:
            assert one.measured_e == one.parts_e, (one, start_s)
            before = self.closings.get(one.name, (0, 0))
            self.closings[one.name] = (before[0] + one.measured_e * by, before[1] + one.parts_e * by)
        return priced

    def charge(self, month: str, party: str, position: str, exact: int) -> None:
        """Money that no energy belongs to, as days of a base price; + is to be paid."""
        before = self.sums.get((party, "", position), NOTHING)
        self.sums[party, "", position] = Entry(0, before.exact + exact, 0, True, None)
        energy, sum_before = self.months.get((month, party, position), (0, 0))
        self.months[month, party, position] = (energy, sum_before + exact)

    def _enter(self, month: str, line: Line, price: "Price | None") -> None:
        gross = None if price is None else price.gross
        exact = 0 if gross is None else line.energy_e * gross
        unpriced_e = line.energy_e if price is not None and gross is None else 0
        key = (line.party, line.meter, line.position)
        before = self.sums.get(key)
        same = gross if before is None or before.price == gross else None
        before = NOTHING if before is None else before
        self.sums[key] = Entry(before.energy_e + line.energy_e, before.exact + exact, before.unpriced_e + unpriced_e,
                               price is not None, same)
        energy, sum_before = self.months.get((month, line.party, line.position), (0, 0))
        self.months[month, line.party, line.position] = (energy + line.energy_e, sum_before + exact)

    def _count(self, priced: "Iterable[tuple[Line, Price | None]]") -> None:
        """By tariff and level, where there are such."""
        seen: "set[tuple[str, str]]" = set()
        for line, price in priced:
            if price is None or line.tariff is None or line.tariff.levels is None:
                continue
            key = (line.tariff.name, price.level)
            count, energy, exact = self.levels.get(key, (0, 0, 0))
            amount = 0 if price.gross is None else line.energy_e * price.gross
            self.levels[key] = (count + (key not in seen), energy + line.energy_e, exact + amount)
            seen.add(key)

    def _price(self, tariff: "Tariff | None", start_s: int) -> "Price | None":
        if tariff is None:
            return None
        key = (tariff.name, start_s)
        if key not in self._prices:
            if any(at_s != start_s for _, at_s in self._prices):
                self._prices.clear()
            self._prices[key] = tariffs.price(tariff, start_s, self._zone)
        return self._prices[key]
