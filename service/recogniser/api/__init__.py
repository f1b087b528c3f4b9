"""What both fronts share.

`access` decides who may come in, `refusals` how a no reads, `languages` and `providers` what can be
asked for; `draining` brings requests that are being answered to their end.
"""
