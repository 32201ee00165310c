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
  async movies(query: wire.MovieQuery = {}): Promise<wire.Page<wire.MovieView>> {
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
  async logIn(request: wire.LogIn, command?: Command): Promise<wire.TokenPair> {
    return this.#handle.call((engine) => engine.usersLogIn(text(request), key(command)));
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
  async logIn(request: wire.StaffLogIn, command?: Command): Promise<wire.TokenPair> {
    return this.#handle.call((engine) => engine.staffLogIn(text(request), key(command)));
  }

  /** The next pair of tokens. */
  async refresh(request: wire.RefreshSession, command?: Command): Promise<wire.TokenPair> {
    return this.#handle.call((engine) => engine.staffRefresh(text(request), key(command)));
  }

  /** Ends a session. */
  async logOut(request: wire.RefreshSession, command?: Command): Promise<void> {
    await this.#handle.call((engine) => engine.staffLogOut(text(request), key(command)));
  }
}
