"""Fields of a form that are refused. Telnyx documents no body of its 400; ours is `errors`."""

import re
from typing import Final

from service.errors import BadInputError, RefusedSettingError

BAD_FIELD: Final = "10015"
QUOTABLE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,99}")
"""What a client calls something that may stand in an answer."""


class MissingFieldError(BadInputError):
    """A form lacks what every form must have: `name`."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name} is required")


def bad_field(parameter: str, detail: str) -> RefusedSettingError:
    """Return the error that refuses a field."""
    return RefusedSettingError(BAD_FIELD, "Bad Request", detail, parameter)
