"""Coverage-guided fuzzing of what reads a stranger's bytes, by hand: `make fuzz`.

targets  what is fuzzed, and the seeds to begin with
one      fuzzes one target, in a process of its own
"""
