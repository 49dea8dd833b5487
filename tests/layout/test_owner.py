"""The five packages are those of this tree, and nothing that is installed claims their names."""

import importlib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("hal", "control", "drivers", "sim", "firmware")


@pytest.mark.parametrize("name", OURS)
def test_package_is_imported_from_this_tree(name: str) -> None:
    assert Path(importlib.import_module(name).__file__ or "").parents[1] == ROOT


@pytest.mark.parametrize("name", OURS)
def test_no_installed_package_claims_the_name(name: str) -> None:
    assert name not in metadata.packages_distributions()


def test_product_is_not_uploaded_by_accident() -> None:
    assert "Private :: Do Not Upload" in (ROOT / "pyproject.toml").read_text()


def test_no_list_names_a_registry() -> None:
    lists = [*(ROOT / "requirements").glob("*.txt"), ROOT / "tests/parity/package-lock.json",
             ROOT / "tests/hil/ocpp_rpc/package-lock.json"]
    assert len(lists) == 7
    for path in lists:
        text = path.read_text()
        assert "://" not in text, path.name
        assert '"resolved"' not in text, path.name
    assert not (ROOT / "uv.lock").is_file() or "uv.lock" in (ROOT / ".gitignore").read_text()
