"""Which thread runs what, and when.

A CPU scheduler hands out the cores by priority class; front ends have threads of their own; the
load tells how long all of them wait and work.
"""
