"""`Store`: what can be added to a theatre's record and decided about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd

from civmap.errors import StoreError
from civmap.language import say
from civmap.placing import place_totals
from civmap.readers.result import ReadResult
from civmap.readers.tallies import TotalsResult
from civmap.store import adding, decisions, erasure, mending, totals
from civmap.store.decisions import Decision
from civmap.store.erasure import Erased
from civmap.store.loads import Load
from civmap.store.mending import Mended
from civmap.store.record import Record
from civmap.store.totals import KeptTotals


class Store(Record):
    """Incidents of one theatre, as known now or on any earlier day.

    Parameters
    ----------
    home
        Root folder; made with mode 0700 if absent. One that may only be read can be asked, and refuses what would
        write to it.
    theatre
        A theatre, or its name or folder.

    Raises
    ------
    StoreError
        When the home can neither be made nor read.
    TheatreError
        When there is no such theatre, or its folder has faults.

    Examples
    --------
    >>> import tempfile
    >>> store = Store(tempfile.mkdtemp(), "oir")
    >>> len(store.incidents()), len(store.loads())
    (0, 0)
    """

    def add(
        self,
        result: ReadResult,
        *,
        known_at: date | datetime | str | None = None,
        complete: tuple[date, date] | None = None,
    ) -> Load:
        """Place and keep what a reader returned, as one load.

        Parameters
        ----------
        result
            Records, set-aside rows and provenance.
        known_at
            When the source released it; now if not given. Later releases of the same ``source_id`` replace earlier
            ones from then on, and "as known on" an earlier day still shows the earlier. The order of loading does
            not matter; of two releases with one date either may win, but always the same one, so give a correction
            its own date or none.
        complete
            First and last day for which the file says that it holds everything its source has: records of earlier
            releases that it no longer holds count as withdrawn from then on.

        Returns
        -------
        Load
            Counts of the load; `already_loaded` when the same file was loaded before with the same release date and
            the same span, or with any where none is given now.

        Raises
        ------
        StoreError
            When the release lies in the future, or the disk refuses; then the store is as it was before.
        """
        return adding.keep(self.folder, self.theatre, result, known_at=known_at, complete=complete)

    def add_totals(
        self, result: TotalsResult, *, known_at: date | str | None = None
    ) -> tuple[KeptTotals, TotalsResult]:
        """Place and keep published totals or activity, see `civmap.store.totals.keep`, and give them as placed."""
        placed = place_totals(result, self.theatre)
        return totals.keep(self.folder, placed, known_at=known_at), placed

    def decide(self, kind: str, about: Iterable[Sequence[str]], *, why: str, who: str | None = None) -> Decision:
        """Set records apart as likely duplicates, or count them again, as one decision.

        Parameters
        ----------
        kind
            ``duplicates`` or ``restored``.
        about
            Records as (source, source_id).
        why, who
            The reason, kept with the decision, and whose decision it is; the user of this machine if not given.

        Raises
        ------
        StoreError
            When there is no such kind, nothing to decide about, no reason, or the disk refuses.
        """
        if kind not in decisions.APART:
            raise StoreError(say("There is no decision '{kind}'.", kind=kind), expected=", ".join(decisions.APART))
        self._own_data()
        made = decisions.decision(kind, about, why=why, who=who)
        decisions.write(self.folder / "decisions", made)
        return made

    def expect(self, directive: str, expected: Mapping[str, Any], *, why: str, who: str | None = None) -> Decision:
        """Keep what somebody expects of a directive before its result is shown, as a decision about no record.

        Parameters
        ----------
        directive
            Id of the theatre's directive, or a day as text.
        expected
            What is expected, as JSON takes it.
        why, who
            As for `decide`.

        Raises
        ------
        StoreError
            On the demonstration, without a reason, or when the disk refuses.
        """
        self._own_data()
        made = decisions.decision("expectation", [("directive", directive)], why=why, who=who, values=expected)
        decisions.write(self.folder / "decisions", made)
        return made

    def _own_data(self) -> None:
        """Refuse a decision about the demonstration."""
        if self.is_demonstration:
            raise StoreError(
                say("Nothing is decided about the demonstration data."),
                next_step=say("Load a file first; then it has gone."),
            )

    def mend(self, rows: pd.DataFrame, *, why: str, who: str | None = None) -> Mended:
        """Read set-aside rows again as somebody has mended them, and keep those that now pass, as one decision a load.

        They belong to the release that they came with, and count as known from this moment. All rows are read before
        the first is kept.

        Parameters
        ----------
        rows
            ``load_id``, ``source_row`` and the mended columns of the file, as text; null leaves a value as it was.
        why, who
            The reason, kept with the decision, and whose decision it is; the user of this machine if not given.

        Returns
        -------
        Mended
            The records now accepted, and the rows that still break a rule.

        Raises
        ------
        StoreError
            When a row is not among those set aside, a column is none of the file's, or the disk refuses.
        """
        described, aside = self.loads(), self.rejected()
        rows = mending.checked(rows, aside.head(0) if self.is_demonstration else aside)
        chosen = described[described["load_id"].isin(rows["load_id"]) | described["mends"].isin(rows["load_id"])]
        taken = self.query(
            "SELECT load_id, source, source_id FROM incidents WHERE load_id IN (SELECT unnest(?))",
            [chosen["load_id"].tolist()],
        )
        done = mending.read_again(rows, aside, described, self.theatre, taken=taken)
        for load, one in done:
            if len(one.records):
                edits = rows[(rows["load_id"] == load["load_id"]) & rows["source_row"].isin(one.records["source_row"])]
                adding.keep_mended(self.folder, self.theatre, one.records, edits, load, why=why, who=who)
        return mending.together([one for _, one in done])

    def redact(self, where: Mapping[str, str], *, why: str, who: str | None = None) -> Erased:
        """Erase records from every load, for good; their ids, the time and the rule stay.

        Parameters
        ----------
        where
            Values by column, of `civmap.store.erasure.BY`; all must hold.
        why, who
            The rule that asks for it, and whose decision it is; the user of this machine if not given.

        Returns
        -------
        Erased
            What was erased, and the fingerprints of the store before and after: an export made with the former can no
            longer be rebuilt.

        Raises
        ------
        StoreError
            When nothing is asked for, the data is the demonstration, or the disk refuses.
        """
        if self.is_demonstration:
            raise StoreError(say("The demonstration data holds nobody's record; there is nothing to erase."))
        before = self.fingerprint
        records, rows, touched = erasure.redact(self.folder, where, why=why, who=who)
        return Erased(tuple(records), rows, tuple(touched), before, self.fingerprint)
