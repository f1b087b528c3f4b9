"""The neural networks: where their weights are, and what each is asked.

Of the models (`choice`) `weights` finds the files, `runtime` loads them, `networks` shares them.
The speech model's networks are made anew out of what is shipped: `graph_store` keeps them, `graphs`
makes them by `graph_writer` out of what `shipped` reads. `engine` decodes a segment into a
`hypothesis`: by `hearing`, which listens once more where it must, with `moonshine`, which tries a
`draft` first. `alignment` times its tokens, which `words` puts together; `vad` tells voices from
everything else.
"""
