"""The words of a report, in German and English."""

from collections.abc import Mapping
from typing import Any

LANGS = ("de", "en")
Pair = tuple[str, str]  # German, English

TITLE: Pair = ("Abrechnung", "Settlement")
MARK: Pair = ("Nicht geeicht – nicht zur Abrechnung nach Mess- und Eichrecht",
              "Not calibrated – not for legally metered billing")
MARK_WHY: Pair = ("mindestens ein Wert stammt nicht aus einem Zähler mit MID-Kennzeichen oder ist ersetzt",
                  "at least one value comes from a meter without the mark of the MID, or stands in for a measured one")
CERTIFIED: Pair = ("Alle Werte stammen aus Zählern mit MID-Kennzeichen (laut ihrem Pass in der Konfiguration)",
                   "All values come from meters that bear the mark of the MID (as their passport says)")
PRINT: Pair = ("Als PDF: im Browser drucken (Strg+P) und „Als PDF speichern“ wählen; das Blatt ist A4.",
               "As PDF: print in the browser (Ctrl+P) and choose “Save as PDF”; the page is A4.")
ROUNDING: Pair = (
    "Beträge werden ungerundet summiert; gerundet wird zuletzt die Gesamtsumme kaufmännisch auf Cent. Ihre Cent gehen "
    "an die Beteiligten und deren Posten nach dem größten Rest, bei Gleichheit nach dem Namen. So geht jede Summe auf.",
    "Amounts are added up unrounded; last of all the total is rounded half up to cents. Its cents go to the parties "
    "and their positions by the largest remainder, by name where equal. So every sum adds up.")

KINDS: "dict[str, Pair]" = {
    "devices": ("Gerätetarife", "Device tariffs"),
    "shared": ("Gemeinschaftliche Gebäudeversorgung (§ 42b EnWG)", "Shared building supply (section 42b EnWG)"),
    "tenants": ("Mieterstrom (§ 42a EnWG)", "Tenant electricity (section 42a EnWG)"),
    "sharing": ("Energy Sharing (§ 42c EnWG)", "Energy sharing (section 42c EnWG)"),
    "suppliers": ("Lieferanten je Ladevorgang (NZR-EMob)", "Suppliers per charging session (NZR-EMob)"),
    "sessions": ("Ladevorgänge nach Fahrer und Kostenstelle", "Charging sessions by driver and cost centre"),
    "supply": ("Bezug nach Tarif", "Supply by tariff"),
    "storage-split": (
        "Stromspeicher und Ladepunkte (MiSpeL, BNetzA 618-25-02)",
        "Storage split (MiSpeL, BNetzA 618-25-02)"),
    "storage-flat": ("Pauschaloption (MiSpeL, BNetzA 618-25-02)", "Flat option (MiSpeL, BNetzA 618-25-02)"),
    "relief": ("Nutzen statt Abregeln (§ 13k EnWG)", "Use instead of curtail (section 13k EnWG)"),
    "evidence": ("Nachweis der Steuerung (§ 14a EnWG)", "Evidence of control (section 14a EnWG)"),
}
FORMULAS: "dict[str, Pair]" = {
    "devices": (
        "Haushalt = Bezug + Erzeugung + Entladung − Einspeisung − Summe der Geräte. Je Viertelstunde wird der "
        "Bezug auf alle Verbraucher verteilt: nach ihrem Verbrauch, oder in der vereinbarten Reihenfolge.",
        "household = draw + generation + discharge − feed-in − sum of devices. In each quarter hour the draw is "
        "divided among all consumers: by what they consumed, or in the agreed order."),
    "shared": (
        "Je Viertelstunde, G Erzeugung, c Verbrauch, q Anteil: konstant a = min(c, q·G); proportional a = c/Σc · "
        "min(G, Σc); kaskadierend: was einer nicht braucht, geht nach Anteilen an die anderen. Rest = c − a.",
        "per quarter hour, G generation, c consumption, q part: constant a = min(c, q·G); proportional a = c/Σc · "
        "min(G, Σc); cascading: what one does not need goes to the others by their parts. Rest = c − a."),
    "tenants": (
        "Je Viertelstunde: Zukauf = max(0, Bezug − Drittbelieferte), Einspeisung = Einspeisung + max(0, "
        "Drittbelieferte − Bezug), Dachstrom = Erzeugung + Entladung − Ladung − Einspeisung, nach Verbrauch auf die "
        "Mieter und den Hausstrom verteilt.",
        "per quarter hour: bought = max(0, draw − those with another supplier), fed in = feed-in + max(0, those − "
        "draw), from the roof = generation + discharge − charge − fed in, divided by consumption among tenants and "
        "the house's own."),
    "sharing": (
        "Je Viertelstunde: Angebot = Summe der Einspeisung der Anlagen, nach dem vereinbarten Schlüssel auf die "
        "Teilnehmer verteilt, nie mehr als ihr Bezug; der Rest bleibt Einspeisung.",
        "per quarter hour: offered is the sum of what the plants feed in, divided among the members by the agreed "
        "key, never more than they draw; the rest stays fed in."),
    "suppliers": (
        "Je Viertelstunde: Summe der Ladevorgänge + Differenzzeitreihe = Bezug am Übergabepunkt.",
        "per quarter hour: sessions + difference series = draw of the transfer point."),
    "sessions": (
        "Energie = Zählerstand am Ende − Zählerstand am Anfang des Ladevorgangs.",
        "energy = reading at the end − reading at the begin of the session."),
    "supply": (
        "Preis je Viertelstunde = (Börsenpreis + Aufschlag + Netzentgelt der Stufe + Abgaben) · Umsatzsteuer.",
        "price of a quarter hour = (spot + margin + network fee of its level + levies) · value-added tax."),
    "storage-split": (
        "Formeln (1) bis (32) der Anlage 1 zur Festlegung 618-25-02; die Zeilen tragen deren Nummern. Energien "
        "abgerundet.",
        "formulas (1) to (32) of annex 1 of decision 618-25-02; lines bear their numbers. Energies rounded down."),
    "storage-flat": (
        "Formeln P1 bis P15 der Anlage 2 zur Festlegung 618-25-02, für ein Kalenderjahr; erst nach EU-Genehmigung.",
        "formulas P1 to P15 of annex 2 of decision 618-25-02, of a calendar year; available only after EU approval."),
    "relief": (
        "Je Stunde: angerechnet = min(zugeteilt, verbraucht). Eine Stunde mit einer Lücke ist nicht nachgewiesen.",
        "per hour: counted = min(allocated, used). An hour with a gap is not proved."),
    "evidence": (
        "Vorgaben aus den signierten Aufzeichnungen; Mittelwerte ganzer Viertelstunden, aufgerundet. Netzwirksamer "
        "Bezug der steuerbaren Geräte = min(Netzbezug, Summe der Geräte); anteilig = Geräte · Bezug / (Bezug + "
        "Erzeugung).",
        "obligations from the signed records; means of whole quarter hours, rounded up. Grid draw of the "
        "controllable devices = min(grid draw, sum of devices); pro rata = devices · draw / (draw + generation)."),
}
TABLES: "dict[str, Pair]" = {
    "sums": ("Summen", "Sums"),
    "parties": ("Zu zahlen", "To be paid"),
    "tariffs": ("Tarife (netto)", "Tariffs (net)"),
    "tariff_levels": ("Netzentgelt nach Stufen (netto)", "Network fee by level (net)"),
    "terms": ("Vereinbart", "Agreed"),
    "months": ("Nach Monaten", "By month"),
    "levels": ("Nach Netzentgeltstufe", "By network-fee level"),
    "closing": ("Proben: gemessen = Summe der Teile", "Checks: measured = sum of the parts"),
    "coverage": ("Viertelstunden", "Quarter hours"),
    "gaps": ("Nicht abgerechnet", "Not settled"),
    "quarters": ("Je Viertelstunde", "By quarter hour"),
    "sessions": ("Ladevorgänge", "Charging sessions"),
    "accounts": ("Nach Konto und Kostenstelle", "By account and cost centre"),
    "split": ("Ergebnis", "Result"),
    "split_lines": ("Zeilen der Anlage 1", "Lines of annex 1"),
    "flat_lines": ("Zeilen der Anlage 2", "Lines of annex 2"),
    "relief": ("Stunden", "Hours"),
    "relief_quarters": ("Viertelstunden der Entnahmestelle", "Quarter hours of the withdrawal point"),
    "obligation_steps": ("Verlauf", "Steps"),
    "obligation_minutes": ("Minutenmittel", "Means of each minute"),
    "obligations": ("Vorgaben", "Obligations"),
    "obligation_quarters": ("Ganze Viertelstunden", "Whole quarter hours"),
    "supplement": ("Mieterstromzuschlag (§ 21 Abs. 3 EEG)", "Tenant supplement (section 21 (3) EEG)"),
    "meters": ("Zähler", "Meters"),
    "sources": ("Quellen", "Sources"),
}
COLUMNS: "dict[str, Pair]" = {
    "since": ("ab", "from"),
    "rate": ("Satz", "Rate"),
    "roof": ("Dach", "Roof"),
    "party": ("Beteiligter", "Party"),
    "what": ("Was", "What"),
    "said": ("Angabe", "Value"),
    "energy_net": ("Arbeitspreis", "Energy"),
    "grid_net": ("Netzentgelt", "Network fee"),
    "levies_net": ("Abgaben", "Levies"),
    "base_net": ("Grundpreis (ct/Tag)", "Base (ct a day)"),
    "vat_pct": ("USt. (%)", "VAT (%)"),
    "times": ("Ortszeit", "Local time"),
    "quarters": ("Quartale", "Quarters of the year"),
    "spot": ("Börsenpreis", "Spot price"),
    "meter": ("Zähler", "Meter"),
    "position": ("Posten", "Position"),
    "energy": ("Energie", "Energy"),
    "price": ("Preis", "Price"),
    "amount": ("Betrag", "Amount"),
    "unpriced": ("davon ohne Preis", "of it unpriced"),
    "month": ("Monat", "Month"),
    "tariff": ("Tarif", "Tariff"),
    "level": ("Stufe", "Level"),
    "intervals": ("Viertelstunden", "Quarter hours"),
    "quantity": ("Größe", "Quantity"),
    "measured": ("gemessen", "measured"),
    "parts": ("Summe der Teile", "sum of parts"),
    "difference": ("Differenz", "difference"),
    "settled": ("abgerechnet", "settled"),
    "substituted": ("mit Ersatzwert", "with substitute"),
    "missing": ("fehlend", "missing"),
    "from": ("von", "from"),
    "to": ("bis", "to"),
    "meters": ("Zähler", "meters"),
    "start": ("Beginn", "start"),
    "number": ("Nr.", "No."),
    "begin": ("Beginn", "begin"),
    "end": ("Ende", "end"),
    "charger": ("Ladepunkt", "charger"),
    "account": ("Konto", "Account"),
    "external": ("Kennung", "Identifier"),
    "why": ("nicht abgerechnet", "not billed"),
    "transaction": ("Vorgang", "Transaction"),
    "cost_centre": ("Kostenstelle", "Cost centre"),
    "sessions": ("Ladevorgänge", "Sessions"),
    "levy_reducing": ("umlagemindernd (20)", "levy-reducing (20)"),
    "levied": ("umlagepflichtig (21)", "levied (21)"),
    "eligible": ("förderfähig (32)", "eligible (32)"),
    "levy_reducing_flat": ("umlagemindernd (P10)", "levy-reducing (P10)"),
    "levied_flat": ("umlagepflichtig (P11)", "levied (P11)"),
    "eligible_flat": ("förderfähig (P15)", "eligible (P15)"),
    "line": ("Zeile", "Line"),
    "ratio": ("Verhältnis", "Ratio"),
    "allocated": ("zugeteilt", "allocated"),
    "used": ("verbraucht", "used"),
    "counted": ("angerechnet", "counted"),
    "short": ("gefehlt", "short"),
    "id": ("Vorgabe", "Obligation"),
    "obligation": ("Vorgabe", "Obligation"),
    "ceiling_w": ("Obergrenze", "Ceiling"),
    "owed_w": ("Mindestleistung", "Guaranteed"),
    "received": ("empfangen", "received"),
    "applied": ("umgesetzt", "applied"),
    "kept": ("eingehalten", "kept to"),
    "at": ("Zeit", "Time"),
    "state": ("Schritt", "Step"),
    "device": ("Gerät", "Device"),
    "mean_w": ("Mittel", "Mean"),
    "measured_w": ("gemessen", "Measured"),
    "most_w": ("höchstens", "Most"),
    "over_s": ("darüber (s)", "Above (s)"),
    "direction": ("Richtung", "Direction"),
    "input_lost": ("Eingang gestört", "Input lost"),
    "released": ("aufgehoben", "released"),
    "answer_ms": ("bis Umsetzung (ms)", "to apply (ms)"),
    "comply_ms": ("bis Einhaltung (ms)", "to comply (ms)"),
    "cause": ("Ende durch", "End by"),
    "changes": ("Änderungen", "Changes"),
    "restarts": ("Neustarts", "Restarts"),
    "clock": ("Uhr", "Clock"),
    "records": ("Datensätze", "Records"),
    "grid_w": ("Netzbezug", "Grid draw"),
    "controlled_w": ("Geräte", "Devices"),
    "counted_w": ("netzwirksam", "grid-effective"),
    "prorata_w": ("anteilig", "pro rata"),
    "over": ("überschritten", "above"),
    "serial": ("Nummer", "Serial"),
    "accuracy_class": ("Klasse", "Class"),
    "mid": ("MID", "MID"),
    "checked": ("geprüft", "checked"),
    "sum": ("gerechnet aus", "reckoned as"),
    "changed": ("im Zeitraum geändert", "changed meanwhile"),
    "source": ("Quelle", "Source"),
    "kind": ("Art", "Kind"),
    "keys": ("Signaturschlüssel", "Keys"),
    "heads": ("Letzte Datensätze", "Newest records"),
}
WORDS: "dict[str, Pair]" = {
    "grid": ("Netzbezug", "from the grid"),
    "own": ("eigener Strom", "own power"),
    "roof": ("vom Dach", "from the roof"),
    "supplier": ("eigener Lieferant", "own supplier"),
    "fed_in": ("eingespeist", "fed in"),
    "bought": ("zugekauft", "bought"),
    "shared": ("geteilt", "shared"),
    "given": ("an Teilnehmer", "to members"),
    "session": ("Ladevorgänge", "sessions"),
    "difference_series": ("Differenzzeitreihe", "difference series"),
    "difference": ("Messdifferenz", "measuring difference"),
    "base": ("Grundpreis", "base price"),
    "stored": ("aus dem Netz gespeichert", "stored from the grid"),
    "module_1": ("Modul 1 (§ 14a)", "module 1 (section 14a)"),
    "household": ("Haushalt", "household"),
    "common": ("Hausstrom", "the house's own"),
    "draw": ("Bezug", "draw"),
    "used": ("Verbrauch", "consumption"),
    "made": ("Erzeugung", "generation"),
    "feed_in": ("Einspeisung", "feed-in"),
    "draw_less_others": ("Bezug ohne Drittbelieferte", "draw less other suppliers"),
    "low": ("NT", "low"),
    "standard": ("ST", "standard"),
    "high": ("HT", "high"),
    "open": ("läuft noch", "still open"),
    "doubted": ("Messwert oder Uhr unsicher", "reading or clock in doubt"),
    "nobody": ("niemandem zugeordnet", "of no account"),
    "consume": ("Bezug", "draw"),
    "produce": ("Einspeisung", "feed-in"),
    "received": ("empfangen", "received"),
    "changed": ("geändert", "changed"),
    "applied": ("umgesetzt", "applied"),
    "kept": ("eingehalten", "kept to"),
    "released": ("aufgehoben", "released"),
    "resumed": ("nach Neustart fortgesetzt", "resumed after a restart"),
    "taken back": ("Rücknahme", "being taken back"),
    "lapsed": ("Ablauf", "its time"),
    "input back": ("Eingang wieder da", "its input being back"),
    "gone at restart": ("beim Neustart nicht mehr da", "being gone at a restart"),
    "synced": ("synchron", "synced"),
    "holdover": ("frei laufend, Fehler begrenzt", "holdover"),
    "unknown": ("unbekannt", "unknown"),
    "key": ("Schlüssel", "key"),
    "part": ("Anteil", "part"),
    "order": ("Reihenfolge", "order"),
    "tariff": ("Tarif", "tariff"),
    "own_tariff": ("Tarif des eigenen Stroms", "tariff of the own power"),
    "rest_tariff": ("Tarif des übrigen Stroms", "tariff of the rest"),
    "own_supplier": ("eigener Lieferant", "supplier of its own"),
    "basic_ct": ("Grundversorgung (ct/kWh)", "basic supply (ct/kWh)"),
    "basic_base_ct_day": ("Grundversorgung, Grundpreis (ct/Tag)", "basic supply, base price (ct a day)"),
    "term_months": ("Erstlaufzeit (Monate)", "first term (months)"),
    "group": ("Bilanzkreis", "balancing group"),
    "device": ("hinter Z2", "behind Z2"),
    "variant": ("Variante", "variant"),
    "external": ("Kennung", "identifier"),
    "cost_centre": ("Kostenstelle", "cost centre"),
    "constant": ("fest", "constant"),
    "proportional": ("nach Verbrauch", "proportional"),
    "cascading": ("kaskadierend", "cascading"),
    "listed": ("wie aufgezählt", "as listed"),
    "alike": ("alle gleich", "all alike"),
    "storage": ("Stromspeicher", "storage"),
    "charge-point": ("Ladepunkt", "charge point"),
    "yes": ("ja", "yes"),
    "no": ("nein", "no"),
}
NOTES: "dict[str, Pair]" = {
    "missing": (
        "{count} Viertelstunden sind nicht abgerechnet: ein Wert fehlt oder ist nicht verlässlich",
        "{count} quarter hours are not settled: a value is missing or not to be relied on"),
    "substituted": ("{count} Viertelstunden enthalten Ersatzwerte", "{count} quarter hours hold substitute values"),
    "unpriced": (
        "Für einen Teil der Energie ist kein Preis bekannt; er ist nicht im Betrag enthalten",
        "for some of the energy no price is known; it is not in the amount"),
    "difference": (
        "Die Zähler widersprechen sich; die Messdifferenz ist eigens ausgewiesen",
        "the meters contradict each other; the measuring difference is told apart"),
    "stored": (
        "Der Speicher lud auch aus dem Netz; was er davon abgab, gilt hier als Dachstrom",
        "the storage charged from the grid too; what it gave of that counts as the roof's here"),
    "areas": (
        "Die Bilanzierungsgebiete sind nicht alle dasselbe oder nicht angegeben: Anspruch besteht seit 2026-06-01 "
        "nur innerhalb eines Gebiets",
        "balancing areas differ or are not stated: the claim since 2026-06-01 is within one area only"),
    "above_90": (
        "Tarif {tariff}: über 90 % des Grundversorgungspreises (§ 42a Abs. 4 EnWG)",
        "tariff {tariff}: above 90 % of the basic supply price (section 42a (4) EnWG)"),
    "above_90_of": (
        "{party}: zahlt mit Grund- und Arbeitspreis mehr als 90 % der Grundversorgung (§ 42a Abs. 4 EnWG)",
        "{party}: pays more than 90 % of the basic supply, by energy and base price (section 42a (4) EnWG)"),
    "module_1": (
        "Tarif {tariff}: Modul 1 senkt das Netzentgelt um {ct} ct netto im Jahr (80 EUR / 1,19 + 750 kWh · "
        "Netzentgelt), hier nach Tagen; das Netzentgelt eines Jahres wird dadurch nicht negativ",
        "tariff {tariff}: module 1 lowers the network fee by {ct} ct net a year (80 EUR / 1.19 + 750 kWh · network "
        "fee), here by the day; the network fee of a year does not become negative by it"),
    "supplement": (
        "Mieterstromzuschlag: zahlt der Netzbetreiber dem Anlagenbetreiber für den Dachstrom der belieferten Mieter, "
        "ohne den Hausstrom; die Sätze sind die des Plans und in keinem Betrag der Mieter enthalten",
        "tenant supplement: the grid operator pays it to the owner of the plant for the roof's energy of the supplied "
        "tenants, without the house's own; its rates are the plan's, and no amount of a tenant holds it"),
    "no_supplement": (
        "Für einen Teil der Energie nennt der Plan keinen Zuschlag",
        "for some of the energy the plan has no supplement"),
    "not_billed": (
        "Nicht alle Ladevorgänge sind abgerechnet; der Grund steht dabei",
        "not all sessions are billed; the reason stands with them"),
    "part_of_year": ("Nicht ein ganzes Kalenderjahr; die Formeln gelten für eines",
                     "not a whole calendar year, which the formulas are of"),
    "part_of_month": (
        "{month}: nicht der ganze Monat; die Formeln gelten für Monatssummen",
        "{month}: not the whole month; the formulas are of monthly sums"),
    "no_spot": (
        "{month}: Börsenpreise fehlen; diese Viertelstunden gelten als nicht gefördert",
        "{month}: spot prices are missing; these quarter hours count as not supported"),
    "not_proved": (
        "Stunden mit fehlenden Viertelstunden sind nicht nachgewiesen",
        "hours with missing quarter hours are not proved"),
    "not_kept": (
        "Nicht jede Vorgabe ist nachweislich umgesetzt und eingehalten; was fehlt, steht leer",
        "not every obligation is proved to have been applied and kept to; what is missing is empty"),
    "over": (
        "Der netzwirksame Bezug lag zeitweise über der Obergrenze, nachdem sie eingehalten war",
        "the grid-effective draw was above the ceiling for a time after it was kept to"),
    "no_obligation": ("Im Zeitraum bestand keine Vorgabe", "there was no obligation in this time"),
}


def say(pair: "Pair | None", lang: str, about: "Mapping[str, Any] | None" = None) -> str:
    assert pair is not None
    return pair[LANGS.index(lang)].format(**(about or {}))


def word(key: Any, lang: str) -> str:
    """Of a value that may be a key; what is none is told as it is."""
    if isinstance(key, bool):
        return say(WORDS["yes" if key else "no"], lang)
    return say(WORDS[key], lang) if key in WORDS else str(key)
