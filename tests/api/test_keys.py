"""Keys as text."""

from service.api.keys import is_key, make_key, read_key_id


def test_a_key_is_found_by_its_id_and_proved_by_its_secret() -> None:
    """What is kept does not hold the secret; another key does not fit."""
    text, kept = make_key("desk", ["live", "live"], now=5.0)
    other, _ = make_key("desk", ["live"], now=5.0)

    assert (read_key_id(text), kept.scopes, kept.created_at) == (kept.id, ("live",), 5.0)
    assert is_key(text, kept)
    assert not is_key(other, kept)
    assert not is_key(text.swapcase(), kept)
    assert text.partition(".")[2].encode() not in kept.digest


def test_what_has_not_the_form_of_a_key_has_no_id() -> None:
    """It is not looked up."""
    text, _ = make_key("desk", ["live"], now=5.0)

    for changed in (text[:-1], text + "a", text.upper(), " " + text, text.replace(".", ":"), ""):
        assert read_key_id(changed) is None
