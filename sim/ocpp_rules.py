"""A connector of a simulated charge point, and which of the profiles it was told rules there. Not on a board."""

from typing import Any

from hal.values import NOMINAL_MV
from sim.car import Car
from sim.ocpp_tongues import Told


class Socket:
    """One connector (2.0.1: EVSE) and the car on it."""

    def __init__(self, number: int, car: Car, card: str) -> None:
        self.number = number
        self.car = car
        self.card = card  # presented by itself when a car is plugged in; "": nobody has one
        self.status = ""
        self.told: "list[Told]" = []
        self.transaction: Any = None
        self.starting = False
        self.running_card = ""
        self.plugged_ms: "int | None" = None
        self.presented = False
        self.offered_ma = 0
        self.conductors = len(car.phases)
        self.lagging: "list[tuple[int, int, int]]" = []  # (due, current, conductors)
        self.values_ms = 0
        self.sequence = 0


def rules(socket: Socket, at_ms: int, installed_ma: int, switches: bool) -> "tuple[int, int]":
    """(mA of each conductor, conductors) at that time of its clock: TxProfile first, then the highest level."""
    count = len(socket.car.phases)
    live = [told for told in socket.told if told.from_ms <= at_ms and (told.to_ms is None or at_ms < told.to_ms)
            and (told.purpose != "TxProfile" or socket.transaction is not None)]
    if not live:
        return installed_ma, count
    told = max(live, key=lambda one: (one.purpose == "TxProfile", one.level))
    conductors = min(told.conductors, count) if told.conductors and switches else count
    milli = round(told.limit * 1000)
    limit_ma = milli if told.unit == "A" else milli * 1000 // NOMINAL_MV // (told.conductors or count)
    return min(limit_ma, installed_ma), conductors


def schedule(socket: Socket, now_ms: int, long_s: int, unit: str, installed_ma: int, switches: bool,
             ) -> "list[dict[str, Any]]":
    """What rules from now on, period by period."""
    out = []
    for at_ms in sorted({now_ms} | {told.to_ms for told in socket.told if told.to_ms is not None
                                    and now_ms < told.to_ms < now_ms + 1000 * long_s}):
        limit_ma, conductors = rules(socket, at_ms, installed_ma, switches)
        limit = limit_ma * NOMINAL_MV // 1_000_000 * conductors if unit == "W" else limit_ma // 100 / 10
        out.append({"startPeriod": (at_ms - now_ms) // 1000, "limit": limit, "numberPhases": conductors})
    return out
