"""What is wrong, in words a person can act on: what happened, what that means, what to do. English and German."""

from typing import NamedTuple

from control import reasons as r
from control import reasons_de
from control.reasons import alarm
from control.values import NONE, Site
from firmware.topics import DOUBTS

LANGUAGES = ("en", "de")
GRID = ("Until it is believed again the house runs on a safe budget.",
        "Bis ihm wieder geglaubt wird, läuft das Haus mit sicherem Budget.")
ANSWERS = ("Check its power, its cable and its address.", "Stromversorgung, Kabel und Adresse prüfen.")
READINGS = ("Check its wiring, its transformer ratio and its settings.",
            "Verdrahtung, Wandlerverhältnis und Einstellungen prüfen.")
ORDERS = ("Is control by others allowed in it, and does no second master write to it?",
          "Ist die Steuerung von außen erlaubt, und schreibt kein zweiter Master?")
MOUNTING = ("Check how it is mounted; `mounting` and `phases` in the configuration say what was expected.",
            "Einbau prüfen; `mounting` und `phases` in der Konfiguration sagen, was erwartet wird.")
LOOK = ("The page says more.", "Die Seite sagt mehr.")
DISK = ("Control goes on. Is the disk full, read-only or worn out?",
        "Die Steuerung läuft weiter. Ist der Speicher voll, schreibgeschützt oder verschlissen?")
ADVICE = {
    r.NEVER_HEARD: ANSWERS, r.STALE: ANSWERS, r.RECOVERING: ANSWERS,
    r.FROZEN: ("It repeats itself: restart it, or what carries its readings.",
               "Er wiederholt sich: den Zähler oder was seine Werte überträgt neu starten."),
    r.CURRENT_RANGE: READINGS, r.VOLTAGE_RANGE: READINGS, r.POWER_MISMATCH: READINGS, r.COUNTER_FELL: READINGS,
    r.FUTURE: READINGS, r.WRITE_FAULT: ORDERS,
    r.NOT_OBEYED: ("Switch it off by hand if that goes on.", "Von Hand ausschalten, wenn das so bleibt."),
    r.OVER_FUSE: ("Switch large loads off; if that does not help, call an electrician.",
                  "Große Verbraucher ausschalten; hilft das nicht, den Elektriker rufen."),
    r.NO_POWER: ("Ask the metering operator for the PIN, enter it and set INF to on.",
                 "Beim Messstellenbetreiber die PIN anfordern, eingeben und INF einschalten."),
    r.TURNED: MOUNTING, r.PHASES_MIXED: MOUNTING,
}
PARTS = {  # of the program: what it is called, what to do
    "broker": (("the MQTT broker is not connected", "der MQTT-Broker ist nicht verbunden"),
               ("Control goes on and nothing is lost. Check the broker's computer and the network.",
                "Die Steuerung läuft weiter, nichts geht verloren. Rechner des Brokers und Netzwerk prüfen.")),
    "journal": (("nothing is recorded", "es wird nichts aufgezeichnet"), DISK),
    "history": (("no curves are kept", "es werden keine Kurven gespeichert"), DISK),
    "records": (("no records are kept", "es werden keine Messwerte beurkundet"), DISK),
}
AGAIN = ("is well again", "ist wieder in Ordnung")


class Trouble(NamedTuple):
    """One thing that is wrong. `key` stays the same while its reason changes."""

    key: "tuple[str, object]"
    critical: bool
    what: str
    advice: str


def of_alarm(site: Site, reason: int, device: int, language: str) -> Trouble:
    """One of `Plan.alarms`."""
    at = LANGUAGES.index(language)
    words = alarm(site, reason, device) if language == "en" else reasons_de.alarm(site, reason, device)
    blind = device == site.nodes[0].meter != NONE and reason in DOUBTS
    advice = ADVICE.get(reason, LOOK)[at] + (" " + GRID[at] if blind else "")
    return Trouble((_group(reason), device), blind or reason in (r.OVER_FUSE, r.NOT_OBEYED), words, advice)


def of_part(name: str, fault: str, language: str) -> Trouble:
    """A part of the program that does not work; `fault` is what it says itself."""
    at = LANGUAGES.index(language)
    what, advice = PARTS.get(name, ((name, name), DISK))
    return Trouble(("part", name), False, f"{what[at]} ({fault[:200]})", advice[at])


def _group(reason: int) -> str:
    return "reading" if reason in DOUBTS else str(reason)
