"""One check of a case while it is lived through: which values were seen, and whether what must hold has held."""

from typing import TYPE_CHECKING, NamedTuple

from firmware.cases.quantities import Reader, Value
from firmware.cases.tables import CheckTable

if TYPE_CHECKING:
    from firmware.cases.life import CaseLife


class Verdict(NamedTuple):
    """`seen` is the value that decided: the first wrong one, else the one nearest to the bound."""

    says: str
    of: str
    held: bool
    seen: Value
    at_s: int  # when that was; seconds after the start
    bound: str  # the rule in numbers

    def words(self) -> str:
        return f"{self.says} ({self.of} {self.bound}; {_number(self.seen)} at {self.at_s} s)"


class Watch:
    """`see` once a second, `verdict` at the end."""

    def __init__(self, check: CheckTable, read: Reader, seconds: int) -> None:
        self._check = check
        self._read = read
        self._from_s = check.from_s or 0
        self._until_s = seconds if check.until_s is None else check.until_s
        self._wrong: "tuple[Value, int] | None" = None  # the first second in which it did not hold
        self._right: "tuple[Value, int] | None" = None  # the first in which it did
        self._last: "tuple[Value, int]" = (None, 0)
        self._nearest: "tuple[Value, int] | None" = None
        self._sum = 0
        self._count = 0

    def see(self, life: "CaseLife", second: int) -> None:
        """`second`: the one that has just passed, 0 is the first."""
        if not self._from_s <= second < self._until_s:
            return
        value = self._read(life)
        here = self._last = (value, second)
        if isinstance(value, int):
            self._sum += value
        self._count += 1
        if not self._holds(value):
            self._wrong = self._wrong or here
            return
        self._right = self._right or here
        if self._nearest is None or self._nearer(value, self._nearest[0]):
            self._nearest = here

    def verdict(self) -> Verdict:
        check, must = self._check, self._check.must
        if self._count == 0:
            return self._found(False, (None, self._until_s))
        if must == "always":
            return self._found(self._wrong is None, self._wrong or self._nearest or self._last)
        if must == "sometime":
            return self._found(self._right is not None, self._right or self._last)
        if must == "last":
            return self._found(self._holds(self._last[0]), self._last)
        mean = self._sum // self._count if check.is_ is None and check.is_not is None else None
        return self._found(self._holds(mean), (mean, self._last[1]))

    def _found(self, held: bool, seen: "tuple[Value, int]") -> Verdict:
        return Verdict(self._check.says, self._check.of, held, seen[0], seen[1], self._bound())

    def _holds(self, value: Value) -> bool:
        """A value that is not known holds nothing."""
        check = self._check
        if check.is_ is not None and value != check.is_:
            return False
        if check.is_not is not None and (value is None or value == check.is_not):
            return False
        if check.at_least is not None and not (isinstance(value, int) and value >= check.at_least):
            return False
        return check.at_most is None or (isinstance(value, int) and value <= check.at_most)

    def _nearer(self, value: Value, than: Value) -> bool:
        if not isinstance(value, int) or not isinstance(than, int):
            return False
        return value > than if self._check.at_most is not None else value < than

    def _bound(self) -> str:
        check = self._check
        words = [f"at least {_number(check.at_least)}"] if check.at_least is not None else []
        words += [f"at most {_number(check.at_most)}"] if check.at_most is not None else []
        words += [f"is {check.is_}"] if check.is_ is not None else []
        words += [f"is not {check.is_not}"] if check.is_not is not None else []
        return f"{check.must} " + " and ".join(words)


def _number(value: Value) -> str:
    if value is None:
        return "not known"
    return f"{value:,}" if isinstance(value, int) else value
