"""The proof that no word is lost and none comes twice: `make proof-words`.

`virtual` is a machine whose clock jumps; `world` plays one call on it through the whole service,
which `host` runs, and kills; `faults` says what may go wrong, and what it may cost; `oracle` holds
what was received against what was said, and `marks` what is told to be uncertain. `__main__` plays
all of it and prints the table; `restarts` has the service killed at every write.
"""
