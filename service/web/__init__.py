"""The hardened HTTP listener that every room with routes is served by; it knows no other room.

Connections have deadlines and caps, answers are problem details, files and ranges are streamed.
"""
