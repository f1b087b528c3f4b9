"""The neural networks: where their weights are, and what each is asked.

The engine decodes a segment with Moonshine, the aligner times its words, and the VAD tells voices
from everything else.
"""
