"""The shape of an in-call configuration that an engine is taken in."""

from service.calls.commands import Answer, StartTranscription
from service.calls.engines import in_call_config
from service.calls.routes import Route
from service.ids import LegId
from service.runtime.config_shapes import ConfigShapes


def start(engine: str = "Deepgram", model: str | None = None) -> StartTranscription:
    """Make a command in the shape of Telnyx's SDK, or, with a model, in the other one."""
    name, config = in_call_config(Route(engine=engine, source="in_call"))
    return StartTranscription(
        leg_id=LegId("v3:1"), engine=name, config=config, tracks="both", model=model
    )


def test_what_was_taken_in_the_other_shape_is_sent_so_at_once() -> None:
    """The next call begins with it; other engines, and other commands, do not."""
    shapes = ConfigShapes()
    assert shapes.shaped(start()) == start()

    shapes.taken(start(model="nova-3"))
    sent = shapes.shaped(start())

    assert isinstance(sent, StartTranscription)
    assert sent.model == "nova-3"
    assert sent.config == {"interim_results": True}
    assert shapes.shaped(start("Google")) == start("Google")
    assert shapes.shaped(Answer(leg_id=LegId("v3:1"))) == Answer(leg_id=LegId("v3:1"))


def test_what_is_refused_after_all_is_forgotten() -> None:
    """Telnyx may change its mind; the first shape is tried again."""
    shapes = ConfigShapes()
    shapes.taken(start(model="nova-3"))
    shapes.taken(start("Google"))
    shapes.refused(start("Google"))
    assert shapes.shaped(start()) != start()

    shapes.refused(start(model="nova-3"))

    assert shapes.shaped(start()) == start()
