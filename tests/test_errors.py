"""What a fault says: what was found, what was expected, the next step, as sentences."""

from civmap.errors import CivMapError


def test_a_fault_is_said_in_sentences_that_end_once() -> None:
    said = CivMapError(
        "The file cannot be read.", found="It is a directory.", expected="a CSV", next_step="Choose one."
    )
    assert str(said) == "The file cannot be read. Found: It is a directory. Expected: a CSV. Choose one."
    assert str(CivMapError("Alone.")) == "Alone."
