"""The names of columns: frames keep them in English, which identifies them; here they get words to be shown."""

from __future__ import annotations

from civmap.figures.part import Part
from civmap.language import mark, say

# Columns of the numbers behind a picture; a working file keeps the short names.
COLUMNS = {
    "panel": mark("Province"), "name": mark("Province"), "admin1": mark("Province code (ISO 3166-2)"),
    "layer": mark("Counted in"), "cell": mark("H3 cell"), "resolution": mark("Cell size (H3 resolution)"),
    "period": mark("Period from"), "incidents": mark("Incidents"), "complete": mark("Period wholly covered"),
    "fitted": mark("Model (expected count)"), "counterfactual": mark("Projected from before (expected count)"),
    "most_of_cell_in_a_day": mark("Most of the cell in a day"),
    "counterfactual_low": mark("Projected, low (95 %)"), "counterfactual_high": mark("Projected, high (95 %)"),
}  # fmt: skip
# Columns whose names are words already.
NAMES = (
    mark("95 % interval"), mark("A fall of"), mark("A month each, after"), mark("A month each, before"),
    mark("Accepted"), mark("Account"), mark("Across (km)"), mark("After"), mark("Age"), mark("All"),
    mark("All killed, max"), mark("Area"), mark("As recorded"), mark("Before"), mark("Begins or ends within 3 months"),
    mark("Beside the result"), mark("Beside this directive"), mark("By"), mark("Cannot be told apart from"),
    mark("Cannot say"), mark("Cause"), mark("Causes"), mark("Caveat"), mark("Caveats"), mark("Cell-hours"),
    mark("Cells"),
    mark("Change from the stretch before"), mark("Change, %"), mark("Change, 95 % interval"), mark("Channels"),
    mark("Checked via"), mark("Civilians injured, max"), mark("Civilians killed, max"), mark("Cluster"), mark("Column"),
    mark("Coverage"), mark("Covered later"), mark("Covered of told (%)"), mark("Date"), mark("Date is"),
    mark("Date known to the day"), mark("Date known to the month"), mark("Date known to the week"),
    mark("Date known to the year"), mark("Days"), mark("Decided"), mark("Decision"), mark("Definition"),
    mark("Direction"), mark("Directive"), mark("District"), mark("Earlier: finding"), mark("Earlier: hot in draws"),
    mark("Earlier: incidents"), mark("Earlier: ratio"), mark("Expected"), mark("Expected in the end"), mark("Field"),
    mark("Figure is"), mark("File"), mark("Finding"), mark("First day"), mark("From"), mark("Gi* (z)"), mark("Grade"),
    mark("Group"), mark("H3 cell"), mark("Held against"), mark("High"), mark("High (95 %)"), mark("Hot in draws"),
    mark("Hot periods"), mark("ISO 3166-2"), mark("Id"), mark("In part"), mark("In place"), mark("In the theatre"),
    mark("Incidents"), mark("Incidents a month, season taken out"), mark("Incidents before"),
    mark("Incidents of a cell"), mark("Incidents per 100,000 people a year"), mark("Injured, best"),
    mark("Injured, max"), mark("Injured, min"), mark("Injured, min to max"), mark("Kept (UTC)"), mark("Killed, best"),
    mark("Killed, max"), mark("Killed, min"), mark("Killed, min to max"), mark("Kind"), mark("Known"),
    mark("Known from"), mark("Last 24 months"), mark("Last day"), mark("Last period"), mark("Later revised"),
    mark("Later: finding"), mark("Later: hot in draws"), mark("Later: incidents"), mark("Later: ratio"),
    mark("Latitude"), mark("Load"), mark("Longitude"), mark("Low"), mark("Low (95 %)"), mark("Meaning"),
    mark("Measure"), mark("Mended"), mark("Min in 72 h"), mark("Minutes"), mark("Month"),
    mark("Months after the event"), mark("Months needed after, with these before"), mark("Months needed on each side"),
    mark("Months on each side"), mark("Months there are before"), mark("Next (hours)"), mark("Not covered"),
    mark("Note"), mark("Notes"), mark("Number"), mark("Observed"), mark("Of all (%)"),
    mark("Of them known to the province only"), mark("Other faults"), mark("Outcome"), mark("Outside"), mark("Parties"),
    mark("Parties named"), mark("Pattern"), mark("Per 1,000 h"), mark("Per 100,000 people"), mark("Period"),
    mark("Place"), mark("Place (%)"), mark("Place and time"), mark("Place known to"), mark("Place named most"),
    mark("Pooled change, %"), mark("Pooled, 95 % interval"), mark("Province"), mark("Provinces"), mark("Publication"),
    mark("Published"), mark("Published by"), mark("Published on"), mark("Quantity"), mark("Radius (km)"), mark("Rank"),
    mark("Ratio"), mark("Read"), mark("Record"), mark("Records"), mark("Reported via"), mark("Rows"), mark("Rows read"),
    mark("Rule"), mark("S"), mark("SHA-256"), mark("Set aside"), mark("Share expected to be known, %"),
    mark("Share known by then, %"), mark("Share of the source (%)"), mark("Slope, 95 % interval"),
    mark("Slope, incidents a month per year"), mark("Smallest fall"), mark("Smallest rise"), mark("Soonest (hours)"),
    mark("Source"), mark("Tally"), mark("Test"), mark("That day"), mark("The date is"),
    mark("Time covered by a sensor"), mark("To"), mark("Trend"), mark("Trend a year"), mark("Trend p"),
    mark("Trend, 95 % interval"), mark("Unchecked"), mark("Value"), mark("What"), mark("What was found"), mark("Why"),
    mark("Why there is no answer"), mark("With cells around"), mark("Within 72 h"), mark("Would show from (a year)"),
    mark("Year"), mark("cannot say"), mark("cluster"), mark("cold periods"), mark("days"), mark("expected incidents"),
    mark("finding"), mark("group"), mark("high"), mark("hot draws of 100"), mark("hot periods"), mark("in part"),
    mark("incidents per 1,000 cell-hours of observation"), mark("incidents per 1,000 cell-hours of observation, max"),
    mark("incidents per 1,000 cell-hours of observation, min"), mark("incidents per 1,000 km²"),
    mark("incidents with cells around"), mark("looks"), mark("low"), mark("minutes"), mark("not covered"),
    mark("p value"), mark("pattern"), mark("place and time"), mark("q value"), mark("ratio"), mark("ratio high (95 %)"),
    mark("ratio low (95 %)"), mark("reading"), mark("tau"), mark("trend"), mark("trend of z"), mark("value"),
    mark("why no answer"), mark("z"),
)  # fmt: skip


def header(column: str) -> str:
    """Head a column of the numbers behind a picture.

    Examples
    --------
    >>> header("panel"), header("civilians killed, min")
    ('Province', 'Civilians killed, min')
    """
    said = say(COLUMNS.get(column, column))
    return said[:1].upper() + said[1:]


def headers(part: Part) -> dict[str, str]:
    """Head each column of a table part; columns that are named after days or sources bring words of their own."""
    own = part.encoding.get("headers", {})
    return {str(name): own.get(str(name)) or say(str(name)) for name in part.table}
