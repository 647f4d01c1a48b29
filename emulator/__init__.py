"""The embedded AWS: moto in one process of ours, with its mistakes corrected.

State lives in memory, the server listens on the loopback only, and there is one account.
"""

ACCOUNT = "123456789012"
HOST = "127.0.0.1"
DEFAULT_PORT = 4566
