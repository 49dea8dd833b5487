"""Modbus RTU reads over a paced pty pair: our master beside pymodbus' client on the same line, in one run.

    python benchmarks/modbus_reads.py [REGISTERS]     (PYTHONPATH = the repository)

The line carries a byte per character time, the slave answers after 3.5 characters. "wire" is what the bytes and
the two gaps cost if nobody loses any time. Beside reads a second stands the processor time of one read in this
process, slave and line included; ours also listens behind each answer, drains the line first and sorts what it hears.
"""

import logging
import statistics
import sys
import time
from collections.abc import Callable

from pymodbus.client import ModbusSerialClient

from drivers.modbus_master import CAREFUL_FIRST_MS
from drivers.modbus_rtu import character_us, gap_us
from drivers.modbus_serial import ModbusSerial
from sim.bank import Bank
from sim.modbus_slave import RtuSlave, ThreadLock
from sim.wire import Wire

SECONDS = 3


def measured(read: "Callable[[], object]") -> "tuple[float, float, float]":
    """(reads a second, median and 99th percentile in ms)."""
    took = []
    end_s = time.perf_counter() + SECONDS
    while time.perf_counter() < end_s:
        start_s = time.perf_counter()
        read()
        took.append((time.perf_counter() - start_s) * 1000)
    return len(took) / SECONDS, statistics.median(took), statistics.quantiles(took, n=100)[-1]


def ours(path: str, baud: int, count: int) -> "tuple[float, float, float]":
    bus = ModbusSerial(path, baud)
    end_s = time.perf_counter() + CAREFUL_FIRST_MS / 1000 + 0.5  # while it is new it listens for other masters
    while time.perf_counter() < end_s:
        bus.read(1, 4, 0, count)
    try:
        return measured(lambda: bus.read(1, 4, 0, count))
    finally:
        bus.close()


def pymodbus(path: str, baud: int, count: int) -> "tuple[float, float, float]":
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    client = ModbusSerialClient(path, baudrate=baud, timeout=1, retries=0)
    assert client.connect()

    def read() -> None:
        assert len(client.read_input_registers(0, count=count, device_id=1).registers) == count

    try:
        return measured(read)
    finally:
        client.close()


def main(count: int) -> None:
    print(f"{count} registers a read")
    print(f"{'baud':>7} {'master':>9} {'reads/s':>8} {'wire':>6} {'p50 ms':>8} {'p99 ms':>8} {'cpu ms':>7}")
    for baud in (9600, 19_200, 115_200):
        wire_us = (8 + 5 + 2 * count) * character_us(baud, "N", 1) + 2 * gap_us(baud, "N", 1)
        for name, master in (("ours", ours), ("pymodbus", pymodbus)):
            bank = Bank(ThreadLock())
            bank.unit(1).poke(4, 0, tuple(range(count)))
            with Wire(baud) as wire, RtuSlave(wire.paths[1], bank, baud) as slave:
                before_s = time.process_time()
                rate, median_ms, slow_ms = master(wire.paths[0], baud, count)
                cpu_ms = (time.process_time() - before_s) * 1000 / slave.numbers[1]
            print(f"{baud:7d} {name:>9} {rate:8.1f} {1e6 / wire_us:6.1f} {median_ms:8.1f} {slow_ms:8.1f} {cpu_ms:7.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
