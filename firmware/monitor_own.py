"""The meters of a configuration, read by ourselves while no service runs: one thread a line, and nothing is written.

Loads are left alone: who speaks to one has to keep it safe from then on. So are smart-meter gateways: they lock
accounts, and who counts the logins is the service.
"""

import json
import threading

from control.values import NOTHING_HEARD, Heard
from drivers.clock import MonotonicClock
from firmware import build, topics
from firmware.config.file import LineSpec, SiteFile
from firmware.config.site import DeviceFile
from firmware.monitor_table import Row, State
from firmware.scanning.known import ReadOnly
from firmware.virtual import reckon
from hal.faults import DeviceError, Fault
from hal.measured import Measured
from hal.ports import Meter
from hal.values import Reading

JOIN_S = 5
MEASURE = ("meter", "source", "sensor")
NOT_READ = "not read: the service speaks to it"


class Own:
    """From construction until `close`."""

    def __init__(self, file: SiteFile) -> None:
        self._file = file
        self._clock = MonotonicClock()
        self._stopping = threading.Event()
        # each replaced as a whole by the line's thread
        self._heard: "dict[str, tuple[Reading | None, str]]" = {}
        self._measured: "dict[str, tuple[Measured, ...]]" = {}
        self._threads = [threading.Thread(target=self._live, args=(spec, devices), name=spec.name, daemon=True)
                         for spec in file.lines if (devices := self._meters(spec))]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(JOIN_S)

    def rows(self) -> "list[Row]":
        """Of a line, or reckoned from others."""
        read = {device.name for line in self._file.lines for device in self._meters(line)}
        heard = self._reckoned()
        out = []
        for index, (spec, device) in enumerate(zip(self._file.site.devices, self._file.devices)):
            if device.name in read or any(virtual.index == index for virtual in self._file.virtuals):
                told = topics.measured_pairs(self._file.site, ((index, self._measured.get(device.name, ())),))
                out.append(self._row(device.name, spec.ability.kind, heard[index],
                                     tuple(json.loads(told[0][1])["values"]) if told else ()))
            elif device.line:
                out.append(Row(device.name, {"kind": spec.ability.kind}, NOT_READ))
        return out

    def _reckoned(self) -> "list[Heard]":
        now_ms = self._clock.now_ms()
        heard = [NOTHING_HEARD] * len(self._file.devices)
        for index, device in enumerate(self._file.devices):
            reading, fault = self._heard.get(device.name, (None, ""))
            heard[index] = Heard(reading, Fault(now_ms, "", fault) if fault else None)
        reckon(self._file.virtuals, heard, now_ms)
        return heard

    def whole(self) -> bool:
        """Whether each meter has answered, or failed."""
        return len(self._heard) == sum(len(self._meters(spec)) for spec in self._file.lines)

    def _meters(self, line: LineSpec) -> "tuple[DeviceFile, ...]":
        if line.kind == "smgw":
            return ()
        return tuple(device for spec, device in zip(self._file.site.devices, self._file.devices)
                     if device.line == line.name and spec.ability.kind in MEASURE)

    def _row(self, name: str, kind: str, heard: Heard, measured: "tuple[State, ...]") -> Row:
        reading, fault = heard.reading, heard.fault.detail if heard.fault else ""
        if reading is None:
            return Row(name, {"kind": kind}, fault or "asked")
        age_ms = self._clock.now_ms() - reading.t_ms
        state = {"kind": kind, "power_w": reading.total_w, "current_ma": reading.current_ma,
                 "voltage_mv": reading.voltage_mv, "power_factor_permille": reading.power_factor_permille,
                 "frequency_mhz": reading.frequency_mhz, "energy_wh": reading.import_wh,
                 "export_wh": reading.export_wh, "age_ms": age_ms}
        return Row(name, state, fault, measured)

    def _live(self, line: LineSpec, devices: "tuple[DeviceFile, ...]") -> None:
        port = build.real_port(line)
        bus = ReadOnly(port) if line.kind.startswith("modbus") else port
        meters = [(device, build.driver(device, bus, self._clock)) for device in devices]
        due_ms = {device.name: 0 for device in devices}
        while not self._stopping.wait(0.05):
            for device, meter in meters:
                if self._clock.now_ms() >= due_ms[device.name] and not self._stopping.is_set():
                    due_ms[device.name] = self._clock.now_ms() + device.period_ms
                    self._ask(device.name, meter)
        for each in port if isinstance(port, tuple) else (port,):  # an M-Bus is its stream and its speed
            if hasattr(each, "close"):
                each.close()

    def _ask(self, name: str, meter: Meter) -> None:
        newest = self._heard.get(name, (None, ""))[0]
        try:
            self._heard[name] = (meter.read(self._clock.now_ms()), "")
            self._measured[name] = getattr(meter, "measured", ())
        except DeviceError as error:
            self._heard[name] = (newest, f"{error.kind}: {error.detail}")
