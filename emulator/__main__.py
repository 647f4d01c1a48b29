"""``python -m emulator start|stop|status|reset|run``."""

import sys

from emulator.cli import main

sys.exit(main())
