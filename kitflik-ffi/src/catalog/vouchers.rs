//! Discount codes.

use kitflik_core::{Actor, CatalogError, KitflikError, NewVoucher, PageRequest, VoucherId, VoucherView};

use super::{Catalog, page};
use crate::guard::guarded;

page! {
    /// A page of discount codes.
    VoucherPage of VoucherView
}

#[uniffi::export]
impl Catalog {
    /// Adds a discount code.
    ///
    /// # Errors
    /// As [`Catalog::add_movie`], and `already_exists` for a code that there is.
    pub async fn add_voucher(&self, actor: Actor, voucher: NewVoucher) -> Result<VoucherView, KitflikError> {
        guarded(self.kitflik.catalog().add_voucher(&actor, &voucher)).await
    }

    /// Replaces all that is said of a discount code but the code itself. What is held or sold with it stays as it is.
    ///
    /// # Errors
    /// As [`Catalog::edit_movie`].
    pub async fn edit_voucher(
        &self,
        actor: Actor,
        voucher: VoucherId,
        revision: Option<u64>,
        edit: NewVoucher,
    ) -> Result<VoucherView, KitflikError> {
        guarded(self.kitflik.catalog().edit_voucher(&actor, voucher, revision, &edit)).await
    }

    /// A discount code, with how often it was used.
    ///
    /// # Errors
    /// `not_found`, `forbidden` or `unauthenticated`.
    pub async fn voucher(&self, actor: Actor, voucher: VoucherId) -> Result<VoucherView, KitflikError> {
        guarded(self.kitflik.catalog().voucher(&actor, voucher)).await
    }

    /// A page of the discount codes, in no order that means anything.
    ///
    /// # Errors
    /// `forbidden`, `unauthenticated`, or `Invalid` for a page out of bounds.
    pub async fn vouchers(&self, actor: Actor, request: PageRequest) -> Result<VoucherPage, KitflikError> {
        let catalog = self.kitflik.catalog();
        guarded(async { Ok::<_, CatalogError>(catalog.vouchers(&actor, &request).await?.into()) }).await
    }
}
