"""A simulated call, transcribed for real, end to end."""
