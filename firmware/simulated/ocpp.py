"""The port of simulated charge points at full speed: no socket, the same messages, judged by the same schemas."""

import itertools
from typing import Any

from drivers import ocpp_frames
from drivers.ocpp_desk import At, Desk
from drivers.ocpp_frames import Asks, Broken, Refuses
from drivers.ocpp_port import Stations
from drivers.ocpp_talk import DIALECTS, answered, judged
from hal.faults import TIMEOUT, DeviceError
from sim.ocpp_point import ChargePoint

BORN_MS = 1_800_000_000_000  # UTC when the monotonic clock is 0
MOST_AT_ONCE = 100  # messages of a station in one step


class SimStations(Stations):
    """Stations in this process, which answer at once."""

    def __init__(self, points: "dict[str, ChargePoint]") -> None:
        self._points = points
        self._desks: "dict[str, Desk]" = {}
        self._utc_ms = BORN_MS
        self._ids = itertools.count(1)
        self.asked: "list[tuple[str, dict[str, Any]]]" = []  # the newest that were asked

    def desk(self, station: str) -> Desk:
        return self._desks.setdefault(station, Desk(station))

    def open(self) -> None:
        """It is."""

    def utc_ms(self) -> int:
        return self._utc_ms

    def ask(self, station: str, action: str, payload: "dict[str, Any]") -> "dict[str, Any]":
        point = self._points[station]
        if not point.connected:
            raise DeviceError(TIMEOUT, self._desks[station].absent)
        version, id = point.tongue.version, str(next(self._ids))
        asked = ocpp_frames.parse(ocpp_frames.request(version, id, action, payload))
        assert isinstance(asked, Asks)
        self.asked = [*self.asked[-199:], (action, payload)]
        said = point.asked(asked.action, asked.payload)
        if said is None:
            raise DeviceError(TIMEOUT, f"{action}: no answer")
        if isinstance(said, str):
            return judged(version, action, Refuses(id, said, ""))
        return judged(version, action, ocpp_frames.Answers(id, said))

    def live(self, point: ChargePoint, now_ms: int) -> None:
        """What the station has to say reaches its desk."""
        desk = self.desk(point.station)
        self._utc_ms = BORN_MS + now_ms
        if point.connected != bool(desk.version):
            if point.connected:
                desk.joins(point.tongue.version, now_ms)
            else:
                desk.leaves("the connection was lost")
        if point.connected and not point.silent:
            desk.alive(now_ms)
        for _ in range(MOST_AT_ONCE):
            due = None if point.silent else point.due()
            if due is None:
                return
            try:
                text = answered(DIALECTS["ocpp" + point.tongue.version], desk, Asks(str(next(self._ids)), *due),
                                At(now_ms, self._utc_ms))
            except Broken as broken:
                desk.breaks(broken.words)
                point.answered(None)
                continue
            answer = ocpp_frames.parse(text)
            point.answered(answer.payload if isinstance(answer, ocpp_frames.Answers) else None)
