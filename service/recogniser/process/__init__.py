"""The recogniser in a process of its own: somebody's child, which the command line watches over.

`parent` starts a `child`, whose `loop` serves and whose `allocator` keeps it small; `messages` is
what they say. `supervisor` starts
another when one dies.

Sessions share the engine, and what native code does not survive ends the process and all of its
sessions: their connections break off, without a close, as when a machine is lost. Clients connect
again at that; the command line has then started another child at the same address.
"""
