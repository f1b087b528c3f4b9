"""What a receiver must take: all that is genuine, however it comes."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
from nacl.signing import SigningKey
from standardwebhooks.webhooks import Webhook

from service.delivery.certification import samples
from service.delivery.certification.receiver import Answer, Halfway, Message, Receiver
from service.delivery.signing import KeySigner

SLOW_S: Final = 3.0
"""An answer that takes longer comes so late that words pile up."""
_AT_ONCE: Final = 32
"""So many connections the service opens to one endpoint."""
_REFUSED: Final = (401, 403)
_NOWHERE: Final = (404, 405)
_GONE, _TOO_LARGE = 410, 413
_BYTES: Final = "verify the bytes as they came, not JSON that was read and written again"
_LIMIT: Final = (
    "raise the limit of bodies, and read all of it: an event may have 200 KB and more, the report "
    "of a long call 1.6 MB"
)
_LANGUAGES: Final = "El niño de Łódź, 日本語, नमस्ते, \N{GRINNING FACE}\N{LINE SEPARATOR}"


def not_taken(answer: Answer, advice: str) -> str | None:
    """Say in words why an answer to what is genuine is wrong; None if it is not.

    `advice` is for a status that does not say by itself what is wrong.
    """
    if answer.taken:
        return None
    if answer.status is None:
        return f"it {answer}"
    if answer.is_redirect:
        return f"it {answer}: redirects are not followed, what comes has to be taken where it comes"
    if answer.status == _GONE:
        return f"it {answer}, which disables the endpoint: {advice}"
    if answer.status == _TOO_LARGE:
        return f"it {answer}: {_LIMIT}"
    genuine = ", though it was genuine" if answer.status in _REFUSED else ""
    return f"it {answer}{genuine}: {advice}"


def _of_a_plain_call(answer: Answer) -> str:
    """Say what may be wrong where not even the beginning of a call is taken."""
    if answer.status in _REFUSED:
        return f"is --secret the one that it verifies with? If it is, {_BYTES}"
    if answer.status in _NOWHERE:
        return "nothing takes webhooks there; is the address right, and its path?"
    if answer.status == _GONE:
        return "is the address right? If it is, answer any 2xx once you have the event"
    return "answer any 2xx once you have the event; its own log should say what it did not like"


async def _all_taken(receiver: Receiver, messages: Iterable[Message], advice: str) -> str | None:
    for message in messages:
        if fault := not_taken(await receiver.deliver(message), advice):
            return fault
    return None


async def a_call(receiver: Receiver) -> str | None:
    """Send what every call has."""
    for message in samples.call("genuine"):
        answer = await receiver.deliver(message)
        if fault := not_taken(answer, _of_a_plain_call(answer)):
            return fault
    return None


async def slowness(receiver: Receiver) -> str | None:
    """Judge how long the slowest answer took, of all that were good."""
    if receiver.slowest_s <= SLOW_S:
        return None
    return (
        f"it took {receiver.slowest_s:.1f} s once, and {SLOW_S:.0f} s is long: what is said next "
        "waits until then; answer first, and work afterwards"
    )


async def numbers(receiver: Receiver) -> str | None:
    """Send numbers that programs write in different ways."""
    events = [samples.final("yes it is", confidence=one, words=True) for one in (1.0, 3e-05)]
    advice = f"numbers such as 1.0 and 0.00003 are signed as they stand there; {_BYTES}"
    return await _all_taken(receiver, samples.messages("numbers", *events), advice)


async def letters(receiver: Receiver) -> str | None:
    """Send letters of several languages."""
    advice = f"text is UTF-8, in any language, and signed as it stands there; {_BYTES}"
    message = samples.messages("letters", samples.final(_LANGUAGES))
    return await _all_taken(receiver, message, advice)


async def nulls(receiver: Receiver) -> str | None:
    """Send fields that are null, and the same with something in them."""
    events = [samples.final("one", confidence=None), samples.final("two", words=True)]
    advice = "a field such as `words` is null where there is nothing, and a list where there is"
    return await _all_taken(receiver, samples.messages("nulls", *events), advice)


async def partials(receiver: Receiver) -> str | None:
    """Send a partial."""
    advice = "a partial has no `seq`; know it by its webhook-id"
    return await _all_taken(receiver, [samples.partial()], advice)


async def large(receiver: Receiver) -> str | None:
    """Send more than many servers read of a body unless told to."""
    advice = "an event such as recording.transcribed may have 200 KB and more: read all of it"
    return await _all_taken(receiver, [samples.large()], advice)


async def reports(receiver: Receiver) -> str | None:
    """Send the report of a long call."""
    advice = (
        "a report is of the type call.report, whose data is a document of up to 1.6 MB (read all "
        "of it) with the `seq` of some event of the call"
    )
    return await _all_taken(receiver, [samples.report()], advice)


async def batches(receiver: Receiver) -> str | None:
    """Send several events in one request."""
    advice = "with `batch`, one request brings an array of events: take each of them"
    return await _all_taken(receiver, [samples.batch(20)], advice)


async def batches_of_one(receiver: Receiver) -> str | None:
    """Send one event as an array."""
    advice = "with `batch`, what comes alone comes as an array of one"
    return await _all_taken(receiver, [samples.batch(1)], advice)


async def missing_numbers(receiver: Receiver) -> str | None:
    """Leave out an event that was given up, and say so."""
    begun, _, ended = samples.call("missing")
    advice = (
        "a `seq` may be missing, as that event was given up (x-gap-seq) or is of no type you get"
    )
    later = Message(ended.id, ended.body, {"x-gap-seq": "2"})
    return await _all_taken(receiver, (begun, later), advice)


async def no_beginning(receiver: Receiver) -> str | None:
    """Begin in the middle of a call."""
    advice = "what comes first of a call need not be its beginning"
    middle = samples.messages("middle", samples.final("and then"), first_seq=17)
    return await _all_taken(receiver, middle, advice)


async def repeats(receiver: Receiver) -> str | None:
    """Send the same event twice."""
    message = samples.first("retried")
    if fault := not_taken(await receiver.deliver(message), "it was the first of them"):
        return fault
    again = await receiver.send(message, headers={"x-attempt": "2"})
    return not_taken(again, "it had that event: take it again, and drop it by webhook-id")


async def capitals(receiver: Receiver) -> str | None:
    """Spell the names of the headers in other ways."""
    spellings: tuple[Callable[[str], str], ...] = (str.upper, str.title, str.lower)
    for spelt in spellings:
        answer = await receiver.send(samples.first("capitals"), spelt=spelt)
        name = spelt("webhook-id")
        advice = f"{name} is the same header as webhook-id, and proxies write it so"
        if fault := not_taken(answer, advice):
            return fault
    return None


async def rotation(receiver: Receiver) -> str | None:
    """Sign with several secrets, and with a key as well."""
    ours, theirs = receiver.signer, Webhook(b"a secret that comes or goes")
    by_key = KeySigner(SigningKey(bytes(32)))
    for signers in ((theirs, ours), (ours, theirs), (by_key, ours), (theirs, by_key, ours, theirs)):
        message = samples.first("rotated")
        signed = " ".join(receiver.signed_by(one, message) for one in signers)
        answer = await receiver.send(message, headers={"webhook-signature": signed})
        place = f"{signers.index(ours) + 1} of {len(signers)}"
        advice = f"one signature that fits is enough, wherever it stands; it was {place}"
        if fault := not_taken(answer, advice):
            return fault
    return None


async def interleaved(receiver: Receiver) -> str | None:
    """Send the events of two calls in turns."""
    one, other = samples.call("one"), samples.call("other")
    advice = "calls are in order each, and not among each other"
    return await _all_taken(
        receiver, (one[0], other[0], other[1], one[1], other[2], one[2]), advice
    )


async def crowds(receiver: Receiver) -> str | None:
    """Send as many calls at once as the service does."""
    coming = [receiver.deliver(samples.first(f"crowd{nth}")) for nth in range(_AT_ONCE)]
    advice = f"up to {_AT_ONCE} deliveries come at once, each of another call"
    faults = (not_taken(answer, advice) for answer in await asyncio.gather(*coming))
    return next((fault for fault in faults if fault), None)


async def unknown_types(receiver: Receiver) -> str | None:
    """Send a type that nobody knows yet."""
    message = samples.first("type")
    body = message.body.replace(b"call.started", b"call.something_new")
    advice = "take types that you do not know, and drop them"
    return await _all_taken(receiver, [Message(message.id, body)], advice)


async def unknown_fields(receiver: Receiver) -> str | None:
    """Send fields that nobody knows yet."""
    message = samples.first("field")
    event: dict[str, Any] = msgspec.json.decode(message.body)
    event["something_new"] = {"a": [1]}
    event["data"]["something_new"] = "b"
    advice = "fields are added; skip those that you do not know"
    more = Message(message.id, msgspec.json.encode(event))
    return await _all_taken(receiver, [more], advice)


async def unknown_values(receiver: Receiver) -> str | None:
    """Send a value that nobody knows yet."""
    message = samples.messages("value", samples.gap("something_new"))
    advice = "values such as a `reason` are added; take those that you do not know"
    return await _all_taken(receiver, message, advice)


async def replays(receiver: Receiver) -> str | None:
    """Send a whole call again."""
    call = samples.call("replayed")
    advice = "it was a replay of what it had: take it again, and drop it"
    return await _all_taken(receiver, (*call, *call), advice)


async def erasures(receiver: Receiver) -> str | None:
    """Send the end of all that is kept of a call."""
    advice = "transcript.erased comes by itself, of calls that you may not know any more"
    return await _all_taken(receiver, [samples.erased()], advice)


async def notices(receiver: Receiver) -> str | None:
    """Send what is of no call."""
    advice = "events such as endpoint.disabled are of no call"
    return await _all_taken(receiver, [samples.notice()], advice)


async def tests(receiver: Receiver) -> str | None:
    """Send what the command that tests an endpoint does."""
    advice = "`callscribe endpoints test` sends endpoint.test, which has no `call_id`"
    return await _all_taken(receiver, [samples.test()], advice)


async def slow_senders(receiver: Receiver) -> str | None:
    """Stop in the middle of a body until another sender was answered."""
    halfway, usual_s = Halfway(), receiver.slowest_s
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(
            receiver.send(samples.first("slow"), halfway=halfway), name="slow_sender"
        )
        await halfway.reached_by(sending)
        quick = await receiver.send(samples.first("quick"))
        halfway.goes_on.set()
    if not quick.taken or quick.took_s > max(SLOW_S, 2 * usual_s):
        return f"it {quick} after {quick.took_s:.1f} s: a slow sender holds all others up"
    slow = sending.result()
    return None if slow.taken else f"it {slow} to a body that came slowly"


async def broken_senders(receiver: Receiver) -> str | None:
    """Hang up in the middle of a body, and send it again."""
    message = samples.first("aborted")
    await receiver.break_off(message)
    advice = "its first attempt broke off, and only what is whole is had"
    return not_taken(await receiver.deliver(message), advice)
