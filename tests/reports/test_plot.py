from __future__ import annotations

from reports import heatmap
from reports.plot import unstyled


def test_styles_become_attributes_and_text_stays_as_it_is() -> None:
    text = (
        '<text style="font-size: 8px; font-family: \'X\'; fill: #111111" x="1">a style="b"</text>'
    )
    made = unstyled(f'<svg width="1pt"><style type="text/css">* {{ }}</style>{text}</svg>')
    assert '<text font-size="8px" fill="#111111" x="1">a style="b"</text>' in made
    assert "<style" not in made and made.startswith("<svg stroke-linejoin") and "sans-serif" in made


def test_a_png_is_drawn_where_asked_for() -> None:
    drawing = heatmap.grid("Whole?", ["a"], [("x", [heatmap.Square("1", "all")])], png=True)
    assert drawing.png.startswith(b"\x89PNG")
