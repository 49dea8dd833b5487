"""What the drivers say of their devices' own fail-safe (FAILSAFE), in German; tests/unit/test_said.py sees that none is
missing and none is left over.
"""

GERMAN = {
    "only measures; when it is silent its node is reckoned at its rated current":
        "misst nur; schweigt er, wird sein Knoten mit dem Nennstrom gerechnet",
    "only measures": "misst nur",
    "only read; it regulates by itself": "wird nur gelesen; es regelt sich selbst",
    "nothing is ever written to it": "ihm wird nie etwas geschrieben",
    "nothing is written to it": "ihm wird nichts geschrieben",
    "nothing is ever sent to it; the meter goes on counting without us":
        "ihm wird nie etwas gesendet; der Zähler zählt ohne uns weiter",
    "nothing is ever sent to a radio meter; it goes on counting without us":
        "einem Funkzähler wird nie etwas gesendet; er zählt ohne uns weiter",
    "nothing is ever written to a P1 port; the meter goes on counting without us":
        "in eine P1-Schnittstelle wird nie geschrieben; der Zähler zählt ohne uns weiter",
    "nothing is ever written to an optical head; the meter goes on counting without us":
        "in einen Lesekopf wird nie geschrieben; der Zähler zählt ohne uns weiter",
    "a readout changes nothing in the meter; it goes on counting without us":
        "Auslesen ändert nichts im Zähler; er zählt ohne uns weiter",
    "the box itself stops with an error failsafe_s after our last request; the car has to be plugged anew":
        "die Box hört failsafe_s nach unserer letzten Anfrage mit einer Störung von selbst auf; das Auto muss neu "
        "angesteckt werden",
    "the box itself goes to its safe current (failsafe_a at most) when our last current is not valid any more":
        "die Box geht von selbst auf ihren sicheren Strom (höchstens failsafe_a), sobald unser letzter nicht mehr gilt",
    "the box itself goes to failsafe_a (0: charging stops) failsafe_s after our last request":
        "die Box geht failsafe_s nach unserer letzten Anfrage von selbst auf failsafe_a (0: das Laden hört auf)",
    "the box itself goes to failsafe_a (0: charging stops) after the time-out set on its web page (failsafe_s)":
        "die Box geht nach der Zeit, die auf ihrer Webseite steht (failsafe_s), von selbst auf failsafe_a (0: das "
        "Laden "
        "hört auf)",
    "the box itself goes to failsafe_a (0: charging stops) failsafe_s after our last alive bit":
        "die Box geht failsafe_s nach unserem letzten Lebenszeichen von selbst auf failsafe_a (0: das Laden hört auf)",
    "the box itself goes to failsafe_a (0: charging stops) failsafe_s after our last life bit":
        "die Box geht failsafe_s nach unserem letzten Lebensbit von selbst auf failsafe_a (0: das Laden hört auf)",
    "the box itself goes to the fallback its installer has set (failsafe_a) failsafe_s after our last heartbeat":
        "die Box geht failsafe_s nach unserem letzten Herzschlag von selbst auf den Rückfall, den ihr Installateur "
        "eingestellt hat (failsafe_a)",
    "the station itself goes to failsafe_a (0: it pauses) failsafe_s after our last profile, by a default profile "
    "without an end laid into it at the start; one that forgets its profiles: as its installer has set":
        "die Station geht failsafe_s nach unserem letzten Profil von selbst auf failsafe_a (0: sie "
        "pausiert), durch ein "
        "Vorgabeprofil ohne Ende, das beim Start in sie gelegt wird; eine, die ihre Profile vergisst: wie ihr "
        "Installateur es eingestellt hat",
    "the box itself goes to failsafe_a (0: charging stops) failsafe_s after our last current":
        "die Box geht failsafe_s nach unserem letzten Strom von selbst auf failsafe_a (0: das Laden hört auf)",
    "none that is counted on: without our heartbeat it is said to stop; released it is at 0":
        "keiner, mit dem gerechnet wird: ohne unseren Herzschlag soll sie aufhören; losgelassen steht sie auf 0",
    "none that is counted on: nobody says what it does without our heartbeat; released it is paused at 0":
        "keiner, mit dem gerechnet wird: niemand sagt, was sie ohne unseren Herzschlag tut; losgelassen pausiert sie "
        "auf 0",
    "only read: nothing is ever written to it": "wird nur gelesen: ihr wird nie etwas geschrieben",
    "none of its own: its pin stays high or low, as it happens, when the computer hangs; wire a watchdog relay "
    "before the rod":
        "keiner: hängt der Rechner, bleibt der Pin zufällig an oder aus; ein Wächterrelais vor den Stab setzen",
    "it stops heating after the time set in it (timeout_s); with none set it stays as told":
        "hört nach der in ihm eingestellten Zeit (timeout_s) auf zu heizen; ohne eine bleibt er, wie vorgegeben",
    "it stops heating about a minute after our last power (timeout_s)":
        "hört etwa eine Minute nach unserer letzten Vorgabe auf zu heizen (timeout_s)",
    "it stops heating after its own power time-out; set that to timeout_s on its web page":
        "hört nach seiner eigenen Leistungs-Auszeit auf zu heizen; sie auf seiner Webseite auf timeout_s stellen",
    "it forgets the surplus a minute after our last word and heats as it needs":
        "vergisst den Überschuss eine Minute nach unserem letzten Wort und heizt, wie sie es braucht",
    "it switches off by its own timer failsafe_s after our last word":
        "schaltet failsafe_s nach unserem letzten Wort durch eigene Zeitschaltung ab",
    "it switches off by its own timer (PulseTime) failsafe_s after our last word":
        "schaltet failsafe_s nach unserem letzten Wort durch eigene Zeitschaltung (PulseTime) ab",
    "the inverter returns to its own self-consumption revert_s after our last command":
        "der Wechselrichter geht revert_s nach unserem letzten Befehl auf seine eigene Eigenverbrauchsregelung zurück",
    "the inverter returns to its own regulation revert_s after our last command":
        "der Wechselrichter geht revert_s nach unserem letzten Befehl auf seine eigene Regelung zurück",
    "the inverter returns to its own self-consumption timeout_s after our last setpoint":
        "der Wechselrichter geht timeout_s nach unserer letzten Vorgabe auf seine eigene Eigenverbrauchsregelung "
        "zurück",
    "the inverter ends the forced mode by itself after 2 minutes and regulates by itself; told to give "
    "nothing it stays "
    "so until we start, stop or the service's stop hook runs":
        "der Wechselrichter beendet die Zwangsvorgabe nach 2 Minuten von selbst und regelt selbst; die Vorgabe, nichts "
        "abzugeben, bleibt, bis wir starten, aufhören oder der Dienst beim Ende aufräumt",
    "returns to its own regulation after the time set in it (timeout_s); with none set it stays as told":
        "geht nach der in ihm eingestellten Zeit (timeout_s) auf seine eigene Regelung zurück; ohne eine bleibt "
        "er, wie "
        "vorgegeben",
    "none: the inverter keeps its last limit until it has no sun; stopped and by the service's stop hook it is told "
    "fallback_w":
        "keiner: der Wechselrichter behält die letzte Grenze, bis er keine Sonne hat; beim Ende und durch den "
        "Stopp des "
        "Dienstes wird ihm fallback_w gesagt",
    "goes to the limit set in it (fallback_w) after the time set in it (timeout_s); with none it keeps its last":
        "geht nach der in ihm eingestellten Zeit (timeout_s) auf die in ihm eingestellte Grenze (fallback_w); "
        "ohne eine "
        "behält er die letzte",
    "the inverter goes to fallback_w by itself timeout_s after our last word":
        "der Wechselrichter geht timeout_s nach unserem letzten Wort von selbst auf fallback_w",
    "the inverter lifts the limit by itself revert_s after our last word, or goes to fallback_w (model 704); with "
    "revert_s = 0 it keeps it until it restarts":
        "der Wechselrichter hebt die Grenze revert_s nach unserem letzten Wort von selbst auf, oder geht auf "
        "fallback_w "
        "(Modell 704); mit revert_s = 0 behält er sie, bis er neu startet",
    "only looked at; while its contacts cannot be read all of them count as demanding, unless .._lost is free":
        "wird nur angesehen; sind seine Kontakte nicht zu lesen, zählen alle als fordernd, außer .._lost ist free",
    "only looked at; while its contacts cannot be read nothing is fed in, unless open is free":
        "wird nur angesehen; sind seine Kontakte nicht zu lesen, wird nichts eingespeist, außer open ist free",
    "as its owner has stated: failsafe_a or nothing, failsafe_s after our last word; with 0 it stays as told":
        "wie der Besitzer es angegeben hat: failsafe_a oder nichts, failsafe_s nach unserem letzten Wort; mit 0 bleibt "
        "es, wie vorgegeben",
    "as its owner has stated: normal operation, or off, failsafe_s after our last word; with 0 it stays as told":
        "wie der Besitzer es angegeben hat: Normalbetrieb oder aus, failsafe_s nach unserem letzten Wort; mit 0 bleibt "
        "es, wie vorgegeben",
    "none: it stays in its last mode; started, stopped and by the service's stop hook it is left to itself":
        "keiner: bleibt in der letzten Betriebsart; beim Start, beim Ende und durch den Stopp des Dienstes wird "
        "er sich "
        "selbst überlassen",
    "none: it stays as told; started, stopped and by the service's stop hook it is left to itself":
        "keiner: bleibt, wie vorgegeben; beim Start, beim Ende und durch den Stopp des Dienstes wird er sich selbst "
        "überlassen",
    "none: it stays forced as told; started, stopped and by the service's stop hook it is left to itself":
        "keiner: bleibt bei der Zwangsvorgabe; beim Start, beim Ende und durch den Stopp des Dienstes wird er sich "
        "selbst überlassen",
    "none: it stays as told; started, stopped and by the service's stop hook it is given back to its app":
        "keiner: bleibt, wie vorgegeben; beim Start, beim Ende und durch den Stopp des Dienstes bekommt ihn seine App "
        "zurück",
    "none: it keeps its last current; released it is at 0":
        "keiner: behält ihren letzten Strom; freigegeben steht sie auf 0",
    "none of its own: it keeps its last current; released it is off (frc 1) until the app or we say otherwise":
        "kein eigener: behält ihren letzten Strom; freigegeben ist sie aus (frc 1), bis die App oder wir es ändern",
    "none that is known: it keeps its last current": "keiner bekannt: behält ihren letzten Strom",
    "none that is known: it keeps its last current; released it is off":
        "keiner bekannt: behält ihren letzten Strom; freigegeben ist sie aus",
    "none that is known: it keeps its last current; released it is stopped":
        "keiner bekannt: behält ihren letzten Strom; freigegeben ist sie angehalten",
    "none that is counted on: it keeps its last current; released it is at 0":
        "keiner, auf den gezählt wird: behält ihren letzten Strom; freigegeben steht sie auf 0",
    "none that is counted on: unless a time-out is set in the box it keeps its last current; released it is off":
        "keiner, auf den gezählt wird: ohne eine in der Box eingestellte Auszeit behält sie ihren letzten Strom; "
        "freigegeben ist sie aus",
    "none: it may keep the last surplus for ever; stopped and by the service's stop hook that is set to 0":
        "keiner: sie kann den letzten Überschuss für immer behalten; beim Ende und durch den Stopp des Dienstes "
        "wird er "
        "auf 0 gesetzt",
    "none: it keeps its last mode; stopped and by the service's stop hook that is normal operation":
        "keiner: behält die letzte Betriebsart; beim Ende und durch den Stopp des Dienstes ist das Normalbetrieb",
    "none: it keeps its last state; stopped and by the service's stop hook that is normal operation":
        "keiner: behält den letzten Zustand; beim Ende und durch den Stopp des Dienstes ist das Normalbetrieb",
    "none: it keeps the grid at its last setpoint; stopped and by the service's stop hook that is set to 0 W":
        "keiner: hält das Netz auf der letzten Vorgabe; beim Ende und durch den Stopp des Dienstes wird sie auf 0 W "
        "gesetzt",
    "none of its own: relays stay as they are when the computer hangs; wire a watchdog relay before the rod":
        "kein eigener: Relais bleiben, wie sie sind, wenn der Rechner hängt; ein Watchdog-Relais vor den Stab setzen",
    "none of its own: the relay stays as it is when the computer hangs; wire a watchdog relay before what heats":
        "kein eigener: Das Relais bleibt, wie es ist, wenn der Rechner hängt; ein Watchdog-Relais vor alles setzen, "
        "was heizt",
    "none of its own: relays stay as they are when the computer hangs; open relays mean normal operation":
        "kein eigener: Relais bleiben, wie sie sind, wenn der Rechner hängt; offene Relais bedeuten Normalbetrieb",
}
