"""Several workers behind one port of one machine: what each of them knows of the others.

`seat` is a worker's place among them; `siblings` asks the others for their metrics, and `sums` adds
these up. Who starts and stops the workers is `service/supervisor.py`.
"""
