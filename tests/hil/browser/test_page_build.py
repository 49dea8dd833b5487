"""deploy/page is what dashboard/ builds: a device gets the built files, and nobody has to trust them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DASHBOARD, BUILT = ROOT / "dashboard", ROOT / "deploy" / "page"
FIRST_VIEW = ("index.html", "app.js", "index.css", "icon.svg")


def ran(*arguments: str) -> None:
    done = subprocess.run(arguments, cwd=DASHBOARD, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def tools() -> None:
    if not (DASHBOARD / "node_modules" / "vite").is_dir() or shutil.which("node") is None:
        assert "CI" not in os.environ, "node or dashboard/node_modules is missing: ./dev setup"
        pytest.skip("node or dashboard/node_modules is missing: ./dev setup")


@pytest.mark.usefixtures("tools")
def test_a_fresh_build_gives_the_files_that_are_committed(tmp_path: Path) -> None:
    ran("node", "node_modules/vite/bin/vite.js", "build", "--outDir", str(tmp_path), "--logLevel", "error")
    fresh = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    committed = {path.name: path.read_bytes() for path in BUILT.iterdir()}
    assert set(fresh) == set(committed)
    assert [name for name in fresh if fresh[name] != committed[name]] == [], "run ./dev page and commit deploy/page"


@pytest.mark.usefixtures("tools")
def test_the_types_hold() -> None:
    ran("node", "node_modules/typescript/bin/tsc", "--noEmit")


def test_it_is_small() -> None:
    sizes = {path.name: path.stat().st_size for path in BUILT.iterdir()}
    assert sum(sizes.values()) < 300_000
    assert sum(sizes[name] for name in FIRST_VIEW) < 150_000


def test_no_style_or_script_stands_in_the_page_itself() -> None:
    page = (BUILT / "index.html").read_text()
    assert "<style" not in page
    assert " style=" not in page
    assert page.count("<script") == page.count("<script type=\"module\" crossorigin src=") == 1
