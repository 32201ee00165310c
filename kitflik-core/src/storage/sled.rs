//! The embedded adapter (sled).
