import pytest

from tests.settings.conftest import SECRET, Problems

LOG = '[[endpoint]]\nname = "log"\ntype = "log"\n'
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
        (LOG + 'url = "https://example.com"', 'a "log" endpoint has none'),
        ('[[endpoint]]\nname = "a"\ntype = "webhook"\nurl = "https://a"', "a webhook needs one"),
        (f'[[endpoint]]\nname = "a"\ntype = "webhook"\nsecret = "{SECRET}"', "a webhook needs one"),
        (IN_CALL + 'engine = "local"', 'hears a call only with source = "media"'),
        ("[[route]]", 'source = "media" needs public_url'),
    ],
)
def test_keys_that_do_not_fit_together_are_told(problems: Problems, text: str, fault: str) -> None:
    """Each key is fine by itself; together they could never work."""
    (problem,) = problems(text)

    assert problem.startswith("callscribe.toml:")
    assert fault in problem
