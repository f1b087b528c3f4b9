"""Calls over HTTP: read, controlled, erased, and heard.

`routes` reads them, `placing` has them begun, and made (`dialling`), `streaming` says where their
audio may come to; `controls` acts on them, `audio` plays them; `models` are what is asked and
answered.
"""
