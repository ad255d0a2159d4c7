"""Draw the table of docs/architecture.md: `python docs/draw_rows.py` writes _static/rows.svg."""

from pathlib import Path

HERE = Path(__file__).parent
WIDTH, HEIGHT, GAP, LEFT = 640, 46, 10, 34
FILLS = {"yes": "#4a7fb5", "functions": "#bcd6ee", "no": "#eeeeee"}
INK = {"yes": "#ffffff", "functions": "#1d2f40", "no": "#333333"}


def read_rows(text):
    """Read the table: {row: [(package, may import torch)]}."""
    rows: dict = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 3 and cells[0].isdigit():
            names = [(name.strip(), cells[2]) for name in cells[1].split(",")]
            rows.setdefault(int(cells[0]), []).extend(names)
    return rows


def draw(rows):
    """Draw one band a row, one box a package."""
    total = len(rows) * (HEIGHT + GAP) + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {total}" role="img" '
        'font-family="system-ui, sans-serif">'
    ]
    for place, (row, packages) in enumerate(sorted(rows.items())):
        top = GAP + place * (HEIGHT + GAP)
        parts += _band(row, top)
        width = (WIDTH - LEFT - GAP) / len(packages)
        for number, (name, torch) in enumerate(packages):
            parts += _box(name, torch, LEFT + number * width, top, width - 6)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _band(row, top):
    middle = top + HEIGHT / 2 + 5
    return [f'<text x="10" y="{middle}" font-size="15" fill="#777777">{row}</text>']


def _box(name, torch, left, top, width):
    size = min(17, 1.75 * width / len(name))
    return [
        f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{HEIGHT}" rx="6" '
        f'fill="{FILLS[torch]}"/>',
        f'<text x="{left + width / 2:.1f}" y="{top + HEIGHT / 2 + size / 3:.1f}" '
        f'font-size="{size:.1f}" text-anchor="middle" fill="{INK[torch]}">{name}</text>',
    ]


if __name__ == "__main__":
    table = (HERE / "architecture.md").read_text(encoding="utf-8")
    (HERE / "_static" / "rows.svg").write_text(draw(read_rows(table)), encoding="utf-8")
