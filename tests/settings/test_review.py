import sys

import pytest

from tests.settings.builders import SECRET
from tests.settings.harness import Load, Problems

LOG = '[[endpoint]]\nname = "log"\ntype = "log"\n'
WEBHOOK = f'[[endpoint]]\nname = "a"\ntype = "webhook"\nsecret = "{SECRET}"\n'
ARCHIVE = '[[endpoint]]\nname = "a"\ntype = "archive"\n'
RECORDED = 'public_url = "https://a.example"\n[[route]]\nrecord = "audio"\n'
IN_CALL = '[[route]]\nsource = "in_call"\n'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            LOG + IN_CALL + 'endpoints = ["logs"]',
            'no endpoint is called "logs", did you mean "log"',
        ),
        (LOG + IN_CALL + 'endpoints = ["log", "log"]', "names an endpoint twice"),
        (LOG + LOG.replace("log", "LOG", 1), '"LOG" is there twice'),
        (
            LOG.replace("log", "crm-1", 1) + LOG.replace("log", "CRM.1", 1),
            'as they call "crm-1": CALLSCRIBE_ENDPOINT__CRM_1__',
        ),
        (
            LOG + LOG.replace("log", "0", 1),
            'as they call "log", which is number 0: CALLSCRIBE_ENDPOINT__0__',
        ),
        (LOG + 'url = "https://example.com"', 'a "log" endpoint has none'),
        (IN_CALL + 'after_call = { engine = "Telnyx" }', 'needs record = "audio"'),
        (RECORDED + 'after_call = { engine = "Google" }', "Google has no model that takes whole"),
        (
            RECORDED + 'after_call = { engine = "Reson8", language = "ja" }',
            "does not take language 'ja'",
        ),
        (ARCHIVE, "an archive needs one"),
        (ARCHIVE + 'url = "https://a.example"', "of an archive is file:///folder or s3://"),
        (ARCHIVE + 'url = "file:///a"\nregion = "eu"', "is only for a bucket"),
        (ARCHIVE + 'url = "file:archive"', "should name a folder from the root on"),
        (ARCHIVE + 'url = "s3://A_B"', "should be s3://bucket"),
        (ARCHIVE + 'url = "s3://abc"\naccess_key_id = "a"', "goes with a secret_access_key"),
        (ARCHIVE + 'url = "s3://abc"\nformats = ["pdf"]', "should be"),
        (ARCHIVE + 'url = "s3://abc"\nevents = ["*"]', 'an "archive" endpoint has none'),
        (WEBHOOK + 'url = "https://example.com"\naudio = false', 'a "webhook" endpoint has none'),
        (WEBHOOK + 'url = "s3://abc"', "of a webhook is https://"),
        (LOG + "report = true", 'a "log" endpoint has none'),
        (LOG + 'events = ["call.report"]', '"call.report" needs report = true'),
        (
            WEBHOOK + 'url = "https://example.com"\nevents = ["call.report"]',
            '"call.report" needs report = true',
        ),
        ('[[endpoint]]\nname = "a"\ntype = "webhook"\nurl = "https://a"', "a webhook needs one"),
        (f'[[endpoint]]\nname = "a"\ntype = "webhook"\nsecret = "{SECRET}"', "a webhook needs one"),
        (IN_CALL + 'redact = ["pci"]\nlanguage = "fr"', "knows no numbers in 'fr'"),
        (
            IN_CALL + 'redact = ["pci"]\nfallback = [{ engine = "Google", language = "de-DE" }]',
            "knows no numbers in 'de-DE' (it does in: en, es)",
        ),
        (IN_CALL + 'mask = "last4"', "is only for a route with redact"),
        (IN_CALL + 'redact_level = "strict"', "is only for a route with redact"),
        (IN_CALL + 'redact = ["pci"]\nshow_digits = true', "would show numbers"),
        (IN_CALL + 'redact = ["names"]', "should be"),
        (IN_CALL + 'resume_on = ["thank you"]', "is only for a route with pause_on"),
        (IN_CALL + 'pause_on = ["?"]', "is a phrase of 1 to 10 words"),
        (IN_CALL + 'pause_on = ["card number"]\npause_limit_s = 0', "greater than or equal to 1"),
        (IN_CALL + 'record = "audio"', 'needs source = "media"'),
        (IN_CALL + 'engine = "local"', "cannot be used with source = 'in_call'"),
        (WEBHOOK + 'url = "https://10.0.0.1/"', "leads to an address that is not public"),
        (WEBHOOK + 'url = "http://example.com/"', "should be https://"),
        (WEBHOOK + 'url = "https://example.com:22/"', "should use one of the ports"),
        ("[[route]]", 'source = "media" needs public_url'),
        (
            IN_CALL + 'fallback = [{ engine = "Soniox", source = "media" }]',
            'source = "media" needs public_url',
        ),
        (
            IN_CALL + 'fallback = [{ engine = "Google" }, { engine = "local" }]',
            "engine 'local' cannot be used with source = 'in_call'",
        ),
        (
            IN_CALL + 'fallback = [{ engine = "Deepgram", model = "nova-3" }]',
            "Deepgram would stand in for itself",
        ),
        (
            IN_CALL + 'fallback = [{ engine = "A" }, { engine = "Google" }]',
            "Google would stand in for itself",
        ),
        (IN_CALL + "delete_at_telnyx = true", 'needs record = "telnyx"'),
        (IN_CALL + 'siprec = true\nrecord = "telnyx"', "is not to be had of SIPREC sessions"),
        (IN_CALL + 'siprec = true\nconnect = "+13125550142"', "is nothing for SIPREC sessions"),
        ("[forward]\nallow_private = true", "is nothing without a url"),
        ('[forward]\nurl = "https://10.0.0.1/"', "leads to an address that is not public"),
        ('[forward]\nurl = "http://ivr.example.com/"', "should be https://"),
        (IN_CALL + 'carry = ["header"]', "is nothing to carry"),
        (IN_CALL + 'carry = ["tags"]', 'did you mean "tag"?'),
        (
            IN_CALL + 'carry = ["header.Queue", "client_state.Queue"]',
            "would carry two things under one name",
        ),
        (IN_CALL + 'name = "a b"', "should be 1 to 64 letters"),
        (IN_CALL + 'name = "a"\n' + IN_CALL + 'name = "A"', '"A" is there twice'),
        (IN_CALL + "endpointing_ms = true", "should be 0 to 10000 (milliseconds), or false"),
        (IN_CALL + "endpointing_ms = 10001", "should be 0 to 10000"),
        (IN_CALL + "endpointing_ms = -1", "should be 0 to 10000"),
        (IN_CALL + 'stream_codec = "PCMA"', 'is only for source = "media"'),
        (IN_CALL + "max_session_s = 60", 'is only for source = "media"'),
        (IN_CALL + "max_session_s = 1", "should be greater than or equal to 10"),
        (IN_CALL + 'stream_codec = "G729"', "should be 'PCMU', 'PCMA', 'G722', 'OPUS'"),
        (IN_CALL + 'fallback = [{ model = "x" }]', "fallback[0].engine: is missing"),
        (IN_CALL + 'fallback = [{ engine = "Google", tracks = "both" }]', "unknown key"),
    ],
)
def test_keys_that_do_not_fit_together_are_told(problems: Problems, text: str, fault: str) -> None:
    """Each key is fine by itself; together they could never work."""
    (problem,) = problems(text)

    assert problem.startswith("callscribe.toml:")
    assert fault in problem


MEDIA = 'public_url = "https://calls.example.com"\n[[route]]\nsource = "media"\n'


@pytest.mark.parametrize("codec", ["PCMU", "PCMA", "G722", "L16", "OPUS", "AMR-WB", "default"])
def test_any_codec_that_can_be_decoded_may_be_asked_for(load: Load, codec: str) -> None:
    """All that Telnyx has, with the extra."""
    (route,) = load(MEDIA + f'stream_codec = "{codec}"').routes()

    assert route.stream_codec == codec


@pytest.mark.parametrize("language", ["en-GB", "es", "auto_detect", "multi"])
def test_a_route_whose_numbers_are_known_may_hide_them(load: Load, language: str) -> None:
    """Also where the engine finds the language out: then those of all languages are looked for."""
    text = f'redact = ["pci", "email"]\nredact_level = "strict"\nlanguage = "{language}"'
    (route,) = load(f'{IN_CALL}engine = "Google"\n{text}\n').routes()

    assert (route.redact, route.redact_level, route.mask) == (("pci", "email"), "strict", "label")


def test_a_codec_that_nothing_here_decodes_is_refused(
    problems: Problems, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what has to be installed."""
    monkeypatch.setitem(sys.modules, "service.wire.ffmpeg", None)
    (problem,) = problems(MEDIA + 'stream_codec = "OPUS"')

    assert "OPUS cannot be decoded: pip install '.[codecs]'" in problem


def test_a_fallback_with_a_source_it_never_named_is_told_where_that_comes_from(
    problems: Problems,
) -> None:
    """And how to give it another one; one that names a wrong source is just wrong."""
    route = '[[route]]\nsource = "in_call"\nfallback = '
    (inherited,) = problems(route + '[{ engine = "local" }]')
    (named,) = problems(route + '[{ engine = "local", source = "in_call" }]')

    assert inherited.endswith('from its route; give the fallback its own: source = "media"')
    assert named.endswith("cannot be used with source = 'in_call'")


def test_a_key_of_the_whole_service_that_stands_in_a_table_is_told_where_it_belongs(
    problems: Problems,
) -> None:
    """In TOML, what follows a table's head is in that table."""
    (problem,) = problems('[[route]]\nsource = "in_call"\nrequire_media_auth = true')

    assert "belongs at the top of the file" in problem
    assert "endpoints" in problems('[[route]]\nsource = "in_call"\nendpoint = ["x"]')[0]
