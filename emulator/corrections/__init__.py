"""What moto gets wrong, put right: one module per service, one small patch per mistake (``emulator/patching.py``)."""

import functools
import importlib
import pkgutil

from emulator.patching import REGISTRY, Correction, Obsolete


@functools.cache
def apply_all() -> list[Correction]:
    """Apply every correction once and return them."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    for one in REGISTRY:
        try:
            one.apply()
        except (Obsolete, AttributeError, ImportError) as problem:
            raise Obsolete(f"the correction '{one.service}: {one.says}' does not fit this moto: {problem}") from problem
    return REGISTRY
