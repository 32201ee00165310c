//! Customers' accounts, as staff see them.

use serde::{Deserialize, Serialize};

use super::email::normal_email;
use super::profile::user_view;
use super::{FutureBookings, UserError, UserView, Users};
use crate::actor::{Actor, Permission};
use crate::bookings::{BookingError, BookingView, Bookings};
use crate::catalog::{Page, PageRequest, page_limit};
use crate::error::{EngineError, Invalid, Validation};
use crate::ids::{CommandId, UserId};
use crate::limits;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::User;
use crate::store::tx::Loaded;

/// Accounts that one call looks at in search of those that are wanted.
const MOST_LOOKED_AT: u32 = 1_000;
/// Accounts that are read at once.
const STRIDE: u32 = 200;

/// Which customers staff want to see.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(default, deny_unknown_fields)]
pub struct UserQuery {
    /// A whole e-mail address, or a part of addresses or names, in any case.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub q: Option<String>,
    /// Which page.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub page: PageRequest,
}

/// A customer with what they have bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct CustomerView {
    /// The account.
    pub user: UserView,
    /// A page of their sales, cancelled ones too, the newest first.
    pub bookings: Page<BookingView>,
}

/// The end of a customer's account, as staff decide it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(default, deny_unknown_fields)]
pub struct DeleteCustomer {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// What becomes of confirmed bookings of shows that are not over. The house may cancel any of them.
    pub bookings: FutureBookings,
}

fn matches(user: &User, wanted: &str) -> bool {
    user.email.contains(wanted) || user.name.to_lowercase().contains(wanted)
}

impl Users<'_> {
    /// A page of customers' accounts, the newest first. A whole address finds its account at once.
    ///
    /// A page may have fewer items than its limit, or none, and still have a `next_cursor`: a call looks at a thousand
    /// accounts at most.
    ///
    /// # Errors
    /// [`UserError::Denied`] unless staff who see customers ask, [`UserError::Invalid`] for a query or a page out of
    /// bounds, or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn list(&self, actor: &Actor, query: &UserQuery) -> Result<Page<UserView>, UserError> {
        actor.may(Permission::SeeUsers)?;
        let mut fields = Validation::default();
        fields.optional_text("q", query.q.as_deref(), limits::MAX_QUERY_CHARS);
        fields.finish()?;
        let limit = page_limit(&query.page)?;
        let wanted = query.q.as_deref().map(normal_email);
        let mut range = keys::users();
        if let Some(cursor) = &query.page.cursor {
            let last: UserId = cursor.parse().map_err(|_| {
                Invalid::one("cursor", "invalid", "cursor must be the next_cursor of the page before")
            })?;
            range.end = keys::user(last).key;
        } else if let Some(found) = self.with_address(wanted.as_deref()).await? {
            return Ok(Page { items: vec![found], next_cursor: None });
        }
        let (mut items, mut looked_at) = (Vec::<UserView>::with_capacity(limit), 0);
        loop {
            let rows = self.engine.scan(&range, STRIDE, true).await?;
            let last = rows.len() < STRIDE as usize;
            for (row, user) in rows {
                let id = row.key.rsplit('/').next().and_then(|id| id.parse::<UserId>().ok());
                let Some(id) = id else { continue };
                let wanted = wanted.as_deref().is_none_or(|wanted| matches(&user, wanted));
                if wanted && items.len() == limit {
                    let next_cursor = items.last().map(|last| last.id.to_string());
                    return Ok(Page { items, next_cursor });
                }
                range.end = row.key;
                looked_at += 1;
                items.extend(wanted.then(|| user_view(id, user)));
                if looked_at == MOST_LOOKED_AT {
                    return Ok(Page { items, next_cursor: Some(id.to_string()) });
                }
            }
            if last {
                return Ok(Page { items, next_cursor: None });
            }
        }
    }

    async fn with_address(&self, email: Option<&str>) -> Result<Option<UserView>, EngineError> {
        let Some(email) = email.filter(|email| email.contains('@')) else { return Ok(None) };
        let Some(claim) = self.engine.get(&keys::email(email)).await? else { return Ok(None) };
        let user = self.engine.get(&keys::user(claim.user)).await?;
        Ok(user.map(|user| user_view(claim.user, user)))
    }

    /// A customer's account, with a page of what they have bought.
    ///
    /// # Errors
    /// [`UserError::Denied`] unless staff who see customers ask, [`UserError::NotFound`], [`UserError::Invalid`] for a
    /// page out of bounds, or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn view(
        &self,
        actor: &Actor,
        id: UserId,
        bookings: &PageRequest,
    ) -> Result<CustomerView, UserError> {
        actor.may(Permission::SeeUsers)?;
        let user = self.engine.get(&keys::user(id)).await?.ok_or(UserError::NotFound)?;
        let bookings = Bookings { engine: self.engine }.sales_of(id, bookings).await.map_err(refused)?;
        Ok(CustomerView { user: user_view(id, user), bookings })
    }
}

impl Users<'_> {
    /// Deletes a customer's account, as [`Users::delete`] does: the name, the addresses and the sessions go, live holds
    /// are released, sales stay without a name, and a mail says so.
    ///
    /// # Errors
    /// [`UserError::BookingsAhead`], [`UserError::Denied`] unless staff who manage customers ask,
    /// [`UserError::NotFound`], or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn delete_customer(
        &self,
        actor: &Actor,
        id: UserId,
        request: &DeleteCustomer,
    ) -> Result<(), UserError> {
        actor.may(Permission::ManageUsers)?;
        let command = request.command.as_ref();
        let mut tx = self.engine.begin_command(actor, command, "delete_customer", &(id, request))?;
        let key = keys::user(id);
        let Loaded::Fresh = tx.load::<()>(Durability::Durable, vec![key.key.clone()]).await? else {
            return Ok(());
        };
        let user = tx.get(&key)?.filter(|user| !user.deleting);
        user.ok_or(UserError::NotFound)?;
        let gone = self.let_go(tx, id, request.bookings, None, command.is_some()).await;
        gone.map_err(|error| match error {
            // It went while we looked; nobody's token is meant.
            UserError::InvalidToken(_) => UserError::NotFound,
            other => other,
        })
    }
}

fn refused(error: BookingError) -> UserError {
    match error {
        BookingError::Invalid(invalid) => invalid.into(),
        BookingError::Engine(error) => error.into(),
        other => EngineError::internal(other.to_string()).into(),
    }
}
