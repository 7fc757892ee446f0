"""Made-up incidents whose truth is known, for tests, for teaching, and for the demonstration shown before any load.

Planted, and told in `Truth`: hot cells over a smooth uneven background (population times a level for each province,
Gaussians around towns within), trends, a season, over-dispersion, serial correlation, effects of directives, changes of
recording, and several sources that each see a part of the same incidents and count them differently. Nothing here
describes a real incident: ids start with ``SYN-``, towns and districts are drawn at random.

Assumed: sources find an incident independently of each other once its size, party and province are given; all kinds of
incident share one map, one season and the provinces' trends; nothing is revised after its first report.
"""

from civmap.simulate.files import write_demonstration, write_files
from civmap.simulate.plan import Effect, Plan, RecordingChange, Source, Stream, afghan_plan, plain_plan
from civmap.simulate.simulated import Simulated, Truth, simulate

__all__ = [
    "Effect", "Plan", "RecordingChange", "Simulated", "Source", "Stream", "Truth", "afghan_plan", "plain_plan",
    "simulate", "write_demonstration", "write_files",
]  # fmt: skip
