"""What the rooms promise each other, a module for each: who may call, what waits, what raises.

`calls`, `attaching`, `media`, `carrier`, `providers`, `stt` and `hearing` are Telnyx's side;
`journal`, `library` and `keys` what is kept, `binding` which of it a key may see, `access` who
looked at it, `recorder` the audio (`tapes`: as Telnyx recorded it), `reports` all of it as one
document and `archives` as files; `filters` which of it an endpoint gets; `delivery`, `audience` and
`observer` are told what happened, `forwards` what Telnyx said, and `bus` tells other workers.
`ownership` says which calls are whose, `roster` where that is kept.

`app.py` puts the real ones together; tests put others in their place.
"""

from service.calls.turn import Keeping
from service.ports.access import Access, AccessFilter, AccessStore
from service.ports.archives import (
    ArchiveNews,
    ArchiveRoom,
    AudioCopy,
    CallFile,
    CallFiles,
    KeptAudio,
)
from service.ports.attaching import Attacher, Attachment, ExpectedStream, RouteFor
from service.ports.audience import Audience
from service.ports.binding import UNBOUND, Binding, bind
from service.ports.bus import Bus, BusListener
from service.ports.calls import CallControls, Calls, CallStarts, DialWish, Eraser
from service.ports.carrier import Carrier, LegLife, StreamTarget
from service.ports.delivery import Delivery, Lanes, LivePartial, Sink
from service.ports.filters import EVERYTHING, REPORT_TYPE, REPORTED, EventFilter
from service.ports.forwards import Forwards, StoredForward, Tee
from service.ports.hearing import FileHearing, HeardStretch
from service.ports.journal import (
    Attempt,
    BacklogPage,
    Entry,
    ErasureIndex,
    Journal,
    LaneRow,
    LaneUpdate,
    MediaToken,
    Parked,
    ParkedDelivery,
    StoredCall,
    StoredEvent,
)
from service.ports.keys import KeyStore, StoredKey
from service.ports.library import (
    CallFilter,
    CallSummary,
    Frontier,
    Hit,
    Library,
    PlacedEvent,
    SavedSearch,
    SavedSearches,
    WordQuery,
)
from service.ports.media import AudioFeed, MediaDoor, MediaTicket, StreamStart
from service.ports.observer import UNOBSERVED, AttemptResult, Observer
from service.ports.ownership import CallHolder, Claim, LaneHolder, Lease, Orphans, Ownership
from service.ports.providers import Providers
from service.ports.recorder import (
    Recorder,
    RecordingIndex,
    RecordingWriter,
    StoredRecording,
    Verdict,
)
from service.ports.reports import NoReports, Reports
from service.ports.roster import Beat, Mail, Neighbour, Roster, Taken
from service.ports.stt import Recognition, RecognitionPlan, Recognitions
from service.ports.tapes import KeptTape, TapeShelf, TapeSource

__all__ = [
    "EVERYTHING",
    "REPORTED",
    "REPORT_TYPE",
    "UNBOUND",
    "UNOBSERVED",
    "Access",
    "AccessFilter",
    "AccessStore",
    "ArchiveNews",
    "ArchiveRoom",
    "Attacher",
    "Attachment",
    "Attempt",
    "AttemptResult",
    "Audience",
    "AudioCopy",
    "AudioFeed",
    "BacklogPage",
    "Beat",
    "Binding",
    "Bus",
    "BusListener",
    "CallControls",
    "CallFile",
    "CallFiles",
    "CallFilter",
    "CallHolder",
    "CallStarts",
    "CallSummary",
    "Calls",
    "Carrier",
    "Claim",
    "Delivery",
    "DialWish",
    "Entry",
    "Eraser",
    "ErasureIndex",
    "EventFilter",
    "ExpectedStream",
    "FileHearing",
    "Forwards",
    "Frontier",
    "HeardStretch",
    "Hit",
    "Journal",
    "Keeping",
    "KeptAudio",
    "KeptTape",
    "KeyStore",
    "LaneHolder",
    "LaneRow",
    "LaneUpdate",
    "Lanes",
    "Lease",
    "LegLife",
    "Library",
    "LivePartial",
    "Mail",
    "MediaDoor",
    "MediaTicket",
    "MediaToken",
    "Neighbour",
    "NoReports",
    "Observer",
    "Orphans",
    "Ownership",
    "Parked",
    "ParkedDelivery",
    "PlacedEvent",
    "Providers",
    "Recognition",
    "RecognitionPlan",
    "Recognitions",
    "Recorder",
    "RecordingIndex",
    "RecordingWriter",
    "Reports",
    "Roster",
    "RouteFor",
    "SavedSearch",
    "SavedSearches",
    "Sink",
    "StoredCall",
    "StoredEvent",
    "StoredForward",
    "StoredKey",
    "StoredRecording",
    "StreamStart",
    "StreamTarget",
    "Taken",
    "TapeShelf",
    "TapeSource",
    "Tee",
    "Verdict",
    "WordQuery",
    "bind",
]
