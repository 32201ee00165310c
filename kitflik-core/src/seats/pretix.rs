//! Layouts from pretix seating plans.
