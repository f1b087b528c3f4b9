"""Health and readiness, for people and programs."""
