"""What both fronts share.

Who may come in, how a refusal reads, which engines and languages can be asked for, and how
requests that are being answered come to their end.
"""
