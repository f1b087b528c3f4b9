"""Mutation testing of what decides when and in which order something is delivered: `make mutants`.

targets    which modules, and the tests that have to notice
operators  what is changed in a syntax tree
mutants    the mutants of a module, as text
runner     runs the tests against one mutant, in a process of its own
judged     survivors that a person judged, in `judged.toml`, with the reason
"""
