"""What the list of supported meters says of one: a driver of a meter has METER = Facts(..), or a Table that says it."""

from collections import namedtuple

# how it became known what its registers or words mean, and what of real life was seen; best first
CAPTURED = "captures of real meters, and the maker's or the standard's description"
BOTH = "maker's description and independent drivers agree"
MAKER = "maker's description"
STANDARD = "the standard's description"
DRIVERS = "two independent drivers agree"
SINGLE = "a single source: compare with the display before it controls anything"
RECKONED = "reckoned, from what others measure"


class Facts(namedtuple("Facts", ("name", "reads", "known_by"))):
    """name: maker and types; reads: in words; known_by: one of the above."""

    __slots__ = ()
    name: str
    reads: str
    known_by: str
