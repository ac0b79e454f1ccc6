"""Plots of what a packet or a change takes as plain SVG: over sessions, and over readers."""
import json
import math
import os
import sys
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 740, 400, 60, 250, 40, 50
COLOURS = ["#0b5fa5", "#d1495b", "#edae49", "#2e8b57", "#8e6c8a", "#555555", "#00798c", "#a0522d"]


def number(value):
    return f"{value:g}"


class Plot:
    """Lines over a few named places, values from 0 or, over many sizes, by powers of two."""

    def __init__(self, title, places, lines, logarithmic):
        self.title, self.places, self.lines, self.logarithmic = title, places, lines, logarithmic
        values = [value for points in lines.values() for value in points.values()]
        if logarithmic:
            self.low, self.high = 2 ** math.floor(math.log2(min(values))), 2 ** math.ceil(math.log2(max(values)))
        else:
            self.low, self.high = 0, max(values) * 1.1

    def x(self, place):
        return LEFT + (self.places.index(place) + 0.5) * (WIDTH - LEFT - RIGHT) / len(self.places)

    def y(self, value):
        if self.logarithmic:
            share = math.log2(value / self.low) / math.log2(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def ticks(self):
        if self.logarithmic:
            value = self.low
            while value <= self.high:
                yield value
                value *= 2
        else:
            step = 10 ** math.floor(math.log10(self.high)) / 2
            for index in range(int(self.high / step) + 1):
                yield index * step

    def svg(self):
        out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
               f'font-size="12"><rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
               f'<text x="{LEFT}" y="22" font-size="15">{escape(self.title)}</text>']
        for value in self.ticks():
            y = self.y(value)
            out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#dddddd"/>'
                       f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{number(value)}</text>')
        for place in self.places:
            out.append(f'<text x="{self.x(place):.1f}" y="{HEIGHT - 28}" text-anchor="middle">{escape(place)}</text>')
        for index, (name, points) in enumerate(sorted(self.lines.items(), key=lambda line: -list(line[1].values())[-1])):
            colour = COLOURS[index % len(COLOURS)]
            path = " ".join(f"{self.x(place):.1f},{self.y(points[place]):.1f}" for place in self.places if place in points)
            width = 3 if name.startswith("gatehouse") else 1.5
            out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>')
            for place, value in points.items():
                out.append(f'<circle cx="{self.x(place):.1f}" cy="{self.y(value):.1f}" r="3" fill="{colour}"/>')
            y = TOP + 10 + index * 18
            out.append(f'<rect x="{WIDTH - RIGHT + 12}" y="{y - 9}" width="10" height="10" fill="{colour}"/>'
                       f'<text x="{WIDTH - RIGHT + 28}" y="{y}">{escape(name)}</text>')
        out.append("</svg>\n")
        return "\n".join(out)


def over(rows, key, wanted):
    """Lines by name, the median at each place, of the rows of one part and family."""
    lines = {}
    for row in rows:
        if row["median"] is not None and wanted(row):
            lines.setdefault(row["name"], {})[key(row)] = row["median"]
    return lines


def size(sessions):
    if sessions >= 1_000_000:
        return f"{sessions // 1_000_000}M"
    return f"{sessions // 1000}k" if sessions >= 1000 else f"{sessions}"


def main():
    rows, directory = json.load(open(sys.argv[1]))["rows"], sys.argv[2]
    os.makedirs(directory, exist_ok=True)
    for part in sorted({row["part"] for row in rows if row["sessions"]}):
        for family in sorted({row["family"] for row in rows if row["part"] == part}):
            def here(row):
                return row["part"] == part and row["family"] == family
            if part == "readers":
                lines = {}
                for row in rows:
                    if here(row) and row["median"] is not None:
                        lines.setdefault(f"{row['name']}, {size(row['sessions'])}", {})[str(row["readers"])] = row["median"]
                title, places, logarithmic = "readers", ["1", "2"], False
            elif part == "writer":
                lines = over(rows, lambda row: size(row["sessions"]), lambda row: here(row) and row["readers"] == 1)
                title, places, logarithmic = "sessions, while a writer changes them", None, False
            else:
                lines = over(rows, lambda row: size(row["sessions"]), here)
                title, places, logarithmic = "sessions", None, part.startswith(("lookup", "forwarding", "commit"))
            if places is None:
                sizes = sorted({row["sessions"] for row in rows if here(row)})
                places = [size(sessions) for sessions in sizes]
            if not lines or len(places) < 2:
                continue
            unit = next(row.get("unit", "ns") for row in rows if here(row))
            what = "change" if part == "commit" else "packet"
            plot = Plot(f"{part}, {family}: {unit} a {what} over {title}", places, lines, logarithmic)
            path = os.path.join(directory, f"{part}.{family}.svg")
            with open(path, "w") as file:
                file.write(plot.svg())
            print(path)


main()
