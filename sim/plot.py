"""A recorded day as one SVG, to look at a controller: power, grants, fuses, storage, one above the other.

The end of a column's name is its unit and so its panel: `_w` power (`_granted_w` what control allowed),
`_ma` current (`_granted_ma` likewise; `_limit_ma` a fuse, drawn dashed), `_permille` charge, `_mdegc`
temperature. What stands before it is the curve's name; the same name has the same colour in every panel.
Long records are thinned to what a screen can show; the highest and the lowest of each column stay, so that
no second above a fuse is lost in the picture.
"""

from collections.abc import Sequence
from html import escape

from sim.part import DAY_MS

_WIDTH, _LEFT, _RIGHT, _TOP, _GAP, _BOTTOM = 1280, 76, 210, 66, 48, 44
_PLOT_WIDTH = _WIDTH - _LEFT - _RIGHT
_HOUR_MS = 3_600_000
_TIME_STEPS_MS = tuple(1000 * s for s in (10, 30, 60, 300, 600, 1800, 3600, 7200, 21_600))
_COLOURS = (  # Okabe and Ito, to be told apart by all eyes; darkened where white paper needs it
    "#0072b2", "#d98200", "#009e73", "#cc3d8f", "#56a4d8", "#a04000", "#6a51a3", "#7a7a00", "#333333", "#999999",
)
_LIMIT_COLOUR = "#c00000"
_PANELS = (  # title, ending of the names, divisor, height
    ("allowed power, kW", "_granted_w", 1000, 150),
    ("power, kW (+ from the grid into the node)", "_w", 1000, 320),
    ("allowed current, A a phase", "_granted_ma", 1000, 150),
    ("current, A a phase", "_ma", 1000, 220),
    ("state of charge, %", "_permille", 10, 130),
    ("temperature, °C", "_mdegc", 1000, 130),
)
_ORDER = ("_w", "_granted_w", "_ma", "_granted_ma", "_permille", "_mdegc")  # from top to bottom


class Record:
    """Rows of integers over time; None is a gap."""

    def __init__(self, names: Sequence[str], title: str = "A day") -> None:
        for name in names:
            _panel(name)
        assert len(set(names)) == len(names)
        self.names = tuple(names)
        self.title = title
        self.times_ms: list[int] = []
        self.rows: list[tuple[int | None, ...]] = []

    def add(self, now_ms: int, values: Sequence[int | None]) -> None:
        assert len(values) == len(self.names)
        assert not self.times_ms or now_ms > self.times_ms[-1]
        self.times_ms.append(now_ms)
        self.rows.append(tuple(values))


def plot(record: Record) -> str:
    """The whole SVG document."""
    assert record.rows, "nothing was recorded"
    colours = _colours(record.names)
    body: list[str] = []
    top = _TOP
    for ending in _ORDER:
        columns = [i for i, name in enumerate(record.names) if _panel(name) == ending]
        if columns:
            panel = _Panel(record, columns, ending, top, colours)
            body += panel.draw()
            top += panel.height + _GAP
    height = top - _GAP + _BOTTOM
    return "\n".join([
        '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" '
        'font-family="system-ui, sans-serif" font-size="13">' % (_WIDTH, height, _WIDTH, height),
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        '<text x="%d" y="28" font-size="19" font-weight="600">%s</text>' % (_LEFT, escape(record.title)),
        *body,
        '<text x="%d" y="%d" text-anchor="middle">local time</text>' % (_LEFT + _PLOT_WIDTH // 2, height - 6),
        "</svg>\n",
    ])


class _Panel:
    """One set of axes."""

    def __init__(
        self, record: Record, columns: list[int], ending: str, top: int, colours: dict[str, str]
    ) -> None:
        self._title, _, self._divisor, self.height = next(panel for panel in _PANELS if panel[1] == ending)
        self._record = record
        self._columns = columns
        self._top = top
        self._colours = colours
        self._stepped = "_granted" in ending
        self._from_ms, self._to_ms = record.times_ms[0], record.times_ms[-1]
        if self._to_ms - self._from_ms >= _HOUR_MS:
            self._from_ms -= self._from_ms % _HOUR_MS
        values = [row[i] for row in record.rows for i in columns]
        known = [value for value in values if value is not None]
        self._ticks = ticks(min(known, default=0), max(known, default=0), self._divisor)

    def draw(self) -> list[str]:
        out = [
            '<text x="%d" y="%d" font-weight="600">%s</text>' % (_LEFT, self._top - 10, self._title),
            '<rect x="%d" y="%d" width="%d" height="%d" fill="#fbfbfb" stroke="#888888"/>' % (
                _LEFT, self._top, _PLOT_WIDTH, self.height),
        ]
        out += self._y_axis() + self._x_axis()
        for place, column in reversed(list(enumerate(self._columns))):  # the first one lies on top
            out += self._curve(column, place)
        return out

    def _y_axis(self) -> list[str]:
        out = []
        for tick in self._ticks:
            y = self._y(tick)
            out.append('<path d="M%d %.1fh%d" stroke="%s"/>' % (
                _LEFT, y, _PLOT_WIDTH, "#888888" if tick == 0 else "#e2e2e2"))
            out.append('<text x="%d" y="%.1f" text-anchor="end">%s</text>' % (
                _LEFT - 8, y + 4.5, label(tick, self._divisor)))
        return out

    def _x_axis(self) -> list[str]:
        out = []
        bottom = self._top + self.height
        step_ms = next((step for step in _TIME_STEPS_MS if self._to_ms - self._from_ms <= 24 * step), DAY_MS)
        at_ms = -(-self._from_ms // step_ms) * step_ms
        while at_ms <= self._to_ms:
            x = self._x(at_ms)
            out.append('<path d="M%.1f %dV%d" stroke="#e2e2e2"/>' % (x, self._top, bottom))
            out.append('<text x="%.1f" y="%d" text-anchor="middle">%s</text>' % (x, bottom + 17, clock(at_ms, step_ms)))
            at_ms += step_ms
        return out

    def _curve(self, column: int, place: int) -> list[str]:
        name = self._record.names[column]
        limit = _is_limit(name)
        stroke = _LIMIT_COLOUR if limit else self._colours[_stem(name)]
        style = 'stroke="%s" stroke-width="%s"%s' % (
            stroke, "1.6" if limit else "1.3", ' stroke-dasharray="7 4"' if limit else "")
        key_y = self._top + 9 + 19 * place
        key_x = _LEFT + _PLOT_WIDTH + 14
        return [
            '<path d="%s" fill="none" stroke-linejoin="round" %s/>' % (self._path(column), style),
            '<path d="M%d %dh24" %s/>' % (key_x, key_y, style.replace('width="1.3"', 'width="3"')),
            '<text x="%d" y="%.1f">%s</text>' % (key_x + 31, key_y + 4.5, escape(_stem(name).replace("_", " "))),
        ]

    def _path(self, column: int) -> str:
        out: list[str] = []
        pen_down = False
        last_y = 0.0
        for x, value in self._thinned(column):
            if value is None:
                pen_down = False
                continue
            y = self._y(value)
            if pen_down and self._stepped:
                out.append("H%.1fV%.1f" % (x, y) if y != last_y else "H%.1f" % x)
            else:
                out.append("%s%.1f %.1f" % ("L" if pen_down else "M", x, y))
            pen_down, last_y = True, y
        return "".join(out)

    def _thinned(self, column: int) -> list[tuple[float, int | None]]:
        """At most four points a pixel: first, lowest, highest, last; a gap stays a gap."""
        out: list[tuple[float, int | None]] = []
        pixel, held = -1, list[tuple[int, int]]()  # (time, value)
        for now_ms, row in zip(self._record.times_ms, self._record.rows):
            value = row[column]
            here = int(self._x(now_ms))
            if here != pixel or value is None:
                out += self._kept(held)
                pixel, held = here, []
            if value is None:
                out.append((self._x(now_ms), None))
            else:
                held.append((now_ms, value))
        return out + self._kept(held)

    def _kept(self, held: list[tuple[int, int]]) -> list[tuple[float, int | None]]:
        if len(held) > 4:
            lowest = min(held, key=lambda point: point[1])
            highest = max(held, key=lambda point: point[1])
            held = sorted({held[0], lowest, highest, held[-1]})
        return [(self._x(at_ms), value) for at_ms, value in held]

    def _x(self, at_ms: int) -> float:
        return _LEFT + _PLOT_WIDTH * (at_ms - self._from_ms) / max(1, self._to_ms - self._from_ms)

    def _y(self, value: int) -> float:
        low, high = self._ticks[0], self._ticks[-1]
        return self._top + self.height * (high - value) / (high - low)


def ticks(low: int, high: int, divisor: int) -> list[int]:
    """Some round numbers that hold low, high and 0 and at least one whole unit, as the record counts."""
    low = min(low, 0)
    high = max(high, 0, low + divisor)
    step = 1
    while step * 6 < high - low:
        step = step * 5 // 2 if str(step).startswith("2") else step * 2
    return [i * step for i in range(low // step, -(-high // step) + 1)]


def clock(at_ms: int, step_ms: int) -> str:
    """Hours where the marks are hours apart, else as precise as the marks need; the end of a day is 24."""
    second = at_ms // 1000
    hour = 24 if second and second % 86_400 == 0 else second // 3600 % 24
    if step_ms >= _HOUR_MS:
        return "%d" % hour
    if step_ms >= 60_000:
        return "%d:%02d" % (hour, second // 60 % 60)
    return "%d:%02d:%02d" % (hour, second // 60 % 60, second % 60)


def label(value: int, divisor: int) -> str:
    """Whole where it is whole, with a true minus."""
    number = ("%.2f" % (abs(value) / divisor)).rstrip("0").rstrip(".")
    return ("−" if value < 0 else "") + number


def _panel(name: str) -> str:
    for _, ending, _, _ in _PANELS:
        if name.endswith(ending):
            return ending
    raise ValueError("%s: a column's name ends with its unit" % name)


def _stem(name: str) -> str:
    return name[:-len(_panel(name))]


def _is_limit(name: str) -> bool:
    return _stem(name).endswith("_limit")


def _colours(names: Sequence[str]) -> dict[str, str]:
    stems = list(dict.fromkeys(_stem(name) for name in names if not _is_limit(name)))
    return {stem: _COLOURS[i % len(_COLOURS)] for i, stem in enumerate(stems)}
