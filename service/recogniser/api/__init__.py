"""What both fronts share: who may come in, how a refusal reads, what engines there are."""
