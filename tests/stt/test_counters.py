"""What is counted of recognitions."""

from service.stt.circuits import EngineKey
from service.stt.counters import RecognitionCounters


def test_a_circuit_that_is_not_closed_counts_as_open() -> None:
    """By engine and model; a probe does not close it yet."""
    counters = RecognitionCounters()
    counters.circuits.of(EngineKey("Google", None, "wss://one.example"))
    circuit = counters.circuits.of(EngineKey("Deepgram", "deepgram/nova-3", "wss://one.example"))
    circuit.failed(0.0, refused=True)

    assert counters.open_circuits == {
        ("Google", ""): False,
        ("Deepgram", "deepgram/nova-3"): True,
    }
    assert circuit.allows(61.0)
    assert counters.open_circuits["Deepgram", "deepgram/nova-3"]
