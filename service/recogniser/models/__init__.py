"""The neural networks: where their weights are, and what each is asked.

`weights` finds them, `runtime` loads them, `networks` shares them. The speech model's are made
anew out of what is shipped: `graph_store` keeps them, `graphs` makes them by `graph_writer` out of
what `shipped` reads. `engine` decodes a segment with `moonshine`, which tries a `draft` first, into
a `hypothesis`, whose tokens `alignment` times and `words` puts together; `vad` tells voices from
everything else.
"""
