"""The neural networks: where their weights are, and what each is asked.

`weights` finds them, `runtime` loads them, `networks` shares them. `engine` decodes a segment with
`moonshine` into a `hypothesis`; `aligner` times its words by `alignment`, with a network that
`aligner_graph` made out of the decoder; `vad` tells voices from everything else.
"""
