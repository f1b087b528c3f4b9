import pytest

from service.errors import SettingsError
from service.settings import load_settings
from tests.settings.harness import Problems


def test_an_unknown_key_names_the_nearest_and_its_line(problems: Problems) -> None:
    """A typing error is told with the file, the line, and what was probably meant."""
    text = 'drain_timeout = 3\n\n[[route]]\nsource = "in_call"\n[[route]]\nengin = "Google"\n'

    assert problems(text) == [
        'callscribe.toml:6: route[1].engin: unknown key, did you mean "engine"?',
        'callscribe.toml:1: drain_timeout: unknown key, did you mean "drain_timeout_s"?',
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            '[telemetry]\notlp = "http://localhost:4318"',
            '2: telemetry.otlp: unknown key, did you mean "otlp_url"?',
        ),
        (
            '[[route]]\nsource = "in_call"\nretention = { text_day = 1 }',
            '3: route[0].retention.text_day: unknown key, did you mean "text_days"?',
        ),
    ],
)
def test_an_unknown_key_names_the_nearest_of_its_own_table(
    problems: Problems, text: str, problem: str
) -> None:
    """However deep the table is, and whichever it is."""
    assert problems(text) == [f"callscribe.toml:{problem}"]


def test_an_unknown_variable_names_the_nearest(problems: Problems) -> None:
    """The environment is checked as the file is; other programs' variables are left alone."""
    said = problems(
        CALLSCRIBE_LISTENN=":80", CALLSCRIBE_TELNYX_API_KEY="x", TELNYX_CLIENT_ID="1", HOME="/"
    )

    assert said == [
        'CALLSCRIBE_LISTENN: unknown, did you mean "CALLSCRIBE_LISTEN"?',
        'CALLSCRIBE_TELNYX_API_KEY: unknown, did you mean "TELNYX_API_KEY"?',
    ]


NO_DATABASE = "should be sqlite:/// and the path of a file, or postgresql://user@host/database"
NO_TYPE = "should be 'webhook', 'log' or 'archive'"


def test_a_fault_from_the_environment_names_the_variable(problems: Problems) -> None:
    """The file is not blamed for what a variable said, by number or by name."""
    text = '[[endpoint]]\nname = "big-crm"\ntype = "log"\n'

    assert problems(
        text,
        CALLSCRIBE_ENDPOINT__BIG_CRM__TYPE="file",
        CALLSCRIBE_ROUTE__0__ENDPOINTS="crm",
        DATABASE_URL="mysql://db",
    ) == [
        f"DATABASE_URL: database_url: {NO_DATABASE}",
        'CALLSCRIBE_ROUTE__0__ENDPOINTS: route[0].endpoints: should be a list, such as ["a", "b"]',
        "CALLSCRIBE_ENDPOINT__BIG_CRM__TYPE: endpoint[0].type: " + NO_TYPE,
    ]


def test_a_variable_of_an_endpoint_that_there_is_not_is_blamed_itself(problems: Problems) -> None:
    """It is misspelt, or lacks the variable that would make an endpoint of it."""
    text = '[[endpoint]]\nname = "crm"\ntype = "log"\n'
    odd = "CALLSCRIBE_ENDPOINT__ODD__"
    named = {"CALLSCRIBE_ENDPOINT__CRMM__SECRET": "x", f"{odd}URL": "x"}

    assert problems(text, **named) == [
        "CALLSCRIBE_ENDPOINT__CRMM__…: no endpoint is called crmm, did you mean crm?",
        f"{odd}…: no endpoint is called odd: {odd}TYPE would make one",
    ]


def test_missing_keys_say_where_to_get_them() -> None:
    """Every fault is told at once, and the two keys come with what to do."""
    with pytest.raises(SettingsError) as failure:
        load_settings(None, {"CALLSCRIBE_LISTEN": "nowhere"})

    listen, key, public_key = failure.value.problems
    assert listen.startswith("CALLSCRIBE_LISTEN: listen: should be")
    assert key.startswith("TELNYX_API_KEY is not set: ")
    assert public_key.startswith("TELNYX_PUBLIC_KEY is not set: ")


def test_a_fault_in_a_postgresql_url_does_not_repeat_its_password(problems: Problems) -> None:
    """The address names no database."""
    (problem,) = problems(DATABASE_URL="postgresql://app:hunter2@db")

    assert "should name a database" in problem
    assert "hunter2" not in problem


def test_no_secret_is_repeated_in_a_fault(problems: Problems) -> None:
    """Wrong secrets, keys and headers are told without their value."""
    said = problems(
        '[[endpoint]]\nname = "crm"\ntype = "webhook"\nsecret = "whsec_canary"\n'
        'secret_previous = 4711\nurl = "https://user:canary@example.com"\n'
        'headers = { Authorization = "canary\\n" }\n',
        TELNYX_PUBLIC_KEY="canary",
    )

    assert len(said) == 5
    assert "canary" not in " ".join(said)
    assert "4711" not in " ".join(said)


def test_values_of_the_wrong_type_are_told(problems: Problems) -> None:
    """What pydantic finds reads like the rest: lower case, no class names, no links."""
    assert problems("drain_timeout_s = -1") == [
        "callscribe.toml:1: drain_timeout_s: should be greater than or equal to 0"
    ]
    assert problems("max_posts_per_host = 0") == [
        "callscribe.toml:1: max_posts_per_host: should be greater than or equal to 1"
    ]
