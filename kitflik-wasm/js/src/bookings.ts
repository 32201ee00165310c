// Seats and bookings. Each method only gives the texts that cross their types.

import { type Command, type Engine, type Handle, key, name, text } from "./call.js";
import type * as wire from "./wasm/kitflik.js";

/** Seats and bookings. */
export class Bookings {
  readonly #handle: Handle;

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** The seats of a show, a character each. With a booking of the actor's, its seats are marked `m`. */
  async seats(show: wire.ShowId, mine?: { actor: wire.Actor; booking: wire.BookingId }): Promise<wire.SeatMapView> {
    const [actor, booking] = mine === undefined ? [] : [text(mine.actor), name(mine.booking)];
    return this.#handle.call((engine) => engine.seats(name(show), actor, booking));
  }

  /** The seats of a show as an SVG picture. With a booking of the actor's, its seats are marked. */
  async seatsSvg(
    show: wire.ShowId,
    options: wire.SvgOptions = {},
    mine?: { actor: wire.Actor; booking: wire.BookingId },
  ): Promise<string> {
    const [actor, booking] = mine === undefined ? [] : [text(mine.actor), name(mine.booking)];
    return this.#handle.call((engine) => engine.seatsSvg(name(show), text(options), actor, booking));
  }

  /** What seats would cost if they were held now, with a discount code too. Nothing is held. */
  async quote(actor: wire.Actor, show: wire.ShowId, request: wire.QuoteSeats): Promise<wire.QuoteView> {
    return this.#handle.call((engine) => engine.quote(text(actor), name(show), text(request)));
  }

  /** Keeps seats for the house, all or none: only the channels that the request names may sell them. */
  async blockSeats(
    actor: wire.Actor,
    show: wire.ShowId,
    request: wire.BlockSeats,
    command?: Command,
  ): Promise<wire.HouseSeatView[]> {
    return this.#handle.call((engine) => engine.blockSeats(text(actor), name(show), text(request), key(command)));
  }

  /** Gives seats that the house keeps to all, and answers which ones it gave. Others are passed over. */
  async unblockSeats(
    actor: wire.Actor,
    show: wire.ShowId,
    request: wire.UnblockSeats,
    command?: Command,
  ): Promise<wire.HouseSeatView[]> {
    return this.#handle.call((engine) => engine.unblockSeats(text(actor), name(show), text(request), key(command)));
  }

  /** The seats that the house keeps in a show. */
  async houseSeats(actor: wire.Actor, show: wire.ShowId): Promise<wire.HouseSeatView[]> {
    return this.#handle.call((engine) => engine.houseSeats(text(actor), name(show)));
  }

  /** The seats that the engine would choose now. */
  async bestAvailable(show: wire.ShowId, wish: wire.BestAvailable): Promise<wire.BestAvailableView> {
    return this.#handle.call((engine) => engine.bestAvailable(name(show), text(wish)));
  }

  /** A booking. */
  async get(actor: wire.Actor, booking: wire.BookingId): Promise<wire.BookingView> {
    return this.#handle.call((engine) => engine.booking(text(actor), name(booking)));
  }

  /** A page of a customer's confirmed bookings, the newest first. */
  async mine(actor: wire.Actor, page: wire.PageRequest = {}): Promise<wire.Page<wire.BookingView>> {
    return this.#handle.call((engine) => engine.bookingsMine(text(actor), text(page)));
  }

  /** A page of the house's bookings for staff, the newest first: of a show, a customer, a state, a time of making. */
  async list(actor: wire.Actor, query: wire.BookingQuery = {}): Promise<wire.Page<wire.BookingView>> {
    return this.#handle.call((engine) => engine.bookingsList(text(actor), text(query)));
  }

  /** Keeps seats for a while: named ones, or the best available; all or none. */
  async hold(actor: wire.Actor, request: wire.HoldSeats, command?: Command): Promise<wire.BookingView> {
    return this.#handle.call((engine) => engine.hold(text(actor), text(request), key(command)));
  }

  /** Has other seats in the same hold; the clock keeps running. */
  async changeSeats(
    actor: wire.Actor,
    booking: wire.BookingId,
    request: wire.ChangeSeats,
    command?: Command,
  ): Promise<wire.BookingView> {
    const begin = (engine: Engine) => engine.changeSeats(text(actor), name(booking), text(request), key(command));
    return this.#handle.call(begin);
  }

  /** Makes a hold last longer. */
  async extend(actor: wire.Actor, booking: wire.BookingId, command?: Command): Promise<wire.BookingView> {
    return this.#handle.call((engine) => engine.extend(text(actor), name(booking), key(command)));
  }

  /** Mails the confirmation once more, with the tickets as they are now; once in five minutes. */
  async sendAgain(actor: wire.Actor, booking: wire.BookingId, command?: Command): Promise<void> {
    await this.#handle.call((engine) => engine.sendAgain(text(actor), name(booking), key(command)));
  }

  /** Gives the seats of a hold back. */
  async release(actor: wire.Actor, booking: wire.BookingId, command?: Command): Promise<wire.BookingView> {
    return this.#handle.call((engine) => engine.release(text(actor), name(booking), key(command)));
  }

  /** Buys what is held. */
  async confirm(
    actor: wire.Actor,
    booking: wire.BookingId,
    request: wire.ConfirmBooking,
    command?: Command,
  ): Promise<wire.BookingView> {
    const begin = (engine: Engine) => engine.confirm(text(actor), name(booking), text(request), key(command));
    return this.#handle.call(begin);
  }

  /**
   * Undoes a sale, or some tickets of it: their seats are free at once, they are refused at the door, and of what was
   * paid so much goes back as the house's terms say. Staff have to give a reason, and may decide otherwise. Cancelling what is cancelled changes nothing, and answers where the refund stands now.
   */
  async cancel(
    actor: wire.Actor,
    booking: wire.BookingId,
    request: wire.CancelBooking = {},
    command?: Command,
  ): Promise<wire.BookingView> {
    const begin = (engine: Engine) => engine.cancel(text(actor), name(booking), text(request), key(command));
    return this.#handle.call(begin);
  }

  /** What `cancel` would give back now, by the house's terms: of all tickets, or of those for some seats. */
  async cancellationTerms(
    actor: wire.Actor,
    booking: wire.BookingId,
    seats: wire.SeatId[] = [],
  ): Promise<wire.CancellationTermsView> {
    return this.#handle.call((engine) => engine.cancellationTerms(text(actor), name(booking), text(seats)));
  }

  /** Gives money of a booking back, by staff: at most what was taken and has not gone back. */
  async refund(
    actor: wire.Actor,
    booking: wire.BookingId,
    request: wire.RefundBooking,
    command?: Command,
  ): Promise<wire.BookingView> {
    const begin = (engine: Engine) => engine.refund(text(actor), name(booking), text(request), key(command));
    return this.#handle.call(begin);
  }

  /** Notes that a booking was paid at the counter. */
  async takePayment(
    actor: wire.Actor,
    booking: wire.BookingId,
    request: wire.TakePayment = {},
    command?: Command,
  ): Promise<wire.BookingView> {
    const begin = (engine: Engine) => engine.takePayment(text(actor), name(booking), text(request), key(command));
    return this.#handle.call(begin);
  }

  /** Notes that cash which waited for its customer was handed out. */
  async handOutRefund(
    actor: wire.Actor,
    booking: wire.BookingId,
    request: wire.HandOutRefund = {},
    command?: Command,
  ): Promise<wire.BookingView> {
    const begin = (engine: Engine) => engine.handOutRefund(text(actor), name(booking), text(request), key(command));
    return this.#handle.call(begin);
  }

  /** Takes in what a payment provider tells of its own accord, the body exactly as it came. */
  async paymentEvent(provider: string, headers: wire.EventHeader[], body: string): Promise<void> {
    await this.#handle.call((engine) => engine.paymentEvent(name(provider), text(headers), name(body)));
  }

  /** The tickets of a confirmed booking, one per seat. */
  async tickets(actor: wire.Actor, booking: wire.BookingId): Promise<wire.TicketView[]> {
    return this.#handle.call((engine) => engine.tickets(text(actor), name(booking)));
  }

  /** The QR code of a ticket as SVG. */
  async qrSvg(actor: wire.Actor, booking: wire.BookingId, ticket: wire.TicketId): Promise<string> {
    return this.#handle.call((engine) => engine.qrSvg(text(actor), name(booking), name(ticket)));
  }

  /** The QR code of a ticket as PNG. */
  async qrPng(actor: wire.Actor, booking: wire.BookingId, ticket: wire.TicketId): Promise<Uint8Array<ArrayBuffer>> {
    const picture = await this.#handle.raw((engine) => engine.qrPng(text(actor), name(booking), name(ticket)));
    return picture as Uint8Array<ArrayBuffer>;
  }

  /** The tickets of a confirmed booking as one page to print: HTML that stands alone. */
  async print(actor: wire.Actor, booking: wire.BookingId): Promise<string> {
    return this.#handle.call((engine) => engine.print(text(actor), name(booking)));
  }

  /** Lets the holder of a ticket in, once. The same device with the same nonce gets the same answer again. */
  async checkIn(actor: wire.Actor, request: wire.CheckIn): Promise<wire.CheckedIn> {
    return this.#handle.call((engine) => engine.checkIn(text(actor), text(request)));
  }

  /** Takes a check-in back: the ticket may be used again. */
  async undoCheckIn(actor: wire.Actor, request: wire.UndoCheckIn, command?: Command): Promise<void> {
    await this.#handle.call((engine) => engine.undoCheckIn(text(actor), text(request), key(command)));
  }

  /** Merges what devices scanned without a network. Order, parts and repeats make no difference. */
  async mergeCheckIns(actor: wire.Actor, request: wire.MergeCheckIns): Promise<wire.MergedCheckIns> {
    return this.#handle.call((engine) => engine.mergeCheckIns(text(actor), text(request)));
  }

  /** A page of the tickets of a show that were used. */
  async checkIns(
    actor: wire.Actor,
    show: wire.ShowId,
    query: wire.CheckInQuery = {},
  ): Promise<wire.Page<wire.CheckInView>> {
    return this.#handle.call((engine) => engine.checkIns(text(actor), name(show), text(query)));
  }

  /** How many are in, of how many tickets that are sold. */
  async checkInCount(actor: wire.Actor, show: wire.ShowId): Promise<wire.CheckInCount> {
    return this.#handle.call((engine) => engine.checkInCount(text(actor), name(show)));
  }

  /** What a gate without a network needs; see `openOfflineGate`. */
  async gatePack(actor: wire.Actor, show: wire.ShowId): Promise<wire.GatePack> {
    return this.#handle.call((engine) => engine.gatePack(text(actor), name(show)));
  }

  /** Makes a ticket invalid; with `reissue` the booking gets another one for its seat. */
  async revokeTicket(
    actor: wire.Actor,
    booking: wire.BookingId,
    ticket: wire.TicketId,
    request: wire.RevokeTicket,
    command?: Command,
  ): Promise<wire.RevokedTicketView> {
    const begin = (engine: Engine) =>
      engine.revokeTicket(text(actor), name(booking), name(ticket), text(request), key(command));
    return this.#handle.call(begin);
  }

  /** The show of a confirmed booking as an iCalendar file. */
  async calendar(actor: wire.Actor, booking: wire.BookingId): Promise<string> {
    return this.#handle.call((engine) => engine.calendar(text(actor), name(booking)));
  }
}
