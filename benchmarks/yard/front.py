"""Settings as points of one SVG: for each house the roof's energy in the cars, and what was imported, over switching.

Filled are those on the front of all three; the line joins, within a panel, those that nothing to their left beats. Ours
is the orange one, the baselines are squares.
"""

from collections.abc import Callable
from html import escape
from itertools import count

from benchmarks.yard.settings import BASELINES, OURS, Point, front

_LEFT, _TOP, _WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 70, 84, 500, 330, 90, 84
_LEGEND = 24  # a line of it
_BLUE, _ORANGE, _GREY = "#0072b2", "#d98200", "#555555"
_FIGURES: "tuple[tuple[str, Callable[[Point], float], bool], ...]" = (  # title, value, more is better
    ("kWh of the roof into the cars", lambda each: each.roof_kwh, True),
    ("kWh imported", lambda each: each.import_kwh, False),
)
_TITLES = {"cloudy": "one car, 1p/3p", "two": "two cars, on one phase and on three"}


def drawing(fields: "dict[str, list[Point]]") -> str:
    """`fields`: points by house, the same settings in the same order in each."""
    names = [each.name for each in next(iter(fields.values()))]
    numbers = {name: str(number) for number, name in zip(count(1), names)}
    rows = (len(names) + 2) // 3
    height = _TOP + 2 * _HEIGHT + _GAP_Y + 70 + rows * _LEGEND
    width = 2 * _WIDTH + _GAP_X + _LEFT + 30
    body: "list[str]" = []
    for column, (house, points) in enumerate(fields.items()):
        for row, (title, value, more) in enumerate(_FIGURES):
            left, top = _LEFT + column * (_WIDTH + _GAP_X), _TOP + row * (_HEIGHT + _GAP_Y)
            body += _panel(left, top, f"{_TITLES.get(house, house)}: {title}", points, value, more, numbers)
    for at, name in enumerate(names):
        x, y = _LEFT + at % 3 * 375, height - rows * _LEGEND + at // 3 * _LEGEND
        body.append('<text x="%d" y="%d">%s  %s</text>' % (x, y, numbers[name], escape(name)))
    return "\n".join([
        '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" '
        'font-family="system-ui, sans-serif" font-size="13">' % (width, height, width, height),
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        '<text x="%d" y="30" font-size="19" font-weight="600">Energy and switching of a cloudy day, by setting</text>'
        % _LEFT,
        '<text x="%d" y="52" fill="%s">filled: nothing beats it in all three; orange: as shipped; squares: baselines'
        '</text>' % (_LEFT, _GREY), *body, "</svg>\n"])


def _panel(left: int, top: int, title: str, points: "list[Point]", value: "Callable[[Point], float]", more: bool,
           numbers: "dict[str, str]") -> "list[str]":
    xs, ys = _marks([each.switching for each in points]), _marks([value(each) for each in points])

    def x(each: float) -> float:
        return left + _WIDTH * (each - xs[0]) / (xs[-1] - xs[0])

    def y(each: float) -> float:
        return top + _HEIGHT * (ys[-1] - each) / (ys[-1] - ys[0])

    out = ['<text x="%d" y="%d" font-weight="600">%s</text>' % (left, top - 10, escape(title)),
           '<rect x="%d" y="%d" width="%d" height="%d" fill="#fbfbfb" stroke="#888888"/>' % (
               left, top, _WIDTH, _HEIGHT),
           '<text x="%d" y="%d" text-anchor="middle">starts and phase changes</text>' % (
               left + _WIDTH // 2, top + _HEIGHT + 36)]
    for mark in xs:
        out += ['<path d="M%.1f %dV%d" stroke="#e2e2e2"/>' % (x(mark), top, top + _HEIGHT),
                '<text x="%.1f" y="%d" text-anchor="middle">%g</text>' % (x(mark), top + _HEIGHT + 17, mark)]
    for mark in ys:
        out += ['<path d="M%d %.1fh%d" stroke="#e2e2e2"/>' % (left, y(mark), _WIDTH),
                '<text x="%d" y="%.1f" text-anchor="end">%g</text>' % (left - 8, y(mark) + 4.5, mark)]
    line = ["%.1f %.1f" % (x(each.switching), y(value(each))) for each in _edge(points, value, more)]
    out.append('<path d="M%s" fill="none" stroke="%s"/>' % (" L".join(line), _BLUE))
    best = front(points)
    for each in points:
        out.append(_dot(x(each.switching), y(value(each)), each, each in best, numbers[each.name]))
    return out


def _dot(x: float, y: float, each: Point, filled: bool, number: str) -> str:
    colour = _ORANGE if each.name == OURS else _GREY if each.name in BASELINES else _BLUE
    style = 'stroke="%s" stroke-width="1.5" fill="%s"' % (colour, colour if filled else "#ffffff")
    shape = '<circle cx="%.1f" cy="%.1f" r="%d" %s/>' % (x, y, 7 if each.name == OURS else 5, style)
    if each.name in BASELINES:
        shape = '<rect x="%.1f" y="%.1f" width="10" height="10" %s/>' % (x - 5, y - 5, style)
    return shape + '<text x="%.1f" y="%.1f" fill="%s">%s</text>' % (x + 8, y - 6, colour, number)


def _edge(points: "list[Point]", value: "Callable[[Point], float]", more: bool) -> "list[Point]":
    """From the calmest on, each that is better than all before it."""
    out: "list[Point]" = []
    sign = 1 if more else -1
    for each in sorted(points, key=lambda point: (point.switching, -sign * value(point))):
        if not out or sign * value(each) > sign * value(out[-1]):
            out.append(each)
    return out


def _marks(values: "list[float]") -> "list[float]":
    """Round numbers around all values, at most ten."""
    low, high = min(values), max(values)
    step = next(step for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 1_000) if high - low <= 8 * step)
    first, last = int(low / step), int(high / step) + 1
    return [round(mark * step, 3) for mark in range(first, last + 1)]
