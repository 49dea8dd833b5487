"""What `check` says, in German; part of firmware.said_de."""

GERMAN = {
    # the tree
    "Lines": "Leitungen",
    "{} for hours": "{} auf Dauer",
    "at most {} W": "höchstens {} W",
    "at most {} VA between phases": "höchstens {} VA zwischen den Phasen",
    "meter {}": "Zähler {}",
    "no meter": "kein Zähler",
    "{} assumed when blind": "blind werden {} angenommen",
    "stale after {}": "veraltet nach {}",
    "{} unit {}": "{} Adresse {}",
    "asked every {} s": "gefragt alle {} s",
    "read every {}": "gelesen alle {}",
    "limited to {} to {} W": "begrenzbar auf {} bis {} W",
    "mode {}": "Modus {}",
    "priority {}": "Vorrang {}",
    "{} to {}": "{} bis {}",
    "stages {} W": "Stufen {} W",
    "{} to {} W": "{} bis {} W",
    "NO FAIL-SAFE of its own": "KEIN EIGENER RÜCKFALL",
    "fail-safe {} after {}": "Rückfall {} nach {}",
    "no device": "kein Gerät",
    "{} carries {} meters, every {} s until set from afar; no key of them is here":
        "{} trägt {} Zähler, alle {} s, bis es aus der Ferne anders gesetzt wird; keiner ihrer Schlüssel ist hier",
    "{} carries all meters in reach, at most 250, every {} s until set from afar; no key of them is here":
        "{} trägt alle Zähler in Reichweite, höchstens 250, alle {} s, bis es aus der Ferne anders gesetzt wird; "
        "keiner ihrer Schlüssel ist hier",
    # batteries
    "{} % there and back": "{} % hin und zurück",
    "battery of the car: {}": "Batterie des Autos: {}",
    "reserve {}, before the car below {}, full at {}": "Reserve {}, vor dem Auto unter {}, voll bei {}",
    "regulates by itself; told the most it may give, or to charge":
        "regelt selbst; gesagt wird, wie viel sie höchstens abgeben darf, oder dass sie laden soll",
    "regulates by itself; told to give nothing, or to charge, and nothing in between":
        "regelt selbst; gesagt wird, dass sie nichts abgeben oder dass sie laden soll, und nichts dazwischen",
    "takes at most {}": "nimmt höchstens {}",
    "gives at most {}": "gibt höchstens {}",
    "{} W at {}": "{} W bei {}",
    "rests below {} W": "ruht unter {} W",
    "charged from the grid up to {} at {} (0.001 ct/kWh) or less, when a later hour pays for the losses":
        "aus dem Netz geladen bis {} bei {} (0,001 ct/kWh) oder weniger, wenn eine spätere Stunde die Verluste bezahlt",
    "departs with {}": "fährt mit {} ab",
    "not discharged below": "darunter nicht entladen",
    "charged in time for {} each day in mode target": "im Modus target jeden Tag rechtzeitig um {} geladen",
    # heat
    "not above {}, again from {}": "nicht über {}, wieder ab {}",
    "{} by {} ({} l, heated with {} W)": "{} bis {} ({} l, mit {} W geheizt)",
    "{} for {} min every {} d": "{} für {} min alle {} Tage",
    "at most {} Wh a day": "höchstens {} Wh am Tag",
    "runs at least {} s": "läuft mindestens {} s",
    "rests at least {} s": "ruht mindestens {} s",
    "at most {} starts in 24 h": "höchstens {} Starts in 24 h",
    "When the temperature of a tank is not known": "Wenn die Temperatur eines Speichers nicht bekannt ist",
    "goes on as its mode says, is not heated by a time of day and not against legionella":
        "macht weiter, wie sein Modus sagt, wird nicht zu einer Uhrzeit und nicht gegen Legionellen geheizt",
    "has nothing but what it takes by itself": "hat nichts, als was es sich selbst nimmt",
    "is not heated": "wird nicht geheizt",
    "{}, by {}: {}, until it is known again": "{}, nach {}: {}, bis sie wieder bekannt ist",
    # what is lost
    "When a meter is lost": "Wenn ein Zähler ausfällt",
    "no load": "keinen Verbraucher",
    "{}, {} after its newest reading: at {} {} a phase are left for {} ({} assumed for all others); charging goes on "
    "at its least, all else stops, nothing starts":
        "{}, {} nach seinem neuesten Wert: an {} bleiben {} je Phase für {} ({} angenommen für alles andere); Laden "
        "geht mit dem Mindesten weiter, alles andere hört auf, nichts beginnt",
    "{} has no meter: always {} a phase assumed for the loads nobody controls":
        "{} hat keinen Zähler: immer {} je Phase angenommen für das, was niemand steuert",
    "When a device falls silent": "Wenn ein Gerät verstummt",
    "{} is not measured: what it was told stays reserved, {} until it is known":
        "{} wird nicht gemessen: was ihm gesagt war, bleibt reserviert, {}, bis es bekannt ist",
    "{}: {} stay reserved; it has no fail-safe and may stay where it is":
        "{}: {} bleiben reserviert; es hat keinen Rückfall und kann bleiben, wo es ist",
    "{}: what it was told stays reserved, and {} once it has fallen back by itself ({})":
        "{}: was ihm gesagt war, bleibt reserviert, und {}, sobald es von selbst zurückgefallen ist ({})",
    "When the broker is down": "Wenn der Broker ausfällt",
    "none is configured": "keiner ist eingerichtet",
    "nothing changes: decisions do not need {}; the newest state follows when it is back":
        "nichts ändert sich: Entscheidungen brauchen {} nicht; der neueste Stand folgt, wenn er wieder da ist",
    "When this program or its computer dies": "Wenn dieses Programm oder sein Rechner ausfällt",
    "{} stays where it is, then at most {}: {}": "{} bleibt, wo es ist, dann höchstens {}: {}",
    "{} within {}, then at most {}: {}": "{} binnen {}, dann höchstens {}: {}",
    "{}: {} fail-safe + {} assumed = {} of {} on {}": "{}: {} Rückfall + {} angenommen = {} von {} auf {}",
    "{} on {}": "{} auf {}",
    "none": "keine",
    "Without a fail-safe of their own: {}": "Ohne eigenen Rückfall: {}",
    "Is this meant?": "Ist das so gemeint?",
    # generation and the grid operator
    "Generation and the grid operator": "Erzeugung und Netzbetreiber",
    "at most {} W are fed in at the house connection (feed_in_w)":
        "höchstens {} W werden am Hausanschluss eingespeist (feed_in_w)",
    "{} W of generators are installed (generator_w)": "{} W Erzeugung sind installiert (generator_w)",
    "the grid operator has to leave {} W (Pmin, section 14a) to {}":
        "der Netzbetreiber muss {} W (Pmin, § 14a) lassen für {}",
    "{}: {}; while it is not heard: {}": "{}: {}; solange nichts gehört wird: {}",
    "at most {} W for controllable devices": "höchstens {} W für steuerbare Geräte",
    "at most {} W fed in": "höchstens {} W eingespeist",
    "keeps its limit": "behält seine Grenze",
    "within {}": "binnen {}",
    "{} {}, then makes at most {} W: {}": "{} {}, erzeugt dann höchstens {} W: {}",
    # the records
    "Records": "Aufzeichnung",
    "cannot be read: {}": "nicht lesbar: {}",
    "open to others (mode {}); chmod 600 {}": "für andere offen (Modus {}); chmod 600 {}",
    "{} is gone; another one will be made, and that is recorded":
        "{} ist weg; ein neuer wird gemacht, und das wird aufgezeichnet",
    "none yet": "noch keine",
    "{}, newest quarter hour {}": "{}, neueste Viertelstunde {}",
    "KEY: {}": "SCHLÜSSEL: {}",
    "{} is kept {} days ({})": "{} wird {} Tage aufgehoben ({})",
    "charging sessions of {}, by their own counters": "Ladevorgänge von {}, nach ihren eigenen Zählern",
    "commands and MQTT": "Befehle und MQTT",
    "contact {} (pin {}, {} of {})": "Kontakt {} (Pin {}, {} von {})",
    "readings are asked for by: {}": "Messwerte werden verlangt durch: {}",
    "nobody (events = true, [contact.NAME])": "niemand (events = true, [contact.NAME])",
    "missing: {}": "es fehlt: {}",
    "clock now {}; legal time of {}": "Uhr jetzt {}; gesetzliche Zeit von {}",
    "clock now {}, at most {} ms wrong; legal time of {}":
        "Uhr jetzt {}, höchstens {} ms falsch; gesetzliche Zeit von {}",
    "made at the first start": "wird beim ersten Start gemacht",
    "key in {}: {}, another one is prepared": "Schlüssel in {}: {}, ein weiterer ist vorbereitet",
    "key in {}: {}": "Schlüssel in {}: {}",
    "token {} by {}": "Token {} über {}",
    "own choice": "eigene Wahl",
    "not set": "nicht gestellt",
    "synced": "gestellt",
    "held by itself": "läuft frei",
    "class {}": "Klasse {}",
    "no MID": "keine MID",
    "no counter": "kein Zählwerk",
    "the clock of this computer is not synced: nothing for billing is made from it (systemd-timesyncd does, chrony "
    "with rtcsync)":
        "die Uhr dieses Rechners ist nicht gestellt: nach ihr entsteht nichts zum Abrechnen (systemd-timesyncd stellt "
        "sie, chrony mit rtcsync)",
    "asked too seldom for quarter hours: {}; every_s = {} or less, if it counts electricity":
        "zu selten gefragt für Viertelstunden: {}; every_s = {} oder weniger, wenn er Strom zählt",
    "no [mqtt]: the newest hashes are published nowhere, so a log written anew is not found out":
        "kein [mqtt]: die neuesten Hashes stehen nirgends sonst, ein neu geschriebenes Protokoll fällt nicht auf",
    "no mid = true: {}; what is settled from them is marked as not calibrated":
        "kein mid = true: {}; was aus ihnen abgerechnet wird, ist als nicht geeicht gekennzeichnet",
    "no serial: {}; another meter in their place is told by its counter alone":
        "kein serial: {}; ein anderer Zähler an ihrer Stelle fällt nur durch seinen Zählerstand auf",
    "no storage_wh: what the storage holds is not told by origin":
        "kein storage_wh: was der Speicher hält, wird nicht nach Herkunft gesagt",
    # who the meters are
    "Who the meters say they are": "Was die Zähler von sich sagen",
    "it does not say": "er sagt es nicht",
    "another meter: its number is {}, the configuration says {}":
        "ein anderer Zähler: seine Nummer ist {}, in der Konfiguration steht {}",
    "maker": "Hersteller",
    "model": "Typ",
    "serial": "Nummer",
    "firmware": "Firmware",
    "accuracy class": "Genauigkeitsklasse",
    "transformer ratio": "Wandlerverhältnis",
    "rated current in mA": "Nennstrom in mA",
    "checked": "geprüft",
    "{} kWh in": "{} kWh Bezug",
    "{} kWh out": "{} kWh Einspeisung",
}
