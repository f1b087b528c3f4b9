"""One leg of a call: its state, its time, and its webhooks on their way out."""
