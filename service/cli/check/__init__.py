"""`callscribe check`: tries settings, keys, Telnyx, endpoints and addresses.

`command` reads the command line, `runner` tries everything at once, `local_checks`,
`database_checks`, `telnyx_checks` and `provider_checks` are what is tried, and `findings` is what
comes of it: a line each, which says what to do where something fails. `call_check` places a call.
"""
