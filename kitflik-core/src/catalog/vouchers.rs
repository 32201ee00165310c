//! Discount codes: verbs.

use sha2::{Digest, Sha256};

use super::read::page_limit;
use super::{Catalog, CatalogError, DiscountKind, NewVoucher, Page, PageRequest, VoucherView};
use crate::actor::{Actor, Permission};
use crate::error::{Invalid, Validation};
use crate::ids::VoucherId;
use crate::limits;
use crate::ports::storage::{Durability, Version};
use crate::store::keys;
use crate::store::records::{Form, Voucher, VoucherCount};
use crate::store::tx::Loaded;

const CODE: &str = "a code has 3 to 32 letters A to Z, digits and dashes";

/// The code as it is compared: in capitals, without spaces around it; `None` if it is none.
pub(crate) fn normal_code(text: &str) -> Option<String> {
    let code = text.trim().to_ascii_uppercase();
    let plain = code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-');
    (plain && (3..=limits::MAX_CODE_CHARS).contains(&code.len())).then_some(code)
}

impl VoucherId {
    /// The id of a code: one code is one discount.
    pub(crate) fn of_code(code: &str) -> Self {
        let digest = Sha256::new_with_prefix(b"voucher/").chain_update(code.as_bytes()).finalize();
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest).for_each(|(byte, of)| *byte = of);
        Self::from_digest(bytes)
    }
}

impl Catalog<'_> {
    /// Adds a discount code.
    ///
    /// # Errors
    /// [`CatalogError::Exists`], [`CatalogError::Invalid`], [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn add_voucher(&self, actor: &Actor, new: &NewVoucher) -> Result<VoucherView, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let code = check(new)?;
        let mut tx = self.engine.begin_command(actor, new.command.as_ref(), "add_voucher", new)?;
        let id = VoucherId::of_code(&code);
        let key = keys::voucher(id);
        loop {
            if let Loaded::Replay(id) = tx.load(Durability::Durable, vec![key.key.clone()]).await? {
                return self.voucher_view(id).await;
            }
            if tx.get(&key)?.is_some() {
                return Err(CatalogError::Exists { what: "discount code" });
            }
            tx.put(&key, &record(new, code.clone(), tx.mark()))?;
            if tx.commit(Durability::Durable, &id).await?.is_some() {
                return self.voucher_view(id).await;
            }
        }
    }

    /// Replaces all that a discount code says, but not the code itself. What is held or sold with it stays as it is,
    /// and is counted on. A code that gets `max_uses` only now is counted from now on.
    ///
    /// `revision` is the one that the editor has seen; `None` replaces whatever is there.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`], [`CatalogError::Stale`], [`CatalogError::Invalid`], [`CatalogError::Denied`] or
    /// [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn edit_voucher(
        &self,
        actor: &Actor,
        id: VoucherId,
        revision: Option<u64>,
        new: &NewVoucher,
    ) -> Result<VoucherView, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let code = check(new)?;
        let request = (id, revision, new);
        let mut tx = self.engine.begin_command(actor, new.command.as_ref(), "edit_voucher", &request)?;
        let key = keys::voucher(id);
        loop {
            if let Loaded::Replay(id) = tx.load(Durability::Durable, vec![key.key.clone()]).await? {
                return self.voucher_view(id).await;
            }
            CatalogError::unless_current("discount code", revision, tx.revision(&key))?;
            if VoucherId::of_code(&code) != id {
                let detail = "a code stays what it is: add another one, and close this by active: false";
                return Err(Invalid::one("code", "contradictory", detail).into());
            }
            tx.put(&key, &record(new, code.clone(), tx.mark()))?;
            if tx.commit(Durability::Durable, &id).await?.is_some() {
                return self.voucher_view(id).await;
            }
        }
    }

    /// A page of discount codes, in no order that means anything.
    ///
    /// # Errors
    /// [`CatalogError::Denied`], or [`CatalogError::Invalid`] for a page out of bounds.
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn vouchers(
        &self,
        actor: &Actor,
        request: &PageRequest,
    ) -> Result<Page<VoucherView>, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        let limit = page_limit(request)?;
        let mut range = keys::vouchers();
        if let Some(cursor) = &request.cursor {
            let last: VoucherId = cursor.parse().map_err(|_| {
                Invalid::one("cursor", "invalid", "cursor must be the next_cursor of the page before")
            })?;
            range.start = format!("{}!", keys::voucher(last).key);
        }
        let most = u32::try_from(limit + 1).unwrap_or(u32::MAX);
        let rows = self.engine.scan(&range, most, false).await?;
        let counts = rows.iter().map(|(_, voucher)| keys::voucher_count(VoucherId::of_code(&voucher.code)));
        let counts = self.engine.get_many(counts).await?;
        let more = rows.len() > limit;
        let views = rows.into_iter().zip(counts).take(limit);
        let items: Vec<VoucherView> =
            views.map(|((row, voucher), count)| view(voucher, row.version, count)).collect();
        let next_cursor = items.last().filter(|_| more).map(|last| last.id.to_string());
        Ok(Page { items, next_cursor })
    }

    /// A discount code.
    ///
    /// # Errors
    /// [`CatalogError::NotFound`], [`CatalogError::Denied`] or [`CatalogError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn voucher(&self, actor: &Actor, id: VoucherId) -> Result<VoucherView, CatalogError> {
        actor.may(Permission::EditCatalog)?;
        self.voucher_view(id).await
    }

    async fn voucher_view(&self, id: VoucherId) -> Result<VoucherView, CatalogError> {
        let found = self.engine.get_many([keys::voucher(id)]).await?.into_iter().flatten().next();
        let (voucher, version) = found.ok_or(CatalogError::NotFound { what: "discount code" })?;
        let count = self.engine.get_many([keys::voucher_count(id)]).await?.into_iter().flatten().next();
        Ok(view(voucher, version, count))
    }
}

fn record(new: &NewVoucher, code: String, mark: u32) -> Voucher {
    Voucher {
        v: Form,
        code,
        discount: new.discount,
        currency: new.currency,
        valid_from: new.valid_from,
        valid_until: new.valid_until,
        max_uses: new.max_uses,
        max_uses_per_customer: new.max_uses_per_customer,
        min_total_minor: new.min_total_minor,
        show_ids: new.show_ids.clone(),
        movie_ids: new.movie_ids.clone(),
        active: new.active,
        mark,
    }
}

fn view(voucher: Voucher, version: Version, count: Option<(VoucherCount, Version)>) -> VoucherView {
    VoucherView {
        id: VoucherId::of_code(&voucher.code),
        revision: version.0,
        code: voucher.code,
        discount: voucher.discount,
        currency: voucher.currency,
        valid_from: voucher.valid_from,
        valid_until: voucher.valid_until,
        max_uses: voucher.max_uses,
        max_uses_per_customer: voucher.max_uses_per_customer,
        min_total_minor: voucher.min_total_minor,
        show_ids: voucher.show_ids,
        movie_ids: voucher.movie_ids,
        active: voucher.active,
        uses: count.map_or(0, |(count, _)| count.used),
    }
}

/// Names everything that is wrong with a discount code; else the code as it is compared.
fn check(new: &NewVoucher) -> Result<String, Invalid> {
    let mut fields = Validation::default();
    let code = normal_code(&new.code);
    if code.is_none() {
        fields.refuse("code", "invalid", CODE);
    }
    let most = limits::MAX_PRICE_MINOR;
    match new.discount {
        DiscountKind::BasisPoints(1..=10_000) => {}
        DiscountKind::BasisPoints(points) => {
            let detail = format!("basis_points is {points}, allowed are 1 to 10000");
            fields.refuse("discount.basis_points", "out_of_range", detail);
        }
        DiscountKind::AmountMinor(amount) if !(1..=most).contains(&amount) => {
            let detail = format!("amount_minor is {amount}, allowed are 1 to {most}");
            fields.refuse("discount.amount_minor", "out_of_range", detail);
        }
        DiscountKind::AmountMinor(_) => {}
    }
    if !(0..=most).contains(&new.min_total_minor) {
        let detail = format!("min_total_minor is {}, allowed are 0 to {most}", new.min_total_minor);
        fields.refuse("min_total_minor", "out_of_range", detail);
    }
    let has_amounts = matches!(new.discount, DiscountKind::AmountMinor(_)) || new.min_total_minor != 0;
    if has_amounts && new.currency.is_none() {
        fields.refuse("currency", "required", "amounts need a currency");
    }
    if let (Some(from), Some(until)) = (new.valid_from, new.valid_until)
        && until <= from
    {
        fields.refuse("valid_until", "contradictory", format!("valid_until must be after {from}"));
    }
    for (path, uses, most) in [
        ("max_uses", new.max_uses, limits::MAX_VOUCHER_USES),
        ("max_uses_per_customer", new.max_uses_per_customer, limits::MAX_VOUCHER_USES_PER_CUSTOMER),
    ] {
        if uses.is_some_and(|uses| uses == 0 || uses > most) {
            fields.refuse(path, "out_of_range", format!("{path} must be 1 to {most}"));
        }
    }
    let most = limits::MAX_VOUCHER_TARGETS;
    for (path, count) in [("show_ids", new.show_ids.len()), ("movie_ids", new.movie_ids.len())] {
        if count > most {
            fields.refuse(path, "count", format!("{count} ids, allowed are 0 to {most}"));
        }
    }
    match (fields.finish(), code) {
        (Ok(()), Some(code)) => Ok(code),
        (Err(invalid), _) => Err(invalid),
        (Ok(()), None) => Err(Invalid::one("code", "invalid", CODE)),
    }
}
