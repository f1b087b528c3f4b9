"""The HTTP API, for people and programs: who may ask, what for, and what is answered."""
