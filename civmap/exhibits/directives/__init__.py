"""Before and after a directive: each step of the answer is an exhibit of its own, so that each can go to a slide."""

from civmap.exhibits.directives.about import text
from civmap.exhibits.directives.answer import directive
from civmap.exhibits.directives.beside import beside
from civmap.exhibits.directives.curve import placebos, specifications
from civmap.exhibits.directives.detectable import detectable
from civmap.exhibits.directives.expected import CHANGES, expected
from civmap.exhibits.directives.expected import keep as keep_expectation
from civmap.exhibits.directives.held import checks
from civmap.exhibits.directives.methods import METHODS, method
from civmap.exhibits.directives.published import has_published, published
from civmap.exhibits.directives.question import SCOPES, WINDOWS
from civmap.exhibits.directives.settling import needed
from civmap.exhibits.directives.tallies import tallies
from civmap.exhibits.directives.timeline import timeline

ANALYSES = {
    "directive": directive,
    "directive_text": text,
    "directive_detectable": detectable,
    "directive_expected": expected,
    "directive_checks": checks,
    "directive_specifications": specifications,
    "directive_placebos": placebos,
    "directive_needed": needed,
    "directive_tallies": tallies,
    "directive_method": method,
    "directive_timeline": timeline,
    "published_totals": published,
}

__all__ = [
    "ANALYSES", "CHANGES", "METHODS", "SCOPES", "WINDOWS", "beside", "checks", "detectable", "directive", "expected",
    "has_published", "keep_expectation", "method", "needed", "placebos", "published", "specifications", "tallies",
    "text", "timeline",
]  # fmt: skip
