"""Calls over HTTP: read, controlled, erased, and heard.

`routes` reads them, `dialling` makes them, `controls` acts on them, `audio` plays them; `models`
are what is asked and answered.
"""
