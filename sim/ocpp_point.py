"""A simulated charge point: connectors with cars, profiles that stack as the standard has it, and the quirks of makers.

Without I/O: `asked` answers what a central system asks; `due` is what it wants to say, and `answered` what it was
answered. What it says while nobody listens waits, as in life. Not on a board.
"""

from typing import Any

from sim.car import Car
from sim.ocpp_rules import Socket, rules, schedule
from sim.ocpp_tongues import TONGUES, Said, ms_of, text

MIN_MA = 6_000  # IEC 61851-1
PRESENT_MS = 2_000  # from the plug to the card
MOST_WAITING = 100  # messages; then the oldest values go
LESSER = ("MeterValues", "StatusNotification")
PLACE = {"L1": 0, "L2": 1, "L3": 2}


class ChargePoint:
    """Quirks are attributes; set them."""

    def __init__(self, station: str, version: str, installed_ma: int = 32_000) -> None:
        self.station = station
        self.tongue: Any = TONGUES[version]
        self.installed_ma = installed_ma  # what its installer has set: without any profile it draws that
        self.sockets: "dict[int, Socket]" = {}
        self.now_ms = 0
        self.utc_ms = 1_500_000_000_000  # its clock, set by the central system
        self.ahead_ms = 0  # and how wrong it is
        self.top = 8  # stack level; 0: knows one
        self.says_top: "int | None" = None  # where it says another
        self.unit = "Current"
        self.switches = True
        self.lag_ms = 1_000
        self.ignores = self.rejects = self.silent = False
        self.no_composite = self.no_triggers = self.forgets = self.no_end = False
        self.refuses_ends: "tuple[str, ...]" = ()
        self.kilo = self.totals = self.junk = False  # how it tells its values
        self.every_ms = 60_000
        self.measurands = ""
        self.settings: "dict[str, str]" = {}
        self.connected = False
        self.waiting: "list[Said]" = []
        self.numbers = 0

    def add(self, number: int, car: Car, card: str) -> Socket:
        self.sockets[number] = Socket(number, car, card)
        return self.sockets[number]

    # its life

    def connects(self, boots: bool = True) -> None:
        self.connected = True
        if boots:
            self.waiting.insert(0, self.tongue.boot())
        for socket in self.sockets.values():
            if boots:
                self._says_status(socket)

    def drops(self) -> None:
        """The connection is lost; it goes on with what it knows."""
        self.connected = False

    def power_cycle(self) -> None:
        for socket in self.sockets.values():
            socket.told = [] if self.forgets else [told for told in socket.told if told.purpose != "TxProfile"]
            socket.status = ""
            if socket.transaction is not None:
                self._stops(socket)
        self.waiting = [said for said in self.waiting if said[0] in ("StopTransaction", "TransactionEvent")]
        if self.connected:
            self.connects()

    def tick(self, now_ms: int) -> None:
        self.utc_ms += now_ms - self.now_ms
        self.now_ms = now_ms
        for socket in self.sockets.values():
            self._plug(socket)
            self._offer(socket)
            self._tell(socket)

    def due(self) -> "Said | None":
        """The next it says, one at a time; `answered` has to follow."""
        return self.waiting[0] if self.waiting and self.connected else None

    def answered(self, said: "dict[str, Any] | None") -> None:
        """None: refused. What was due is said."""
        action, payload = self.waiting.pop(0)
        if said is None:
            return
        if action == "BootNotification":
            self.utc_ms = ms_of(said["currentTime"]) or self.utc_ms
        if action == "Authorize":
            socket = next((one for one in self.sockets.values() if one.starting), None)
            if socket is not None:
                socket.starting = False
                if self.tongue.accepted(said):
                    self._starts(socket, socket.running_card)
        if action == "StartTransaction":
            socket = self.sockets[payload["connectorId"]]
            socket.transaction = said["transactionId"]
            if not self.tongue.accepted(said):
                self._stops(socket)

    # what happens at a connector

    def _plug(self, socket: Socket) -> None:
        if not socket.car.plugged:
            if socket.transaction is not None:
                self._stops(socket)
            socket.plugged_ms, socket.presented = None, False
        elif socket.plugged_ms is None:
            socket.plugged_ms = self.now_ms
        elif not socket.presented and socket.card and self.now_ms - socket.plugged_ms >= PRESENT_MS:
            self.present(socket.number, socket.card)
        status = self._status(socket)
        if status != socket.status:
            socket.status = status
            self._says_status(socket)

    def _status(self, socket: Socket) -> str:
        if not socket.car.plugged:
            return "Available"
        if socket.transaction is None:
            return "Finishing" if socket.status in ("Charging", "SuspendedEV", "Finishing") else "Preparing"
        if socket.car.state == "C":
            return "Charging"
        return "SuspendedEV" if socket.offered_ma >= MIN_MA else "SuspendedEVSE"

    def present(self, number: int, card: str) -> None:
        """Somebody holds a card to it."""
        socket = self.sockets[number]
        socket.presented, socket.starting, socket.running_card = True, True, card
        self._say(self.tongue.authorize(card))

    def _starts(self, socket: Socket, card: str) -> None:
        self.numbers += 1
        socket.sequence, socket.running_card = 1, card
        id = "%s-%d" % (self.station, self.numbers)
        self._say(self.tongue.start(socket.number, card, socket.car.import_wh, self._at(), id))
        if self.tongue.version != "1.6":
            socket.transaction = id

    def _stops(self, socket: Socket) -> None:
        socket.sequence += 1
        self._say(self.tongue.stop(socket.number, socket.transaction, socket.running_card, socket.car.import_wh,
                                   self._at(), socket.sequence))
        socket.transaction = None
        socket.told = [told for told in socket.told if told.purpose != "TxProfile"]

    def _offer(self, socket: Socket) -> None:
        limit_ma, conductors = rules(socket, self.utc_ms + self.ahead_ms, self.installed_ma, self.switches)
        if not socket.lagging or socket.lagging[-1][1:] != (limit_ma, conductors):
            socket.lagging.append((self.now_ms + self.lag_ms, limit_ma, conductors))
        while socket.lagging and (socket.lagging[0][0] <= self.now_ms or len(socket.lagging) > 32):
            _, limit, socket.conductors = socket.lagging.pop(0)
            socket.offered_ma = limit if limit >= MIN_MA else 0
        count = len(socket.car.phases)
        offer = 0 if socket.transaction is None else socket.offered_ma
        socket.car.offer((offer,) * socket.conductors + (0,) * (count - socket.conductors))

    # what it says

    def _say(self, said: Said) -> None:
        if len(self.waiting) >= MOST_WAITING:
            lesser = [at for at, one in enumerate(self.waiting) if one[0] in LESSER and at]
            if lesser:
                del self.waiting[lesser[0]]
        self.waiting.append(said)

    def _at(self) -> str:
        return text(self.utc_ms + self.ahead_ms)

    def _says_status(self, socket: Socket) -> None:
        status = socket.status or self._status(socket)
        self._say(self.tongue.status(socket.number, status, self._at()))
        if self.tongue.version != "1.6" and socket.transaction is not None:
            socket.sequence += 1
            self._say(self.tongue.state(socket.number, socket.transaction, self._at(), status, socket.sequence))

    def _tell(self, socket: Socket) -> None:
        if socket.transaction is not None and self.now_ms - socket.values_ms >= self.every_ms:
            self.tell_values(socket, "Sample.Periodic")

    def tell_values(self, socket: Socket, context: str) -> None:
        socket.values_ms = self.now_ms
        socket.sequence += 1
        charging = socket.status if socket.status in ("Charging", "SuspendedEV", "SuspendedEVSE") else "EVConnected"
        self._say(self.tongue.values(socket.number, socket.transaction, self._sampled(socket, context), self._at(),
                                     charging, socket.sequence))

    def _sampled(self, socket: Socket, context: str) -> "list[dict[str, Any]]":
        car, kilo, say = socket.car, "k" if self.kilo else "", self.tongue.sample
        per = 1000 if self.kilo else 1
        power = [car.power_w[phase] for phase in car.phases]
        out = [say("%.3f" % (car.import_wh / per), "Energy.Active.Import.Register", kilo + "Wh", None, context)]
        if self.totals:
            out.append(say("%.3f" % (sum(power) / per), "Power.Active.Import", kilo + "W", None, context))
        for name, place in PLACE.items():
            if place < len(car.phases):
                ma = car.current_ma[place]
                out.append(say("%.2f" % (ma / 1000), "Current.Import", "A", name, context))
                volts = "%.1f" % (car.voltage_mv[car.phases[place]] / 1000)
                out.append(say(volts, "Voltage", "V", name + "-N", context))
                if not self.totals:
                    out.append(say("%.3f" % (power[place] / per), "Power.Active.Import", kilo + "W", name, context))
        if self.junk:
            out.append(say("NaN" if self.tongue.version == "1.6" else "7", "Power.Active.Import", "A", None, context))
            out.append(say("99", "Current.Import", "A", "N", context))
            out.append(say("50", "Frequency", "Hertz", None, context))
            out.append({**say("77777", "Power.Active.Import", "W", None, context), "location": "Body"})
        return out

    # what it is asked

    def asked(self, action: str, said: "dict[str, Any]") -> "dict[str, Any] | str | None":
        """The answer, the code of an error, or None: it says nothing."""
        if self.silent:
            return None
        hear = getattr(self, "_" + action, None)
        return "NotImplemented" if hear is None else hear(said)

    def _GetConfiguration(self, said: "dict[str, Any]") -> "dict[str, Any]":
        top = str(self.top if self.says_top is None else self.says_top)
        known = {"ChargeProfileMaxStackLevel": top, "ChargingScheduleAllowedChargingRateUnit": self.unit,
                 "ConnectorSwitch3to1PhaseSupported": "true" if self.switches else "false",
                 "NumberOfConnectors": str(len(self.sockets))}
        return {"configurationKey": [{"key": key, "readonly": True, "value": known[key]} for key in said["key"]
                                     if key in known],
                "unknownKey": [key for key in said["key"] if key not in known]}

    def _ChangeConfiguration(self, said: "dict[str, Any]") -> "dict[str, Any]":
        return {"status": self._sets(said["key"], said["value"])}

    def _sets(self, name: str, value: str) -> str:
        if name in ("MeterValuesSampledData", "TxUpdatedMeasurands") and "SoC" in value:
            return "Rejected"  # it knows no charge of the car
        if name in ("MeterValueSampleInterval", "TxUpdatedInterval"):
            self.every_ms = 1000 * int(value)
        self.settings[name] = value
        return "Accepted"

    def _GetVariables(self, said: "dict[str, Any]") -> "dict[str, Any]":
        top = str(self.top if self.says_top is None else self.says_top)
        known = {"ProfileStackLevel": top, "RateUnit": {"Current": "A", "Power": "W"}.get(self.unit, "A,W"),
                 "Phases3to1": "true" if self.switches else "false"}
        return {"getVariableResult": [
            {"attributeStatus": "Accepted", "attributeValue": known[one["variable"]["name"]], **one}
            if one["variable"]["name"] in known else {"attributeStatus": "UnknownVariable", **one}
            for one in said["getVariableData"]]}

    def _SetVariables(self, said: "dict[str, Any]") -> "dict[str, Any]":
        return {"setVariableResult": [
            {"attributeStatus": self._sets(one["variable"]["name"], one["attributeValue"]),
             "component": one["component"], "variable": one["variable"]} for one in said["setVariableData"]]}

    def _SetChargingProfile(self, said: "dict[str, Any]") -> "dict[str, Any]":
        number, told = self.tongue.profile(said)
        profile = said.get("csChargingProfiles") or said["chargingProfile"]
        schedule = profile["chargingSchedule"]
        ends = [end for end in self.refuses_ends if end in profile or end in schedule or end in schedule[:1]] \
            if isinstance(schedule, list) else [end for end in self.refuses_ends if end in profile or end in schedule]
        socket = self.sockets.get(number)
        if self.rejects or told.level > self.top or ends or socket is None:
            return {"status": "Rejected"}
        if told.purpose == "TxProfile" and (socket.transaction is None
                                            or profile.get("transactionId") != socket.transaction):
            return {"status": "Rejected"}
        if self.no_end:
            told = told._replace(to_ms=None)
        if not self.ignores:
            socket.told = [one for one in socket.told if one.id != told.id
                           and (one.purpose, one.level) != (told.purpose, told.level)] + [told]
        return {"status": "Accepted"}

    def _ClearChargingProfile(self, said: "dict[str, Any]") -> "dict[str, Any]":
        chosen = said.get("chargingProfileCriteria", said)
        number, before = chosen.get("connectorId", chosen.get("evseId")), 0
        for socket in self.sockets.values():
            if number in (None, 0, socket.number):
                before += len(socket.told)
                socket.told = [one for one in socket.told if one.purpose != chosen.get("chargingProfilePurpose")]
        return {"status": "Accepted" if before else "Unknown"}

    def _GetCompositeSchedule(self, said: "dict[str, Any]") -> "dict[str, Any] | str":
        if self.no_composite:
            return "NotSupported"
        socket = self.sockets[int(said.get("connectorId", said.get("evseId", 0)))]
        unit, now_ms = said.get("chargingRateUnit", "A"), self.utc_ms + self.ahead_ms
        periods = schedule(socket, now_ms, said["duration"], unit, self.installed_ma, self.switches)
        return dict(self.tongue.composite(socket.number, self._at(), unit, periods, said["duration"]))

    def _TriggerMessage(self, said: "dict[str, Any]") -> "dict[str, Any]":
        socket = self.sockets.get(said.get("connectorId", said.get("evse", {}).get("id", 0)))
        if self.no_triggers or socket is None:
            return {"status": "NotImplemented"}
        if said["requestedMessage"] == "StatusNotification":
            self._says_status(socket)
        elif said["requestedMessage"] == "MeterValues":
            self.tell_values(socket, "Trigger")
        elif said["requestedMessage"] == "TransactionEvent" and socket.transaction is not None:
            socket.sequence += 1
            self._say(self.tongue.state(socket.number, socket.transaction, self._at(), socket.status, socket.sequence,
                                        "Trigger"))
        return {"status": "Accepted"}

    def _RemoteStartTransaction(self, said: "dict[str, Any]") -> "dict[str, Any]":
        return self._remote(said["connectorId"], said["idTag"])

    def _RequestStartTransaction(self, said: "dict[str, Any]") -> "dict[str, Any]":
        return self._remote(said["evseId"], said["idToken"]["idToken"])

    def _remote(self, number: int, card: str) -> "dict[str, Any]":
        socket = self.sockets.get(number)
        if socket is None or socket.transaction is not None or not socket.car.plugged:
            return {"status": "Rejected"}
        self._starts(socket, card)
        return {"status": "Accepted"}

    def _RemoteStopTransaction(self, said: "dict[str, Any]") -> "dict[str, Any]":
        for socket in self.sockets.values():
            if socket.transaction == said["transactionId"]:
                self._stops(socket)
                return {"status": "Accepted"}
        return {"status": "Rejected"}

    _RequestStopTransaction = _RemoteStopTransaction
