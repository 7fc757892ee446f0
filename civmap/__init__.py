"""CivMap: where civilians are harmed, whether it changes, and how much anyone could see."""

__version__ = "0.1.0"
