"""Data out: the numbers of an exhibit as CSV, XLSX, GeoJSON, GeoPackage and GeoParquet, as they may leave."""

from __future__ import annotations

import io
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import shapely
import xlsxwriter

from civmap import schema
from civmap.errors import ExportError
from civmap.exports import manifest, tables
from civmap.exports.prepared import Prepared
from civmap.exports.slide_text import clean
from civmap.figures import theme
from civmap.figures.paper_maps import KINDS, cell_shapes
from civmap.figures.part import Part
from civmap.language import number, say, speaking

FORMS = ("csv", "xlsx", "geojson", "gpkg", "parquet")
_SHEET = re.compile(r"[\[\]:*?/\\']")
MOST_SHEET = 31  # letters of a sheet's name
MOST_ROWS = 1_048_576  # of a sheet, its header among them
MOST_PRINTED = 120  # letters of a marking on printed pages: a header holds 255, and "&" counts twice
_WIDE = 110  # letters of the sheet about the others


def files(one: Prepared, forms: Sequence[str] = FORMS) -> list[tuple[str, bytes]]:
    """Write the numbers behind every part of an exhibit.

    Parameters
    ----------
    forms
        Of `FORMS`; shapes are written only of maps.

    Returns
    -------
    list
        Names and bytes. Every file carries marking, sentence, caveats and stamp: a CSV in lines that begin with ``#``
        above and below, a workbook on a sheet of its own and on printed pages, files of shapes in their own
        properties. What is withheld is empty, and the column ``withheld`` says between what it lies.
    """
    unknown = [form for form in forms if form not in FORMS]
    if unknown:
        raise ExportError(say("There is no form '{form}'.", form=unknown[0]), expected=", ".join(FORMS))
    with speaking(one.language):
        return _files(one, forms)


def _files(one: Prepared, forms: Sequence[str]) -> list[tuple[str, bytes]]:
    exhibit, found = one.exhibit, []
    shown = [part for part in exhibit.parts if not part.table.empty]
    if "csv" in forms:
        names = dict(zip(map(id, exhibit.parts), tables.file_names(exhibit, "csv"), strict=True))
        found += [(names[id(part)], _csv(part, one)) for part in shown]
    stem = f"civmap-{exhibit.recipe.analysis.replace('_', '-')}"
    if "xlsx" in forms:
        found.append((f"{stem}-{exhibit.fingerprint}.xlsx", _xlsx(shown, one)))
    mapped = [part for part in exhibit.parts if part.kind in KINDS]
    layers = {
        f"{name}-{at}" if len(mapped) > 1 else name: layer
        for at, part in enumerate(mapped, start=1) for name, layer in _layers(part).items()
    }  # fmt: skip
    for name, layer in layers.items():
        file = f"{stem}-{name}-{exhibit.fingerprint}"
        if "geojson" in forms:
            found.append((f"{file}.geojson", _geojson(layer, one)))
        if "parquet" in forms:
            found.append((f"{file}.parquet", _parquet(layer, one)))
    if layers and "gpkg" in forms:
        found.append((f"{stem}-{exhibit.fingerprint}.gpkg", _gpkg(layers, one)))
    return found


def told(one: Prepared) -> dict[str, Any]:
    """Give what every file says of itself beside its numbers."""
    exhibit = one.exhibit
    return {
        "marking": one.marking, "title": one.heading, "sentence": exhibit.sentence, "caveats": list(exhibit.caveats),
        "stamp": list(one.stamp), "manifest": json.loads(manifest.short([one])),
    }  # fmt: skip


def _lines(one: Prepared, part: Part | None = None) -> list[str]:
    caveats = [say("Caveat: {caveat}", caveat=line) for line in one.exhibit.caveats]
    marks = [one.marking, *([say(theme.SYNTHETIC)] if one.synthetic else [])]
    return [*marks, one.heading, *([part.title] if part else []), one.exhibit.sentence, *caveats, *one.stamp]


def _csv(part: Part, one: Prepared) -> bytes:
    return tables.csv_with(tables.shown_table(part), _lines(one, part), [one.marking])


def _xlsx(parts: Sequence[Part], one: Prepared) -> bytes:
    """Write a workbook: a sheet about it, then a sheet for each part; no text is ever a formula."""
    written = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
               "remove_timezone": True, "nan_inf_to_errors": False}  # fmt: skip
    with xlsxwriter.Workbook(written, options) as book:
        book.set_properties({"title": clean(one.heading), "keywords": clean(one.marking),
                             "comments": manifest.short([one])})  # fmt: skip
        about = (say("About"), pd.DataFrame({one.marking: [*_lines(one)[1:], one.marking]}))
        named = [about, *((part.title, tables.shown_table(part)) for part in parts)]
        for at, (name, (_, table)) in enumerate(zip(_sheets([name for name, _ in named]), named, strict=True)):
            _sheet(book, name, table, marking=one.marking, wide=0 if at else _WIDE)
    return written.getvalue()


def _sheet(book: Any, name: str, table: pd.DataFrame, *, marking: str, wide: int) -> None:
    sheet = book.add_worksheet(name)
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "bottom", "bottom": 1})
    day, plain = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"text_wrap": True, "valign": "top"})
    if len(table) >= MOST_ROWS:
        raise ExportError(
            say("{name} has too many rows for a workbook.", name=name), found=number(len(table)),
            expected=say("less than {most}", most=number(MOST_ROWS)), next_step=say("Export it as CSV."),
        )  # fmt: skip
    printed = clean(marking)[:MOST_PRINTED].replace("&", "&&")
    sheet.set_header(f"&C{printed}")
    sheet.set_footer(f"&C{printed}")
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    for at, (column, values) in enumerate(table.items()):
        sheet.write_string(0, at, clean(column), bold)
        dated = pd.api.types.is_datetime64_any_dtype(values)
        for row, value in enumerate(values.astype("object").where(values.notna(), None), start=1):
            _cell(sheet, row, at, value, day if dated else plain if wide else None)
        sheet.set_column(at, at, wide or min(max(len(str(column)) * 0.7, 11), 40))


def _cell(sheet: Any, row: int, at: int, value: Any, form: Any) -> None:
    if value is None:
        return
    if isinstance(value, pd.Timestamp):
        sheet.write_datetime(row, at, value.to_pydatetime().replace(tzinfo=None), form)
    elif isinstance(value, bool | np.bool_):
        sheet.write_boolean(row, at, bool(value), form)
    elif isinstance(value, int | float | np.number):
        if np.isfinite(value):
            sheet.write_number(row, at, float(value), form)
        else:
            sheet.write_string(row, at, say("no limit"), form)
    else:
        said = "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        sheet.write_string(row, at, clean(said), form)


def _sheets(titles: Sequence[str]) -> list[str]:
    """Name sheets after parts: short enough, without forbidden signs, each name once."""
    found: list[str] = []
    for title in titles:
        name = _SHEET.sub(" ", clean(title)).strip()[:MOST_SHEET].strip() or say("Part")
        more = 2
        base = name
        while name.casefold() in {one.casefold() for one in found}:
            name, more = f"{base[: MOST_SHEET - 4]} ({more})", more + 1
        found.append(name)
    return found


def _layers(part: Part) -> dict[str, gpd.GeoDataFrame]:
    """Give the shapes of a map: cells, and provinces with what is known only to them."""
    found = {}
    for name in ("cells", "provinces"):
        if name not in part.frames or part.frames[name].empty:
            continue
        frame = part.frames[name]
        shapes = cell_shapes(frame["cell"]) if name == "cells" else np.asarray(frame["geometry"])
        plain = pd.DataFrame(frame.drop(columns=["geometry", "label", "place"], errors="ignore")).assign(
            unit=str(part.encoding.get("unit", ""))
        )
        lists = [column for column in plain if plain[column].map(lambda cell: isinstance(cell, list | tuple)).any()]
        plain = plain.assign(**{str(column): plain[column].map(str) for column in lists})
        found[name] = gpd.GeoDataFrame(plain, geometry=shapely.orient_polygons(shapes), crs=schema.CRS)
    return found


def _geojson(layer: gpd.GeoDataFrame, one: Prepared) -> bytes:
    """Write RFC 7946 with what the file says of itself as a foreign member."""
    written = json.loads(layer.to_json(drop_id=True))
    written.pop("crs", None)
    return json.dumps({"type": written["type"], "civmap": told(one), "features": written["features"]},
                      ensure_ascii=False).encode()  # fmt: skip


def _parquet(layer: gpd.GeoDataFrame, one: Prepared) -> bytes:
    first, written = io.BytesIO(), io.BytesIO()
    layer.to_parquet(first, index=False)
    table = pq.read_table(io.BytesIO(first.getvalue()))
    kept: Mapping[bytes, bytes] = table.schema.metadata or {}
    pq.write_table(table.replace_schema_metadata({**kept, b"civmap": json.dumps(told(one)).encode()}), written)
    return written.getvalue()


def _gpkg(layers: Mapping[str, gpd.GeoDataFrame], one: Prepared) -> bytes:
    kept = {"MARKING": one.marking, "CIVMAP": json.dumps(told(one))}
    described = f"{one.marking}. {one.heading}"
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "civmap.gpkg"
            for name, layer in layers.items():
                layer.to_file(file, layer=name, driver="GPKG", engine="pyogrio", layer_metadata=kept,
                              mode="a" if file.exists() else "w", DESCRIPTION=described)  # fmt: skip
            return file.read_bytes()
    except (OSError, RuntimeError) as error:  # GDAL's own are RuntimeErrors
        raise ExportError(
            say("The GeoPackage could not be made."), found=str(error)[:200],
            next_step=say("Check the free space of {folder}.", folder=tempfile.gettempdir()),
        ) from error  # fmt: skip
