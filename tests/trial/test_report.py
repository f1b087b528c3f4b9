from service.trial import Facts, compare, judge


def facts(**seen: str | list[str]) -> Facts:
    """Return these facts."""
    made = Facts()
    for fact, said in seen.items():
        if isinstance(said, str):
            made.note(fact, said)
        else:
            made.note_names(fact, said)
    return made


def test_what_the_simulator_does_otherwise_is_marked() -> None:
    """Sentences beside each other; of lists, only what is not in both."""
    here = facts(dial="200", unit="ms", fields=["from", "to"], here="yes")
    there = facts(dial="200", unit="samples", fields=["to", "user"], there="yes")

    lines = [" ".join(line.split()) for line in compare(here, there)]
    assert lines == [
        "dial 200",
        "unit ms",
        "! the simulator: samples",
        "fields from, to",
        "! the simulator has no from; the simulator has user as well",
        "here yes",
        "! the simulator: (not seen)",
        "there (not seen)",
        "! the simulator: yes",
    ]
    assert judge(here, there).differing == 4


def test_how_long_things_took_is_told_and_not_compared() -> None:
    """No two calls take the same time."""
    here, there = facts(dial="200"), facts(dial="200")
    here.time("dial", 1.25)

    (line,) = compare(here, there)
    assert line.endswith("[1250 ms]")
    assert judge(here, there).differing == 0


def test_faults_are_told_in_the_order_in_which_they_matter() -> None:
    """Without webhooks nothing else can be known."""
    assert judge(facts(dial="403"), Facts()).faults[0][0] == "call"
    for seen, subject in (
        ({"webhook.signature": "none came"}, "webhooks"),
        ({"webhook.signature": "good", "answered": "no busy"}, "call"),
        (
            {"webhook.signature": "good", "answered": "yes", "codec.PCMU": "no stream came"},
            "media",
        ),
    ):
        made = facts(**{"dial": "200", **seen})
        assert [fault for fault, _ in judge(made, made).faults] == [subject]
