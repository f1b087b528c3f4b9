"""Calls over HTTP: read, controlled, erased, and heard.

`routes` reads them, `placing` has them begun, `controls` acts on them, `audio` plays them; `models`
are what is asked and answered.
"""
