//! Movies, to callers.

use serde::{Deserialize, Serialize};

use crate::ids::{CommandId, MovieId};
use crate::time::Date;

/// A movie to add.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct NewMovie {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The title, 1 to 300 characters.
    pub title: String,
    /// The genres.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub genres: Vec<String>,
    /// Who directed it.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub director: Option<String>,
    /// The age rating, such as `PG-13`.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub rating: Option<String>,
    /// How long it runs, 1 to 1440 minutes.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub runtime_minutes: Option<u32>,
    /// When it came out.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub release_date: Option<Date>,
    /// Who distributes it.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub distributor: Option<String>,
    /// What it is about, up to 600 characters.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub synopsis: Option<String>,
}

/// A movie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct MovieView {
    /// The movie.
    pub id: MovieId,
    /// Which version of it this is: what an edit names, so that it changes nothing that its editor has not seen.
    pub revision: u64,
    /// The title.
    pub title: String,
    /// The genres.
    pub genres: Vec<String>,
    /// Who directed it.
    pub director: Option<String>,
    /// The age rating.
    pub rating: Option<String>,
    /// How long it runs, in minutes.
    pub runtime_minutes: Option<u32>,
    /// When it came out.
    pub release_date: Option<Date>,
    /// Who distributes it.
    pub distributor: Option<String>,
    /// What it is about.
    pub synopsis: Option<String>,
    /// It is in no list for customers, and no new show can have it.
    #[serde(default)]
    pub archived: bool,
}

/// What became of an imported item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
pub enum Imported {
    /// It is new.
    Added,
    /// It was there with other content.
    Changed,
    /// It was there already.
    Unchanged,
}

/// A movie by title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct MovieRef {
    /// The movie.
    pub id: MovieId,
    /// Its title.
    pub title: String,
}
