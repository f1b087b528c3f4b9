"""The recogniser as a child process: see `process.open_recogniser_process`."""

import logging
import sys

from service.logs import set_up_logs
from service.recogniser.process import QUIET, serve_as_child

if __name__ == "__main__":
    # the parent listens to standard output
    set_up_logs(sys.stderr, level=logging.WARNING if QUIET in sys.argv else logging.INFO)
    sys.exit(serve_as_child())
