"""Words without their sound. Pure.

The model's vocabulary, key terms and their boosting by phonetic distance, and redaction.
"""
