"""The quantities a check of a CASE.toml can name, and how each is read in a second of the case.

What begins with device. or node. and is measured comes from the physics; what was granted and why, from the plan. A
quantity that is not known in a second is None.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from control import reasons
from control.operator import ceiling_w
from control.values import CONSUME, NONE, PRODUCE, Grant
from firmware.cases.tables import CheckTable
from firmware.config.file import SiteFile
from firmware.config.read import nearest

if TYPE_CHECKING:
    from firmware.cases.life import CaseLife

Value = int | str | None
Reader = Callable[["CaseLife"], Value]
KPI = ("import_wh", "export_wh", "pv_wh", "used_wh", "self_consumption_permille", "autarky_permille", "over_limit_s",
       "quarter_w", "sliding_quarter_w", "curtailed_wh", "over_feed_in_wh", "over_feed_in_s")
KPI_DEVICE = ("energy_wh", "surplus_wh", "given_wh", "starts", "stops", "running_s", "phase_changes", "hard_switches",
              "soc_permille", "highest_mdegc", "temperature_mdegc")
WORDS = ("reason", "bound_by", "alarm", "state")  # all else is numbers


def _attribute(name: str) -> "Callable[[CaseLife, int], Value]":
    return lambda life, index: getattr(life.day.simulated.points[index], name, None)


def _granted(read: "Callable[[Grant], Value]") -> "Callable[[CaseLife, int], Value]":
    def of(life: "CaseLife", index: int) -> Value:
        grant = life.plan.grants[index] if life.plan is not None else None
        return None if grant is None else read(grant)
    return of


def _alarm(life: "CaseLife", index: int) -> Value:
    words = [reasons.word(reason) for reason, device in life.plan.alarms if device == index] if life.plan else []
    return words[0] if words else "none"


def _bound_by(life: "CaseLife", index: int) -> Value:
    grant = life.plan.grants[index] if life.plan is not None else None
    return "none" if grant is None or grant.node == NONE else life.site.nodes[grant.node].name


DEVICE: "dict[str, Callable[[CaseLife, int], Value]]" = {
    "power_w": lambda life, index: life.day.simulated.points[index].power_w.total(),
    "current_ma": lambda life, index: max(abs(ma) for ma in life.day.simulated.points[index].flow_ma),
    "l1_ma": lambda life, index: life.day.simulated.points[index].flow_ma.l1,
    "l2_ma": lambda life, index: life.day.simulated.points[index].flow_ma.l2,
    "l3_ma": lambda life, index: life.day.simulated.points[index].flow_ma.l3,
    "soc_permille": _attribute("soc_permille"),
    "temperature_mdegc": _attribute("temperature_mdegc"),
    "state": _attribute("state"),
    "starts": _attribute("starts"),
    "energy_wh": _attribute("import_wh"),
    "given_wh": _attribute("export_wh"),
    "limit_w": _attribute("told_w"),
    "could_w": _attribute("could_w"),
    "granted_w": _granted(lambda grant: grant.setpoint.power_w),
    "granted_ma": _granted(lambda grant: max(grant.setpoint.current_ma)),
    "granted_phases": _granted(lambda grant: sum(1 for ma in grant.setpoint.current_ma if ma)),
    "reason": _granted(lambda grant: reasons.word(grant.reason)),
    "bound_by": _bound_by,
    "alarm": _alarm,
}
NODE: "dict[str, Callable[[CaseLife, int], Value]]" = {
    "power_w": lambda life, index: life.day.simulated.house.node_w(index).total(),
    "current_ma": lambda life, index: max(abs(ma) for ma in life.day.simulated.house.node_ma(index)),
    "l1_ma": lambda life, index: life.day.simulated.house.node_ma(index).l1,
    "l2_ma": lambda life, index: life.day.simulated.house.node_ma(index).l2,
    "l3_ma": lambda life, index: life.day.simulated.house.node_ma(index).l3,
    "over_s": lambda life, index: life.over_s[index],
    "believed": lambda life, index: None if life.plan is None else int(life.plan.nodes[index].believed),
    "believed_permille": lambda life, index: None if life.plan is None else 1000 * life.plan.nodes[index].believed,
}
SITE: "dict[str, Reader]" = {
    "surplus_w": lambda life: None if life.plan is None else life.plan.surplus_w,
    "alarms": lambda life: None if life.plan is None else len(life.plan.alarms),
}


OPERATOR: "dict[str, Callable[[CaseLife, str], Value]]" = {
    "state": lambda life, direction: life.duty_states.get(direction, "none"),
    "ceiling_w": lambda life, direction: _ceiling_w(life, direction),
}


def _ceiling_w(life: "CaseLife", direction: str) -> Value:
    low_w = NONE if life.plan is None else ceiling_w(life.plan.obeyed.obligations, direction)
    return None if low_w == NONE else low_w


def unknown(site: SiteFile, name: str) -> str:
    """What is wrong with a quantity's name; "" when it can be read."""
    words = name.split(".")
    devices = [device.name for device in site.site.devices]
    nodes = [node.name for node in site.site.nodes]
    tree: "dict[str, Any]" = {
        "device": dict.fromkeys(devices, dict.fromkeys(DEVICE)), "node": dict.fromkeys(nodes, dict.fromkeys(NODE)),
        "site": dict.fromkeys(SITE), "operator": dict.fromkeys((CONSUME, PRODUCE), dict.fromkeys(OPERATOR)),
        "kpi": {**dict.fromkeys(KPI), **dict.fromkeys(devices, dict.fromkeys(KPI_DEVICE))},
    }
    for depth, word in enumerate(words):
        if not isinstance(tree, dict) or word not in tree:
            return "no such quantity" + nearest(word, tree if isinstance(tree, dict) else ())
        tree = tree[word]
        if depth == len(words) - 1 and isinstance(tree, dict):
            return "of what? known are " + ", ".join(tree)
    return ""


def misfit(site: SiteFile, name: str, check: CheckTable) -> "tuple[str, str]":
    """(key, what is wrong with it) of a bound that its quantity can never meet, or always does; ("", "") if none is.

    `name` must be known.
    """
    words = name.split(".")
    last = words[-1]
    told = words[0] in ("device", "operator") and last in WORDS
    if told and (check.at_least is not None or check.at_most is not None or check.must == "mean"):
        return "of", "is told in words; allowed are is, is_not, always, sometime, last"
    for key, word in (("is", check.is_), ("is_not", check.is_not)):
        if word is not None and not told:
            return key, "a number; allowed are at_least, at_most"
        known = _vocabulary(site, words)
        if word is not None and known and word not in known:
            return key, "never said of that" + nearest(word, known)
    return "", ""


def _vocabulary(site: SiteFile, words: "list[str]") -> "tuple[str, ...]":
    """All that can be said; () where that is the device's own."""
    if words[0] == "operator":
        return ("received", "changed", "applied", "kept", "released", "none")
    if words[-1] == "bound_by":
        return (*[node.name for node in site.site.nodes], "none")
    return (*map(reasons.word, reasons.ALL), "none") if words[-1] in ("reason", "alarm") else ()


def at_the_end(name: str) -> bool:
    """Whether it is reckoned once, when all is over."""
    return name.startswith("kpi.")


def reader(site: SiteFile, name: str) -> Reader:
    """`name` must be known."""
    words = name.split(".")
    if words[0] == "site":
        return SITE[words[1]]
    if words[0] == "operator":
        return lambda life: OPERATOR[words[2]](life, words[1])
    if words[0] == "kpi":
        return lambda life: _kpi(life, words[1:])
    specs: "Any" = site.site.devices if words[0] == "device" else site.site.nodes
    index = next(i for i, spec in enumerate(specs) if spec.name == words[1])
    of = (DEVICE if words[0] == "device" else NODE)[words[2]]
    return lambda life: of(life, index)


def _kpi(life: "CaseLife", words: "list[str]") -> Value:
    figures: "Any" = life.kpi()
    if len(words) == 1:
        return figures[words[0]]  # type: ignore[no-any-return]
    device: "Any" = next((each for each in figures["devices"] if each["name"] == words[0]), {})
    return device.get(words[1])  # type: ignore[no-any-return]
