"""The calls that are live in this process: receive, commit, hand on.

`registry` finds the `call` that an input is for, by `legs` and `leg_lookup`; `dedup` knows webhooks
that came before. `commit` writes what its turn led to, the state by `codec`; `effects` hands it on,
`commands` has Telnyx told, as its `config_shapes` have it, and `questions` has it asked.
`media_tokens` admits audio to the `media_streams`, of which each `media_stream` takes it to its
recognitions; `judged_sound` lets go of what recordings held back. Words of one track come in the
order of their audio (`succession`). `attaching` is to calls that somebody else controls, whose
streams `signed_streams` lets in by their word; `dialling` begins calls that somebody asks for.
`handing_over` is what calls do before another
worker has them; `upkeep` is done beside the calls now and then; `archive_news` tells them of their
copies, `tapes` fetches what Telnyx recorded, and `second_hearing` has recordings transcribed;
`offline_eraser` erases calls beside a running service, and `late_redactor` hides what they have in
clear.
"""
