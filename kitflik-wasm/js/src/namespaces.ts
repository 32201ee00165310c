// The engine's namespaces. Each method only gives the texts that cross their types.

import { KitflikError, told } from "./errors.js";
import type * as wire from "./wasm/kitflik.js";
import { broken, type Runtime } from "./runtime.js";

/** How a command is sent. */
export interface Command {
  /**
   * The name of this command, so that a repeat has no second effect and gets the first answer, for 24 hours. 1 to 128
   * characters. All guests share one space of names: make a random one, such as `crypto.randomUUID()`.
   */
  idempotencyKey?: string | undefined;
}

/** How a command is sent that strangers may try. */
export interface Attempt extends Command {
  /**
   * The network address that it comes from, such as `CF-Connecting-IP` has it: failed attempts are counted for it too.
   * Without one they are counted for the account alone.
   */
  address?: string | undefined;
}

type Engine = wire.Engine;

/** An engine and the instance that it lives in. */
export class Handle {
  constructor(
    readonly runtime: Runtime,
    readonly engine: Engine,
    readonly generation: number = runtime.generation,
  ) {}

  async raw(begin: (engine: Engine) => number): Promise<unknown> {
    return this.runtime.run(this.generation, () => begin(this.engine));
  }

  /** Asks what needs no storage. */
  ask<T>(question: (engine: Engine) => T): T {
    if (this.generation !== this.runtime.generation) {
      throw broken();
    }
    return this.runtime.guard(() => question(this.engine));
  }

  async call<T>(begin: (engine: Engine) => number): Promise<T> {
    return JSON.parse((await this.raw(begin)) as string) as T;
  }
}

/** A request as it crosses. */
export function text(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch (error) {
    throw KitflikError.field("", `the request cannot be written as JSON: ${told(error)}`);
  }
}

/** An id or a token: whatever it is, it crosses as a string. */
const name = (value: unknown): string => String(value);

function key(command: Command | undefined): string | undefined {
  const given = command?.idempotencyKey;
  if (given !== undefined && typeof given !== "string") {
    throw KitflikError.field("idempotencyKey", "idempotencyKey must be a string");
  }
  return given;
}

function from(attempt: Attempt | undefined): string | undefined {
  const given = attempt?.address;
  if (given !== undefined && typeof given !== "string") {
    throw KitflikError.field("address", "address must be a string");
  }
  return given;
}

/** What may be left out. */
const optional = (value: unknown): string | undefined => (value === undefined ? undefined : name(value));

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
   * Undoes a sale: its seats are free at once, its tickets are refused, and what a provider took goes back. Staff have
   * to give a reason. Cancelling what is cancelled changes nothing, and answers where the refund stands now.
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

  /** The show of a confirmed booking as an iCalendar file. */
  async calendar(actor: wire.Actor, booking: wire.BookingId): Promise<string> {
    return this.#handle.call((engine) => engine.calendar(text(actor), name(booking)));
  }
}

/** Movies, venues, auditoriums, prices and shows. */
export class Catalog {
  readonly #handle: Handle;

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** A page of movies. */
  async movies(query: wire.MovieQuery = {}): Promise<wire.MovieResults> {
    return this.#handle.call((engine) => engine.movies(text(query)));
  }

  /** A movie. */
  async movie(movie: wire.MovieId): Promise<wire.MovieView> {
    return this.#handle.call((engine) => engine.movie(name(movie)));
  }

  /** A page of the coming shows of a movie, by start. */
  async showsOf(movie: wire.MovieId, page: wire.PageRequest = {}): Promise<wire.Page<wire.ShowView>> {
    return this.#handle.call((engine) => engine.showsOf(name(movie), text(page)));
  }

  /** A show. */
  async show(show: wire.ShowId): Promise<wire.ShowView> {
    return this.#handle.call((engine) => engine.show(name(show)));
  }

  /** A page of venues. */
  async venues(page: wire.PageRequest = {}): Promise<wire.Page<wire.VenueView>> {
    return this.#handle.call((engine) => engine.venues(text(page)));
  }

  /** A venue. */
  async venue(venue: wire.VenueId): Promise<wire.VenueView> {
    return this.#handle.call((engine) => engine.venue(name(venue)));
  }

  /** A page of price cards, by name. */
  async priceCards(page: wire.PageRequest = {}): Promise<wire.Page<wire.PriceCardView>> {
    return this.#handle.call((engine) => engine.priceCards(text(page)));
  }

  /** A layout: it never changes. */
  async layout(layout: wire.LayoutId): Promise<wire.LayoutView> {
    return this.#handle.call((engine) => engine.layout(name(layout)));
  }

  /** Adds a movie. */
  async addMovie(actor: wire.Actor, movie: wire.NewMovie, command?: Command): Promise<wire.MovieView> {
    return this.#handle.call((engine) => engine.addMovie(text(actor), text(movie), key(command)));
  }

  /** Adds a venue. */
  async addVenue(actor: wire.Actor, venue: wire.NewVenue, command?: Command): Promise<wire.VenueView> {
    return this.#handle.call((engine) => engine.addVenue(text(actor), text(venue), key(command)));
  }

  /** Adds an auditorium, with its layout as text or as a pretix seating plan. */
  async addAuditorium(
    actor: wire.Actor,
    auditorium: wire.AddAuditorium,
    command?: Command,
  ): Promise<wire.AuditoriumView> {
    return this.#handle.call((engine) => engine.addAuditorium(text(actor), text(auditorium), key(command)));
  }

  /** Adds a price card. */
  async addPriceCard(actor: wire.Actor, card: wire.NewPriceCard, command?: Command): Promise<wire.PriceCardView> {
    return this.#handle.call((engine) => engine.addPriceCard(text(actor), text(card), key(command)));
  }

  /** Adds a show. */
  async addShow(actor: wire.Actor, show: wire.NewShow, command?: Command): Promise<wire.ShowView> {
    return this.#handle.call((engine) => engine.addShow(text(actor), text(show), key(command)));
  }
}

/** Customers' accounts. */
export class Users {
  readonly #handle: Handle;

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** Makes an account. The answer does not tell whether the address had one. */
  async register(request: wire.RegisterUser, command?: Command): Promise<wire.UserView> {
    return this.#handle.call((engine) => engine.usersRegister(text(request), key(command)));
  }

  /** Logs in. */
  async logIn(request: wire.LogIn, attempt?: Attempt): Promise<wire.TokenPair> {
    return this.#handle.call((engine) => engine.usersLogIn(text(request), key(attempt), from(attempt)));
  }

  /** The next pair of tokens. */
  async refresh(request: wire.RefreshSession, command?: Command): Promise<wire.TokenPair> {
    return this.#handle.call((engine) => engine.usersRefresh(text(request), key(command)));
  }

  /** Ends a session. */
  async logOut(request: wire.RefreshSession, command?: Command): Promise<void> {
    await this.#handle.call((engine) => engine.usersLogOut(text(request), key(command)));
  }

  /** The actor's own account. */
  async me(actor: wire.Actor): Promise<wire.UserView> {
    return this.#handle.call((engine) => engine.usersMe(text(actor)));
  }

  /** The session that an access token came from: which of the sessions is the actor's own. */
  async session(accessToken: string): Promise<wire.SessionId> {
    return this.#handle.call((engine) => engine.usersSession(name(accessToken)));
  }

  /** Verifies an address: by the token of a mailed link, or by the code together with the address. */
  async verifyEmail(request: wire.VerifyEmail, attempt?: Attempt): Promise<void> {
    await this.#handle.call((engine) => engine.usersVerifyEmail(text(request), key(attempt), from(attempt)));
  }

  /** Mails another link and code. The answer does not tell whether there is such an account. */
  async resendVerification(request: wire.ResendVerification, attempt?: Attempt): Promise<void> {
    await this.#handle.call((engine) => engine.usersResendVerification(text(request), key(attempt), from(attempt)));
  }

  /** Mails a code for a new password. The answer does not tell whether there is such an account. */
  async forgotPassword(request: wire.ForgotPassword, attempt?: Attempt): Promise<void> {
    await this.#handle.call((engine) => engine.usersForgotPassword(text(request), key(attempt), from(attempt)));
  }

  /** Sets a new password by a mailed code, and ends every session. */
  async resetPassword(request: wire.ResetPassword, attempt?: Attempt): Promise<void> {
    await this.#handle.call((engine) => engine.usersResetPassword(text(request), key(attempt), from(attempt)));
  }

  /** Sets a new password by the old one, and ends all sessions but `session`. */
  async changePassword(
    actor: wire.Actor,
    request: wire.ChangePassword,
    attempt?: Attempt & { session?: wire.SessionId | undefined },
  ): Promise<void> {
    const session = optional(attempt?.session);
    const begin = (engine: Engine) =>
      engine.usersChangePassword(text(actor), text(request), key(attempt), from(attempt), session);
    await this.#handle.call(begin);
  }

  /** Mails a link and a code to a new address. Nothing changes before it is confirmed. */
  async changeEmail(actor: wire.Actor, request: wire.ChangeEmail, attempt?: Attempt): Promise<void> {
    const begin = (engine: Engine) =>
      engine.usersChangeEmail(text(actor), text(request), key(attempt), from(attempt));
    await this.#handle.call(begin);
  }

  /** Makes the new address the account's: by the token of the link, from anybody, or by the code, from its owner. */
  async confirmEmail(actor: wire.Actor, request: wire.ConfirmEmail, attempt?: Attempt): Promise<void> {
    const begin = (engine: Engine) =>
      engine.usersConfirmEmail(text(actor), text(request), key(attempt), from(attempt));
    await this.#handle.call(begin);
  }

  /** Changes the actor's profile. What is absent stays as it is, what is `null` is cleared. */
  async updateProfile(actor: wire.Actor, request: wire.UpdateProfile, command?: Command): Promise<wire.UserView> {
    return this.#handle.call((engine) => engine.usersUpdateProfile(text(actor), text(request), key(command)));
  }

  /** The actor's open sessions, the newest first. `current` is their own. */
  async listSessions(actor: wire.Actor, current?: wire.SessionId): Promise<wire.OpenSession[]> {
    return this.#handle.call((engine) => engine.usersListSessions(text(actor), optional(current)));
  }

  /** Ends one of the actor's sessions. Its access token ends within its own life. */
  async revokeSession(actor: wire.Actor, session: wire.SessionId, command?: Command): Promise<void> {
    await this.#handle.call((engine) => engine.usersRevokeSession(text(actor), name(session), key(command)));
  }

  /** Ends all sessions of the actor. */
  async logOutEverywhere(actor: wire.Actor, command?: Command): Promise<void> {
    await this.#handle.call((engine) => engine.usersLogOutEverywhere(text(actor), key(command)));
  }

  /** Everything that is kept about the actor. */
  async export(actor: wire.Actor): Promise<wire.UserExport> {
    return this.#handle.call((engine) => engine.usersExport(text(actor)));
  }

  /** Deletes the actor's account. Sales stay, without a name. */
  async delete(actor: wire.Actor, request: wire.DeleteAccount, attempt?: Attempt): Promise<void> {
    const begin = (engine: Engine) => engine.usersDelete(text(actor), text(request), key(attempt), from(attempt));
    await this.#handle.call(begin);
  }

  /** A page of customers' accounts for staff, the newest first. */
  async list(actor: wire.Actor, query: wire.UserQuery = {}): Promise<wire.Page<wire.UserView>> {
    return this.#handle.call((engine) => engine.usersList(text(actor), text(query)));
  }

  /** A customer's account for staff, with a page of what they have bought. */
  async view(actor: wire.Actor, user: wire.UserId, bookings: wire.PageRequest = {}): Promise<wire.CustomerView> {
    return this.#handle.call((engine) => engine.usersView(text(actor), name(user), text(bookings)));
  }

  /** Deletes a customer's account, for staff who manage customers. */
  async deleteCustomer(
    actor: wire.Actor,
    user: wire.UserId,
    request: wire.DeleteCustomer = {},
    command?: Command,
  ): Promise<void> {
    const begin = (engine: Engine) => engine.usersDeleteCustomer(text(actor), name(user), text(request), key(command));
    await this.#handle.call(begin);
  }
}

/** Staff's accounts. */
export class Staff {
  readonly #handle: Handle;

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** Whether the house has a staff account. */
  async hasAny(): Promise<boolean> {
    return this.#handle.call((engine) => engine.staffHasAny());
  }

  /** Makes the first staff account. It can be made once. */
  async makeFirst(staff: wire.NewStaff): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffMakeFirst(text(staff)));
  }

  /** Logs in: with a one-time code, if they have set that up. */
  async logIn(request: wire.StaffLogIn, attempt?: Attempt): Promise<wire.TokenPair> {
    return this.#handle.call((engine) => engine.staffLogIn(text(request), key(attempt), from(attempt)));
  }

  /** The next pair of tokens. */
  async refresh(request: wire.RefreshSession, command?: Command): Promise<wire.TokenPair> {
    return this.#handle.call((engine) => engine.staffRefresh(text(request), key(command)));
  }

  /** Ends a session. */
  async logOut(request: wire.RefreshSession, command?: Command): Promise<void> {
    await this.#handle.call((engine) => engine.staffLogOut(text(request), key(command)));
  }

  /** Gives an admin who is locked out a new password, without one-time codes. For the host program alone. */
  async rescue(actor: wire.Actor, email: string, password: string): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffRescue(text(actor), name(email), name(password)));
  }

  /** The actor's own account. */
  async me(actor: wire.Actor): Promise<wire.StaffMe> {
    return this.#handle.call((engine) => engine.staffMe(text(actor)));
  }

  /** Changes the actor's own password. All their sessions end, this one too. */
  async changePassword(actor: wire.Actor, request: wire.ChangeStaffPassword, command?: Command): Promise<void> {
    await this.#handle.call((engine) => engine.staffChangePassword(text(actor), text(request), key(command)));
  }

  /** Offers the actor a second factor: a secret for an app. It counts once a code has confirmed it. */
  async beginTotp(actor: wire.Actor, request: wire.Passworded): Promise<wire.OfferedFactor> {
    return this.#handle.call((engine) => engine.staffBeginTotp(text(actor), text(request)));
  }

  /** Confirms the offered second factor with a code of the app. From now on a log-in needs one. */
  async confirmTotp(actor: wire.Actor, request: wire.SecondFactorCode): Promise<wire.RecoveryCodes> {
    return this.#handle.call((engine) => engine.staffConfirmTotp(text(actor), text(request)));
  }

  /** Takes the actor's second factor away. */
  async disableTotp(actor: wire.Actor, request: wire.SecondFactorCode): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffDisableTotp(text(actor), text(request)));
  }

  /** Gives the actor new recovery codes; those before open nothing any more. */
  async renewRecoveryCodes(actor: wire.Actor, request: wire.SecondFactorCode): Promise<wire.RecoveryCodes> {
    return this.#handle.call((engine) => engine.staffRenewRecoveryCodes(text(actor), text(request)));
  }

  /** Makes an account for somebody and mails them an invitation. It can be accepted once, within seven days. */
  async invite(actor: wire.Actor, request: wire.InviteStaff, command?: Command): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffInvite(text(actor), text(request), key(command)));
  }

  /** Mails another invitation to somebody who has not accepted theirs. */
  async inviteAgain(actor: wire.Actor, staff: wire.StaffId, command?: Command): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffInviteAgain(text(actor), name(staff), key(command)));
  }

  /** Accepts an invitation: with the password that they choose they can log in. */
  async accept(request: wire.AcceptInvitation, command?: Command): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffAccept(text(request), key(command)));
  }

  /** A page of all staff accounts, the oldest first. */
  async list(actor: wire.Actor, page: wire.PageRequest = {}): Promise<wire.Page<wire.StaffView>> {
    return this.#handle.call((engine) => engine.staffList(text(actor), text(page)));
  }

  /** A staff account. */
  async get(actor: wire.Actor, staff: wire.StaffId): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffGet(text(actor), name(staff)));
  }

  /** Changes a name or a role. A new role ends their sessions. */
  async update(
    actor: wire.Actor,
    staff: wire.StaffId,
    request: wire.UpdateStaff,
    command?: Command,
  ): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffUpdate(text(actor), name(staff), text(request), key(command)));
  }

  /** Ends the sessions of a member of staff and lets them open no others. */
  async disable(actor: wire.Actor, staff: wire.StaffId, command?: Command): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffDisable(text(actor), name(staff), key(command)));
  }

  /** Lets a member of staff log in again. */
  async enable(actor: wire.Actor, staff: wire.StaffId, command?: Command): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffEnable(text(actor), name(staff), key(command)));
  }

  /** Takes away the one-time codes of somebody who lost their device and their recovery codes. */
  async resetSecondFactor(actor: wire.Actor, staff: wire.StaffId, command?: Command): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffResetSecondFactor(text(actor), name(staff), key(command)));
  }

  /** A page of what staff did, the newest first. */
  async audit(actor: wire.Actor, query: wire.AuditQuery = {}): Promise<wire.Page<wire.AuditEntryView>> {
    return this.#handle.call((engine) => engine.staffAudit(text(actor), text(query)));
  }

  /** Reads the whole log of what staff did, and says whether it was changed since it was written. */
  async verifyAudit(actor: wire.Actor): Promise<wire.AuditReport> {
    return this.#handle.call((engine) => engine.staffVerifyAudit(text(actor)));
  }

  /**
   * After a rotation: seals the log and the one-time codes with the new master key, so that the former one can be given
   * up. Answers how many rows were written. For the host program alone.
   */
  async renewSeals(actor: wire.Actor): Promise<number> {
    return this.#handle.call((engine) => engine.staffRenewSeals(text(actor)));
  }
}
