# SPDX-License-Identifier: GPL-2.0-or-later
"""A line in a logarithmic plane, as SVG."""
import math

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 480, 300, 60, 40, 36


def decades(low, high):
    a, b = math.floor(math.log10(low)), math.ceil(math.log10(high))
    return a, max(b, a + 1)


def svg(title, x_name, y_name, points):
    x0, x1 = decades(min(p[0] for p in points), max(p[0] for p in points))
    y0, y1 = decades(min(p[1] for p in points), max(p[1] for p in points))

    def at(x, y):
        return (LEFT + (math.log10(x) - x0) / (x1 - x0) *
                (WIDTH - LEFT - 20),
                HEIGHT - BOTTOM - (math.log10(y) - y0) / (y1 - y0) *
                (HEIGHT - BOTTOM - TOP))

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
           f'height="{HEIGHT}" font-family="sans-serif" font-size="11">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           f'<text x="{WIDTH / 2}" y="18" text-anchor="middle" '
           f'font-size="13">{title}</text>']
    for d in range(x0, x1 + 1):
        x, y = at(10 ** d, 10 ** y0)
        out.append(f'<path d="M{x:.1f} {TOP}V{y:.1f}" stroke="#ddd"/>'
                   f'<text x="{x:.1f}" y="{y + 15:.1f}" '
                   f'text-anchor="middle">{10 ** d:g}</text>')
    for d in range(y0, y1 + 1):
        x, y = at(10 ** x0, 10 ** d)
        out.append(f'<path d="M{x:.1f} {y:.1f}H{WIDTH - 20}" stroke="#ddd"/>'
                   f'<text x="{x - 6:.1f}" y="{y + 4:.1f}" '
                   f'text-anchor="end">{10 ** d:g}</text>')
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in
                    (at(*p) for p in points))
    out.append(f'<polyline points="{line}" fill="none" stroke="#06c" '
               'stroke-width="2"/>')
    for p in points:
        x, y = at(*p)
        out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#06c"/>'
                   f'<text x="{x:.1f}" y="{y - 7:.1f}" '
                   f'text-anchor="middle">{p[1]:.3g}</text>')
    out.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 6}" '
               f'text-anchor="middle">{x_name}</text>'
               f'<text x="14" y="{HEIGHT / 2}" text-anchor="middle" '
               f'transform="rotate(-90 14 {HEIGHT / 2})">{y_name}</text>'
               '</svg>')
    return "\n".join(out) + "\n"
