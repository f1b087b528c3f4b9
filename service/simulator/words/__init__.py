"""What was heard of the words that were said: counted.

`receiver` takes what an application posts, `records` reads it. `compare` holds it against the
words of a call (with `alignment`, `sent`, `untold` and `spans`) and makes a `count`; `tally` does
that for all calls, and `table` shows it.
"""
