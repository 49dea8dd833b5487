"""Whatever stands in a file: a SiteFile or a ConfigError that names the file, and nothing else."""

import re
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.checks.facts import facts
from firmware.config.file import ConfigError, SiteFile, load
from firmware.config.text import places
from firmware.losses import assumed_ma, silent_ma

EXAMPLE = (Path(__file__).parents[2] / "deploy" / "site.example.toml").read_text("utf-8")
LINES = EXAMPLE.split("\n")
PAIRS = [index for index, line in enumerate(LINES) if re.match(r"\w+ = ", line)]
VALUES = ["0", "1", "-1", "7", "16", "100000", "12345678901234567890", "0.5", "nan", "true", "false", '""',
          '"house"', '"grid"', '"rs485"', '"carport"', '"L1"', '"L1 L1"', '"gpio"', '"modbus-tcp"', '"fast"', '"é\\n"',
          "[]", '["a", [1]]', "{}", "{ a = { b = 1 } }", "1979-05-27", "1979-05-27T07:32:00Z", "07:32:00",
          "'''\n[x]\n'''"]


@st.composite
def changed(draw: st.DrawFn) -> str:
    """The example with a few values replaced, lines dropped, or lines doubled elsewhere."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        index = draw(st.sampled_from(PAIRS))
        how = draw(st.integers(0, 3))
        if how == 0:
            lines[index] = ""
        elif how == 1:
            lines[draw(st.sampled_from(PAIRS))] += "\n" + LINES[index]
        else:
            lines[index] = lines[index].split(" = ")[0] + " = " + draw(st.sampled_from(VALUES))
    return "\n".join(lines)


def understood(content: bytes) -> "SiteFile | tuple[str, ...]":
    """What a file of these bytes means, or what is said about it, each message without the file's name."""
    with tempfile.NamedTemporaryFile(suffix=".toml") as file:
        file.write(content)
        file.flush()
        try:
            return load(file.name)
        except ConfigError as error:
            return tuple(message.removeprefix(file.name) for message in error.messages)


@settings(max_examples=300, deadline=None)
@given(changed())
def test_a_changed_file_is_understood_or_refused(text: str) -> None:
    site_file = understood(text.encode())
    if not isinstance(site_file, SiteFile):
        assert site_file
        assert all(re.match(r":\d+: ", message) for message in site_file)
        return
    site = site_file.site
    loads = tuple(range(len(site.devices)))
    for node, rest_ma, sums in zip(site.nodes, assumed_ma(site), silent_ma(site, loads)):
        assert max(sums) + rest_ma <= node.rated_ma
    assert facts(site_file)["nodes"]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_refused(content: bytes) -> None:
    said = understood(content)
    assert not isinstance(said, SiteFile)
    assert said
    assert all(message.startswith(":") for message in said)


KEYS = st.lists(st.sampled_from(["a", "b1", "c-d", '"q r"', "'s'"]), min_size=1, max_size=3)
SKIPPED = st.sampled_from(["1", "'x = 1'", '"[t]"', '"""\nz = 1\n"""', "[1, # ]\n 2]", "'''\n'''", "[]", "[{y = 1}]"])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.booleans(), KEYS, SKIPPED), max_size=8))
def test_every_key_is_on_the_line_on_which_it_was_written(parts: "list[tuple[bool, list[str], str]]") -> None:
    lines: "list[str]" = []
    expected = {}
    table: "tuple[str, ...]" = ()
    for number, (header, keys, value) in enumerate(parts):
        path = tuple(key.strip("\"'") for key in keys)
        if header:
            table = (f"t{number}", *path)
            expected[table] = len(lines) + 1
            lines.append(f"[ t{number} . {' . '.join(keys)} ] # [no]")
        else:
            expected[(*table, f"k{number}", *path)] = len(lines) + 1
            lines += f"k{number} . {'.'.join(keys)}={value} # k = 1".split("\n")
    found = places("\n".join(lines))
    assert {path: found.get(path) for path in expected} == expected
