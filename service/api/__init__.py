"""The public HTTP API: operations declared once, served by the router, described in OpenAPI.

`assembly` puts it together. calls, search, deliveries and feed hold the routes of these; the
modules beside them are what all routes share: who may ask, how a request is read and refused.
"""
