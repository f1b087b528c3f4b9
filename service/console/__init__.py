"""The console: a page for people, which uses only the public API with a token.

`routes` serves it; `static/` is the page, plain ES modules without a build step.
"""
