"""Redaction: takes numbers and addresses that are nobody's business out of what is said. Pure.

Text in, text out, with a memory for each call. `redactor` is what others use; `memory` holds what
it remembers (counts, labels and times, never a digit, but for `prints` that tell whether digits
are others) and by which policy it goes.

A text is cut into `tokens`, and `heard` makes what was meant of what engines write for it. In these
`numbers` finds what is said or written as digits (`digits` says as which) and `addresses` what is
an e-mail address or an IBAN; `exemptions` knows amounts, dates and times. `walk` goes through what
was `said` and decides what is shown, by what was shown before and by the `topics` that keywords
name. `labels` names what is hidden, and `languages` holds the words of each language.
"""
