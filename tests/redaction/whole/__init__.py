"""Secrets that are read out to the whole service, and all places where anybody may look.

`calls` has them said as Telnyx would tell, `places` gathers what is to be seen everywhere,
`judging` says what shows too much of them, `proof` does all that and counts. `media` has them said
as audio, of which recordings are kept.
"""
