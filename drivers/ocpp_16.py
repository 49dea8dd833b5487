"""OCPP 1.6J as central system: what a charge point says, and how it is asked.

Source: Open Charge Alliance, OCPP 1.6 edition 2, its errata 4 and the security whitepaper; schemas of the ocpp package.
"""

import secrets
from typing import Any

from drivers.ocpp_desk import CHARGING, CONNECTED, FAULT, GONE, At, Connector, Desk, Transaction
from drivers.ocpp_profiles import Period, Profile, Skills, limit_of, periods_of
from drivers.ocpp_times import text, utc_ms
from drivers.ocpp_values import WANTED

SUBPROTOCOL, VERSION = "ocpp1.6", "1.6"
HEARTBEAT_S = 300
LETTERS = {"Available": GONE, "Reserved": GONE, "Preparing": CONNECTED, "SuspendedEV": CONNECTED,
           "SuspendedEVSE": CONNECTED, "Finishing": CONNECTED, "Charging": CHARGING, "Unavailable": FAULT,
           "Faulted": FAULT}
ASKED = ("ChargeProfileMaxStackLevel", "ChargingScheduleAllowedChargingRateUnit", "ConnectorSwitch3to1PhaseSupported",
         "NumberOfConnectors")
Payload = dict[str, Any]
Asked = tuple[str, Payload]
PLAIN: "dict[str, Payload]" = {  # actions whose answer says nothing
    "DataTransfer": {"status": "UnknownVendorId"}, "SignCertificate": {"status": "Rejected"},
    "DiagnosticsStatusNotification": {}, "FirmwareStatusNotification": {}, "LogStatusNotification": {},
    "SecurityEventNotification": {}, "SignedFirmwareStatusNotification": {},
}


def take(desk: Desk, action: str, said: Payload, at: At) -> "Payload | None":
    """The answer; None for an action that no charge point asks a central system for."""
    with desk.lock:
        desk.heard_ms = at.now_ms
        if action in PLAIN:
            return PLAIN[action]
        hear = HEARD.get(action)
        return None if hear is None else hear(desk, said, at)


def _boot(desk: Desk, said: Payload, at: At) -> Payload:
    desk.boots({"vendor": said["chargePointVendor"], "model": said["chargePointModel"],
                "serial": said.get("chargePointSerialNumber") or said.get("chargeBoxSerialNumber"),
                "firmware": said.get("firmwareVersion")})
    return {"status": "Accepted", "currentTime": text(at.utc_ms), "interval": HEARTBEAT_S}


def _heartbeat(desk: Desk, said: Payload, at: At) -> Payload:
    return {"currentTime": text(at.utc_ms)}


def _status(desk: Desk, said: Payload, at: At) -> Payload:
    whole, letter = said["connectorId"] == 0, LETTERS[said["status"]]
    for one in desk.connectors.values():
        if one.number == said["connectorId"] or (whole and letter == FAULT):
            error = "" if said["errorCode"] == "NoError" else " " + said["errorCode"][:50]
            (one.stands if whole else one.tells)(said["status"] + error, letter, at.now_ms)
        elif whole and one.letter == FAULT and one.before[1]:  # the station is well again
            one.recalls(at.now_ms)
    return {}


def _authorize(desk: Desk, said: Payload, at: At) -> Payload:
    return {"idTagInfo": {"status": "Accepted" if desk.accepts(said["idTag"]) else "Invalid"}}


def _start(desk: Desk, said: Payload, at: At) -> Payload:
    number, card = said["connectorId"], said["idTag"]
    accepted, id = desk.accepts(card, number), secrets.randbelow(2 ** 31 - 1) + 1
    one = desk.connectors.get(number)
    if one is not None:
        one.counts(said["meterStart"], utc_ms(said["timestamp"]) or at.utc_ms)
        begun = Transaction(id, card, accepted)
        begun.begin_wh = said["meterStart"]
        one.begins(begun)
        desk.remembers(id, number)
    return {"transactionId": id, "idTagInfo": {"status": "Accepted" if accepted else "Invalid"}}


def _stop(desk: Desk, said: Payload, at: At) -> Payload:
    id = said["transactionId"]
    card = said.get("idTag")
    for one in desk.connectors.values():
        if desk.known.get(id) == one.number or (one.transaction is not None and one.transaction.id == id):
            for entry in said.get("transactionData", ()):
                one.hears(entry, desk, at)
            one.counts(said["meterStop"], utc_ms(said["timestamp"]) or at.utc_ms)
            if card is not None and not one.card and desk.accepts(card, one.number):
                one.card = card  # begun before we were
            one.ends(id)
    return {} if card is None else {"idTagInfo": {"status": "Accepted" if desk.accepts(card) else "Invalid"}}


def _values(desk: Desk, said: Payload, at: At) -> Payload:
    one = desk.connectors.get(said["connectorId"])
    if one is not None:
        id = said.get("transactionId")
        if id is not None and id > 0 and one.transaction is None and _runs(one):  # it began before we did; 0, -1: none
            one.begins(Transaction(id, "", True))
            desk.remembers(id, one.number)
        for entry in said["meterValue"][:64]:
            one.hears(entry, desk, at)
    return {}


def _runs(one: Connector) -> bool:
    return one.status.split(" ")[0] in ("Charging", "SuspendedEV", "SuspendedEVSE", "")


HEARD = {"BootNotification": _boot, "Heartbeat": _heartbeat, "StatusNotification": _status, "Authorize": _authorize,
         "StartTransaction": _start, "StopTransaction": _stop, "MeterValues": _values}


# how it is asked


def about() -> Asked:
    return "GetConfiguration", {"key": list(ASKED)}


def skills(said: Payload) -> Skills:
    keys = {one["key"]: str(one.get("value", "")) for one in said.get("configurationKey", ())}
    top = keys.get(ASKED[0], "")
    units = keys.get(ASKED[1], "").replace("Current", "A").replace("Power", "W").replace(" ", "").split(",")
    return Skills(int(top) if top.isdecimal() and len(top) < 6 else None, "W" if units == ["W"] else "A",
                  keys.get(ASKED[2], "").lower() == "true", keys.get(ASKED[3]) == "1")


def settings(every_s: int) -> "tuple[tuple[Asked, ...], ...]":
    """Each is tried until one of it is taken: stations refuse a list for one word in it that they do not know."""
    lists = [",".join(WANTED[:count]) for count in range(len(WANTED), 0, -1)]
    return (tuple(_change("MeterValuesSampledData", value) for value in lists),
            (_change("MeterValueSampleInterval", str(every_s)),), (_change("WebSocketPingInterval", "30"),))


def _change(key: str, value: str) -> Asked:
    return "ChangeConfiguration", {"key": key, "value": value}


def taken(said: Payload) -> bool:
    """Whether the answer to a setting or a profile says yes."""
    return said.get("status") in ("Accepted", "RebootRequired")


def profile(told: Profile) -> Asked:
    period: Payload = {"startPeriod": 0, "limit": limit_of(told)}
    if told.says_phases:
        period["numberPhases"] = told.conductors
    schedule: Payload = {"startSchedule": text(told.start_ms), "chargingRateUnit": told.unit,
                         "chargingSchedulePeriod": [period]}
    out: Payload = {"chargingProfileId": told.id, "stackLevel": told.level, "chargingProfilePurpose": told.purpose,
                    "chargingProfileKind": "Absolute", "chargingSchedule": schedule}
    if told.end_ms is not None and "validTo" in told.ends:
        out["validTo"] = text(told.end_ms)
    if told.end_ms is not None and "duration" in told.ends:
        schedule["duration"] = max(1, (told.end_ms - told.start_ms) // 1000)
    if told.transaction is not None:
        out["transactionId"] = told.transaction
    return "SetChargingProfile", {"connectorId": told.connector, "csChargingProfiles": out}


def clear(connector: int, purpose: str) -> Asked:
    return "ClearChargingProfile", {"connectorId": connector, "chargingProfilePurpose": purpose}


def composite(connector: int, duration_s: int, unit: str) -> Asked:
    return "GetCompositeSchedule", {"connectorId": connector, "duration": duration_s, "chargingRateUnit": unit}


def periods(said: Payload, conductors: int) -> "tuple[Period, ...] | None":
    """None where the station cannot say."""
    schedule = said.get("chargingSchedule")
    if said.get("status") != "Accepted" or schedule is None:
        return None
    return periods_of(schedule["chargingSchedulePeriod"], schedule["chargingRateUnit"], conductors)


def transaction(desk: Desk, connector: int) -> Asked:
    """Its values bear the transaction."""
    return trigger("MeterValues", connector)


def trigger(what: str, connector: int) -> Asked:
    return "TriggerMessage", {"requestedMessage": what, "connectorId": connector}


def start(connector: int, card: str) -> Asked:
    return "RemoteStartTransaction", {"connectorId": connector, "idTag": card}


def stop(transaction: "int | str") -> Asked:
    return "RemoteStopTransaction", {"transactionId": transaction}
