"""TeXML documents: the verbs that an application's answer holds, in order. Pure.

Source: Telnyx, "TeXML" pages. What is done with each is in `service.simulator.api.texml`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from service.errors import BadInputError

MAX_BYTES = 64 * 1024
MAX_VERBS = 100


@dataclass(frozen=True, slots=True)
class Verb:
    """One element: its name as written, attributes, text, and what is in it."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    children: "tuple[Verb, ...]" = ()

    def get(self, name: str) -> str | None:
        """Return an attribute; None for an empty one as well."""
        return self.attributes.get(name) or None

    def child(self, *names: str) -> "Verb | None":
        """Return the first element in it that has one of these names."""
        return next((one for one in self.children if one.name in names), None)


def parse_document(body: bytes) -> tuple[Verb, ...]:
    """Read a document.

    Raises:
        BadInputError: It is too long, no XML, or no `<Response>`; document types are not read.
    """
    declared = body.replace(b"<!--", b"").replace(b"<![CDATA[", b"")
    if len(body) > MAX_BYTES or b"<!" in declared:
        raise BadInputError("the document is too long, or has a document type")
    try:
        root = ET.fromstring(body)  # noqa: S314 - without a document type nothing expands
        verbs = _read(root)
    except (ET.ParseError, ValueError, RecursionError) as error:
        raise BadInputError("the document is not XML, or too deep") from error
    if verbs.name != "Response":
        raise BadInputError("the document is no <Response>")
    return verbs.children


def _read(element: ET.Element) -> Verb:
    children = tuple(_read(one) for one in list(element)[:MAX_VERBS])
    return Verb(element.tag, dict(element.attrib), (element.text or "").strip(), children)
