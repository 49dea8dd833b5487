"""The sentences of control.reasons in German; numbers and places are the same."""

from control import reasons as r
from control.values import Grant, Site

TEXTS = (
    (r.OFF, "ausgeschaltet"),
    (r.FULL, "alles, was es nehmen kann"),
    (r.NO_CAR, "kein Auto angesteckt"),
    (r.DEVICE_FAULT, "das Gerät meldet eine Störung"),
    (r.SILENT, "das Gerät antwortet nicht; was es ziehen kann, bleibt reserviert"),
    (r.IDLE, "angeboten, aber nicht genommen"),
    (r.TARGET, "alles, was geht, um rechtzeitig fertig zu sein"),
    (r.LEASE, "so von außen vorgegeben"),
    (r.LIMIT, "vom Besitzer begrenzt"),
    (r.FUSE, "Sicherung {node}{phase}"),
    (r.CONTINUOUS, "Dauerstrom {node}{phase}"),
    (r.NODE_POWER, "Leistungsgrenze {node}"),
    (r.IMBALANCE, "Schieflast an {node}{phase}"),
    (r.OPERATOR, "Vorgabe des Netzbetreibers"),
    (r.OVERLOAD, "{node} überlastet{phase}"),
    (r.EXPORT_FUSE, "Sicherung {node} in Richtung Netz{phase}"),
    (r.METER_LOST, "Zähler von {node} ausgefallen: sicherer Betrieb"),
    (r.OTHERS_FIRST, "andere kommen zuerst, {offer} von {need} übrig"),
    (r.PEAK, "Spitzengrenze der Viertelstunde"),
    (r.SURPLUS, "folgt dem Überschuss"),
    (r.WAITS_SURPLUS, "wartet auf Überschuss: {offer} von {need}"),
    (r.STARTS_SOON, "startet, wenn der Überschuss bleibt"),
    (r.STOPS_SOON, "so wenig wie möglich; stoppt, wenn kein Überschuss kommt"),
    (r.MINIMUM, "sein Mindestes, mehr bei Überschuss"),
    (r.CHEAP, "Netzstrom ist billiger, als er dem Gerät wert ist"),
    (r.EXPORT_PAYS, "Einspeisen bringt mehr"),
    (r.GENERATES, "alles, was sie erzeugen kann"),
    (r.FEED_IN, "mehr darf nicht eingespeist werden"),
    (r.EXPORT_COSTS, "Einspeisen kostet jetzt Geld"),
    (r.ZERO_GRID, "hält den Netzbezug bei null"),
    (r.RESERVE, "Reserve erreicht, keine Entladung"),
    (r.CHARGED, "Ladestand erreicht"),
    (r.NO_CHARGE_LEVEL, "Ladestand unbekannt"),
    (r.STORAGE_FIRST, "der Speicher lädt zuerst, {offer} von {need} übrig"),
    (r.KEEPS, "behält, was er hat: es ist mehr wert als Netzstrom jetzt kostet"),
    (r.OWN_LOOP, "regelt sich selbst"),
    (r.LOCKED, "keine Entladung ins Laden aus dem Netz"),
    (r.DEPARTURE, "aufgehoben für die Abfahrt oder das Ziel, keine Entladung"),
    (r.CURVE, "mehr geht bei diesem Ladestand nicht"),
    (r.LEAST_POWER, "zu wenig für den Wechselrichter"),
    (r.PEAK_FILL, "lädt aus dem Netz für die nächste Spitze"),
    (r.RAMP, "steigt schrittweise"),
    (r.REST, "ruht nach einem Stopp"),
    (r.SHORTEST_RUN, "läuft seine Mindestzeit"),
    (r.PHASE_DWELL, "bleibt auf seinen Phasen bis zum nächsten Wechsel"),
    (r.OTHERS_LOWER, "wartet, bis andere an {node}{phase} zurückgegangen sind"),
    (r.NEWS, "wartet auf einen neuen Messwert"),
    (r.PROBE, "kurz etwas weniger: folgt der Zähler von {node} noch?"),
    (r.HOT, "sein Speicher ist so heiß, wie er sein darf"),
    (r.NO_TEMPERATURE, "die Temperatur seines Speichers ist unbekannt"),
    (r.LEGIONELLA, "so heiß gegen Legionellen, es ist fällig"),
    (r.STARTS_USED, "die Starts eines Tages sind verbraucht"),
    (r.DAY_ENERGY, "die Energie des Tages ist verbraucht"),
    (r.NEVER_HEARD, "noch nie gehört"),
    (r.STALE, "antwortet nicht"),
    (r.FROZEN, "wiederholt sich oder steht still, während sich anderes ändert"),
    (r.CURRENT_RANGE, "meldet einen unmöglichen Strom"),
    (r.VOLTAGE_RANGE, "meldet eine unmögliche Spannung"),
    (r.POWER_MISMATCH, "meldet Leistung, die nicht zu den Strömen passt"),
    (r.COUNTER_FELL, "der Energiezähler ist gefallen"),
    (r.FUTURE, "der Messwert kommt aus der Zukunft"),
    (r.RECOVERING, "antwortet wieder, noch nicht glaubwürdig"),
    (r.WRITE_FAULT, "nimmt Vorgaben nicht an"),
    (r.OVER_FUSE, "misst mehr, als die Sicherung trägt"),
    (r.NOT_OBEYED, "zieht oder erzeugt mehr als vorgegeben"),
    (r.NO_POWER, "sagt keine Leistung: gesperrt, oder es sendet keine"),
    (r.TURNED, "misst andersherum als alles dahinter: ist der Zähler verkehrt eingebaut?"),
    (r.PHASES_MIXED, "misst auf anderen Phasen als alles dahinter: welche ist L1?"),
    (r.FEEDS_TOO_MUCH, "misst mehr Einspeisung als erlaubt"),
    (r.INPUT_LOST, "hat einen Kontakt, der so nicht stehen kann: ist ein Draht gebrochen?"),
    (r.LEAPING, "springt auf und ab wie kein Haus"),
    (r.SCALED, "misst einen anderen Betrag als alles dahinter: stimmt das Wandlerverhältnis?"),
    (r.NO_TEMPERATURE_KNOWN, "die Temperatur seines Speichers ist unbekannt"),
    (r.LEGIONELLA_LATE, "sein Speicher war zu lange nicht heiß genug gegen Legionellen"),
    (r.NO_TIME, "soll zu einer Uhrzeit warm sein, und die Uhr ist nicht gestellt"),
)


def text(reason: int) -> str:
    for number, words in TEXTS:
        if number == reason:
            return words
    raise ValueError("no reason %d" % reason)


def sentence(site: Site, device_index: int, grant: Grant) -> str:
    """Amount and cause: "6,5 A: Sicherung garage, L2"."""
    return r.filled(site, device_index, grant, text(grant.reason), comma=True)


def alarm(site: Site, reason: int, device_index: int) -> str:
    return "%s: %s" % (site.devices[device_index].name, text(reason))
