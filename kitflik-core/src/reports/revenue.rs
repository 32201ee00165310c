//! What was sold, returned, taken and given back, by whatever the house wants to know it by.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::books::Books;
use super::csv::{Cell, Csv};
use super::groups::{Days, Group, Place, split};
use super::{ReportError, Reports};
use crate::actor::{Actor, Permission};
use crate::bookings::SalesChannel;
use crate::error::EngineError;
use crate::ids::{BookingId, LayoutId, MovieId, VenueId};
use crate::money::{Currency, Money};
use crate::seats::layout::SeatNo;
use crate::store::keys;
use crate::store::records::{Goods, MoneyEntry, MoneyEvent};
use crate::time::Date;

/// By what revenue is broken down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RevenueBy {
    /// The day of the programme on which it happened, on the clocks of the venue.
    #[default]
    Day,
    /// What is shown.
    Movie,
    /// Where.
    Venue,
    /// One showing.
    Show,
    /// The price category of the seats.
    Category,
    /// By which way it was sold.
    Channel,
    /// Adult, child and so on.
    TicketType,
    /// Who takes the money: a provider, or the counter.
    Provider,
}

/// Which revenue is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct RevenueQuery {
    /// The first day. Days go from 06:00 to 05:59 on the clocks of each venue.
    pub from: Date,
    /// The last day, at most 366 of them.
    pub to: Date,
    /// By what it is broken down; by day if absent.
    #[serde(default)]
    pub by: RevenueBy,
    /// Only of this venue.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub venue_id: Option<VenueId>,
    /// Only of this movie.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub movie_id: Option<MovieId>,
}

/// The revenue of some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct RevenueReport {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// By what it is broken down.
    pub by: RevenueBy,
    /// A row for each group, and for each currency in it: currencies are never added up.
    pub rows: Vec<RevenueRow>,
    /// The sums, a row for each currency.
    pub totals: Vec<RevenueRow>,
}

/// The revenue of a group in one currency. What was sold is the prices less discounts, plus fees, plus the tax that is
/// not in the prices already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct RevenueRow {
    /// The id, day or name of the group.
    pub key: String,
    /// For people.
    pub label: String,
    /// Tickets of sales, free ones too.
    pub tickets_sold: u64,
    /// Tickets that were cancelled.
    pub tickets_returned: u64,
    /// The prices of the seats sold.
    pub gross: Money,
    /// What discount codes took off.
    pub discounts: Money,
    /// The fees of tickets and bookings.
    pub fees: Money,
    /// The tax in what was sold.
    pub tax: Money,
    /// What was sold: the totals of the bookings.
    pub sold: Money,
    /// What is not owed any more since it was cancelled.
    pub returned: Money,
    /// What was sold less what was returned.
    pub net: Money,
    /// Money that came in.
    pub captured: Money,
    /// Money that went back.
    pub refunds: Money,
}

impl RevenueRow {
    fn new(group: &Group, currency: Currency) -> Self {
        let none = Money::new(0, currency);
        Self {
            key: group.key.clone(),
            label: group.label.clone(),
            tickets_sold: 0,
            tickets_returned: 0,
            gross: none,
            discounts: none,
            fees: none,
            tax: none,
            sold: none,
            returned: none,
            net: none,
            captured: none,
            refunds: none,
        }
    }

    fn add(&mut self, event: MoneyEvent, part: &Part) {
        // Sums stay sums whatever was written into the books by others.
        let add = |sum: &mut Money, minor: i64| sum.amount_minor = sum.amount_minor.saturating_add(minor);
        match event {
            MoneyEvent::Sold => {
                self.tickets_sold += part.tickets;
                add(&mut self.gross, part.gross);
                add(&mut self.discounts, part.discount);
                add(&mut self.fees, part.fees);
                add(&mut self.tax, part.tax);
                add(&mut self.sold, part.amount);
                add(&mut self.net, part.amount);
            }
            MoneyEvent::Returned => {
                self.tickets_returned += part.tickets;
                add(&mut self.returned, part.amount);
                add(&mut self.net, part.amount.saturating_neg());
            }
            MoneyEvent::Captured => add(&mut self.captured, part.amount),
            MoneyEvent::Refunded => add(&mut self.refunds, part.amount),
        }
    }
}

/// The share of a group in a line of the books.
#[derive(Debug, Clone, Default)]
struct Part {
    tickets: u64,
    gross: i64,
    discount: i64,
    fees: i64,
    tax: i64,
    amount: i64,
}

impl Part {
    fn whole(entry: &MoneyEntry, goods: Option<&Goods>) -> Self {
        let amount = entry.amount.amount_minor;
        let Some(goods) = goods else { return Self { amount, ..Self::default() } };
        Self {
            tickets: goods.tickets.len() as u64,
            gross: goods.tickets.iter().map(|ticket| ticket.price_minor).sum(),
            discount: goods.discount_minor,
            fees: goods.fees_minor,
            tax: goods.tax_minor,
            amount,
        }
    }

    /// A part for each ticket, by its price: the parts add up to the whole.
    fn each(entry: &MoneyEntry, goods: &Goods) -> Vec<Self> {
        let prices: Vec<i64> = goods.tickets.iter().map(|ticket| ticket.price_minor).collect();
        let shares = |amount: i64| split(amount, &prices).into_iter();
        let (mut discounts, mut fees) = (shares(goods.discount_minor), shares(goods.fees_minor));
        let (mut taxes, mut amounts) = (shares(goods.tax_minor), shares(entry.amount.amount_minor));
        let part = |gross: &i64| Self {
            tickets: 1,
            gross: *gross,
            discount: discounts.next().unwrap_or(0),
            fees: fees.next().unwrap_or(0),
            tax: taxes.next().unwrap_or(0),
            amount: amounts.next().unwrap_or(0),
        };
        prices.iter().map(part).collect()
    }
}

/// Sums, a row for each currency.
#[derive(Default)]
pub(super) struct Totals(BTreeMap<Currency, RevenueRow>);

impl Totals {
    pub(super) fn add(&mut self, group: &Group, entry: &MoneyEntry) {
        self.add_part(group, entry, &Part::whole(entry, entry.goods.as_ref()));
    }

    fn add_part(&mut self, group: &Group, entry: &MoneyEntry, part: &Part) {
        let currency = entry.amount.currency;
        let total = self.0.entry(currency).or_insert_with(|| RevenueRow::new(group, currency));
        total.add(entry.event, part);
    }

    pub(super) fn into_rows(self) -> Vec<RevenueRow> {
        self.0.into_values().collect()
    }
}

/// A report that grows.
struct Revenue {
    by: RevenueBy,
    rows: BTreeMap<(Group, Currency), RevenueRow>,
    totals: Totals,
}

impl Revenue {
    fn add(&mut self, group: Group, entry: &MoneyEntry, part: &Part) {
        let currency = entry.amount.currency;
        self.totals.add_part(&Group::named("total"), entry, part);
        let row = RevenueRow::new(&group, currency);
        self.rows.entry((group, currency)).or_insert(row).add(entry.event, part);
    }
}

impl Reports<'_> {
    /// What was sold, returned, taken and given back in some days of the programme: each line of the house's books
    /// counts on the day on which it was written, on the clocks of its venue.
    ///
    /// Fees, discounts and money of a booking are shared among its tickets by their prices where the report is by
    /// category or ticket type. Free tickets count as tickets. The books are read in bounded steps.
    ///
    /// # Errors
    /// [`ReportError::Denied`] unless an admin, a manager or the box office asks, [`ReportError::Invalid`] for days
    /// out of bounds, [`ReportError::NotFound`] for an unknown venue or movie, or [`ReportError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn revenue(&self, actor: &Actor, query: &RevenueQuery) -> Result<RevenueReport, ReportError> {
        actor.may(Permission::SeeReports)?;
        let days = Days::checked(query.from, query.to)?;
        let catalogue = self.engine.catalogue().await?;
        super::known(&catalogue, query.venue_id, query.movie_id)?;
        let (from, to) = days.span(catalogue.venues.values().map(|venue| venue.zone));
        let mut report = Revenue { by: query.by, rows: BTreeMap::new(), totals: Totals::default() };
        let mut books = Books::between(self.engine, from, to);
        loop {
            let entries = books.next().await?;
            if entries.is_empty() {
                break;
            }
            let wanted = |entry: &MoneyEntry| {
                let place = Place::of(&catalogue, entry.show);
                place.is_wanted(query.venue_id, query.movie_id) && days.hold(place.day(entry.at))
            };
            let entries: Vec<MoneyEntry> = entries.into_iter().filter(wanted).collect();
            let bought = self.bought(&entries, query.by).await?;
            for entry in &entries {
                let place = Place::of(&catalogue, entry.show);
                let goods = entry.goods.as_ref();
                let group = match query.by {
                    RevenueBy::Day => Group::day(place.day(entry.at)),
                    RevenueBy::Movie => place.by_movie(),
                    RevenueBy::Venue => place.by_venue(),
                    RevenueBy::Show => place.by_show(),
                    RevenueBy::Channel => by_channel(entry.channel.unwrap_or(SalesChannel::Online)),
                    RevenueBy::Provider => {
                        let chosen = goods.and_then(|goods| goods.provider.as_deref());
                        Group::named(entry.provider.as_deref().or(chosen).unwrap_or("none"))
                    }
                    RevenueBy::Category | RevenueBy::TicketType => {
                        self.by_ticket(&mut report, entry, bought.get(&entry.booking)).await?;
                        continue;
                    }
                };
                report.add(group, entry, &Part::whole(entry, goods));
            }
        }
        let (rows, totals) = (report.rows.into_values().collect(), report.totals.into_rows());
        Ok(RevenueReport { from: query.from, to: query.to, by: query.by, rows, totals })
    }

    /// What was bought with the money of some lines, where the report asks for it.
    async fn bought(
        &self,
        entries: &[MoneyEntry],
        by: RevenueBy,
    ) -> Result<BTreeMap<BookingId, Goods>, EngineError> {
        if !matches!(by, RevenueBy::Category | RevenueBy::TicketType) {
            return Ok(BTreeMap::new());
        }
        let ids: BTreeSet<BookingId> =
            entries.iter().filter(|entry| entry.goods.is_none()).map(|entry| entry.booking).collect();
        let found = self.engine.get_many(ids.into_iter().map(keys::booking)).await?;
        Ok(found.into_iter().flatten().map(|(booking, _)| (booking.id, Goods::of(&booking))).collect())
    }

    async fn by_ticket(
        &self,
        report: &mut Revenue,
        entry: &MoneyEntry,
        bought: Option<&Goods>,
    ) -> Result<(), EngineError> {
        let goods = entry.goods.as_ref().or(bought).filter(|goods| !goods.tickets.is_empty());
        let Some(goods) = goods else {
            report.add(Group::labelled("", "(none)"), entry, &Part::whole(entry, None));
            return Ok(());
        };
        for (ticket, part) in goods.tickets.iter().zip(Part::each(entry, goods)) {
            let group = match report.by {
                RevenueBy::Category => self.by_category(goods.layout, ticket.seat).await?,
                _ => Group::named(ticket.ticket_type.as_str()),
            };
            report.add(group, entry, &part);
        }
        Ok(())
    }

    /// The price category of a seat.
    pub(super) async fn by_category(&self, layout: LayoutId, seat: SeatNo) -> Result<Group, EngineError> {
        let layout = self.engine.layout(layout).await?;
        let id = layout.as_ref().and_then(|layout| Some(&layout.layout.seat(seat)?.category));
        let Some((layout, id)) = layout.as_ref().zip(id) else { return Ok(Group::labelled("", "(gone)")) };
        let found = layout.layout.categories().iter().find(|category| category.id == *id);
        Ok(Group::labelled(id.as_str(), found.map_or(id.as_str(), |category| &category.name)))
    }
}

pub(super) fn by_channel(channel: SalesChannel) -> Group {
    match channel {
        SalesChannel::Online => Group::labelled("online", "Online"),
        SalesChannel::BoxOffice => Group::labelled("box_office", "Box office"),
    }
}

impl RevenueReport {
    /// The rows, then the sums, as comma-separated values (RFC 4180). Amounts have the decimals of their currency.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut csv = Csv::new(&[
            "key",
            "label",
            "currency",
            "tickets_sold",
            "tickets_returned",
            "gross",
            "discounts",
            "fees",
            "tax",
            "sold",
            "returned",
            "net",
            "captured",
            "refunds",
        ]);
        for row in self.rows.iter().chain(&self.totals) {
            let texts = [row.key.as_str(), row.label.as_str(), row.gross.currency.code()].map(Cell::Text);
            let counts = [row.tickets_sold, row.tickets_returned].map(Cell::count);
            let amounts = [
                row.gross,
                row.discounts,
                row.fees,
                row.tax,
                row.sold,
                row.returned,
                row.net,
                row.captured,
                row.refunds,
            ];
            csv.row(texts.into_iter().chain(counts).chain(amounts.map(Cell::Amount)));
        }
        csv.finish()
    }
}
