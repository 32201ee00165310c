//! Customers: they hold, change their mind, pay, lose their connection and try again, and cancel.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::auditor::Auditor;
use super::{CODE, turn};
use crate::testing::ports::SeededEntropy;
use crate::{
    Actor, BookingError, BookingView, CancelBooking, CategoryPrice, ChangeSeats, CommandId, ConfirmBooking,
    ErrorCode, HandOutRefund, HoldSeats, Kitflik, Money, NewPriceCard, PageRequest, PriceChange,
    PriceCondition, PriceRule, RefundBooking, RefundChoice, SeatId, TakePayment,
};

pub(super) struct Person {
    name: String,
    engine: Kitflik,
    luck: Arc<SeededEntropy>,
    auditor: Rc<RefCell<Auditor>>,
}

impl Person {
    pub(super) fn new(
        name: String,
        engine: Kitflik,
        luck: Arc<SeededEntropy>,
        auditor: Rc<RefCell<Auditor>>,
    ) -> Self {
        Self { name, engine, luck, auditor }
    }

    pub(super) async fn live(self) {
        self.idle(10).await;
        if self.luck.chance(3) {
            return self.manage().await;
        }
        let Some(held) = self.hold().await else { return };
        let Some(token) = held.booking_token.clone() else { return };
        let me = Actor::guest_with(token);
        // Some are quick, some let their time run out.
        self.idle(if self.luck.chance(15) { 150 } else { 8 }).await;
        match self.luck.below(10) {
            0 => {
                let _ = self.engine.bookings().release(&me, held.id, None).await;
                return;
            }
            1 => {
                let _ = self.engine.bookings().extend(&me, held.id, None).await;
            }
            2 => {
                let seats = self.some_seats();
                let discount_code = match self.luck.below(10) {
                    0 => Some(String::new()),
                    1 => Some(CODE.to_owned()),
                    _ => None,
                };
                let change = ChangeSeats { command: None, seats, ticket_types: Vec::new(), discount_code };
                let _ = self.engine.bookings().change_seats(&me, held.id, &change).await;
            }
            _ => {}
        }
        self.idle(10).await;
        let mut sold = self.confirm(&me, &held, "confirm").await;
        // Who was declined, maybe for the moment, thinks better of it or pays some other way.
        match self.luck.below(4) {
            0 if sold.is_none() => {
                let _ = self.engine.bookings().release(&me, held.id, None).await;
            }
            1 | 2 if sold.is_none() => sold = self.confirm(&me, &held, "again").await,
            _ => {}
        }
        let Some(sold) = sold else { return };
        if self.luck.chance(30) {
            self.at_the_counter(&sold).await;
        }
        if self.luck.chance(90) {
            self.idle(15).await;
            self.cancel(&me, &sold).await;
            if self.luck.chance(50) {
                let out = HandOutRefund::default();
                let _ = self.engine.bookings().hand_out_refund(&Actor::System, sold.id, &out).await;
            }
        }
    }

    /// The customer pays, if that is due there; some get something back.
    async fn at_the_counter(&self, sold: &BookingView) {
        let bookings = self.engine.bookings();
        let take = TakePayment { command: self.command("pay"), ..TakePayment::default() };
        for _ in 0..2 {
            let _ = bookings.take_payment(&Actor::System, sold.id, &take).await;
        }
        self.idle(10).await;
        if self.luck.chance(50) {
            let amount = 1 + i64::try_from(self.luck.below(1_200)).unwrap_or(0);
            let amount = Money::new(amount, sold.quote.total.currency);
            let mut request = RefundBooking::new(amount, "The film tore.");
            request.command = self.command("rebate");
            for _ in 0..2 {
                let _ = bookings.refund(&Actor::System, sold.id, &request).await;
            }
        }
    }

    fn script(&self) -> &'static str {
        const SCRIPTS: [&str; 10] = [
            "decline",
            "timeout_before",
            "timeout_after",
            "pending",
            "pending_decline",
            "charge_late",
            "charge_late",
            "forget_and_charge_late",
            "forget_and_charge_late",
            "refund_fails_once",
        ];
        SCRIPTS[usize::try_from(self.luck.below(10)).unwrap_or(0)]
    }

    /// Somebody of the house changes the prices while seats are sold.
    async fn manage(&self) {
        let (catalog, page) = (self.engine.catalog(), PageRequest::default());
        let Ok(cards) = catalog.price_cards(&page).await else { return };
        for card in cards.items {
            let amount_minor = 900 + i64::try_from(self.luck.below(200)).unwrap_or(0);
            let change = if self.luck.chance(50) {
                PriceChange::BasisPoints(-1_111)
            } else {
                PriceChange::SetMinor(amount_minor + 5)
            };
            let prices = card.prices.iter().map(|price| CategoryPrice { amount_minor, ..price.clone() });
            let edited = NewPriceCard {
                booking_fee_minor: card.booking_fee.amount_minor,
                rules: vec![PriceRule { name: "Rush".to_owned(), when: PriceCondition::default(), change }],
                ..NewPriceCard::new(card.name, card.currency, prices.collect())
            };
            let edited = catalog.edit_price_card(&Actor::System, card.id, Some(card.revision), &edited).await;
            self.auditor.borrow_mut().tally.price_edits += u64::from(edited.is_ok());
        }
    }

    async fn idle(&self, most: u64) {
        for _ in 0..self.luck.below(most) {
            turn().await;
        }
    }

    fn some_seats(&self) -> Vec<SeatId> {
        let row = ["A", "B"][usize::try_from(self.luck.below(2)).unwrap_or(0)];
        let from = 1 + self.luck.below(5);
        let count = 1 + self.luck.below(2);
        (from..from + count).filter_map(|number| format!("{row}{number}").parse().ok()).collect()
    }

    /// Where seats are counted per customer, several people are the same one.
    fn address(&self) -> String {
        if self.auditor.borrow().cap.is_some() {
            format!("c{}@example.org", self.luck.below(3))
        } else {
            format!("{}@example.org", self.name)
        }
    }

    fn command(&self, verb: &str) -> Option<CommandId> {
        self.luck.chance(60).then(|| format!("{verb}-{}", self.name).parse().ok()).flatten()
    }

    async fn hold(&self) -> Option<BookingView> {
        let show = self.auditor.borrow().show;
        let request = if self.luck.chance(30) {
            HoldSeats::best(show, 1 + u32::try_from(self.luck.below(3)).unwrap_or(0))
        } else {
            HoldSeats::seats(show, self.some_seats())
        };
        let mut request = request.customer(&self.name, self.address());
        request.command = self.command("hold");
        request.discount_code = self.luck.chance(25).then(|| CODE.to_owned());
        let mut unsure = false;
        for attempt in 0..3 {
            let crashes = self.auditor.borrow().tally.crashes;
            let outcome = self.engine.bookings().hold(&Actor::guest(), &request).await;
            unsure |= self.note_hold(&request, &outcome, crashes, unsure);
            match outcome {
                // The answer gets lost on the way: the customer sends the same command again.
                Ok(_) if request.command.is_some() && attempt < 2 && self.luck.chance(30) => {}
                Ok(held) => return Some(held),
                Err(BookingError::Engine(_)) if request.command.is_some() => {}
                Err(_) => return None,
            }
            self.idle(5).await;
        }
        None
    }

    /// Tells the auditor; whether the outcome is unknown.
    fn note_hold(
        &self,
        request: &HoldSeats,
        outcome: &Result<BookingView, BookingError>,
        crashes: u64,
        unsure: bool,
    ) -> bool {
        let mut auditor = self.auditor.borrow_mut();
        match outcome {
            Ok(held) => {
                auditor.held(held, request.command.as_ref(), crashes);
                false
            }
            Err(error) => {
                let unknown = error.code() == ErrorCode::OutcomeUnknown;
                if !unknown && !unsure && request.command.is_none() {
                    auditor.not_held(&self.name, error);
                }
                auditor.refused(error);
                unknown
            }
        }
    }

    /// What was sold, as far as the customer knows.
    async fn confirm(&self, me: &Actor, held: &BookingView, command: &str) -> Option<BookingView> {
        let mut request = match self.luck.below(10) {
            0..=3 => ConfirmBooking::counter(),
            4 => ConfirmBooking::paid_by("test", Some(self.script().to_owned())),
            5 | 6 => ConfirmBooking::paid_by("test", Some(self.script().to_owned())),
            _ => ConfirmBooking::paid_by("test", None),
        };
        request.command = self.command(command);
        let first = command == "confirm";
        self.auditor.borrow_mut().trying(held.id);
        for attempt in 0..3 {
            let outcome = self.engine.bookings().confirm(me, held.id, &request).await;
            match &outcome {
                Ok(sold) => self.auditor.borrow_mut().sold(sold, request.command.as_ref()),
                Err(error) => {
                    let mut auditor = self.auditor.borrow_mut();
                    // What is declined may be charged late, and sold before the customer hears of it.
                    let open = matches!(
                        error,
                        BookingError::Engine(_)
                            | BookingError::PaymentPending
                            | BookingError::PaymentDeclined { .. }
                    );
                    if first && attempt == 0 && !open {
                        auditor.not_sold(held.id, error);
                    }
                    auditor.refused(error);
                }
            }
            match outcome {
                Ok(_) if request.command.is_some() && attempt < 2 && self.luck.chance(30) => {}
                Err(BookingError::Engine(_) | BookingError::PaymentPending) => {}
                Ok(sold) => return Some(sold),
                Err(_) => return None,
            }
            self.idle(10).await;
        }
        None
    }

    /// The customer changes their mind, or the house does; their answers get lost, too.
    async fn cancel(&self, me: &Actor, sold: &BookingView) {
        let house = self.luck.chance(30);
        let actor = if house { &Actor::System } else { me };
        let mut request =
            if house { CancelBooking::because("The projector broke.") } else { CancelBooking::new() };
        request.command = self.command("cancel");
        if house && self.luck.chance(40) {
            let amount = i64::try_from(self.luck.below(1_200)).unwrap_or(0);
            request.refund = Some(match self.luck.below(3) {
                0 => RefundChoice::Full,
                1 => RefundChoice::Nothing,
                _ => RefundChoice::Amount(Money::new(amount, sold.quote.total.currency)),
            });
            self.auditor.borrow_mut().deciding(sold.id);
        }
        let some = sold.seats.last().filter(|_| sold.seats.len() > 1 && self.luck.chance(60));
        if let Some(seat) = some {
            request.seats = vec![seat.id.clone()];
            self.auditor.borrow_mut().returning(sold.id, &seat.id);
        }
        self.auditor.borrow_mut().cancelling(sold.id);
        for attempt in 0..3 {
            let outcome = self.engine.bookings().cancel(actor, sold.id, &request).await;
            match &outcome {
                Ok(rest) if some.is_some() => self.auditor.borrow_mut().returned(rest),
                Ok(cancelled) => self.auditor.borrow_mut().cancelled(cancelled),
                Err(error) => {
                    let mut auditor = self.auditor.borrow_mut();
                    if attempt == 0 && !matches!(error, BookingError::Engine(_)) {
                        auditor.not_cancelled(sold.id, error);
                    }
                    auditor.refused(error);
                }
            }
            match outcome {
                Ok(_) if attempt < 2 && self.luck.chance(30) => {}
                Err(BookingError::Engine(_)) => {}
                Ok(_) | Err(_) => return,
            }
            self.idle(10).await;
        }
    }
}
