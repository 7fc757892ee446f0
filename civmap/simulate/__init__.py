"""Made-up incidents whose truth is known, for tests, for teaching, and for the demonstration shown before any load.

Planted, and told in `Truth`: hot cells over a smooth uneven background (population times a level for each province,
Gaussians around towns within), trends, a season, over-dispersion, serial correlation, context, effects of directives,
changes of recording, air surveillance, and several sources that each see a part of the same incidents, count them
differently and correct themselves in later releases. Nothing here describes a real incident: ids start with ``SYN-``,
towns, districts and aircraft are drawn at random.

Assumed: given an incident's size, party, province, day, and whether surveillance watched and saw it, sources find it
independently of each other; all kinds of incident share one map, one season and the provinces' trends; no record is
ever withdrawn.
"""

from civmap.simulate.demonstration import write_demonstration
from civmap.simulate.files import write_files, write_passes
from civmap.simulate.plan import Context, Effect, Plan, RecordingChange, Source, Stream, Surveillance
from civmap.simulate.plans import afghan_plan, plain_plan
from civmap.simulate.simulated import Simulated, Truth, simulate

__all__ = [
    "Context", "Effect", "Plan", "RecordingChange", "Simulated", "Source", "Stream", "Surveillance", "Truth",
    "afghan_plan", "plain_plan", "simulate", "write_demonstration", "write_files", "write_passes",
]  # fmt: skip
