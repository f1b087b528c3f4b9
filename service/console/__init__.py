"""The console, a page for people, and the widget, an element for others' pages.

Both use only the public API with a token. `routes` serves them; `static/` is what they are made
of, plain ES modules without a build step.
"""
