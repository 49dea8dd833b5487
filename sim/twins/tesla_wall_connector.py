"""Twin of a Tesla Wall Connector: it tells what flows, and takes no word of anybody; `asked` are all paths."""

import json

from drivers.tesla_wall_connector import LIFETIME, VITALS
from sim.part import Point
from sim.twins import NetworkTwin, own_ma, own_mv, wired


class WallConnectorTwin(NetworkTwin):
    def __init__(self, point: Point, phases: "tuple[int, ...]") -> None:
        self._point = point
        self._phases = phases
        self.asked: "list[str]" = []
        self.posted = 0

    def tick(self, now_ms: int) -> None:
        self.now_ms = now_ms

    def answer(self, path: str) -> "bytes | None":
        self.asked.append(path)
        if path == LIFETIME:
            return json.dumps({"energy_wh": self._point.import_wh}).encode()
        return json.dumps(self._vitals()).encode() if path == VITALS else None

    def post(self, path: str, form: str) -> "bytes | None":
        self.posted += 1
        return None

    def _vitals(self) -> "dict[str, object]":
        """A car is there while something flows."""
        currents_ma, volts_mv = own_ma(self._point, self._phases), own_mv(self._point, self._phases)
        flows = max(currents_ma) > 500
        out: "dict[str, object]" = {"contactor_closed": flows, "vehicle_connected": flows, "grid_hz": 50.0,
                                    "session_energy_wh": self._point.import_wh}
        for name, ma, mv in zip("ABC", currents_ma, volts_mv):
            out[f"current{name}_a"], out[f"voltage{name}_v"] = max(ma, 0) / 1000, mv / 1000
        return out


def build(point: Point, options: "dict[str, object]") -> WallConnectorTwin:
    return WallConnectorTwin(point, wired(options))
