"""Words without their sound. Pure.

`vocabulary` is the model's; `key_terms` are a client's, and `boosting` tries them by the distance
that `phonetics` measures. `punctuation` puts marks right at joins; `redaction` takes numbers out.
"""
