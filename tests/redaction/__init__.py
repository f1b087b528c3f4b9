"""Redaction: its grammar, its rule, and the proof that the rule holds."""
