"""Our networks beside those that are shipped, from whose weights they are made."""

from typing import Any

import numpy as np
import pytest

from service.recogniser.audio.resampling import resample
from service.recogniser.audio.samples import Samples
from service.recogniser.models.graph_store import open_graphs
from service.recogniser.models.moonshine import RATE_HZ, Moonshine
from service.recogniser.models.runtime import load_network
from service.recogniser.models.weights import ModelFiles, find_models
from tests.recogniser.builders import audio

pytestmark = pytest.mark.speech

FIRST_TOKEN = 1


@pytest.fixture(scope="module", params=["tiny", "base"])
def files(request: pytest.FixtureRequest) -> ModelFiles:
    """The files of one of the models."""
    return find_models(request.param).speech[0]


@pytest.fixture(scope="module")
def moonshine(files: ModelFiles) -> Moonshine:
    """Ours."""
    with open_graphs(files) as folder:
        return Moonshine(folder)


def shipped_scores(model: ModelFiles, samples: Samples, ids: list[int]) -> Samples:
    """Return the logarithms of probabilities after each token, as the shipped networks have it."""
    encoder, decoder = load_network(model.encoder), load_network(model.decoder)
    mask = np.ones((1, len(samples)), np.int64)  # of the sound also for the decoder
    heard = _run(encoder, {"input_values": samples[None], "attention_mask": mask})[0]
    past = [one for one in decoder.get_inputs() if one.name.startswith("past")]
    feed = {
        "encoder_hidden_states": heard,
        "encoder_attention_mask": mask,
        "input_ids": np.array([[FIRST_TOKEN, *ids]], np.int64),
        "use_cache_branch": np.array([False]),
    }
    feed |= {one.name: np.zeros((1, 8, 0, one.shape[3]), np.float32) for one in past}
    scores = _run(decoder, feed)[0][0]
    return np.asarray(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)), np.float32)


def _run(network: Any, feed: dict[str, Any]) -> list[Any]:  # noqa: ANN401 - it has no types
    """Run a network on what it takes of this: the larger model's want no masks."""
    taken = {one.name for one in network.get_inputs()}
    found: list[Any] = network.run(None, {name: feed[name] for name in feed if name in taken})
    return found


def test_ours_hear_what_the_shipped_ones_hear(files: ModelFiles, moonshine: Moonshine) -> None:
    """A text is as likely to both, and after each token both have the same next in mind."""
    samples = resample(audio("austen_0870"), 8_000, RATE_HZ)
    encoded = moonshine.encode(samples)
    ids = moonshine.decode(encoded).ids

    ours, _ = moonshine.score(encoded, ids)
    theirs = shipped_scores(files, samples, ids)

    assert len(ids) > 20
    assert ours.argmax(axis=1).tolist() == theirs.argmax(axis=1).tolist()
    assert np.abs(ours.max(axis=1) - theirs.max(axis=1)).max() < 0.25


@pytest.mark.parametrize("kept", [1.0, 0.6, 0.0])
def test_a_draft_changes_no_text(moonshine: Moonshine, kept: float) -> None:
    """Whether it is right to its end, or other words come after a while, or from the start."""
    encoded = moonshine.encode(resample(audio("austen_0920"), 8_000, RATE_HZ))
    expected = moonshine.decode(encoded)
    right = int(len(expected.ids) * kept)

    draft = [*expected.ids[:right], *range(500, 530)]
    found = moonshine.decode(encoded, draft)

    assert found.ids == expected.ids
    assert found.log_probabilities == pytest.approx(expected.log_probabilities, abs=0.3)
    assert all(one.shape[1] == len(found.ids) + 1 for one in found.queries.values())
