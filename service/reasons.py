"""Why something failed, in words for people: never in Python's, and never with what was refused.

Values, connections and files fail in commands, settings, scenarios and deliveries alike.
"""

from collections.abc import Mapping
from typing import Any

_MAX_CAUSES = 8
_CONNECTIONS = (
    ("AddressRefusedError", "its address is not a public one"),
    ("SSLCertVerificationError", "its TLS certificate does not hold"),
    ("SSLError", "TLS failed"),
    ("gaierror", "its name does not resolve"),
    ("ClientConnectorDNSError", "its name does not resolve"),
    ("UnicodeError", "its name does not resolve"),
    ("InvalidURL", "that is no address"),
    ("TooManyRedirects", "it leads on and on to other addresses"),
    ("TimeoutError", "no answer in time"),
    ("ConnectionRefusedError", "nothing listens there"),
    ("ConnectionError", "the connection was lost"),
    ("ServerDisconnectedError", "the connection was lost"),
    ("ClientPayloadError", "the connection was lost"),
    ("ClientResponseError", "what it answers is not HTTP"),
    ("OSError", "no connection"),
)
_VALUES = {
    "tuple_type": 'should be a list, such as ["a", "b"]',
    "list_type": 'should be a list, such as ["a", "b"]',
    "dict_type": "should be a table of keys and values",
    "model_type": "should be a table of keys and values",
    "model_attributes_type": "should be a table of keys and values",
    "string_type": "should be text, in quotes",
    "path_type": "should be a path, in quotes",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
    "int_type": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_parsing_size": "should be a smaller number",
    "int_from_float": "should be a whole number",
    "float_type": "should be a number",
    "float_parsing": "should be a number",
    "finite_number": "should be a number that ends",
    "string_too_short": "should not be empty",
    "too_long": "should hold {max_length} at most",
    "too_short": "should hold {min_length} or more",
}


def value_fault(kind: str, message: str, context: Mapping[str, Any]) -> str:
    """Say what a value should be: pydantic's type of error, message and context, in our words."""
    if kind in _VALUES:
        return _VALUES[kind].format_map(context)
    if kind == "value_error":  # raised by a check of ours
        return message.removeprefix("Value error, ")
    text = message.removeprefix("Input ")
    return text[:1].lower() + text[1:]


def connection_fault(error: BaseException) -> str:
    """Say why a connection failed. The text of the error is left out: it may hold URLs."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) and len(chain) < _MAX_CAUSES:
        chain.append(cause)
    for kind, words in _CONNECTIONS:
        if any(kind in {base.__name__ for base in type(link).__mro__} for link in chain):
            return words
    return "the connection failed"


def system_fault(error: BaseException) -> str:
    """Say what the system has against a file or an address, without number, class or path."""
    return (isinstance(error, OSError) and error.strerror) or str(error)
