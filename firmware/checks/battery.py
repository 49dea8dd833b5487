"""What `check` says of a battery: a line for its bands, one for each further rule."""

from firmware.checks.facts import Facts

OWN = {
    "limit": "regulates by itself; told the most it may give, or to charge",
    "mode": "regulates by itself; told to give nothing, or to charge, and nothing in between",
}


def battery_words(store: "Facts | None", kind: str) -> "list[str]":
    """None for what has no battery."""
    if store is None:
        return []
    size = f"{store['capacity_wh']} Wh, " if store["capacity_wh"] else ""
    out = [f"battery of the car: {size}{store['efficiency_permille'] // 10} % there and back"]
    if kind == "storage":
        out = [f"{size}reserve {_pct(store['reserve_permille'])}, before the car below "
               f"{_pct(store['first_permille'])}, full at {_pct(store['full_permille'])}, "
               f"{store['efficiency_permille'] // 10} % there and back"]
    if store["own"]:
        out.append(OWN[store["own"]])
    for key, verb in (("take_curve", "takes"), ("give_curve", "gives")):
        if store[key]:
            out.append(f"{verb} at most " + ", ".join(f"{w} W at {_pct(charge)}" for charge, w in store[key]))
    if store["least_w"]:
        out.append(f"rests below {store['least_w']} W")
    if store["grid_price"] is not None:
        out.append(f"charged from the grid up to {_pct(store['grid_permille'])} at {store['grid_price']} "
                   "(0.001 ct/kWh) or less, when a later hour pays for the losses")
    if store["depart_permille"]:
        out.append(_departure(store, kind))
    return out


def _departure(store: Facts, kind: str) -> str:
    words = [f"departs with {_pct(store['depart_permille'])}"]
    if kind == "storage":
        words.append("not discharged below")
    if store["depart_ms"] >= 0:
        minutes = store["depart_ms"] // 60_000
        words.append(f"charged in time for {minutes // 60:02d}:{minutes % 60:02d} each day in mode target")
    return ", ".join(words)


def _pct(permille: int) -> str:
    return f"{permille // 10} %"
