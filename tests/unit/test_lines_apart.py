"""Which devices share a worker."""

from firmware import build
from firmware.config.file import site_file
from firmware.config.read import Findings
from firmware.image import Image
from firmware.line import healths
from firmware.simulated.house import Simulated
from sim.clock import SimClock


def test_each_station_has_a_worker_and_its_connectors_share_it() -> None:
    def station(name: str, connector: int = 1) -> "dict[str, object]":
        return {"driver": "ocpp_station", "line": "yard", "station": name, "connector": connector, "node": "house",
                "phases": "L1 L2 L3", "max_a": 16}

    raw = {"site": {"name": "Yard", "latitude": 48, "longitude": 11},
           "line": {"grid": {"kind": "modbus-tcp", "host": "grid"}, "yard": {"kind": "ocpp", "security_profile": 0}},
           "node": {"house": {"rated_a": 125, "curve": "gg", "meter": "grid", "rest_a": 0}},
           "device": {"grid": {"driver": "eastron_sdm630", "line": "grid"}, "a": station("A"), "b": station("B"),
                      "c": station("A", 2)}}
    file = site_file(Findings("yard", raw, {}), raw)
    lines = build.lines(file, Image(4), SimClock(0), Simulated(file, "sunny", 7).port)
    assert [[slot.index for slot in line.slots] for line in lines] == [[0], [1, 3], [2]]
    assert [(name, [one[0] for one in ones]) for name, ones in healths(lines)] == [("grid", [0]), ("yard", [1, 3, 2])]
