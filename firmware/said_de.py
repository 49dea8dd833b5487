"""What firmware.said says, in German; tests/unit/test_said.py holds both sides together."""

from firmware.checks.german import GERMAN as CHECK

GERMAN = {
    **CHECK,
    # what of the records cannot be written
    "the disk is full": "der Speicher ist voll",
    "not written, {}; tried again every {} s": "nicht geschrieben, {}; neuer Versuch alle {} s",
    "{} was damaged and has been put aside as {}": "{} war beschädigt und ist beiseitegelegt als {}",
    # what is set
    "a retained command; send it without retain, and remove the retained one":
        "ein aufgehobener Befehl (retain); ohne retain senden und den aufgehobenen entfernen",
    "too long; allowed are {} bytes": "zu lang; erlaubt sind {} Byte",
    "there is no {}; known are {}": "{} gibt es nicht; bekannt sind {}",
    "there is no {} to set; {} can be": "{} lässt sich nicht setzen, nur {}",
    "there is no {} to set; known are {}": "{} lässt sich nicht setzen; bekannt sind {}",
    "nothing": "nichts",
    "the energy counter of {} is not known now": "der Energiezähler von {} ist gerade nicht bekannt",
    "an event is over at once: allowed are reading, begin and end, without for_s":
        "ein Ereignis ist gleich vorbei: erlaubt sind reading, begin und end, ohne for_s",
    "id: allowed is text or a number of at most {} characters":
        "id: erlaubt ist Text oder eine Zahl mit höchstens {} Zeichen",
    "by: allowed is text of at most {} characters": "by: erlaubt ist Text mit höchstens {} Zeichen",
    "{} {}: {}": "{} {}: {}",
    "for_s: needed; allowed are 1 to {} (seconds until it lapses)":
        "for_s: nötig; erlaubt sind 1 bis {} (Sekunden, bis es verfällt)",
    "for_s: allowed are 1 to {} (seconds until it lapses)": "for_s: erlaubt sind 1 bis {} (Sekunden, bis es verfällt)",
    "no such key: {}; allowed are {}": "unbekannt: {}; erlaubt sind {}",
    "allowed are {} and {}": "erlaubt sind {} und {}",
    "allowed are {} to {} ({}) and {}": "erlaubt sind {} bis {} ({}) und {}",
    "allowed are 0, {} to {} ({}) and {}": "erlaubt sind 0, {} bis {} ({}) und {}",
    "allowed are 1 to {} pairs [[0, PRICE], [SECONDS FROM NOW, PRICE], ...] with rising seconds, each price {} to {} "
    "({}), and {}":
        "erlaubt sind 1 bis {} Paare [[0, PREIS], [SEKUNDEN AB JETZT, PREIS], ...] mit steigenden Sekunden, jeder "
        "Preis "
        "{} bis {} ({}), und {}",
    "nothing of this name can be set": "unter diesem Namen lässt sich nichts setzen",
    "no connection to the broker, nothing is set: {}": "keine Verbindung zum Broker, nichts ist gesetzt: {}",
    # the records
    "nothing is kept just now": "gerade wird nichts aufgezeichnet",
    "allowed are {} an hour": "erlaubt sind {} in der Stunde",
    "{} are waiting already": "{} warten schon",
    "{}: no reading within {} s": "{}: kein Messwert binnen {} s",
    "there is no meter {}": "den Zähler {} gibt es nicht",
    "{}: allowed are {}, {}, {}": "{}: erlaubt sind {}, {}, {}",
    "{}: transaction {} is still open": "{}: der Vorgang {} ist noch offen",
    "{}: no transaction is open": "{}: kein Vorgang ist offen",
    "{}: allowed are {}": "{}: erlaubt sind {}",
    "{}: allowed is text of at most {} characters": "{}: erlaubt ist Text mit höchstens {} Zeichen",
    "meter: needed": "meter: nötig",
    "{}: the open transaction is of {}": "{}: der offene Vorgang ist von {}",
    "{}: the open transaction is {}": "{}: offen ist der Vorgang {}",
    # the broker
    "no answer from the broker: {}": "keine Antwort vom Broker: {}",
    "connection lost: {}": "Verbindung verloren: {}",
    "refused: {}": "abgelehnt: {}",
    "the broker's certificate is not trusted: {}": "dem Zertifikat des Brokers wird nicht vertraut: {}",
    "the broker refuses what is published: {}": "der Broker nimmt nicht an, was veröffentlicht wird: {}",
    "the broker does not let commands be heard": "der Broker lässt keine Befehle hören",
    "the broker does not let this account look": "der Broker lässt dieses Konto nicht zusehen",
    "the broker hangs up before it lets us in: does it want a certificate, or another port?":
        "der Broker legt auf, bevor er uns einlässt: will er ein Zertifikat, oder einen anderen Port?",
    "not yet connected": "noch nicht verbunden",
    "Connection refused": "dort nimmt niemand an",
    "timed out": "Zeit abgelaufen",
    "No route to host": "kein Weg dorthin",
    "Network is unreachable": "das Netz ist nicht erreichbar",
    "Name or service not known": "der Name ist nicht bekannt",
    "Temporary failure in name resolution": "der Name lässt sich gerade nicht auflösen",
    "not authorized": "nicht berechtigt",
    "bad user name or password": "Konto oder Passwort ist falsch",
    "unspecified error": "ohne Angabe von Gründen",
    "keep alive timeout": "kein Lebenszeichen mehr",
    "certificate has expired": "es ist abgelaufen",
    "self-signed certificate in certificate chain": "es ist selbst ausgestellt",
    "unable to get local issuer certificate": "sein Aussteller ist nicht bekannt",
    # the curves
    "the clock is not set, nothing is kept": "die Uhr ist nicht gestellt, nichts wird aufgehoben",
    "{}: not kept: {}": "{}: nicht aufgehoben: {}",
    # the page's server
    "no accounts are configured here: it can only be looked at, from this computer":
        "hier sind keine Konten eingerichtet: es kann nur angesehen werden, von diesem Rechner aus",
    "{} is {}; this is for {}": "{} ist {}; das ist für {}",
    "log in first": "erst anmelden",
    "asked by a page of another origin": "von einer fremden Seite gefragt",
    "asked by a page of another site": "von einer Seite aus einem anderen Netz gefragt",
    "x-csrf-token: missing or not this session's; /api/v1/session tells it":
        "x-csrf-token: fehlt oder ist nicht von dieser Sitzung; /api/v1/session sagt es",
    "the request did not end": "die Anfrage hat nicht geendet",
    "allowed is {}": "erlaubt ist {}",
    "allowed is an object of JSON": "erlaubt ist ein JSON-Objekt",
    "too many failed logins; try again in {} s": "zu viele falsche Anmeldungen; in {} s wieder versuchen",
    "wrong user or password": "Konto oder Passwort ist falsch",
    "there is none of this name": "unter diesem Namen gibt es nichts",
    "too many pages are open": "zu viele Seiten sind offen",
    "no such parameter: {}; known are {}": "unbekannter Parameter: {}; bekannt sind {}",
    "series: at most {} at once": "series: höchstens {} auf einmal",
    "from, to: needed, in seconds since 1970": "from, to: nötig, in Sekunden seit 1970",
    "from, to: from must lie before to, and at most {} s":
        "from, to: from muss vor to liegen, und höchstens {} s",
    "device, q: at most {} characters": "device, q: höchstens {} Zeichen",
    "a backup is made where the site is run, not here":
        "eine Sicherung entsteht dort, wo das Haus betrieben wird, nicht hier",
    "one is being made already": "eine entsteht schon",
    "there is no site of this name": "ein Haus dieses Namens gibt es nicht",
    "nothing can be set: the configuration has no [commands]":
        "nichts lässt sich setzen: die Konfiguration hat kein [commands]",
    "too much waits to be set": "zu vieles wartet darauf, gesetzt zu werden",
    "no answer; nothing may have been set": "keine Antwort; vielleicht ist nichts gesetzt",
    # what a configuration may mean so, and mostly does not (`check`, the page's Set-up)
    "node.{}: its fuse ({}) is larger than that of {} behind which it stands ({})":
        "node.{}: seine Sicherung ({}) ist größer als die von {}, hinter der er hängt ({})",
    "device.{}: can never charge: {} leaves {}, it needs {}":
        "device.{}: kann nie laden: {} lässt {} übrig, nötig sind {}",
    "line.{}: no device hangs on it": "line.{}: kein Gerät hängt daran",
    "line.{}: no login (logins): the gateway cannot be asked":
        "line.{}: keine Anmeldung (logins): das Gateway lässt sich nicht fragen",
    'device.{}: talk = "sends" on line.{} at {} baud: one that sends by itself does so at 9600 or 2400':
        'device.{}: talk = "sends" an line.{} mit {} Baud: wer von selbst sendet, tut es mit 9600 oder 2400',
    "line.{}: security_profile = 0: whoever is on that network can call itself one of the stations":
        "line.{}: security_profile = 0: wer in diesem Netz ist, kann sich als eine der Stationen ausgeben",
    "device.{}: without [state] a restart forgets the counter of its telegrams: an old one may be played again":
        "device.{}: ohne [state] vergisst ein Neustart den Zähler seiner Telegramme: ein altes lässt sich noch einmal "
        "einspielen",
    "device.{}.least_w: with many firmwares a limit below {} W, a tenth, sends inverter and battery to standby":
        "device.{}.least_w: Bei vielen Firmwareständen schickt eine Grenze unter {} W, einem Zehntel, Wechselrichter "
        "und Batterie in den Standby",
    "{}: no inverter here can be limited; only loads and storage keep to it, while they can":
        "{}: kein Wechselrichter lässt sich hier begrenzen; nur Verbraucher und Speicher halten sich daran, solange "
        "sie können",
    "site.feed_in_w: while this program is dead the inverters may make {} W, more than the {} W that may be fed in "
    "(fallback_w, where they have one)":
        "site.feed_in_w: solange dieses Programm steht, dürfen die Wechselrichter {} W erzeugen, mehr als die {} W, "
        "die eingespeist werden dürfen (fallback_w, wo sie es haben)",
    "site.feed_in_w: more than all that is installed (generator_w = {})":
        "site.feed_in_w: mehr als alles, was installiert ist (generator_w = {})",
    "device.{}: dims below {} W, the least the grid operator has to leave":
        "device.{}: dimmt unter {} W, das wenigste, was der Netzbetreiber lassen muss",
}
