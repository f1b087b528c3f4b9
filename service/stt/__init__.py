"""Recognitions: our sessions with a speech-to-text engine, one per track."""
