"""Whether the keys of an archive fit together."""

from collections.abc import Iterator
from importlib.util import find_spec

from service.settings.endpoints import EndpointSettings
from service.settings.faults import Fault

_OF_BUCKETS = ("region", "s3_endpoint", "access_key_id", "secret_access_key")


def review_archive(place: tuple[str, ...], endpoint: EndpointSettings) -> Iterator[Fault]:
    """Return what is wrong with an archive."""
    if endpoint.url is None:
        yield Fault((*place, "url"), "an archive needs one")
        return
    if endpoint.url.startswith("http"):
        yield Fault((*place, "url"), "of an archive is file:///folder or s3://bucket/prefix")
    elif endpoint.url.startswith("file:"):
        for key in endpoint.model_fields_set.intersection(_OF_BUCKETS):
            yield Fault((*place, key), "is only for a bucket")
    if (endpoint.access_key_id is None) != (endpoint.secret_access_key is None):
        yield Fault((*place, "access_key_id"), "goes with a secret_access_key")
    if find_spec("obstore") is None:
        yield Fault((*place, "type"), "an archive needs obstore: pip install '.[archive]'")
