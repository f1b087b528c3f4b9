"""Receivers that refuse in ways that do harm, and remember what they refused."""

from collections.abc import Mapping

from tests.delivery.planted.receiver import Crm, RefusedError, named_by


@named_by("a signature of somebody else")
class BreaksAtForgeries(Crm):
    """An exception that nobody caught."""

    def refusal(self) -> int:
        return 500


@named_by("a signature of somebody else")
class RedirectsForgeries(Crm):
    """To where people log in."""

    def refusal(self) -> int:
        return 302


@named_by("a signature of somebody else")
class ThanksForForgeries(Crm):
    """Answers 200 whatever came, and drops it."""

    def refusal(self) -> int:
        return 200


@named_by("a signature of somebody else")
class IsGoneForForgeries(Crm):
    """Which disables an endpoint whose secret was mistyped."""

    def refusal(self) -> int:
        return 410


@named_by("an id that was forged before")
class DropsRepeatsBeforeItVerifies(Crm):
    """Remembers an id before it knows whose it is."""

    def begin(self, webhook_id: str) -> None:
        if webhook_id in self.marked:
            raise RefusedError(204)
        self.marked.add(webhook_id)


@named_by("an id that was forged before")
class RefusesIdsOfForgeries(Crm):
    """Marks an id before it verifies, and refuses it afterwards."""

    def begin(self, webhook_id: str) -> None:
        if webhook_id not in self.had and "remembered" in webhook_id:
            self.marked.add(webhook_id)

    def is_genuine(self, headers: Mapping[str, str], body: bytes) -> bool:
        genuine = super().is_genuine(headers, body)
        if genuine and headers["webhook-id"] in self.marked:
            raise RefusedError(409)
        return genuine


@named_by("a sender that hangs up in the middle")
class RemembersWhatBrokeOff(Crm):
    """Marks an id before the body is there, and refuses it afterwards."""

    def begin(self, webhook_id: str) -> None:
        if "aborted" in webhook_id:
            if webhook_id in self.marked:
                raise RefusedError(409)
            self.marked.add(webhook_id)


@named_by("a sender that hangs up in the middle")
class NeverGetsOverWhatBrokeOff(Crm):
    """Answers 500 for ever, once a body ended before its end."""

    def broke_off(self) -> None:
        self.is_broken = True

    def begin(self, webhook_id: str) -> None:
        if self.is_broken:
            raise RefusedError(500)
