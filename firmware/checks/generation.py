"""What `check` says of generators that can be limited and of the grid operator: who tells, what holds when lost."""

from typing import Any

from control.operator import ceiling_w
from control.values import CONSUME, NONE, Obligation, Site
from control.wiring import NO_LIMIT, is_controllable
from firmware import failsafe_de
from firmware.config import driver_modules
from firmware.config.file import SiteFile
from firmware.losses import left_alone_w
from firmware.pmin import owed_w, today
from firmware.said import Said, decimal, joined, said
from hal.values import Ability

Facts = dict[str, Any]


def facts(file: SiteFile) -> Facts:
    site = file.site
    owed = owed_w(site.devices, today())
    return {
        "feed_in_w": None if site.feed_in_w == NONE else site.feed_in_w,
        "generator_w": file.generator_w or None,
        "owed_w": None if owed == NONE else owed,
        "controllable": [device.name for device in site.devices if is_controllable(site.devices, device)],
        "inverters": [{"device": site.devices[index].name,
                       "failsafe_ms": site.devices[index].ability.failsafe_ms or None,
                       "left_alone_w": left_alone_w(site.devices[index]),
                       **failsafe(file, index)} for index in _of_kind(site, "inverter")],
        "signals": [{"device": site.devices[index].name, **_signal(site.devices[index].ability),
                     **failsafe(file, index)} for index in _of_kind(site, "signal")],
    }


def failsafe(file: SiteFile, index: int) -> "dict[str, str]":
    """What a device's driver says of it once nobody talks to it."""
    words = driver_modules.module(file.devices[index].driver).FAILSAFE
    return {"words": words, "words_de": failsafe_de.GERMAN.get(words, words)}


def _of_kind(site: Site, kind: str) -> "list[int]":
    return [index for index, device in enumerate(site.devices) if device.ability.kind == kind]


def _signal(able: Ability) -> Facts:
    """What each contact means, and what holds while nothing is heard of any."""
    kept = tuple(Obligation(direction, watts, NONE, "") for _, direction, watts, holds in able.signals if holds)
    lost = {direction: ceiling_w(kept, direction) for direction in {one.direction for one in kept}}
    return {"contacts": [{"word": word, "direction": direction, "ceiling_w": watts}
                         for word, direction, watts, _ in able.signals], "lost_w": lost}


def warnings(file: SiteFile) -> "list[str]":
    site, found = file.site, facts(file)
    out: "list[str]" = []
    stages = [one["device"] for one in found["signals"]
              if any(contact["direction"] != CONSUME for contact in one["contacts"])]
    left_w = sum(one["left_alone_w"] for one in found["inverters"])
    if not found["inverters"]:
        for name in (["site.feed_in_w"] if site.feed_in_w != NONE else []) + [f"device.{name}" for name in stages]:
            out.append(said("{}: no inverter here can be limited; only loads and storage keep to it, while they can",
                            name))
    elif site.feed_in_w != NONE and left_w > site.feed_in_w:
        out.append(said("site.feed_in_w: while this program is dead the inverters may make {} W, more than the {} W "
                        "that may be fed in (fallback_w, where they have one)", left_w, site.feed_in_w))
    least_w = min([site.feed_in_w if site.feed_in_w != NONE else NO_LIMIT]
                  + [contact["ceiling_w"] for one in found["signals"] for contact in one["contacts"]
                     if contact["direction"] != CONSUME])
    for device in file.devices:
        tenth_w = device.options["rated_w"] // 10 if device.options.get("beside") else 0
        if least_w < tenth_w and device.options["least_w"] < tenth_w:
            out.append(said("device.{}.least_w: with many firmwares a limit below {} W, a tenth, sends inverter and "
                            "battery to standby", device.name, tenth_w))
    if site.feed_in_w != NONE and file.generator_w and site.feed_in_w > file.generator_w:
        out.append(said("site.feed_in_w: more than all that is installed (generator_w = {})", file.generator_w))
    if found["owed_w"] is not None:
        out += [said("device.{}: dims below {} W, the least the grid operator has to leave", one["device"],
                     found["owed_w"])
                for one in found["signals"] for contact in one["contacts"]
                if contact["direction"] == CONSUME and contact["ceiling_w"] < found["owed_w"]]
    return out


def words(found: Facts) -> "list[str]":
    """[] for a house that has to do with none of it."""
    out = []
    if found["feed_in_w"] is not None:
        out.append(said("at most {} W are fed in at the house connection (feed_in_w)", found["feed_in_w"]))
    if found["generator_w"] is not None:
        out.append(said("{} W of generators are installed (generator_w)", found["generator_w"]))
    if found["owed_w"] is not None:
        out.append(said("the grid operator has to leave {} W (Pmin, section 14a) to {}", found["owed_w"],
                        ", ".join(found["controllable"])))
    for one in found["signals"]:
        means = joined(joined((each["word"], _ceiling(each["direction"], each["ceiling_w"])), " ")
                       for each in one["contacts"])
        lost = joined(_ceiling(direction, watts) for direction, watts in sorted(one["lost_w"].items()))
        out.append(said("{}: {}; while it is not heard: {}", one["device"], means, lost or said("nothing")))
    return [joined(("  ", line), "") for line in out]


def _ceiling(direction: str, watts: int) -> Said:
    if direction == CONSUME:
        return said("at most {} W for controllable devices", watts)
    return said("at most {} W fed in", watts)


def dead(found: Facts) -> "list[str]":
    """When this program dies."""
    out: "list[str]" = []
    for one in found["inverters"]:
        words = Said(one["words"])
        words.de = one["words_de"]
        when = said("keeps its limit") if one["failsafe_ms"] is None else said(
            "within {}", decimal(f"{one['failsafe_ms'] / 1000:g} s"))
        out.append(joined(("  ", said("{} {}, then makes at most {} W: {}", one["device"], when, one["left_alone_w"],
                                      words)), ""))
    return out
