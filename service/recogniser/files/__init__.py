"""A whole file over HTTP.

The route reads a form and its upload, or fetches what its URL leads to, has it transcribed, and
renders the transcript as it was asked for.
"""
