//! Runnable programs that use KitFlik; see `examples/`.
