"""Speech to text: a recogniser that knows the script, or a real one behind it."""
