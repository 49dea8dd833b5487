"""What each load, and each generator that can be limited, can be told and what it falls back to, as retained pairs:
for whoever shows it without the SITE.toml.

hutschiene/<site>/<device>/ability   {"modes", "priority", "current_ma", "power_w", "stages_w", "failsafe_ms",
                                     "left_alone_ma", "left_alone_w"}

It never changes while the daemon runs.
"""

import json

from control.values import DeviceSpec, Site
from control.wiring import is_load, is_told
from firmware.config.site import MODES
from firmware.losses import left_alone_ma, left_alone_w
from firmware.topics import Pairs, slug


def ability_pairs(site: Site) -> Pairs:
    root = f"hutschiene/{slug(site.name)}/"
    return tuple((f"{root}{slug(device.name)}/ability", json.dumps(_ability(device), separators=(",", ":")))
                 for device in site.devices if is_told(device))


def _ability(device: DeviceSpec) -> "dict[str, object]":
    """`left_alone_ma`: most it draws per phase once nobody talks to it; `failsafe_ms` null: it has no fail-safe."""
    able, left = device.ability, left_alone_ma(device)
    return {
        "modes": list(MODES.get(able.kind, ())), "priority": device.priority,
        "current_ma": [able.min_ma, able.max_ma] if able.kind == "wallbox" else None,
        "power_w": [able.min_w, able.max_w] if able.kind in ("heater", "storage", "inverter") else None,
        "stages_w": [sum(stage) for stage in able.stages] if able.kind == "stages" else None,
        "failsafe_ms": able.failsafe_ms or None, "left_alone_ma": [left.l1, left.l2, left.l3],
        "left_alone_w": None if is_load(device) else left_alone_w(device),
    }
