"""Who is told: lanes, retries, signing and sinks."""
