"""Run a moto server's script with a delay before each answer: ``bench/slow.py MILLISECONDS SCRIPT ARGUMENTS``."""

import runpy
import sys
import time

from werkzeug.serving import WSGIRequestHandler


def delay(seconds: float) -> None:
    """Let each request wait; the server has a thread for each connection."""
    answer = WSGIRequestHandler.run_wsgi

    def late(self):
        time.sleep(seconds)
        answer(self)

    WSGIRequestHandler.run_wsgi = late


if __name__ == "__main__":
    milliseconds, *sys.argv = sys.argv[1:]
    delay(float(milliseconds) / 1000)
    runpy.run_path(sys.argv[0], run_name="__main__")
