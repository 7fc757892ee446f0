"""The command line, ``python -m civmap``: each command says what it did, with ``--json`` in one object."""

import typer

from civmap.cli import air, deciding, exports, loading, making, totals

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
for command in (
    making.theatres, loading.read, loading.suggest_mapping, loading.ingest, loading.fetch, totals.ingest_totals,
    deciding.mend, deciding.redact, making.exhibit, making.simulate,
    air.coverage, air.ingest_air, exports.brief, exports.marking, exports.verify,
):  # fmt: skip
    app.command()(command)
theatre_app = typer.Typer(no_args_is_help=True, help="Make theatres.")
theatre_app.command("new")(making.theatre_new)
app.add_typer(theatre_app, name="theatre")
