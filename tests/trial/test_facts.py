from service.trial.facts import MAX_NAMES, UNNAMED, Facts, name_of


def test_what_might_be_somebodys_is_not_kept() -> None:
    """Numbers, ids, keys and texts have more digits than a name, or other signs."""
    for theirs in (
        "+13125550142",
        "x-caller-13125550142",
        "0b9c2c7e-1f5e-4a53-9a6b-0a1b2c3d4e5f",
        "KEY0123456789",
        "Grüße",
        "a" * 61,
        "",
    ):
        assert name_of(theirs) == UNNAMED
    for name in ("x-telnyx-streaming-auth-token", "call.initiated", "nova-3", "90054", "16000"):
        assert name_of(name) == name


def test_the_first_thing_said_of_a_fact_counts() -> None:
    """A step that is done twice is told as it was first."""
    facts = Facts()
    for said in ("200", "422 90054"):
        facts.note("speak", said)

    assert facts.seen == {"speak": "200"}


def test_lists_of_names_are_sorted_and_bounded() -> None:
    """Each name is there once, and no payload of a stranger fills the report."""
    facts = Facts()
    facts.note_names("fields", ["to", "from", "to", "+13125550142"])
    facts.note_names("many", [f"f{number}" for number in range(MAX_NAMES + 10)])

    assert facts.seen["fields"] == (UNNAMED, "from", "to")
    assert len(facts.seen["many"]) == MAX_NAMES
