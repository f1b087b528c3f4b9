"""The recogniser as a child process: see `process`."""

import logging
import sys

from service.logs import set_up_logs
from service.recogniser.process.child import serve_as_child
from service.recogniser.process.messages import QUIET_FLAG

if __name__ == "__main__":
    # the parent listens to standard output
    set_up_logs(sys.stderr, level=logging.WARNING if QUIET_FLAG in sys.argv else logging.INFO)
    sys.exit(serve_as_child())
