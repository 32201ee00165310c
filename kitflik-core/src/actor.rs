//! Who asks.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Denied;
use crate::ids::{StaffId, UserId};

/// Who asks for a command. Hosts get it from a token ([`Users::authenticate`](crate::Users::authenticate),
/// [`Staff::authenticate`](crate::Staff::authenticate)); the engine checks what it may do.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "typescript", derive(Serialize, Deserialize, tsify::Tsify))]
#[cfg_attr(feature = "typescript", serde(tag = "type", rename_all = "snake_case", deny_unknown_fields))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[non_exhaustive]
pub enum Actor {
    /// Nobody is logged in.
    Guest {
        /// The token that came with a hold, if the guest has one.
        #[cfg_attr(feature = "typescript", serde(default))]
        #[cfg_attr(feature = "uniffi", uniffi(default))]
        booking_token: Option<String>,
    },
    /// A customer.
    User {
        /// Which one.
        id: UserId,
    },
    /// Somebody who works for the house.
    Staff {
        /// Which one.
        id: StaffId,
        /// What they may do.
        role: Role,
    },
    /// The host program itself: imports, background work.
    System,
}

/// What a member of staff may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// Everything.
    Admin,
    /// The catalogue and bookings.
    Manager,
    /// Bookings.
    BoxOffice,
    /// The door.
    Usher,
}

impl Role {
    /// The role as it is written on the wire. It must never change: the log of staff's actions is hashed over it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::BoxOffice => "box_office",
            Self::Usher => "usher",
        }
    }
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident: $what:literal => $($role:ident)|+;)*) => {
        /// What staff need a role for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Permission { $($(#[$doc])* $name,)* }

        impl Permission {
            /// The whole table.
            #[cfg(feature = "testing")]
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];

            pub(crate) fn roles(self) -> &'static [Role] {
                match self { $(Self::$name => &[$(Role::$role),+],)* }
            }

            /// What it allows, as it is said to whoever lacks it.
            pub(crate) fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }
        }
    };
}

// The one place that says which role may do what; `docs/permissions.md` is made from it.
permissions! {
    EditCatalog: "change the catalogue" => Admin | Manager;
    ManageBookings: "manage other people's bookings" => Admin | Manager | BoxOffice;
    CheckIn: "check tickets at the gate" => Admin | Manager | BoxOffice | Usher;
    BlockSeats: "keep seats for the house" => Admin | Manager | BoxOffice;
    SeeReports: "see the house's reports" => Admin | Manager | BoxOffice;
    SettleDays: "settle the house's days" => Admin | Manager;
    ManageStaff: "manage staff's accounts" => Admin;
    ReadAudit: "read the log of staff's actions" => Admin;
    SeeUsers: "see customers' accounts" => Admin | Manager | BoxOffice;
    ManageMail: "look after mail that was not sent" => Admin | Manager;
    ManageUsers: "delete customers' accounts" => Admin | Manager;
    ManageJobs: "see and run the house's jobs" => Admin | Manager;
}

impl Actor {
    /// Nobody in particular.
    #[must_use]
    pub fn guest() -> Self {
        Self::Guest { booking_token: None }
    }

    /// The guest to whom a hold gave this token.
    #[must_use]
    pub fn guest_with(booking_token: impl Into<String>) -> Self {
        Self::Guest { booking_token: Some(booking_token.into()) }
    }

    /// Whether it may change the catalogue: for hosts that ask before they read a long request. Every verb asks itself.
    ///
    /// # Errors
    /// [`Denied`] says who may not do what.
    pub fn may_edit_catalogue(&self) -> Result<(), Denied> {
        self.may(Permission::EditCatalog)
    }

    pub(crate) fn may(&self, permission: Permission) -> Result<(), Denied> {
        match self {
            Self::System => Ok(()),
            Self::Staff { role, .. } if permission.roles().contains(role) => Ok(()),
            Self::Guest { .. } => Err(Denied::Unauthenticated),
            Self::User { .. } | Self::Staff { .. } => Err(self.denied(permission.what())),
        }
    }

    pub(crate) fn denied(&self, what: &'static str) -> Denied {
        Denied::Forbidden { who: self.to_string(), what }
    }

    /// Whose command ids these are: two actors never share one.
    pub(crate) fn receipt_scope(&self) -> String {
        match self {
            Self::Guest { .. } => "guest".to_owned(),
            Self::User { id } => format!("user-{id}"),
            Self::Staff { id, .. } => format!("staff-{id}"),
            Self::System => "system".to_owned(),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guest { .. } => f.write_str("a guest"),
            Self::User { .. } => f.write_str("a customer"),
            Self::Staff { role: Role::Admin, .. } => f.write_str("an admin"),
            Self::Staff { role: Role::Manager, .. } => f.write_str("a manager"),
            Self::Staff { role: Role::BoxOffice, .. } => f.write_str("the box office"),
            Self::Staff { role: Role::Usher, .. } => f.write_str("an usher"),
            Self::System => f.write_str("the system"),
        }
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guest { .. } => f.write_str("Guest"),
            Self::User { id } => write!(f, "User({id})"),
            Self::Staff { id, role } => write!(f, "Staff({id}, {role:?})"),
            Self::System => f.write_str("System"),
        }
    }
}
