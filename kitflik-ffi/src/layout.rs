//! Layouts, from what people write and what other programs export.

use std::sync::Arc;

use kitflik_core::{Category, Invalid, KitflikError, LayoutFormat, Seat, SvgOptions};

use crate::guard::guard;

/// The checked seats of an auditorium.
#[derive(Debug, uniffi::Object)]
pub struct Layout {
    inner: kitflik_core::Layout,
}

impl Layout {
    pub(crate) fn inner(&self) -> &kitflik_core::Layout {
        &self.inner
    }
}

fn refused(invalid: Invalid) -> KitflikError {
    kitflik_core::CatalogError::from(invalid).into()
}

#[uniffi::export]
impl Layout {
    /// Checks a plan. Each row's seats follow each other, from left to right.
    ///
    /// # Errors
    /// `Invalid` names every fault with its place.
    #[uniffi::constructor]
    pub fn new(name: String, categories: Vec<Category>, seats: Vec<Seat>) -> Result<Arc<Self>, KitflikError> {
        guard(|| kitflik_core::Layout::new(name, categories, seats).map_err(refused)).map(wrap)
    }

    /// Reads KitFlik's own text format, one row a line: `A: ####_####`.
    ///
    /// # Errors
    /// `Invalid` names each fault with its line and column.
    #[uniffi::constructor]
    pub fn from_text(name: String, text: String) -> Result<Arc<Self>, KitflikError> {
        guard(|| kitflik_core::Layout::from_text(name, &text).map_err(refused)).map(wrap)
    }

    /// Reads a pretix seating plan (JSON).
    ///
    /// # Errors
    /// `Invalid` names every fault with its place in the file.
    #[uniffi::constructor]
    pub fn from_pretix(json: String) -> Result<Arc<Self>, KitflikError> {
        guard(|| kitflik_core::Layout::from_pretix(&json).map_err(refused)).map(wrap)
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.inner.name().to_owned()
    }

    /// Its price categories.
    pub fn categories(&self) -> Vec<Category> {
        self.inner.categories().to_vec()
    }

    /// Its seats, in the order of the characters of a seat map.
    pub fn seats(&self) -> Vec<Seat> {
        self.inner.seats().to_vec()
    }

    /// Writes a file that reads as the same layout again.
    ///
    /// # Errors
    /// `Invalid` names the first thing that the format cannot carry.
    pub fn export(&self, format: LayoutFormat) -> Result<String, KitflikError> {
        guard(|| self.inner.export(format).map_err(refused))
    }

    /// Draws an SVG picture.
    ///
    /// # Errors
    /// Only after a fault: `internal`.
    #[uniffi::method(default(options = None))]
    pub fn svg(&self, options: Option<SvgOptions>) -> Result<String, KitflikError> {
        guard(|| Ok::<_, KitflikError>(kitflik_core::layout_svg(&self.inner, &options.unwrap_or_default())))
    }

    /// Writes the text format that [`Layout::from_text`] reads.
    ///
    /// # Errors
    /// `Invalid` names the first seat that the format cannot express.
    pub fn to_text(&self) -> Result<String, KitflikError> {
        guard(|| self.inner.to_text().map_err(refused))
    }
}

fn wrap(inner: kitflik_core::Layout) -> Arc<Layout> {
    Arc::new(Layout { inner })
}
