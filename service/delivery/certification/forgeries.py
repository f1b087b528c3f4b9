"""What a receiver must refuse, and how: nothing that a stranger sends is taken, or breaks it."""

from http import HTTPStatus
from typing import Final

from standardwebhooks.webhooks import Webhook

from service.delivery.certification import samples
from service.delivery.certification.deliveries import not_taken
from service.delivery.certification.receiver import Answer, Receiver

OLD_S: Final = 900.0
"""Three times what the specification of Standard Webhooks lets pass."""
_HARM: Final = "whoever knows the address may send it what they like"
_SOMEBODY: Final = Webhook(b"somebody else's")


def not_refused(answer: Answer, what: str, harm: str = _HARM) -> str | None:
    """Say in words why an answer to what is not genuine is wrong; None if it is not.

    `harm` is what comes of taking it.
    """
    status = answer.status
    said = f"it {answer} to a request that was {what}"
    if status is None:
        return f"{said}: answer 401"
    if answer.taken:
        return f"{said}: {harm}; answer 401"
    if status < HTTPStatus.BAD_REQUEST:
        return f"{said}: that is no refusal; answer 401"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"{said}: strangers must not break it; verify before all else, and answer 401"
    if status == HTTPStatus.GONE:
        return f"{said}: a 410 has the service disable the endpoint; answer 401"
    return None


async def strangers(receiver: Receiver) -> str | None:
    """Sign with another secret."""
    message = samples.first("forged")
    forged = {"webhook-signature": receiver.signed_by(_SOMEBODY, message)}
    answer = await receiver.send(message, headers=forged)
    return not_refused(answer, "signed with another secret")


async def tampered(receiver: Receiver) -> str | None:
    """Change a body that was signed."""
    message = samples.first("tampered")
    answer = await receiver.send(message, body=message.body.replace(b"incoming", b"outgoing"))
    return not_refused(answer, "changed on its way")


async def unsigned(receiver: Receiver) -> str | None:
    """Send no signature, in several ways."""
    message = samples.first("unsigned")
    good = receiver.signed_by(receiver.signer, message)
    ways = {"": "not signed", "v1,": "signed with nothing", good[:12]: "signed with a beginning"}
    for signature, what in ways.items():
        answer = await receiver.send(message, headers={"webhook-signature": signature})
        if fault := not_refused(answer, what):
            return fault
    answer = await receiver.send(message, without="webhook-signature")
    return not_refused(answer, "not signed, without that header")


async def malformed(receiver: Receiver) -> str | None:
    """Send headers and bodies that are none."""
    message = samples.first("malformed")
    for name in ("webhook-id", "webhook-timestamp"):
        answer = await receiver.send(message, without=name)
        if fault := not_refused(answer, f"without {name}"):
            return fault
    odd = {"webhook-timestamp": "soon", "webhook-signature": "signed"}
    for name, value in (*odd.items(), ("webhook-signature", "v1,ñ v1 ,, v1,====")):
        answer = await receiver.send(message, headers={name: value})
        if fault := not_refused(answer, f"with a {name} that is none"):
            return fault
    for body in (b"", b"{", b"\xff\xfe", b"[" * 5_000):
        answer = await receiver.send(message, body=body)
        if fault := not_refused(answer, "not signed, and no JSON"):
            return fault
    return None


async def old(receiver: Receiver) -> str | None:
    """Send what was signed a while ago."""
    answer = await receiver.send(samples.first("old"), age_s=OLD_S)
    return not_refused(answer, "15 minutes old", "whoever saw it once may repeat it for ever")


async def early(receiver: Receiver) -> str | None:
    """Send what is signed for later."""
    answer = await receiver.send(samples.first("early"), age_s=-OLD_S)
    return not_refused(answer, "stamped 15 minutes ahead", "it may be repeated until then")


async def remembered(receiver: Receiver) -> str | None:
    """Forge an id before the genuine event comes under it."""
    message = samples.first("remembered")
    forged = {"webhook-signature": receiver.signed_by(_SOMEBODY, message)}
    for what in ("signed with another secret", "forged, as one before it under the same id"):
        answer = await receiver.send(message, headers=forged)
        if fault := not_refused(answer, what):
            return f"{fault}; remember an id only once its signature was good"
    advice = "that id was forged before: remember an id only once its signature was good"
    return not_taken(await receiver.deliver(message), advice)
