"""Tenant supplement (section 21 (3) EEG): what the grid operator adds for the roof's energy that tenants were supplied.

The rates are the plan's: they hang on the size of the plant and the day it began, so nobody but its owner knows them.
It is paid to the owner of the plant, not by the tenants, and not for what the house itself uses.
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from firmware.records import legal_time
from firmware.settlement import money
from firmware.settlement.ledger import Settled
from firmware.settlement.report import ENERGY, MONEY, NET, Column, Note, Row, Table
from firmware.settlement.tenants import COMMON

ROOF = "roof"


class Rate(NamedTuple):
    since: str  # a legal day, as the plan has it
    from_s: int
    mct: int  # 0.001 ct/kWh


def rates(named: "Mapping[str, float]", zone: ZoneInfo) -> "tuple[Rate, ...]":
    """Of day -> ct per kWh, in order."""
    return tuple(Rate(day, legal_time.midnight(zone, date.fromisoformat(day)), round(ct * 1_000))
                 for day, ct in sorted(named.items()))


class Supplement:
    """Grows quarter hour by quarter hour; nothing comes of it without rates."""

    def __init__(self, known: "tuple[Rate, ...]") -> None:
        self._rates = known
        self._scaler = 0
        self._energies: "dict[int, int]" = {}  # by rate, -1 before the first, in 10**scaler Wh

    def add(self, start_s: int, scaler: int, settled: Settled) -> None:
        if not self._rates:
            return
        if scaler < self._scaler:
            by = 10 ** (self._scaler - scaler)
            self._energies = {number: energy * by for number, energy in self._energies.items()}
            self._scaler = scaler
        number = max((at for at, rate in enumerate(self._rates) if rate.from_s <= start_s), default=-1)
        supplied = sum(line.energy_e for line in settled.lines if line.position == ROOF and line.party != COMMON)
        self._energies[number] = self._energies.get(number, 0) + supplied * 10 ** (scaler - self._scaler)

    def tables(self) -> "list[Table]":
        if not self._rates:
            return []
        exact = {str(number): energy * money.gross(self._rates[number].mct, 0)
                 for number, energy in self._energies.items() if number >= 0}
        paid = money.shared_cents(exact, self._scaler) if exact else {}
        rows: "list[Row]" = [{
            "since": self._rates[number].since if number >= 0 else "", "energy": energy,
            "rate": self._rates[number].mct if number >= 0 else None, "amount": paid.get(str(number))}
            for number, energy in sorted(self._energies.items())]
        total = {"since": "", "energy": sum(self._energies.values()), "amount": sum(paid.values())}
        columns = (Column("since"), Column("energy", ENERGY), Column("rate", NET), Column("amount", MONEY))
        return [Table("supplement", columns, rows, self._scaler, total)]

    def notes(self) -> "list[Note]":
        if not self._rates:
            return []
        return [Note("supplement", {}), *([Note("no_supplement", {}, True)] if self._energies.get(-1) else [])]
