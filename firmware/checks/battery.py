"""What `check` says of a battery: a line for its bands, one for each further rule."""

from firmware.checks.facts import Facts
from firmware.said import Said, joined, said


def battery_words(store: "Facts | None", kind: str) -> "list[str]":
    """None for what has no battery."""
    if store is None:
        return []
    size = (f"{store['capacity_wh']} Wh",) if store["capacity_wh"] else ()
    back = said("{} % there and back", store["efficiency_permille"] // 10)
    out: "list[str]" = [said("battery of the car: {}", joined((*size, back)))]
    if kind == "storage":
        out = [joined((*size, said("reserve {}, before the car below {}, full at {}", _pct(store["reserve_permille"]),
                                   _pct(store["first_permille"]), _pct(store["full_permille"])), back))]
    if store["own"] == "limit":
        out.append(said("regulates by itself; told the most it may give, or to charge"))
    elif store["own"]:
        out.append(said("regulates by itself; told to give nothing, or to charge, and nothing in between"))
    if store["take_curve"]:
        out.append(said("takes at most {}", _curve(store["take_curve"])))
    if store["give_curve"]:
        out.append(said("gives at most {}", _curve(store["give_curve"])))
    if store["least_w"]:
        out.append(said("rests below {} W", store["least_w"]))
    if store["grid_price"] is not None:
        out.append(said("charged from the grid up to {} at {} (0.001 ct/kWh) or less, when a later hour pays for the "
                        "losses", _pct(store["grid_permille"]), store["grid_price"]))
    if store["depart_permille"]:
        out.append(_departure(store, kind))
    return out


def _curve(points: "tuple[tuple[int, int], ...]") -> Said:
    return joined(said("{} W at {}", w, _pct(charge)) for charge, w in points)


def _departure(store: Facts, kind: str) -> Said:
    words = [said("departs with {}", _pct(store["depart_permille"]))]
    if kind == "storage":
        words.append(said("not discharged below"))
    if store["depart_ms"] >= 0:
        minutes = store["depart_ms"] // 60_000
        words.append(said("charged in time for {} each day in mode target",
                          f"{minutes // 60:02d}:{minutes % 60:02d}"))
    return joined(words)


def _pct(permille: int) -> str:
    return f"{permille // 10} %"
