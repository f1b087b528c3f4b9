"""The scenario format: what it takes, and how it refuses."""

import sys
from pathlib import Path

import pytest

from service.errors import SettingsError
from service.simulator.calls.plan import plan_calls
from service.simulator.scenario import load_scenario, parse_scenario

SCENARIOS = Path(__file__).parents[3] / "fixtures" / "scenarios"


def problems(tree: dict[str, object]) -> list[str]:
    """Return what is wrong with a scenario."""
    with pytest.raises(SettingsError) as failure:
        parse_scenario(tree)
    return failure.value.problems


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_scenario_in_fixtures_can_be_played(path: Path) -> None:
    """It is read, and every recording it names is there."""
    calls = plan_calls(load_scenario(path))

    assert calls
    assert all(call.audio.script for call in calls)


def test_an_unknown_key_names_the_nearest_known_one() -> None:
    """At the top, in a table, and in a list of tables; all at once."""
    tree = {"sped": 1, "media": {"frame": 20}, "webhooks": {"fault": [{"duplicates": 1}]}}

    assert problems(tree) == ["unknown key 'sped', did you mean 'speed'?"]
    del tree["sped"]
    assert problems(tree) == [
        "webhooks.fault.0: unknown key 'duplicates', did you mean 'duplicate'?",
        "media: unknown key 'frame', did you mean 'frame_ms'?",
    ]


@pytest.mark.parametrize("key", ["codec", "phone_codec"])
def test_a_codec_that_this_machine_cannot_encode_is_refused(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """With what has to be installed."""
    monkeypatch.setitem(sys.modules, "service.simulator.speech.opus", None)

    with pytest.raises(SettingsError) as failure:
        plan_calls(parse_scenario({"media": {key: "OPUS"}}))

    assert failure.value.problems == ["media: OPUS needs PyAV: pip install '.[codecs]'"]


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        (
            {
                "call": [
                    {"recording": "a.wav", "say": [{"speaker": "agent", "text": "x", "at_ms": 0}]}
                ]
            },
            "not both",
        ),
        ({"call": [{"picks_up": "busy"}]}, "outgoing"),
        ({"call": [{"count": 9999}, {"count": 9999}]}, "more than 10000 calls"),
        ({"call": [{"say": [{"speaker": "agent", "text": " ", "at_ms": 0}]}]}, "no word"),
        ({"webhooks": {"fault": [{"duplicate": 2}]}}, "less than or equal to 1"),
        ({"webhooks": {"fault": [{"delay_s": [3, 1]}]}}, "low to high"),
        (
            {"call": [{"say": [{"speaker": "agent", "text": "a", "at_ms": 9, "until_ms": 9}]}]},
            "until_ms must be after at_ms",
        ),
        ({"call": [{"channels": ["agent", "agent"]}]}, "once each"),
        ({"call": [7]}, "call.0: "),
        ({"media": {"codec": "OPUS", "frame_ms": 100}}, "OPUS has no frames of 100 ms"),
        ({"media": {"phone_codec": "AMR-WB", "frame_ms": 30}}, "AMR-WB has no frames of 30 ms"),
        ({"speed": -1}, "greater than or equal to 0"),
        ({"folder": "/"}, "folder: unknown key"),
    ],
)
def test_what_cannot_be_played_is_refused(tree: dict[str, object], said: str) -> None:
    """Each with the reason."""
    assert any(said in problem for problem in problems(tree))


def test_a_file_that_is_not_toml_or_not_there_is_named(tmp_path: Path) -> None:
    """The path is in the problem, and there is one line of it."""
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b"\xff\xfe = [")
    for path in (broken, tmp_path / "missing.toml"):
        with pytest.raises(SettingsError) as failure:
            load_scenario(path)
        (problem,) = failure.value.problems
        assert problem.startswith(f"{path}: ")


def test_a_scenario_of_megabytes_is_not_read(tmp_path: Path) -> None:
    """One is the limit."""
    path = tmp_path / "huge.toml"
    path.write_text("#" * (1024 * 1024 + 1))
    with pytest.raises(SettingsError, match="more than"):
        load_scenario(path)


def test_paths_begin_at_the_folder_of_the_scenario(tmp_path: Path) -> None:
    """A recording that is not there is named with its whole path."""
    path = tmp_path / "call.toml"
    path.write_text('[[call]]\nrecording = "talk.wav"\n')

    with pytest.raises(SettingsError) as failure:
        plan_calls(load_scenario(path))
    assert failure.value.problems[0].startswith(f"{tmp_path / 'talk.wav'}: cannot be read")
