"""How a simulated charge point says things in OCPP 1.6 and 2.0.1, and what it understands. Not on a board."""

from collections import namedtuple
from datetime import datetime, timedelta, timezone
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
Said = tuple[str, dict[str, Any]]
Told = namedtuple("Told", ("id", "purpose", "level", "from_ms", "to_ms", "limit", "unit", "conductors"))


def text(utc_ms: int) -> str:
    return (EPOCH + timedelta(milliseconds=utc_ms)).strftime("%Y-%m-%dT%H:%M:%SZ")


def ms_of(said: "str | None") -> "int | None":
    if said is None:
        return None
    return (datetime.fromisoformat(said.replace("Z", "+00:00")) - EPOCH) // timedelta(milliseconds=1)


def told_of(profile: "dict[str, Any]", schedule: "dict[str, Any]", id: int) -> Told:
    """A profile of one period: when it rules, and what it says."""
    period = schedule["chargingSchedulePeriod"][0]
    from_ms = ms_of(schedule.get("startSchedule")) or 0
    ends = [end for end in (ms_of(profile.get("validTo")),
                            from_ms + 1000 * schedule["duration"] if "duration" in schedule else None)
            if end is not None]
    return Told(id, profile["chargingProfilePurpose"], profile["stackLevel"], from_ms, min(ends) if ends else None,
                float(period["limit"]), schedule["chargingRateUnit"], period.get("numberPhases"))


class Tongue16:
    version = "1.6"
    states = ("Available", "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Faulted")

    def boot(self) -> Said:
        return "BootNotification", {"chargePointVendor": "Hutschiene", "chargePointModel": "Twin 1.6",
                                    "chargePointSerialNumber": "T16", "firmwareVersion": "1.0"}

    def status(self, number: int, status: str, at: str) -> Said:
        error = "OtherError" if status == "Faulted" else "NoError"
        return "StatusNotification", {"connectorId": number, "errorCode": error, "status": status, "timestamp": at}

    def authorize(self, card: str) -> Said:
        return "Authorize", {"idTag": card}

    def accepted(self, said: "dict[str, Any]") -> bool:
        return bool(said.get("idTagInfo", {}).get("status") == "Accepted")

    def start(self, number: int, card: str, meter_wh: int, at: str, id: str) -> Said:
        return "StartTransaction", {"connectorId": number, "idTag": card, "meterStart": meter_wh, "timestamp": at}

    def stop(self, number: int, id: Any, card: str, meter_wh: int, at: str, sequence: int) -> Said:
        return "StopTransaction", {"transactionId": id, "meterStop": meter_wh, "timestamp": at, "idTag": card}

    def values(self, number: int, id: Any, sampled: "list[dict[str, Any]]", at: str, charging: str,
               sequence: int) -> Said:
        out: "dict[str, Any]" = {"connectorId": number, "meterValue": [{"timestamp": at, "sampledValue": sampled}]}
        if id is not None:
            out["transactionId"] = id
        return "MeterValues", out

    def sample(self, value: str, what: str, unit: str, phase: "str | None", context: str) -> "dict[str, Any]":
        out = {"value": value, "measurand": what, "unit": unit, "context": context}
        return out if phase is None else {**out, "phase": phase}

    def profile(self, said: "dict[str, Any]") -> "tuple[int, Told]":
        profile = said["csChargingProfiles"]
        return said["connectorId"], told_of(profile, profile["chargingSchedule"], profile["chargingProfileId"])

    def composite(self, number: int, at: str, unit: str, periods: "list[dict[str, Any]]", long_s: int,
                  ) -> "dict[str, Any]":
        return {"status": "Accepted", "connectorId": number, "scheduleStart": at, "chargingSchedule": {
            "duration": long_s, "chargingRateUnit": unit, "chargingSchedulePeriod": periods}}


class Tongue201:
    version = "2.0.1"

    def boot(self) -> Said:
        return "BootNotification", {"reason": "PowerUp", "chargingStation": {
            "vendorName": "Hutschiene", "model": "Twin 2.0.1", "serialNumber": "T201", "firmwareVersion": "1.0"}}

    def status(self, number: int, status: str, at: str) -> Said:
        word = {"Available": "Available", "Faulted": "Faulted"}.get(status, "Occupied")
        return "StatusNotification", {"timestamp": at, "connectorStatus": word, "evseId": number, "connectorId": 1}

    def authorize(self, card: str) -> Said:
        return "Authorize", {"idToken": {"idToken": card, "type": "ISO14443"}}

    def accepted(self, said: "dict[str, Any]") -> bool:
        return bool(said.get("idTokenInfo", {}).get("status") == "Accepted")

    def start(self, number: int, card: str, meter_wh: int, at: str, id: str) -> Said:
        return self._event("Started", "Authorized", at, 0, {"transactionId": id, "chargingState": "EVConnected"}, {
            "evse": {"id": number, "connectorId": 1}, "idToken": {"idToken": card, "type": "ISO14443"},
            "meterValue": [{"timestamp": at, "sampledValue": [{"value": meter_wh}]}]})

    def stop(self, number: int, id: Any, card: str, meter_wh: int, at: str, sequence: int) -> Said:
        info = {"transactionId": id, "stoppedReason": "EVDisconnected"}
        return self._event("Ended", "EVDeparted", at, sequence, info, {
            "meterValue": [{"timestamp": at, "sampledValue": [{"value": meter_wh}]}]})

    def values(self, number: int, id: Any, sampled: "list[dict[str, Any]]", at: str, charging: str,
               sequence: int) -> Said:
        entry = [{"timestamp": at, "sampledValue": sampled}]
        if id is None:
            return "MeterValues", {"evseId": number, "meterValue": entry}
        info = {"transactionId": id, "chargingState": charging}
        return self._event("Updated", "MeterValuePeriodic", at, sequence, info, {"meterValue": entry})

    def state(self, number: int, id: Any, at: str, charging: str, sequence: int,
              why: str = "ChargingStateChanged") -> Said:
        return self._event("Updated", why, at, sequence, {"transactionId": id, "chargingState": charging}, {})

    def sample(self, value: str, what: str, unit: str, phase: "str | None", context: str) -> "dict[str, Any]":
        kilo = unit.startswith("k")
        measure: "dict[str, Any]" = {"unit": unit[1:], "multiplier": 3} if kilo else {"unit": unit}
        out = {"value": float(value), "measurand": what, "context": context, "unitOfMeasure": measure}
        return out if phase is None else {**out, "phase": phase}

    def profile(self, said: "dict[str, Any]") -> "tuple[int, Told]":
        profile = said["chargingProfile"]
        return said["evseId"], told_of(profile, profile["chargingSchedule"][0], profile["id"])

    def composite(self, number: int, at: str, unit: str, periods: "list[dict[str, Any]]", long_s: int,
                  ) -> "dict[str, Any]":
        return {"status": "Accepted", "schedule": {"evseId": number, "duration": long_s, "scheduleStart": at,
                                                   "chargingRateUnit": unit, "chargingSchedulePeriod": periods}}

    def _event(self, kind: str, why: str, at: str, sequence: int, info: "dict[str, Any]",
               more: "dict[str, Any]") -> Said:
        return "TransactionEvent", {"eventType": kind, "triggerReason": why, "timestamp": at, "seqNo": sequence,
                                    "transactionInfo": info, **more}


TONGUES = {tongue.version: tongue for tongue in (Tongue16(), Tongue201())}
