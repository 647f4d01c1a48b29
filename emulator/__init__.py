"""The embedded AWS: moto in one process of ours, with its mistakes corrected.

State lives in memory, the server listens on the loopback only, and there is one account.

From below, each knowing only what is below it (``tests/unit/emulator/test_layers.py``):

- the ground: time (``clock``), what a request is (``call``), who may what (``policies``, ``permissions``), how late and
  how slow AWS is (``eventual``, ``provisioning``), how moto is patched (``patching``), what a reset empties (``state``)
- ``corrections``: what moto gets wrong; steps that others take over are hooks
- ``strict``: what AWS refuses
- ``dataplane``: what an account does by itself
- the process: ``app``, ``gate``, ``server``, ``cli``
"""

ACCOUNT = "123456789012"
HOST = "127.0.0.1"
DEFAULT_PORT = 4566
