"""Pictures of exhibits: every part, with all that must stand on it, in the pixels and in the file's own properties."""

import io
import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from civmap.errors import CivMapError
from civmap.exports import pictures
from civmap.exports.picture_tables import draw_table
from civmap.exports.prepared import Prepared
from civmap.figures import paper, theme
from civmap.figures.part import Part
from tests.exports.conftest import TWELVE

NASTY = "A $10 title & <b>more</b> of \\alpha " + "long " * 60


@pytest.mark.parametrize("name", TWELVE)
def test_everything_that_is_written_lies_inside_the_picture(name: str, ready: dict[str, Prepared]) -> None:
    one = replace(ready[name], title=NASTY)
    for part in one.exhibit.parts:
        if part.table.empty:
            continue
        figure = pictures.draw(part, one)
        said = "\n".join(text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")))
        plain = " ".join(said.replace("\\$", "$").split())
        for line in (one.marking, one.exhibit.sentence, *one.exhibit.caveats, *one.stamp, "<b>more</b>"):
            assert " ".join(line.split()) in plain, line
        assert [text.get_text() for text in figure.texts].count(one.marking) == 2 and theme.SYNTHETIC in plain
        width, height = figure.get_size_inches() * figure.dpi
        renderer = FigureCanvasAgg(figure).get_renderer()
        for text in figure.texts:
            box = text.get_window_extent(renderer)
            assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1, text.get_text()


def test_texts_of_head_and_foot_do_not_meet(ready: dict[str, Prepared]) -> None:
    one = ready["directive"]
    figure = pictures.draw(one.exhibit.parts[0], one)
    renderer = FigureCanvasAgg(figure).get_renderer()
    own = {one.marking, *one.exhibit.caveats}
    boxes = [text.get_window_extent(renderer) for text in figure.texts
             if " ".join(text.get_text().split()).lstrip("\u2013 ") in own]  # fmt: skip
    assert len(boxes) > 3
    for k, first in enumerate(boxes):
        assert not any(first.shrunk(0.98, 0.8).overlaps(other.shrunk(0.98, 0.8)) for other in boxes[k + 1 :])


def test_a_png_is_twice_as_fine_and_carries_its_recipe(ready: dict[str, Prepared]) -> None:
    (file,) = pictures.pictures(ready["trends"], ["png"])
    image = Image.open(io.BytesIO(file[1]))
    assert image.size[0] == 10 * paper.DPI == 1920
    held = json.loads(image.text["Description"])
    assert held["exhibits"][0]["recipe"]["analysis"] == "trends"
    assert np.asarray(image.convert("L")).min() < 80, "something is drawn"


def test_svg_and_pdf_carry_their_recipe_and_come_out_the_same_again(ready: dict[str, Prepared]) -> None:
    one = ready["totals"]
    first, again = (dict(pictures.pictures(one, ["svg", "pdf"])) for _ in range(2))
    assert first == again and {name[-3:] for name in first} == {"svg", "pdf"}
    svg = next(data for name, data in first.items() if name.endswith("svg"))
    assert re.search(rb"&quot;analysis&quot;|\"analysis\"", svg) and b"<script" not in svg


def test_one_form_that_is_not_known_is_refused(ready: dict[str, Prepared]) -> None:
    with pytest.raises(CivMapError, match="no picture of the form 'gif'"):
        pictures.pictures(ready["totals"], ["gif"])


def test_words_of_a_narrow_table_are_not_broken_and_a_year_is_no_amount() -> None:
    table = pd.DataFrame({"Year": [2008, 2009], "Later revised": ["yes", "no"], "People": [12345, None]})
    wide = {f"Column {k} of publication": ["a longer text in words"] * 2 for k in range(6)}
    figure = draw_table(Part("table", "T", {"table": table.assign(**wide)}, "alt"))
    said = [text.get_text() for text in figure.axes[0].texts]
    assert {"2008", "2009", "12,345", "\u2013"} <= set(said) and "Later\nrevised" in said
    assert not any("publicatio\nn" in one for one in said)


def test_a_long_table_says_how_many_rows_it_leaves_out(ready: dict[str, Prepared]) -> None:
    one = ready["tallies"]
    figure = pictures.draw(one.exhibit.parts[0], one)
    assert "The first 40 of 102 rows; the data files hold all." in [text.get_text() for text in figure.axes[0].texts]
