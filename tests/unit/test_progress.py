import io

from firmware.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_how_far_it_is_and_nothing_remains() -> None:
    out = Terminal()
    progress = Progress(out, 10)
    for number in range(10):
        progress.step(f"address {number}")
    assert "[" + "#" * 21 + "..." + "] 90 %  address 9" in out.getvalue()
    assert "0:00 at most" in out.getvalue()
    progress.clear()
    assert out.getvalue().endswith("\r\x1b[K")


def test_a_file_sees_nothing() -> None:
    out = io.StringIO()
    progress = Progress(out, 1)
    progress.step("address 1")
    progress.clear()
    assert out.getvalue() == ""
