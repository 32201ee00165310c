//! A small cinema in which one actor stands before one booking.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use kitflik_core::{
    Actor, BookingId, Bookings, CancelShow, Catalog, ConfirmBooking, Customer, Email, Error, ErrorCode,
    HoldSeats, Kitflik, LogIn, MailError, MailId, MailQuery, MailState, Mailer, MasterKey, RegisterUser,
    Role, SessionId, ShowId, StaffId, TicketId, UserId, Users, VoucherId,
};
use pollster::block_on;

use super::common::{Cinema, HALL, House, house};

/// Every kind of actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Guest,
    /// With the token of the booking.
    TokenHolder,
    /// With the token of another booking.
    WrongToken,
    /// The customer to whom the booking, or the account, belongs.
    Owner,
    OtherCustomer,
    Usher,
    BoxOffice,
    Manager,
    Admin,
    System,
}

impl Who {
    pub const ALL: [Self; 10] = [
        Self::Guest,
        Self::TokenHolder,
        Self::WrongToken,
        Self::Owner,
        Self::OtherCustomer,
        Self::Usher,
        Self::BoxOffice,
        Self::Manager,
        Self::Admin,
        Self::System,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::TokenHolder => "guest with its token",
            Self::WrongToken => "guest with another token",
            Self::Owner => "owner",
            Self::OtherCustomer => "other customer",
            Self::Usher => "usher",
            Self::BoxOffice => "box office",
            Self::Manager => "manager",
            Self::Admin => "admin",
            Self::System => "host program",
        }
    }
}

/// What became of a call.
pub type Told = Result<(), ErrorCode>;

/// A cinema of its own for each call.
pub struct Scene {
    pub house: House,
    pub cinema: Cinema,
    /// Who calls.
    pub actor: Actor,
    /// A hold of two seats, which belongs to whoever it can belong to: a guest if one calls, else Ada.
    pub booking: BookingId,
    /// The owner's account.
    pub ada: UserId,
}

/// A mail server that refuses for good.
struct Refusing;

#[async_trait]
impl Mailer for Refusing {
    async fn send(&self, _: Email) -> Result<(), MailError> {
        Err(MailError::Permanent { reason: "550 no such mailbox".to_owned() })
    }
}

pub const PASSWORD: &str = "correct horse";

fn register(house: &House, name: &str) -> UserId {
    let email = format!("{}@example.org", name.to_lowercase());
    let (password, name) = (PASSWORD.to_owned(), name.to_owned());
    block_on(house.kitflik.users().register(&RegisterUser { command: None, email, password, name }))
        .unwrap()
        .id
}

impl Scene {
    pub fn new(who: Who) -> Self {
        let house = house();
        let cinema = house.cinema(HALL, |_| {});
        let (ada, bob) = (register(&house, "Ada"), register(&house, "Bob"));
        let hold = |actor: &Actor| {
            let request = HoldSeats::best(cinema.show.id, 2);
            block_on(house.kitflik.bookings().hold(actor, &request)).unwrap()
        };
        let is_guest = matches!(who, Who::Guest | Who::TokenHolder | Who::WrongToken);
        let owner = if is_guest { Actor::guest() } else { Actor::User { id: ada } };
        let (held, other) = (hold(&owner), hold(&Actor::guest()));
        let staff = |role| Actor::Staff { id: StaffId::from_bytes([9; 16]), role };
        let actor = match who {
            Who::Guest => Actor::guest(),
            Who::TokenHolder => Actor::guest_with(held.booking_token.unwrap()),
            Who::WrongToken => Actor::guest_with(other.booking_token.unwrap()),
            Who::Owner => Actor::User { id: ada },
            Who::OtherCustomer => Actor::User { id: bob },
            Who::Usher => staff(Role::Usher),
            Who::BoxOffice => staff(Role::BoxOffice),
            Who::Manager => staff(Role::Manager),
            Who::Admin => staff(Role::Admin),
            Who::System => Actor::System,
        };
        Self { house, cinema, actor, booking: held.id, ada }
    }

    pub fn bookings(&self) -> Bookings<'_> {
        self.house.kitflik.bookings()
    }

    pub fn catalog(&self) -> Catalog<'_> {
        self.house.kitflik.catalog()
    }

    pub fn users(&self) -> Users<'_> {
        self.house.kitflik.users()
    }

    /// A session of the caller, or of nobody.
    pub fn session(&self) -> SessionId {
        let email = match &self.actor {
            Actor::User { id } if *id == self.ada => "ada@example.org",
            Actor::User { .. } => "bob@example.org",
            _ => return SessionId::from_bytes([1; 16]),
        };
        let tokens = block_on(self.users().log_in(&LogIn::new(email, PASSWORD))).unwrap();
        self.users().session(&tokens.access_token).unwrap()
    }

    /// A discount code of the house.
    pub fn voucher(&self) -> VoucherId {
        block_on(self.catalog().add_voucher(&Actor::System, &super::rows::voucher())).unwrap().id
    }

    /// The code in the last mail that has one.
    pub fn mailed_code(&self) -> String {
        block_on(self.house.kitflik.tick()).unwrap();
        let mails = self.house.mailbox.mails();
        let mail = mails.iter().rev().find(|mail| mail.to == "new@example.org").unwrap();
        let digits = |line: &&str| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
        mail.text.lines().find(digits).unwrap().to_owned()
    }

    /// The booking, once it is sold.
    pub fn sold(&self) -> BookingId {
        block_on(self.bookings().confirm(&Actor::System, self.booking, &ConfirmBooking::counter())).unwrap();
        self.booking
    }

    /// As [`Scene::sold`]; whoever has no account gives an address.
    pub fn sold_with_address(&self) -> BookingId {
        let name = Some(Customer { name: "Cy".to_owned(), email: "cy@example.org".to_owned() });
        let confirm = ConfirmBooking { customer: name, ..ConfirmBooking::counter() };
        block_on(self.bookings().confirm(&Actor::System, self.booking, &confirm)).unwrap();
        self.booking
    }

    /// A mail that was given up.
    pub fn dead_mail(&self) -> MailId {
        let refusing = Kitflik::builder(self.house.storage.clone(), MasterKey::new([7; 32]))
            .clock(self.house.clock.clone())
            .mailer(Arc::new(Refusing))
            .build()
            .unwrap();
        block_on(refusing.tick()).unwrap();
        let dead = MailQuery { state: MailState::Dead, ..MailQuery::default() };
        block_on(refusing.notify().list(&Actor::System, &dead)).unwrap().items[0].id
    }

    /// The show, once it is cancelled.
    pub fn cancelled_show(&self) -> ShowId {
        let (show, why) = (self.cinema.show.id, CancelShow::because("The projector broke."));
        block_on(self.catalog().cancel_show(&Actor::System, show, &why)).unwrap();
        show
    }

    /// The booking, once it is sold, and one of its tickets.
    pub fn ticket(&self) -> (BookingId, TicketId) {
        let booking = self.sold();
        let tickets = block_on(self.bookings().tickets(&Actor::System, booking)).unwrap();
        (booking, tickets[0].id)
    }
}

/// Waits for a verb.
pub fn told<T, E: Into<Error>>(verb: impl Future<Output = Result<T, E>>) -> Told {
    block_on(verb).map(drop).map_err(|error| error.into().code())
}
