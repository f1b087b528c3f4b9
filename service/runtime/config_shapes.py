"""Which shape of an in-call configuration Telnyx took of an engine: it is sent so from then on."""

from dataclasses import replace

from service.calls.commands import CarrierCommand, StartTranscription
from service.calls.engines import flat_config


class ConfigShapes:
    """What one call learnt by a refusal, for all that come after it in this process.

    A call begins with the shape that Telnyx's SDK has, and tries the other one itself, once
    (TELNYX.md §3.3). Memory is bounded by the number of engines that routes name.
    """

    def __init__(self) -> None:
        self._flat: set[str] = set()

    def shaped(self, command: CarrierCommand) -> CarrierCommand:
        """Return the command in the shape that its engine is known to be taken in."""
        if not isinstance(command, StartTranscription) or command.model is not None:
            return command
        if command.engine not in self._flat:
            return command
        model, config = flat_config(command.config)
        return replace(command, model=model, config=config)

    def taken(self, command: CarrierCommand) -> None:
        """Note that Telnyx took a command as it was sent."""
        if isinstance(command, StartTranscription) and command.model is not None:
            self._flat.add(command.engine)

    def refused(self, command: CarrierCommand) -> None:
        """Note that Telnyx refused one as it was sent: the other shape is to be tried again."""
        if isinstance(command, StartTranscription) and command.model is not None:
            self._flat.discard(command.engine)
