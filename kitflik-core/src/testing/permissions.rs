//! The table of what roles may do, for tests and documents.

use crate::Role;
use crate::actor::Permission;

/// One permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// What it allows: "change the catalogue".
    pub what: &'static str,
    /// Who has it.
    pub roles: &'static [Role],
}

/// The whole table. The system has every permission, and whoever is not staff has none.
pub fn permissions() -> impl Iterator<Item = Row> {
    Permission::ALL.iter().map(|permission| Row { what: permission.what(), roles: permission.roles() })
}
