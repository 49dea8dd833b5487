"""A seeded day of the bare physics, driven by chance instead of a controller, and one number for all of it.

Two interpreters that answer the same number agree on every watt, volt and degree of the day.
"""

from sim.battery import Battery
from sim.car import Car
from sim.heatpump import HeatPump
from sim.house import NONE
from sim.rng import Rng
from sim.tank import Tank
from sim.world import World

_MASK = 0xFFFFFFFF
_FNV_PRIME = 16_777_619  # FNV-1a, 32 bit
_COMMAND_S = 20  # mean time between two commands

HOUSE: "tuple[tuple[str, int, tuple[int, ...], dict[str, object]], ...]" = (
    ("household", 0, (0, 1, 2), {}),
    ("pv", 0, (0, 1, 2), {"peak_w": 8_000, "max_w": 8_000}),
    ("pv", 1, (2,), {"name": "shed", "peak_w": 800, "max_w": 600, "azimuth_deg": 90}),
    ("car", 2, (1, 2, 0), {}),
    ("car", 2, (2, 0, 1), {"name": "second", "used_phases": 1, "max_ma": 32_000}),
    ("battery", 0, (0, 1, 2), {}),
    ("tank", 1, (2,), {}),
    ("tank", 0, (0, 1, 2), {"name": "elements", "elements_w": (1_000, 2_000, 3_000)}),
    ("heatpump", 1, (0, 1, 2), {}),
)
PARENTS = (NONE, 0, 0)


def checksum(scenario: str, seed: int, seconds: int) -> int:
    """Over the first `seconds` of the day."""
    world = World(scenario, seed, HOUSE, PARENTS)
    rng = Rng(seed)
    total = 2_166_136_261
    for second in range(seconds):
        if rng.below(_COMMAND_S) == 0:
            _command(world, rng)
        world.house.step((second + 1) * 1000, 1000)
        for number in _numbers(world):
            total = ((total ^ number) * _FNV_PRIME) & _MASK
    return total


def _command(world: World, rng: Rng) -> None:
    for part in world.parts:
        if isinstance(part, Car):
            ma = rng.between(0, 16) * 1000
            part.offer((ma, ma, ma) if rng.chance(700) else (ma, 0, 0))
        elif isinstance(part, Battery):
            part.target(rng.between(-6_000, 6_000))
        elif isinstance(part, HeatPump):
            part.sg(rng.between(1, 4))
        elif isinstance(part, Tank):
            if part.elements_w:
                part.set_elements(tuple(rng.chance(300) for _ in part.elements_w))
            else:
                part.set_w(rng.between(0, 3_500))


def _numbers(world: World) -> "list[int]":
    house = world.house
    out = [value & _MASK for value in house.voltage_mv]
    for node in house.nodes:
        out.extend([value & _MASK for value in node.power_w])
        out.append((node.import_mws ^ node.export_mws) & _MASK)
    for part in world.parts:
        if isinstance(part, (Car, Battery)):
            out.append(part.soc_permille)
        elif isinstance(part, (Tank, HeatPump)):
            out.append(part.temperature_mdegc & _MASK)
    return out
