"""KitFlik: a booking engine for reserved seats, inside a Python program.

Open a house with `Kitflik(KitflikOptions(...))`. Its methods are coroutines that run on the caller's event loop. What is
refused is a `KitflikError` with a stable `code` and a `detail` for people.
"""

from . import kitflik_core as _core
from . import kitflik_ffi as _ffi
from .kitflik_core import *  # noqa: F403 - the wire types and ports
from .kitflik_ffi import *  # noqa: F403 - the house
from .kitflik_core import uniffi_set_event_loop as _set_core_loop
from .kitflik_ffi import uniffi_set_event_loop as _set_ffi_loop


def set_event_loop(event_loop):
    """Runs what is called from Rust's own threads (none, as long as every call comes from a coroutine) on this loop."""
    _set_core_loop(event_loop)
    _set_ffi_loop(event_loop)


# Each module has an error for faults of the crossing itself; a house's methods raise KitflikError.
InternalError = _ffi.InternalError
__all__ = sorted({*_core.__all__, *_ffi.__all__, "set_event_loop"})
