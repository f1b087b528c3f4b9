"""What no line that people read may say: the words of Python and of its libraries."""

import re

_PYTHON_S = re.compile(
    r"Traceback|\w+Error\b|Exception|\[Errno|\b(?:tuple|dict|dictionary|string|boolean|bool|integer"
    r"|int|float|None|NoneType|instance|parse|pydantic|argparse|asyncio|errno|idna|codec)\b"
    r"|invalid \w+ value|should be a valid|<class|0x[0-9a-f]{6}"
)


def python_s(text: str) -> list[str]:
    """Return the words in this text that only who knows Python understands."""
    return _PYTHON_S.findall(text)
