//! Every bound of the engine, in one place.
//!
//! A storage adapter may rely on the first group: the engine never sends more, and an adapter answers
//! [`StorageError::TooLarge`](crate::StorageError::TooLarge) to whoever does. The second group bounds what people send;
//! what exceeds it is refused with a field error that names the bound.

/// Longest key, in bytes. Keys are printable ASCII.
pub const MAX_KEY_BYTES: usize = 256;
/// Longest value, in bytes. Larger documents are split into rows.
pub const MAX_VALUE_BYTES: usize = 8 * 1024;
/// Most checks in one batch.
pub const MAX_BATCH_CHECKS: usize = 512;
/// Most writes in one batch.
pub const MAX_BATCH_WRITES: usize = 512;
/// Most bytes of keys and values in one batch, checks and writes together.
pub const MAX_BATCH_BYTES: usize = 240 * 1024;
/// Most reads in one call of [`Storage::read`](crate::Storage::read).
pub const MAX_READS: usize = 1024;
/// Most rows that one scan returns, and the highest `limit` it may ask for.
pub const MAX_SCAN_ROWS: u32 = 10_000;
/// Versions stay below this: the largest integer that JavaScript counts exactly is one less.
pub const MAX_VERSION: u64 = 1 << 53;

/// Most seats in one booking.
pub const MAX_SEATS_PER_BOOKING: usize = 10;
/// Most seats that one command blocks or unblocks.
pub const MAX_SEATS_PER_BLOCK: usize = 100;
/// Longest reason for a block, in characters.
pub const MAX_BLOCK_REASON_CHARS: usize = 100;
/// Most seats in one auditorium.
pub const MAX_SEATS_PER_LAYOUT: usize = 20_000;
/// Most price categories in one auditorium.
pub const MAX_CATEGORIES: usize = 20;
/// Longest seat id, in characters (imported plans often use UUIDs).
pub const MAX_SEAT_ID_CHARS: usize = 64;
/// Longest seat label, section or category name, in characters.
pub const MAX_LABEL_CHARS: usize = 32;
/// Longest name of a person or a place, in characters.
pub const MAX_NAME_CHARS: usize = 200;
/// Longest title, in characters.
pub const MAX_TITLE_CHARS: usize = 300;
/// Longest e-mail address, in bytes (RFC 5321).
pub const MAX_EMAIL_BYTES: usize = 254;
/// Longest reference that a caller attaches to a payment, in characters.
pub const MAX_REFERENCE_CHARS: usize = 128;
/// How often providers are asked for the money of one booking, each time for another charge.
pub const MAX_CHARGES_PER_BOOKING: u32 = 20;
/// Most refunds of one charge that staff make.
pub const MAX_REFUNDS_PER_CHARGE: usize = 16;
/// Longest reason for a cancellation, in characters.
pub const MAX_REASON_CHARS: usize = 200;
/// Longest nonce of a scan, in characters.
pub const MAX_NONCE_CHARS: usize = 64;
/// Most shows that a gate lets in at once.
pub const MAX_GATE_SHOWS: usize = 20;
/// Most scans that one upload merges.
pub const MAX_SCANS_PER_MERGE: usize = 500;
/// Most scans of one ticket that are kept, the earliest.
pub const MAX_SCANS_PER_TICKET: usize = 8;
/// Most scans of one ticket that can be undone.
pub const MAX_UNDONE_SCANS: usize = 32;
/// Most times that a ticket is issued anew for one seat.
pub const MAX_REISSUES: u8 = 8;
/// Longest command id (`Idempotency-Key`), in characters.
pub const MAX_COMMAND_ID_CHARS: usize = 128;
/// Longest name of a device in a list of sessions, in characters.
pub const MAX_DEVICE_CHARS: usize = 100;
/// Shortest password, in characters.
pub const MIN_PASSWORD_CHARS: usize = 8;
/// Longest password, in bytes: hashing more would only cost time.
pub const MAX_PASSWORD_BYTES: usize = 1024;
/// Longest search text, in characters.
pub const MAX_QUERY_CHARS: usize = 200;
/// Items on a page when nobody says otherwise.
pub const DEFAULT_PAGE: u32 = 20;
/// Most items on a page.
pub const MAX_PAGE: u32 = 100;
/// Most shows whose seats are counted for one search.
pub const MAX_SHOWS_LOOKED_AT: usize = 200;
/// Largest amount of money in one price, in minor units.
pub const MAX_PRICE_MINOR: i64 = 1_000_000_000;
/// How often a command is decided anew after losing a race, before it answers `contended`.
pub const MAX_ATTEMPTS: u32 = 8;
/// Longest synopsis of a movie, in characters: with everything else at its longest, a movie still fits a value.
pub const MAX_SYNOPSIS_CHARS: usize = 600;
/// Longest discount code, in characters.
pub const MAX_CODE_CHARS: usize = 32;
/// Most uses of a discount code that are counted.
pub const MAX_VOUCHER_USES: u32 = 1_000_000;
/// Most uses of a discount code by one customer that are counted.
pub const MAX_VOUCHER_USES_PER_CUSTOMER: u32 = 100;
/// Most shows, and most movies, that a discount code is limited to.
pub const MAX_VOUCHER_TARGETS: usize = 50;
/// Most rules on a price card.
pub const MAX_PRICE_RULES: usize = 30;
/// Longest name of a tax, in characters.
pub const MAX_TAX_NAME_CHARS: usize = 16;
/// Most prices on a price card.
pub const MAX_PRICES: usize = 60;
/// Farthest that a seat may stand from the origin of its plan, in units of the plan, along either axis.
pub const MAX_COORDINATE: f64 = 100_000.0;
/// Most shows that one command adds.
pub const MAX_SHOWS_AT_ONCE: usize = 200;
/// Most days of a repeated show, from the first to the last.
pub const MAX_RECURRENCE_DAYS: i64 = 366;
/// Most days of a schedule that is looked at.
pub const MAX_SCHEDULE_DAYS: i64 = 62;
/// Most bookings that a settlement lists because they differ.
pub const MAX_MISMATCHES: usize = 1000;
/// Most days of a report.
pub const MAX_REPORT_DAYS: i64 = 366;
/// Most minutes of trailers before a movie, or of turnaround after it.
pub const MAX_EXTRA_MINUTES: u32 = 240;
/// Most days that sales open before a show.
pub const MAX_SALES_DAYS: u32 = 3660;
