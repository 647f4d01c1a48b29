"""The server: one process, a thread per connection, the loopback only."""

import logging
import signal
import sys
import warnings

from emulator import HOST, requestlog, settings, token


def _handler():
    """moto's request handler, quiet, and without the 40 ms that Nagle's algorithm costs a kept-alive answer."""
    from moto.moto_server.werkzeug_app import MotoRequestHandler

    class Handler(MotoRequestHandler):
        disable_nagle_algorithm = True

        def log_request(self, *_args, **_kwargs):
            """Requests are not logged; what cannot be answered is (errors.py)."""

    return Handler


def make(port: int, log=None, judged: bool = True):
    """Build werkzeug's server on the port (0 picks a free one); its address is taken when this returns.

    ``log`` is the ``RequestLog`` to write to (default: one in memory), ``judged`` refuses what AWS refuses.
    """
    settings.apply(port)
    # moto warns about error codes that botocore's model does not list; AWS has many such.
    warnings.filterwarnings("ignore", message=r"Exception\(.*does not match an error shape")
    from werkzeug.serving import make_server

    from emulator import app, inside

    made = make_server(HOST, port, None, threaded=True, request_handler=_handler())
    made.app = app.create(token.make(made.server_port), log, judged)
    inside.served_at(f"http://{HOST}:{made.server_port}")
    return made


def serve(port: int, log_path, judged: bool, ready=lambda: None) -> None:
    """Serve until SIGTERM or SIGINT; ``ready()`` is called when the port is taken, ``log_path`` gets JSON lines."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s"
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = make(port, requestlog.RequestLog(log_path), judged)
    ready()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()  # what runs beside it ends with the process
