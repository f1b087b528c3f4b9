"""Which thread runs what, and when.

`cpu_scheduler` hands out the cores by `priority`; front ends have threads of their own (`workers`);
`load` tells how long all of them wait and work.
"""
