"""Tables for the terminal and a plot as SVG."""

import math


def geomean(values: list[float]) -> float:
    return math.exp(sum(math.log(v) for v in values) / len(values))


def table(rows: list[list[str]], heading: list[str]) -> str:
    rows = [heading, *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(heading))]
    lines = []
    for n, row in enumerate(rows):
        lines.append("  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))).rstrip())
        if n == 0:
            lines.append("-" * (sum(widths) + 2 * (len(widths) - 1)))
    return "\n".join(lines)


def milliseconds(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds * 1e3:.2f}" if seconds < 0.01 else f"{seconds * 1e3:.0f}"


PALETTE = ("#111111", "#d62728", "#1f77b4", "#2ca02c", "#ff7f0e", "#9467bd", "#8c564b", "#17becf", "#e377c2", "#7f7f7f", "#bcbd22")


def dot_plot(title: str, rows: list[tuple[str, dict[str, float]]], engines: list[str]) -> str:
    """A row a guest, a dot an engine, on a logarithmic axis of time over `engines[0]`'s."""
    values = [v for _, dots in rows for v in dots.values() if v > 0]
    low, high = math.floor(math.log10(min(values)) * 2) / 2, math.ceil(math.log10(max(values)) * 2) / 2
    if high == low:
        high += 0.5
    left, top, width, step = 130, 70, 760, 22
    height = step * len(rows)

    def x(value: float) -> float:
        return left + (math.log10(value) - low) / (high - low) * width

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 30}" height="{top + height + 50}" '
           'font-family="sans-serif" font-size="12">', '<rect width="100%" height="100%" fill="white"/>',
           f'<text x="{left}" y="20" font-size="15">{title}</text>']
    for i, engine in enumerate(engines):
        out.append(f'<circle cx="{left + 85 * i + 5}" cy="40" r="5" fill="{PALETTE[i % len(PALETTE)]}"/>'
                   f'<text x="{left + 85 * i + 14}" y="44">{engine}</text>')
    for decade in range(math.floor(low), math.ceil(high) + 1):
        for digit in (1, 2, 5):
            value = digit * 10.0**decade
            if not low - 1e-9 <= math.log10(value) <= high + 1e-9:
                continue
            out.append(f'<line x1="{x(value):.1f}" x2="{x(value):.1f}" y1="{top - 6}" y2="{top + height}" stroke="#ddd"/>'
                       f'<text x="{x(value):.1f}" y="{top + height + 16}" text-anchor="middle">{value:g}</text>')
    for n, (name, dots) in enumerate(rows):
        y = top + step * n + step / 2
        out.append(f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{name}</text>'
                   f'<line x1="{left}" x2="{left + width}" y1="{y}" y2="{y}" stroke="#eee"/>')
        for i, engine in enumerate(engines):
            if dots.get(engine):
                out.append(f'<circle cx="{x(dots[engine]):.1f}" cy="{y}" r="5" fill="{PALETTE[i % len(PALETTE)]}" '
                           f'fill-opacity="0.85"><title>{engine}: {dots[engine]:.2f}</title></circle>')
    out.append(f'<text x="{left + width / 2}" y="{top + height + 36}" text-anchor="middle">time over {engines[0]} '
               '(logarithmic; left is faster)</text></svg>')
    return "\n".join(out)
