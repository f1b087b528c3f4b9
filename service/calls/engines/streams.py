"""Whether an engine takes a stream of audio in some `input_format`."""

from service.calls.engines import formats
from service.calls.engines.review import Review
from service.calls.engines.table import Engine


def review_stream(engine: Engine, input_format: str, sample_rate_hz: int | None) -> Review:
    """Say what the STT WebSocket would refuse about a format, and what may surprise.

    Telnyx's codes for it are 40001 to 40006.
    """
    if input_format not in formats.ALL:
        known = ", ".join(sorted(formats.ALL))
        return Review(problems=(f"there is no input format {input_format!r}; there are {known}",))
    problems, warnings = [], []
    if input_format not in engine.formats:
        takes = ", ".join(sorted(engine.formats))
        if engine.formats_listed:
            problems.append(f"{engine.name} does not take {input_format}; it takes {takes}")
        else:
            warnings.append(f"{engine.name} is not known to take {input_format}")
    if input_format in formats.RAW:
        rates = formats.RATES_HZ.get(input_format, engine.rates_hz)
        if sample_rate_hz is None:
            problems.append(f"{input_format} does not say its sample rate: give it")
        elif rates and sample_rate_hz not in rates:
            listed = ", ".join(str(rate) for rate in sorted(rates))
            problems.append(f"{input_format} should have a sample rate of {listed} Hz")
    return Review(warnings=tuple(warnings), problems=tuple(problems))
