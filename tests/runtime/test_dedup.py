"""What came lately is known, and no more than so much of it."""

from service.runtime.dedup import Dedup


def test_the_oldest_is_forgotten() -> None:
    """A repeat is no news, and takes no room."""
    known: Dedup[str] = Dedup(3)
    known.update("abcab")
    known.update("d")

    assert [one in known for one in "abcd"] == [False, True, True, True]
