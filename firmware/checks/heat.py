"""What `check` says of devices that heat or are switched: what their owner has asked of them, and what is lost with a
thermometer."""

from typing import Any

from control.heat import HOLD_MS
from control.values import NONE, DeviceSpec, Site
from firmware.said import Said, joined, said

DAY_MS = 86_400_000


def facts(site: Site, device: DeviceSpec) -> "dict[str, Any]":
    able, heat = device.ability, device.ability.heat
    out: "dict[str, Any]" = {"min_on_ms": able.min_on_ms or None, "min_off_ms": able.min_off_ms or None,
                             "starts_a_day": able.most_starts or None}
    if heat is None:
        return out
    return {**out, "temperature_of": device.name if heat.thermometer == NONE else site.devices[heat.thermometer].name,
            "most_mdegc": heat.most_mdegc, "gap_mdegc": heat.gap_mdegc,
            "warm_mdegc": heat.warm_mdegc, "warm_by_ms": None if heat.warm_mdegc is None else heat.warm_day_ms,
            "litres": heat.litres or None, "heats_w": heat.heats_w, "legionella_mdegc": heat.hot_mdegc,
            "legionella_days": None if heat.hot_mdegc is None else heat.hot_every_ms // DAY_MS,
            "day_wh": heat.day_wh or None}


def words(heat: "dict[str, Any]") -> Said:
    """One line; "" where nothing is asked."""
    out = []
    if heat.get("most_mdegc") is not None:
        out.append(said("not above {}, again from {}", _c(heat["most_mdegc"]),
                        _c(heat["most_mdegc"] - heat["gap_mdegc"])))
    if heat.get("warm_mdegc") is not None:
        minutes = heat["warm_by_ms"] // 60_000
        out.append(said("{} by {} ({} l, heated with {} W)", _c(heat["warm_mdegc"]),
                        f"{minutes // 60:02}:{minutes % 60:02}", heat["litres"], heat["heats_w"]))
    if heat.get("legionella_mdegc") is not None:
        out.append(said("{} for {} min every {} d", _c(heat["legionella_mdegc"]), HOLD_MS // 60_000,
                        heat["legionella_days"]))
    if heat.get("day_wh"):
        out.append(said("at most {} Wh a day", heat["day_wh"]))
    if heat["min_on_ms"]:
        out.append(said("runs at least {} s", heat["min_on_ms"] // 1000))
    if heat["min_off_ms"]:
        out.append(said("rests at least {} s", heat["min_off_ms"] // 1000))
    if heat["starts_a_day"]:
        out.append(said("at most {} starts in 24 h", heat["starts_a_day"]))
    return joined(out)


def lost(name: str, heat: "dict[str, Any]", runs_alone: bool) -> "list[str]":
    """What follows when the temperature of its tank is not known."""
    asked = [key for key in ("most_mdegc", "warm_mdegc", "legionella_mdegc") if heat.get(key) is not None]
    if not asked:
        return []
    if heat["most_mdegc"] is None:
        follows = said("goes on as its mode says, is not heated by a time of day and not against legionella")
    else:
        follows = said("has nothing but what it takes by itself") if runs_alone else said("is not heated")
    return [joined(("  ", said("{}, by {}: {}, until it is known again", name, heat["temperature_of"], follows)), "")]


def _c(mdegc: int) -> str:
    return f"{mdegc // 1000} °C"
