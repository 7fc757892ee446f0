"""Counts of incidents and people: in total, by cell, by province, by precision, and what is left out of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from civmap import schema
from civmap.filters import BOUNDS, Filters, choices, known_on
from civmap.queries.measures import measured, values
from civmap.queries.sources import asked, extent, source_of
from civmap.store import Store


def totals(store: Store, filters: Filters, *, as_known_on: date | None = None) -> dict[str, Any]:
    """Count incidents and people in total: min, best and max, and records without a figure.

    Returns
    -------
    dict
        ``incidents``, ``killed_min`` ... ``injured_max``, ``without_killed``, ``without_injured`` (records that give
        no figure), ``only_max_killed``, ``only_max_injured`` (records that give a maximum and nothing else).
    """
    where, parameters = asked(store, filters, as_known_on)
    people = [f"{measured(one, bound)} AS {one}_{bound}" for one in ("killed", "injured") for bound in BOUNDS]
    frame = store.query(
        f"""SELECT count(*) AS incidents, {", ".join(people)},
            count(*) FILTER (WHERE killed_max IS NULL) AS without_killed,
            count(*) FILTER (WHERE injured_max IS NULL) AS without_injured,
            count(*) FILTER (WHERE killed_only_max) AS only_max_killed,
            count(*) FILTER (WHERE injured_only_max) AS only_max_injured
        FROM facts WHERE {where}""",
        parameters,
    )
    return {str(name): None if pd.isna(value) else int(value) for name, value in frame.iloc[0].items()}


def held_back(store: Store, filters: Filters, *, as_known_on: date | None = None) -> dict[str, int]:
    """Count what the totals leave out under the filters.

    Returns
    -------
    dict
        ``set_aside`` (rows of the source in all loads known then, not mended by then; whatever else the filters ask
        for, since what such a row says was not read), ``outside`` the theatre (whatever provinces are chosen),
        ``excluded`` (discounted, unless the filters name that grade, not credible or duplicate; with civilian harm
        where the filters ask for it) and ``without_harm`` (in the theatre; left out only where the filters ask for
        harm).
    """
    source = source_of(store, filters, as_known_on)
    named = set(filters.grades) & set(schema.EXCLUDED_GRADES)
    excluded = "set_apart" if named else "set_apart OR discounted"
    harm = "civilian_harm" if filters.harm_only else "true"

    terms, parameters = known_on(as_known_on)
    chosen, more = choices(filters.with_(source=source, admin1=()))
    inside, areas = choices(Filters(admin1=filters.admin1))
    place = " AND ".join(["in_theatre", *inside])
    counted = store.query(
        f"""SELECT count(*) FILTER (NOT in_theatre) AS outside,
            count(*) FILTER ({place} AND ({excluded}) AND ({harm})) AS excluded,
            count(*) FILTER ({place} AND NOT civilian_harm) AS without_harm
        FROM facts WHERE {" AND ".join([*terms, *chosen])} AND (NOT in_theatre OR {excluded} OR NOT civilian_harm)""",
        [*areas, *areas, *parameters, *more],
    ).iloc[0]
    aside = store.remember(
        ("set aside", as_known_on), lambda: store.rejected(as_known_on)["source"].value_counts().to_dict()
    )
    return {
        "set_aside": int(aside.get(source, 0)),
        **{str(name): int(number) for name, number in counted.items()},
    }


def cells(store: Store, filters: Filters, *, as_known_on: date | None = None) -> pd.DataFrame:
    """Count by H3 cell at the grain of each record's precision.

    Exact places and settlements are counted in cells of the theatre's map resolution, records known to the district
    in cells one step coarser; records known only to the province are in `provinces`, never here.

    Returns
    -------
    DataFrame
        ``cell`` (H3 text), ``resolution``, ``admin1`` and ``place`` (the most frequent among all records of the source
        in that cell), ``incidents``, ``value_min``, ``value_best``, ``value_max``; coarse cells first.
    """
    where, parameters = asked(store, filters, as_known_on)
    counted = store.query(
        f"""SELECT lower(to_hex(map_cell)) AS cell, (map_cell >> 52 & 15)::INTEGER AS resolution, count(*) AS incidents,
            {values(filters.measure)}
        FROM facts WHERE {where} AND map_cell IS NOT NULL GROUP BY map_cell
        ORDER BY resolution, incidents DESC, cell""",
        parameters,
    )
    names = _cell_names(store, filters, as_known_on).reindex(counted["cell"]).reset_index(drop=True)
    return pd.concat([counted[["cell", "resolution"]], names, counted.iloc[:, 2:]], axis=1)


def _cell_names(store: Store, filters: Filters, as_known_on: date | None) -> pd.DataFrame:
    """Name each cell once for all filters; a place named by only a few records could be somebody's home."""
    hidden = int(store.theatre.disclosure["smallest_count"])
    terms, parameters = known_on(as_known_on)
    source = extent(store, filters, as_known_on=as_known_on).source
    sql = f"""SELECT lower(to_hex(map_cell)) AS cell, mode(admin1 ORDER BY admin1) AS admin1,
            CASE WHEN count(*) >= {hidden} THEN mode(place ORDER BY place) END AS place
        FROM incidents WHERE {" AND ".join(terms)} AND in_theatre AND source = ? AND map_cell IS NOT NULL
        GROUP BY map_cell"""
    return store.remember(
        ("cell names", source, as_known_on), lambda: store.query(sql, [*parameters, source]).set_index("cell")
    )


def provinces(
    store: Store, filters: Filters, *, as_known_on: date | None = None, only_province: bool = False
) -> pd.DataFrame:
    """Count by province; `only_province` counts just the records whose place is known no better.

    Returns
    -------
    DataFrame
        One row for each province of the theatre: ``admin1``, ``name``, ``incidents``, ``value_min``, ``value_best``,
        ``value_max``; 0 where the filters leave none, whether or not the source looked there: `scope_of` says where.
    """
    where, parameters = asked(store, filters, as_known_on)
    vague = " AND map_cell IS NULL" if only_province else ""
    counted = store.query(
        f"""SELECT admin1::VARCHAR AS admin1, count(*) AS incidents, {values(filters.measure)}
        FROM facts WHERE {where} AND admin1 IS NOT NULL{vague} GROUP BY ALL""",
        parameters,
    ).set_index("admin1")
    values_of = [f"value_{bound}" for bound in BOUNDS]
    counted[values_of] = counted[values_of].astype("Int64")
    frame = counted.reindex(store.theatre.boundaries.index)
    frame["incidents"] = frame["incidents"].fillna(0).astype("int64")
    has_best = filters.measure == "incidents" or extent(store, filters, as_known_on=as_known_on).has_best
    for bound in BOUNDS if has_best else ("min", "max"):
        frame[f"value_{bound}"] = frame[f"value_{bound}"].mask(frame["incidents"] == 0, 0).astype("Int64")
    frame.insert(0, "name", store.theatre.boundaries["name"])
    return frame.rename_axis("admin1").reset_index()


def precision(store: Store, filters: Filters, *, as_known_on: date | None = None) -> pd.DataFrame:
    """Count incidents by place and date precision under the filters."""
    where, parameters = asked(store, filters, as_known_on)
    return store.query(
        f"""SELECT location_precision::VARCHAR AS location_precision, date_precision::VARCHAR AS date_precision,
            count(*) AS incidents
        FROM facts WHERE {where} GROUP BY ALL ORDER BY ALL""",
        parameters,
    )
