"""The receivers there are, by the word the configuration uses."""

from drivers.wmbus_amb8465 import Amb8465
from drivers.wmbus_im871a import Im871a
from drivers.wmbus_lines import Cul, Lines
from drivers.wmbus_rc1180 import Rc1180
from drivers.wmbus_stick import Stick

KINDS: "dict[str, type[Stick]]" = {
    "im871a": Im871a, "amb8465": Amb8465, "cul": Cul, "rc1180": Rc1180, "hex": Lines,
}
PIPE = "hex"  # text lines from a file, a pipe or a socket


def make(kind: str) -> Stick:
    return KINDS[kind]()
