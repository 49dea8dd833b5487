"""What to do about each thing that can be wrong, in English and German: the words of firmware.troubles."""

from control import reasons as r
from hal.faults import FRAME, RANGE, REFUSED, TIMEOUT

Words = tuple[str, str]  # English, German
LANGUAGES = ("en", "de")
NONE: Words = ("", "")
BLIND: Words = ("Until it is believed again, loads are held at a safe level.",
                "Bis ihm wieder geglaubt wird, läuft alles auf sicherem Niveau.")
HELD: Words = ("Until it answers, the most it may be drawing is kept free.",
               "Bis es antwortet, bleibt frei, was es höchstens ziehen kann.")
STILL: Words = ("Its newest values are shown until they are too old.", "Die letzten Werte gelten, bis sie zu alt sind.")
SOON: Words = ("After some more good readings it counts again.", "Nach einigen weiteren guten Werten zählt es wieder.")
LOCKED_IS: Words = ("It tells whole kilowatt-hours and no power, which nothing can be controlled by.",
                    "Er sagt ganze Kilowattstunden und keine Leistung; damit lässt sich nichts regeln.")
LOCKED_DO: Words = ("Ask the metering operator for its PIN, enter it at the meter, and set INF on.",
                    "PIN beim Messstellenbetreiber erfragen, am Zähler eingeben und INF einschalten.")
READINGS: Words = ("Check its wiring, its transformer ratio and its settings.",
                   "Verdrahtung, Wandlerverhältnis und Einstellungen prüfen.")
ORDERS: Words = ("Check that remote control is allowed in its menu and that nobody else controls it.",
                 "Ist Fernsteuerung im Menü erlaubt, und steuert niemand sonst?")
MOUNTING: Words = ("Check how it is mounted; `mounting` and `phases` in the configuration say what was expected.",
                   "Einbau prüfen; `mounting` und `phases` in der Konfiguration sagen, was erwartet wird.")
PROBE: Words = ("Check its temperature sensor, and the connection to whatever tells it.",
                "Fühler prüfen, und die Verbindung zu dem, was ihn meldet.")
DISK: Words = ("The house goes on by itself. Make room on the disk, or check who may write there.",
               "Das Haus läuft weiter. Platz auf dem Speicher schaffen, oder prüfen, wer dort schreiben darf.")
OF_FAULT = {  # a device that does not answer as it should; no fault: nothing comes
    TIMEOUT: ("Check its power and its cable.", "Stromversorgung und Kabel prüfen."),
    FRAME: ("Its answers arrive damaged: check shield and termination, and that no other master polls this line.",
            "Die Antworten kommen beschädigt an: Schirm und Abschluss prüfen, und ob noch ein Master diese Leitung "
            "abfragt."),
    REFUSED: ORDERS,
    RANGE: ("It reports what cannot be: check wiring and direction of its current transformers.",
            "Es meldet Unmögliches: Verdrahtung und Richtung der Stromwandler prüfen."),
}
OF_ALARM = {  # of Plan.alarms; those that mean "not heard" by the device's fault
    r.FROZEN: ("It repeats itself: restart it, or what carries its readings.",
               "Er wiederholt sich: den Zähler oder was seine Werte überträgt neu starten."),
    r.CURRENT_RANGE: READINGS, r.VOLTAGE_RANGE: READINGS, r.POWER_MISMATCH: READINGS, r.COUNTER_FELL: READINGS,
    r.FUTURE: READINGS, r.WRITE_FAULT: ORDERS,
    r.NOT_OBEYED: ("Switch it off by hand if that goes on.", "Von Hand ausschalten, wenn das so bleibt."),
    r.OVER_FUSE: ("Switch large loads off; if that does not help, call an electrician.",
                  "Große Verbraucher ausschalten; hilft das nicht, den Elektriker rufen."),
    r.NO_POWER: LOCKED_DO, r.TURNED: MOUNTING, r.PHASES_MIXED: MOUNTING, r.SCALED: READINGS,
    r.LEAPING: ("Check that no two devices have one address, and that its clamps sit tight.",
                "Haben zwei Geräte dieselbe Adresse? Sitzen die Wandler fest?"),
    r.FEEDS_TOO_MUCH: ("Check that each inverter obeys its limit; one that cannot be told has to be limited by itself.",
                       "Folgt jeder Wechselrichter seiner Vorgabe? Einer ohne Steuerung muss selbst begrenzt sein."),
    r.INPUT_LOST: ("Check its wires and the terminals of the operator's box.",
                   "Drähte und Klemmen am Gerät des Netzbetreibers prüfen."),
    r.NO_TEMPERATURE_KNOWN: PROBE,
    r.LEGIONELLA_LATE: ("Let it heat up once; if it does not, check the heater and its thermostat.",
                        "Einmal aufheizen lassen; wird er nicht heiß, Heizung und Thermostat prüfen."),
    r.NO_TIME: ("Connect the computer to a time server, or set its clock.",
                "Den Rechner mit einem Zeitserver verbinden oder seine Uhr stellen."),
}
UNHEARD = (r.NEVER_HEARD, r.STALE, r.RECOVERING)
OF_PART = {  # of the program: what is so, and what to do
    "broker": (("No connection to the MQTT broker", "Keine Verbindung zum MQTT-Broker"),
               ("The house goes on by itself. Check that the broker runs and that address and password are right.",
                "Das Haus läuft weiter. Läuft der Broker, stimmen Adresse und Passwort?")),
    "journal": (("Nothing is recorded", "Nichts wird aufgezeichnet"), DISK),
    "history": (("No curves are kept", "Es werden keine Kurven gespeichert"), DISK),
    "carry": (("No frames of radio meters are kept", "Es werden keine Telegramme von Funkzählern gesichert"), DISK),
    "records": (("No records are kept", "Es werden keine Messwerte beurkundet"), DISK),
    "totals": (("Energy totals are not kept", "Energiesummen werden nicht gesichert"), DISK),
    "orders": (("Settings are not kept", "Einstellungen werden nicht gesichert"), DISK),
    "upkeep": (("What devices remember of a day is not kept", "Was sich Geräte merken, wird nicht gesichert"),
               DISK),
    "counters": (("Counters of radio meters are not kept", "Zähler der Funkmeldungen werden nicht gesichert"), DISK),
    "notices": (("What was told is not kept", "Was gemeldet wurde, wird nicht gesichert"), DISK),
    "notify": (("Messages are not taken", "Nachrichten werden nicht angenommen"),
               ("Check the addresses of the services and the way to the internet.",
                "Adressen der Dienste und den Weg ins Internet prüfen.")),
}
