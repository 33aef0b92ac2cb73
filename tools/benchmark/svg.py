# SPDX-License-Identifier: EUPL-1.2
"""Plots as SVG: bars with their spread and target, and lines. No library, and no more than that."""
import math
from xml.sax.saxutils import escape

WIDTH = 1080
LEFT = 470   # of the names of bars
RIGHT = 200  # of their values
ROW = 26
COLOURS = ("#1b5e9c", "#c4571b", "#3a7d44", "#7b4ea3", "#8a6d1d", "#5a5a5a")
INK, FAINT, GOOD, BAD = "#222", "#d9d9d9", "#1b5e9c", "#c4571b"


def text(x, y, what, anchor="start", size=12, colour=INK, weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{colour}" font-weight="{weight}">{escape(str(what))}</text>')


def line(x1, y1, x2, y2, colour=INK, width=1.0, dashes=""):
    dashes = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
            f'stroke-width="{width}"{dashes}/>')


def document(width, height, title, parts, note=""):
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="sans-serif">'
            f'<rect width="{width}" height="{height}" fill="white"/>')
    body = [text(16, 26, title, size=16, weight="bold")]
    if note:
        body.append(text(16, height - 12, note, size=11, colour="#666"))
    return "\n".join([head, *body, *parts, "</svg>", ""])


def number(value):
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    told = f"{value:.{max(0, 2 - int(math.floor(math.log10(abs(value)))))}f}"
    return told.rstrip("0").rstrip(".") if "." in told else told


def bars(title, rows, note="", logarithmic=False):
    """rows: dicts with name, value, low, high, and perhaps bound, met, told (what to write)."""
    rows = [row for row in rows if row["value"] > 0 or not logarithmic]
    top, bottom = 48, 58
    height = top + ROW * len(rows) + bottom
    if not rows:
        return document(WIDTH, 90, title, [text(16, 54, "nothing was measured")], note)
    most = max(max(row["high"], row.get("bound") or 0) for row in rows)
    least = min(min(row["low"], row.get("bound") or row["low"]) for row in rows)
    room = WIDTH - LEFT - RIGHT

    def place(value):
        if logarithmic:
            low, high = math.log10(max(least, 1e-9) / 2), math.log10(most * 1.1)
            return LEFT + room * (math.log10(max(value, 1e-9)) - low) / max(high - low, 1e-9)
        return LEFT + room * value / (most * 1.05)
    parts = []
    end = top + ROW * len(rows)
    for tick in ticks_of(max(least, 1e-9) / 2 if logarithmic else 0, most * 1.1, logarithmic, True):
        if LEFT <= place(tick) <= WIDTH - RIGHT:
            parts += [line(place(tick), top - 4, place(tick), end, FAINT),
                      text(place(tick), end + 14, number(tick), "middle", 11)]
    for i, row in enumerate(rows):
        y = top + ROW * i
        colour = {True: GOOD, False: BAD, None: COLOURS[0]}[row.get("met")]
        colour = COLOURS[5] if row.get("faint") else colour
        parts.append(text(LEFT - 10, y + 15, row["name"], "end"))
        parts.append(f'<rect x="{LEFT}" y="{y + 3}" width="{max(1, place(row["value"]) - LEFT):.1f}"'
                     f' height="{ROW - 10}" fill="{colour}" fill-opacity="0.75"/>')
        middle = y + 3 + (ROW - 10) / 2
        parts.append(line(place(row["low"]), middle, place(row["high"]), middle))
        for end in (row["low"], row["high"]):
            parts.append(line(place(end), middle - 4, place(end), middle + 4))
        if row.get("bound"):
            parts.append(line(place(row["bound"]), y, place(row["bound"]), y + ROW - 4, INK, 2))
        parts.append(text(WIDTH - RIGHT + 8, y + 15, row.get("told") or number(row["value"]),
                          size=11))
    return document(WIDTH, height, title, parts, note)


def ticks_of(low, high, logarithmic, sparse=False):
    if logarithmic:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        steps = (1, 2, 5) if last - first <= (2 if sparse else 4) else (1,)
        return [step * 10.0 ** power for power in range(first, last + 1) for step in steps]
    step = 10 ** math.floor(math.log10(max(high - low, 1e-9)))
    step = step if (high - low) / step >= 4 else step / 2 if (high - low) / step >= 2 else step / 5
    count = int((high - low) / step) + 2
    return [low + step * i for i in range(count) if low + step * i <= high * 1.0001]


def lines(title, series, across, up, note="", log_x=False, log_y=False, x_ticks=None):
    """series: (name, [(x, y)...]); x_ticks: (x, what is written) in place of numbers."""
    series = [(name, [(x, y) for x, y in points if (x > 0 or not log_x) and (y > 0 or not log_y)])
              for name, points in series]
    series = [(name, points) for name, points in series if points]
    height, left, right, top, bottom = 420, 70, 220, 64, 66
    if not series:
        return document(WIDTH, 90, title, [text(16, 54, "nothing was measured")], note)
    xs = [x for _, points in series for x, _ in points] + [x for x, _ in x_ticks or ()]
    ys = [y for _, points in series for _, y in points]
    low_x, high_x = min(xs), max(xs)
    low_y, high_y = (min(ys) / 1.2, max(ys) * 1.2) if log_y else (0, max(ys) * 1.1)

    def scale(value, low, high, logarithmic):
        if logarithmic:
            value, low, high = math.log10(value), math.log10(low), math.log10(high)
        return (value - low) / (high - low) if high > low else 0.5

    def at(x, y):
        return (left + (WIDTH - left - right) * scale(x, low_x, high_x, log_x),
                height - bottom - (height - top - bottom) * scale(y, low_y, high_y, log_y))
    parts = []
    for tick in ticks_of(low_y, high_y, log_y):
        if low_y <= tick <= high_y:
            y = at(low_x, tick)[1]
            parts += [line(left, y, WIDTH - right, y, FAINT),
                      text(left - 8, y + 4, number(tick), "end", 11)]
    for tick, what in x_ticks or [(tick, number(tick)) for tick in ticks_of(low_x, high_x, log_x)]:
        if low_x <= tick <= high_x:
            x = at(tick, low_y)[0]
            parts += [line(x, top, x, height - bottom, FAINT),
                      text(x, height - bottom + 16, what, "middle", 11)]
    for i, (name, points) in enumerate(series):
        colour = COLOURS[i % len(COLOURS)]
        places = [at(x, y) for x, y in sorted(points)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        key = top + 14 + 20 * i
        parts += [line(WIDTH - right + 14, key - 4, WIDTH - right + 34, key - 4, colour, 3),
                  text(WIDTH - right + 40, key, name, size=11)]
    parts.append(text((left + WIDTH - right) / 2, height - bottom + 36, across, "middle", 12))
    parts.append(text(16, top - 8, up, size=12))
    return document(WIDTH, height, title, parts, note)
