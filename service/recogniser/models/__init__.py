"""The neural networks: where their weights are, and what each is asked."""
