"""S3 itself, on this machine: moto's, which keeps buckets in memory."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

REGION, KEY_ID, SECRET_KEY = "eu-west-1", "AKIA-TEST", "secret-access-key"
BUCKET = "calls"


@dataclass
class Bucket:
    """A bucket, and the host that it is at."""

    server: ThreadedMotoServer

    @property
    def endpoint(self) -> str:
        """Where the host is."""
        host, port = self.server.get_host_and_port()
        return f"http://{host}:{port}"

    @property
    def objects(self) -> dict[str, bytes]:
        """What is in the bucket, by name."""
        keys = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[BUCKET].keys
        return {name: key.value for name, key in keys.items()}

    def kind(self, name: str) -> str:
        """Return the content type of an object."""
        keys = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[BUCKET].keys
        return str(keys[name].metadata["Content-Type"])


@asynccontextmanager
async def open_bucket() -> AsyncIterator[Bucket]:
    """Serve one bucket, empty, on a free port of this machine."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    await asyncio.to_thread(server.start)
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    backend.reset()
    backend.create_bucket(BUCKET, REGION)
    try:
        yield Bucket(server)
    finally:
        await asyncio.to_thread(server.stop)
