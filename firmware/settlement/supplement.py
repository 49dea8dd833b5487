"""Tenant supplement (section 21 (3) EEG): what the grid operator adds for the roof's energy that tenants were supplied.

The rates are the plan's: they hang on the size of the plant and the day it began, so nobody but its owner knows them.
It is paid to the owner of the plant, not by the tenants, and not for what the house itself uses.
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from firmware.records import legal_time
from firmware.records.sharing import divided
from firmware.settlement import money
from firmware.settlement.ledger import Settled
from firmware.settlement.report import ENERGY, MONEY, NET, Column, Note, Row, Table
from firmware.settlement.tenants import COMMON

ROOF = "roof"
ALL = ""


class Rate(NamedTuple):
    since: str  # a legal day, as the plan has it
    from_s: int
    mct: "Mapping[str, int]"  # 0.001 ct/kWh by roof; ALL where they are alike


def rates(named: "Mapping[str, Mapping[str, float]]", zone: ZoneInfo) -> "tuple[Rate, ...]":
    """Of day -> roof, or ALL -> ct per kWh, in order."""
    return tuple(Rate(day, legal_time.midnight(zone, date.fromisoformat(day)),
                      {roof: round(ct * 1_000) for roof, ct in by_roof.items()})
                 for day, by_roof in sorted(named.items()))


class Supplement:
    """Grows quarter hour by quarter hour; nothing comes of it without rates.

    Where roofs have rates of their own, what was supplied is each one's by what it made in the quarter hour; by night,
    out of the storage, by all they have made so far.
    """

    def __init__(self, known: "tuple[Rate, ...]") -> None:
        self._rates = known
        self._scaler = 0
        self._made: "dict[str, int]" = {}
        self._energies: "dict[tuple[int, str], int]" = {}  # by rate, -1 before the first, and roof, in 10**scaler Wh

    def add(self, start_s: int, scaler: int, settled: Settled, made: "Mapping[str, int]") -> None:
        """`made` by roof, in 10**scaler Wh."""
        if not self._rates:
            return
        if scaler < self._scaler:
            by = 10 ** (self._scaler - scaler)
            self._energies = {key: energy * by for key, energy in self._energies.items()}
            self._made = {roof: energy * by for roof, energy in self._made.items()}
            self._scaler = scaler
        number = max((at for at, rate in enumerate(self._rates) if rate.from_s <= start_s), default=-1)
        supplied = sum(line.energy_e for line in settled.lines if line.position == ROOF and line.party != COMMON)
        alike = number < 0 or ALL in self._rates[number].mct
        parts = {ALL: supplied} if alike else divided(supplied, self._weights(made, scaler))
        for roof, energy in parts.items():
            before = self._energies.get((number, roof), 0)
            self._energies[number, roof] = before + energy * 10 ** (scaler - self._scaler)

    def _weights(self, made: "Mapping[str, int]", scaler: int) -> "Mapping[str, int]":
        for roof, energy in made.items():
            self._made[roof] = self._made.get(roof, 0) + energy * 10 ** (scaler - self._scaler)
        if any(made.values()):
            return made
        return self._made if any(self._made.values()) else dict.fromkeys(made, 1)

    def tables(self) -> "list[Table]":
        if not self._rates:
            return []
        exact = {f"{number} {roof}": energy * money.gross(mct, 0) for (number, roof), energy in self._energies.items()
                 if (mct := self._mct(number, roof)) is not None}
        paid = money.shared_cents(exact, self._scaler) if exact else {}
        rows: "list[Row]" = [{
            "since": self._rates[number].since if number >= 0 else "", "roof": roof, "energy": energy,
            "rate": self._mct(number, roof), "amount": paid.get(f"{number} {roof}")}
            for (number, roof), energy in sorted(self._energies.items())]
        total = {"since": "", "energy": sum(self._energies.values()), "amount": sum(paid.values())}
        columns = (Column("since"), *([Column("roof")] if any(row["roof"] for row in rows) else []),
                   Column("energy", ENERGY), Column("rate", NET), Column("amount", MONEY))
        return [Table("supplement", columns, rows, self._scaler, total)]

    def notes(self) -> "list[Note]":
        if not self._rates:
            return []
        without = any(energy and self._mct(*key) is None for key, energy in self._energies.items())
        return [Note("supplement", {}), *([Note("no_supplement", {}, True)] if without else [])]

    def _mct(self, number: int, roof: str) -> "int | None":
        return self._rates[number].mct.get(roof) if number >= 0 else None
