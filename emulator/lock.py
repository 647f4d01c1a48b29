"""The one lock over moto's state, which isn't safe to threads and whose services reach into each other."""

import threading

LOCK = threading.RLock()
