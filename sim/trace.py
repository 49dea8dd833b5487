"""Days of minutes from sim/traces (their README says whose they are)."""

from array import array

MINUTES = 1440
_FOLDER = __file__.rsplit("/", 1)[0] + "/traces/" if "/" in __file__ else "traces/"


def load(name: str) -> "array[int]":
    """The 1440 whole numbers of one file."""
    out = array("h")
    with open(_FOLDER + name + ".txt") as lines:
        for line in lines:
            if not line.startswith("#"):
                out.extend(array("h", [int(word) for word in line.split()]))
    assert len(out) == MINUTES, name
    return out
