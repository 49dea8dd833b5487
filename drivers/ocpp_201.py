"""OCPP 2.0.1 as central system: what a charging station says, and how it is asked. A connector of ours is its EVSE.

Source: Open Charge Alliance, OCPP 2.0.1 edition 2, part 2; schemas of the ocpp package.
"""

import secrets
from typing import Any

from drivers.ocpp_desk import CHARGING, CONNECTED, FAULT, GONE, At, Connector, Desk, Transaction
from drivers.ocpp_profiles import Period, Profile, Skills, limit_of, periods_of
from drivers.ocpp_times import text, utc_ms
from drivers.ocpp_values import WANTED

SUBPROTOCOL, VERSION = "ocpp2.0.1", "2.0.1"
HEARTBEAT_S = 300
LETTERS = {"Available": GONE, "Reserved": GONE, "Occupied": CONNECTED, "Unavailable": FAULT, "Faulted": FAULT}
SMART, SAMPLED = "SmartChargingCtrlr", "SampledDataCtrlr"
ASKED = ("ProfileStackLevel", "RateUnit", "Phases3to1")
Payload = dict[str, Any]
Asked = tuple[str, Payload]
PLAIN: "dict[str, Payload]" = {  # actions whose answer says nothing
    "DataTransfer": {"status": "UnknownVendorId"}, "SignCertificate": {"status": "Rejected"},
    "NotifyEVChargingNeeds": {"status": "Rejected"}, "NotifyEVChargingSchedule": {"status": "Accepted"},
    "FirmwareStatusNotification": {}, "LogStatusNotification": {}, "SecurityEventNotification": {},
    "NotifyReport": {}, "NotifyEvent": {}, "NotifyMonitoringReport": {}, "NotifyCustomerInformation": {},
    "NotifyChargingLimit": {}, "ClearedChargingLimit": {}, "ReportChargingProfiles": {}, "NotifyDisplayMessages": {},
    "ReservationStatusUpdate": {}, "PublishFirmwareStatusNotification": {},
}


def take(desk: Desk, action: str, said: Payload, at: At) -> "Payload | None":
    """The answer; None for an action that no station asks a central system for."""
    with desk.lock:
        desk.heard_ms = at.now_ms
        if action in PLAIN:
            return PLAIN[action]
        hear = HEARD.get(action)
        return None if hear is None else hear(desk, said, at)


def _boot(desk: Desk, said: Payload, at: At) -> Payload:
    station = said["chargingStation"]
    desk.boots({"vendor": station["vendorName"], "model": station["model"], "serial": station.get("serialNumber"),
                "firmware": station.get("firmwareVersion")})
    return {"status": "Accepted", "currentTime": text(at.utc_ms), "interval": HEARTBEAT_S}


def _heartbeat(desk: Desk, said: Payload, at: At) -> Payload:
    return {"currentTime": text(at.utc_ms)}


def _status(desk: Desk, said: Payload, at: At) -> Payload:
    one = desk.connectors.get(said["evseId"])
    if one is not None:
        status = said["connectorStatus"]
        one.tells(status, _letter(status, one.transaction), at.now_ms)
    return {}


def _letter(status: str, transaction: "Transaction | None") -> str:
    if status == "Occupied" and transaction is not None and transaction.charging == "Charging":
        return CHARGING
    return LETTERS[status]


def _authorize(desk: Desk, said: Payload, at: At) -> Payload:
    return {"idTokenInfo": {"status": "Accepted" if desk.accepts(said["idToken"]["idToken"]) else "Invalid"}}


def _transaction(desk: Desk, said: Payload, at: At) -> Payload:
    info = said["transactionInfo"]
    id, token = info["transactionId"], said.get("idToken")
    number = said["evse"]["id"] if "evse" in said else desk.known.get(id, 0)
    if not number and said["triggerReason"] == "Trigger":
        number = desk.triggered
    number = number or _where_it_can_be(desk)
    card = "" if token is None else token["idToken"]
    accepted = token is None or token["type"] == "NoAuthorization" or desk.accepts(card, number)
    one = desk.connectors.get(number)
    if one is not None:
        desk.remembers(id, number)
        _follow(desk, one, said, Transaction(id, card, accepted), at)
    return {} if token is None else {"idTokenInfo": {"status": "Accepted" if accepted else "Invalid"}}


def _where_it_can_be(desk: Desk) -> int:
    """Of a transaction that began before we did and does not say where: its only possible place; 0 for several."""
    free = [one.number for one in desk.connectors.values()
            if one.transaction is None and one.letter not in (GONE, FAULT)]
    return free[0] if len(free) == 1 else 0


def _follow(desk: Desk, one: Connector, said: Payload, told: Transaction, at: At) -> None:
    info = said["transactionInfo"]
    live = desk.dates(utc_ms(said["timestamp"]), at) and not said.get("offline", False)
    for entry in said.get("meterValue", ())[:64]:
        one.hears(entry, desk, at)
    if said["eventType"] == "Ended":
        one.ends(told.id)
    elif live:
        if said["eventType"] == "Started" and said.get("meterValue"):
            told.begin_wh = one.import_wh
        known = one.transaction
        if known is not None and known.id == told.id and told.card:  # the card comes behind the plug
            known.card, known.accepted = told.card, told.accepted
        one.begins(told if known is None or known.id != told.id else known)
        assert one.transaction is not None
        one.transaction.charging = info.get("chargingState", one.transaction.charging)
    if live and one.status in ("Occupied", "") and ("chargingState" in info or said["eventType"] == "Ended"):
        one.stands("Occupied", _letter("Occupied", one.transaction), at.now_ms)


def _values(desk: Desk, said: Payload, at: At) -> Payload:
    one = desk.connectors.get(said["evseId"])
    if one is not None:
        for entry in said["meterValue"][:64]:
            one.hears(entry, desk, at)
    return {}


HEARD = {"BootNotification": _boot, "Heartbeat": _heartbeat, "StatusNotification": _status, "Authorize": _authorize,
         "TransactionEvent": _transaction, "MeterValues": _values}


# how it is asked


def about() -> Asked:
    return "GetVariables", {"getVariableData": [
        {"component": {"name": SMART}, "variable": {"name": name}} for name in ASKED]}


def skills(said: Payload) -> Skills:
    found = {one["variable"]["name"]: one.get("attributeValue", "") for one in said["getVariableResult"]
             if one["attributeStatus"] == "Accepted"}
    top = found.get(ASKED[0], "")
    units = found.get(ASKED[1], "").replace(" ", "").split(",")
    return Skills(int(top) if top.isdecimal() and len(top) < 6 else None, "W" if units == ["W"] else "A",
                  found.get(ASKED[2], "").lower() == "true", False)


def settings(every_s: int) -> "tuple[tuple[Asked, ...], ...]":
    """Each is tried until one of it is taken: stations refuse a list for one word in it that they do not know."""
    lists = [",".join(WANTED[:count]) for count in range(len(WANTED), 0, -1)]
    return (tuple(_set("TxUpdatedMeasurands", value) for value in lists),
            tuple(_set("TxStartedMeasurands", value) for value in lists),
            tuple(_set("TxEndedMeasurands", value) for value in lists),
            (_set("TxUpdatedInterval", str(every_s)),))


def _set(name: str, value: str) -> Asked:
    return "SetVariables", {"setVariableData": [
        {"component": {"name": SAMPLED}, "variable": {"name": name}, "attributeValue": value}]}


def taken(said: Payload) -> bool:
    """Whether the answer to a setting or a profile says yes."""
    each = [one["attributeStatus"] for one in said.get("setVariableResult", ())] or [said.get("status")]
    return all(one in ("Accepted", "RebootRequired") for one in each)


def profile(told: Profile) -> Asked:
    period: Payload = {"startPeriod": 0, "limit": limit_of(told)}
    if told.says_phases:
        period["numberPhases"] = told.conductors
    schedule: Payload = {"id": told.id, "startSchedule": text(told.start_ms), "chargingRateUnit": told.unit,
                         "chargingSchedulePeriod": [period]}
    out: Payload = {"id": told.id, "stackLevel": told.level, "chargingProfilePurpose": told.purpose,
                    "chargingProfileKind": "Absolute", "chargingSchedule": [schedule]}
    if told.end_ms is not None and "validTo" in told.ends:
        out["validTo"] = text(told.end_ms)
    if told.end_ms is not None and "duration" in told.ends:
        schedule["duration"] = max(1, (told.end_ms - told.start_ms) // 1000)
    if told.transaction is not None:
        out["transactionId"] = told.transaction
    return "SetChargingProfile", {"evseId": told.connector, "chargingProfile": out}


def clear(connector: int, purpose: str) -> Asked:
    return "ClearChargingProfile", {"chargingProfileCriteria": {"evseId": connector,
                                                                "chargingProfilePurpose": purpose}}


def composite(connector: int, duration_s: int, unit: str) -> Asked:
    return "GetCompositeSchedule", {"evseId": connector, "duration": duration_s, "chargingRateUnit": unit}


def periods(said: Payload, conductors: int) -> "tuple[Period, ...] | None":
    """None where the station cannot say."""
    schedule = said.get("schedule")
    if said.get("status") != "Accepted" or schedule is None:
        return None
    return periods_of(schedule["chargingSchedulePeriod"], schedule["chargingRateUnit"], conductors)


def transaction(desk: Desk, connector: int) -> Asked:
    """Tells of a transaction that began before we did; it need not say where."""
    desk.triggered = connector
    return trigger("TransactionEvent", connector)


def trigger(what: str, connector: int) -> Asked:
    where = {"id": connector, "connectorId": 1} if what == "StatusNotification" else {"id": connector}
    return "TriggerMessage", {"requestedMessage": what, "evse": where}


def start(connector: int, card: str) -> Asked:
    return "RequestStartTransaction", {"evseId": connector, "remoteStartId": secrets.randbelow(2 ** 31 - 1) + 1,
                                       "idToken": {"idToken": card, "type": "Central"}}


def stop(transaction: "int | str") -> Asked:
    return "RequestStopTransaction", {"transactionId": transaction}
