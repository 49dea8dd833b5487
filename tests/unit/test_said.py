"""What people are refused with is said in both languages; the table and the code hold the same texts."""

import ast
from pathlib import Path

from firmware import failsafe_de
from firmware.checks.facts import facts
from firmware.config import driver_modules
from firmware.config.file import load
from firmware.said import german, said
from firmware.said_de import GERMAN
from firmware.settable import table

ROOT = Path(__file__).parents[2]


def calls(name: str) -> "list[tuple[str, ast.Call]]":
    """Of `said` in the files that have it from there."""
    out = []
    for path in (ROOT / "firmware").rglob("*.py"):
        text = path.read_text()
        if name != "said" or "from firmware.said import" in text:
            out += [(str(path), node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name) and node.func.id == name]
    return out


def test_every_text_has_its_german_with_the_same_places_for_values() -> None:
    used = set()
    for path, call in calls("said"):
        template = call.args[0]
        assert isinstance(template, ast.Constant), path
        assert template.value in GERMAN, f"{path}: {template.value}"
        assert template.value.count("{}") == len(call.args) - 1, template.value
        used.add(template.value)
    assert set(GERMAN) == used
    assert [english for english, words in GERMAN.items() if english.count("{}") != words.count("{}")] == []
    same = [english for english, words in GERMAN.items() if english.lower() == words.lower()]
    assert same == ["firmware", "{} {}: {}"]


def test_the_page_refuses_nobody_in_one_language_alone() -> None:
    """Only words of a disk, and of programs' questions, may stand as they are."""
    as_they_are = {"found", "wanted", "why", "NO_ACCOUNTS"}
    for path, call in calls("Stop"):
        why = call.args[1]
        if isinstance(why, ast.Name):
            assert why.id in as_they_are, path
        else:
            assert isinstance(why, ast.Call), f"{path}: {ast.unparse(why)}"
            assert ast.unparse(why).startswith(("said(", "str(error)")), f"{path}: {ast.unparse(why)}"


def test_words_within_words_are_german_too() -> None:
    inner = said("allowed are {} to {} ({}) and {}", 0, 16_000, "mA", "default")
    outer = said("{} {}: {}", "limit", 99_000, inner)
    assert outer == "limit 99000: allowed are 0 to 16000 (mA) and default"
    assert german(outer) == "limit 99000: erlaubt sind 0 bis 16000 (mA) und default"
    assert german("as it is") == "as it is"


def test_everything_that_can_be_set_refuses_in_german() -> None:
    site = load(ROOT / "deploy" / "demo.toml").site
    for what in table(site, events=True).values():
        why = what.refusal(object())
        assert why
        assert german(why).startswith("erlaubt sind ")


def test_every_fail_safe_is_told_in_german_too() -> None:
    used = {driver_modules.module(name).FAILSAFE for name in driver_modules.known()}
    assert used - set(failsafe_de.GERMAN) == set()
    assert set(failsafe_de.GERMAN) - used == set()
    assert [words for words in failsafe_de.GERMAN.values() if not words] == []
    devices = facts(load(ROOT / "deploy" / "demo.toml"))["losses"]["everything"]["devices"]
    assert devices[0]["words_de"].startswith("die Box geht failsafe_s nach")
