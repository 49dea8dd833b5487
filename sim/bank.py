"""A Bus made of dictionaries: the registers of simulated devices, as their masters see them.

A twin puts its physics into its unit's Registers by the driver's own table and is told of writes. The
same Bank is read directly at full speed, or served on a real wire by sim.modbus_slave. Then two threads
meet in it: such a Bank is built with a lock, and whoever moves the physics holds `bank.lock` meanwhile.
"""

from hal.faults import REFUSED, TIMEOUT, DeviceError
from hal.ports import Bus
from hal.registers import Reg, encode

MOST_WORDS = 125  # Modbus Application Protocol 1.1b3, 6.3: most registers one answer holds
MOST_BITS = 2000  # 6.1: most coils one answer holds

ILLEGAL_FUNCTION = 1
ILLEGAL_ADDRESS = 2
ILLEGAL_VALUE = 3
DEVICE_FAILURE = 4

_TABLE = {1: 1, 2: 2, 3: 3, 4: 4, 5: 1, 15: 1, 6: 3, 16: 3}  # which table a function reads or writes


class Refused(DeviceError):
    """An exception answer of the simulated device; `code` is what goes on the wire."""

    def __init__(self, code: int) -> None:
        super().__init__(REFUSED, "exception %d" % code)
        self.code = code


class Lock:
    """For a Bank that one thread uses: none. sim.modbus_slave has the one for several."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *why: object) -> None:
        return None


class Registers:
    """What one unit holds. A register nobody has put does not exist: exception 2."""

    def __init__(self) -> None:
        self._tables: "dict[int, dict[int, int]]" = {1: {}, 2: {}, 3: {}, 4: {}}
        self._on_read: list = []  # type: ignore[type-arg]  # Callable has no name on a board
        self._on_write: list = []  # type: ignore[type-arg]

    def put(self, reg: Reg, values: "tuple[int, ...]") -> None:
        """Sets the quantity `reg` to `values` (in its own unit), encoded by the table."""
        self.poke(reg.function, reg.address, encode(reg, values))

    def poke(self, function: int, address: int, values: "tuple[int, ...]") -> None:
        """Sets raw words (functions 3 4 6 16) or bits (1 2 5 15); what the device itself does."""
        table = self._tables[_TABLE[function]]
        for value in values:
            table[address] = value
            address += 1

    def drop(self, function: int, address: int, count: int) -> None:
        """From now on these registers do not exist."""
        table = self._tables[_TABLE[function]]
        for offset in range(count):
            table.pop(address + offset, None)

    def words(self, function: int, address: int, count: int) -> "tuple[int, ...]":
        """What stands there, asking nobody; Refused(2) when one of them does not exist."""
        table = self._tables[_TABLE[function]]
        wanted = range(address, address + count)
        if not all([each in table for each in wanted]):
            raise Refused(ILLEGAL_ADDRESS)
        return tuple([table[each] for each in wanted])

    def on_read(self, callback: "object") -> None:
        """`callback(function, address, count)` before each read from outside; may put, may raise Refused."""
        self._on_read.append(callback)

    def on_write(self, callback: "object") -> None:
        """`callback(function, address, values)` after each write from outside.

        The new values stand already; when it raises Refused the old ones are put back.
        """
        self._on_write.append(callback)

    def read(self, function: int, address: int, count: int) -> "tuple[int, ...]":
        """A master's read."""
        if function not in (1, 2, 3, 4):
            raise Refused(ILLEGAL_FUNCTION)
        if not 1 <= count <= (MOST_BITS if function < 3 else MOST_WORDS):
            raise Refused(ILLEGAL_VALUE)
        for callback in self._on_read:
            callback(function, address, count)
        return self.words(function, address, count)

    def write(self, function: int, address: int, values: "tuple[int, ...]") -> None:
        """A master's write."""
        if function not in (5, 6, 15, 16):
            raise Refused(ILLEGAL_FUNCTION)
        before = self.words(function, address, len(values))
        self.poke(function, address, values)
        try:
            for callback in self._on_write:
                callback(function, address, values)
        except Refused:
            self.poke(function, address, before)
            raise


class Bank(Bus):
    """Several units on one bus. A unit nobody asked for is silent."""

    def __init__(self, lock: "Lock | None" = None) -> None:
        self.lock = lock or Lock()
        self._units: "dict[int, Registers]" = {}

    def unit(self, number: int) -> Registers:
        """The registers of one unit, made on first use."""
        if number not in self._units:
            self._units[number] = Registers()
        return self._units[number]

    def has(self, number: int) -> bool:
        return number in self._units

    def read(self, unit: int, function: int, address: int, count: int) -> "tuple[int, ...]":
        with self.lock:
            return self._there(unit).read(function, address, count)

    def write(self, unit: int, function: int, address: int, values: "tuple[int, ...]") -> None:
        with self.lock:
            self._there(unit).write(function, address, values)

    def _there(self, unit: int) -> Registers:
        if unit not in self._units:
            raise DeviceError(TIMEOUT, "no unit %d" % unit)
        return self._units[unit]
