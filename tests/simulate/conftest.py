"""The theatre, and one large simulation that most modules measure."""

from datetime import date

import pytest

from civmap.simulate import Simulated, simulate
from civmap.theatre import Theatre, load_theatre


@pytest.fixture(scope="session")
def theatre() -> Theatre:
    return load_theatre("afghanistan")


@pytest.fixture(scope="session")
def large(theatre: Theatre) -> Simulated:
    return simulate(theatre, start=date(2007, 1, 1), end=date(2014, 12, 31), incidents_per_month=600, seed=1)
