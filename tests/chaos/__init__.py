"""Faults at the whole service, as processes: what was acknowledged arrives, in order, once.

`telnyx` posts, `receiver` takes, `service` runs the process, `oracle` judges, `world` has all of
them, `faults/` does the harm, `table` shows what came of it. `launcher` is the service with
something wrong with its machine, `disk/` a disk whose power can be cut.
"""
