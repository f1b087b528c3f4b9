"""Which speech model is to be used, as it is asked for."""

from typing import Final, Literal, get_args

Choice = Literal["auto", "base", "tiny"]
"""`base` hears better, `tiny` takes half the work. `auto`: finals by base always, partials by base
while a core is idle and by tiny otherwise."""
CHOICES: Final[tuple[Choice, ...]] = get_args(Choice)
