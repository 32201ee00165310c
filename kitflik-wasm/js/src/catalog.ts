// The catalogue. Each method only gives the texts that cross their types.

import { type Command, type Engine, type Handle, type Revision, key, name, seen, text } from "./call.js";
import type * as wire from "./wasm/kitflik.js";

/** Movies, venues, auditoriums, prices and shows. */
export class Catalog {
  readonly #handle: Handle;

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** A page of the movies that match. `facets: true` counts what all of them are. */
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

  /** A price card. */
  async priceCard(card: wire.PriceCardId): Promise<wire.PriceCardView> {
    return this.#handle.call((engine) => engine.priceCard(name(card)));
  }

  /** A page of the auditoriums of all venues. */
  async auditoriums(page: wire.PageRequest = {}): Promise<wire.Page<wire.AuditoriumView>> {
    return this.#handle.call((engine) => engine.auditoriums(text(page)));
  }

  /** An auditorium. */
  async auditorium(auditorium: wire.AuditoriumId): Promise<wire.AuditoriumView> {
    return this.#handle.call((engine) => engine.auditorium(name(auditorium)));
  }

  /** A layout as an SVG picture: the screen, sections, rows and seats, and a legend. */
  async layoutSvg(layout: wire.LayoutId, options: wire.SvgOptions = {}): Promise<string> {
    return this.#handle.call((engine) => engine.layoutSvg(name(layout), text(options)));
  }

  /** A layout as a file that reads as the same layout again; refused by name for what the format cannot carry. */
  async exportLayout(layout: wire.LayoutId, format: wire.LayoutFormat): Promise<string> {
    return this.#handle.call((engine) => engine.exportLayout(name(layout), text(format)));
  }

  /** What is where, by auditorium and day. */
  async schedule(query: wire.ScheduleQuery): Promise<wire.ScheduleView> {
    return this.#handle.call((engine) => engine.schedule(text(query)));
  }

  /** How old what is shown is, in milliseconds, while the storage does not answer. */
  get behind(): number | undefined {
    return this.#handle.ask((engine) => engine.behind());
  }

  /** Adds a movie. */
  async addMovie(actor: wire.Actor, movie: wire.NewMovie, command?: Command): Promise<wire.MovieView> {
    return this.#handle.call((engine) => engine.addMovie(text(actor), text(movie), key(command)));
  }

  /** Adds or changes movies by title, director and release date, and says what became of each. */
  async importMovies(actor: wire.Actor, movies: wire.NewMovie[]): Promise<wire.Imported[]> {
    return this.#handle.call((engine) => engine.importMovies(text(actor), text(movies)));
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

  /** Replaces all that is said of a movie. */
  async editMovie(
    actor: wire.Actor,
    movie: wire.MovieId,
    revision: Revision,
    edit: wire.NewMovie,
    command?: Command,
  ): Promise<wire.MovieView> {
    const begin = (engine: Engine) =>
      engine.editMovie(text(actor), name(movie), seen(revision), text(edit), key(command));
    return this.#handle.call(begin);
  }

  /** Replaces all that is said of a venue. Its zone stays while shows are coming. */
  async editVenue(
    actor: wire.Actor,
    venue: wire.VenueId,
    revision: Revision,
    edit: wire.NewVenue,
    command?: Command,
  ): Promise<wire.VenueView> {
    const begin = (engine: Engine) =>
      engine.editVenue(text(actor), name(venue), seen(revision), text(edit), key(command));
    return this.#handle.call(begin);
  }

  /** Gives an auditorium another name. */
  async editAuditorium(
    actor: wire.Actor,
    auditorium: wire.AuditoriumId,
    revision: Revision,
    edit: wire.EditAuditorium,
    command?: Command,
  ): Promise<wire.AuditoriumView> {
    const begin = (engine: Engine) =>
      engine.editAuditorium(text(actor), name(auditorium), seen(revision), text(edit), key(command));
    return this.#handle.call(begin);
  }

  /** Replaces a price card. What is held or sold costs what it cost. */
  async editPriceCard(
    actor: wire.Actor,
    card: wire.PriceCardId,
    revision: Revision,
    edit: wire.NewPriceCard,
    command?: Command,
  ): Promise<wire.PriceCardView> {
    const begin = (engine: Engine) =>
      engine.editPriceCard(text(actor), name(card), seen(revision), text(edit), key(command));
    return this.#handle.call(begin);
  }

  /** Gives an auditorium other seats, and moves coming shows to them as the request says: the report tells of each. */
  async setLayout(
    actor: wire.Actor,
    auditorium: wire.AuditoriumId,
    revision: Revision,
    layout: wire.NewLayout,
    command?: Command,
  ): Promise<wire.LayoutReport> {
    const begin = (engine: Engine) =>
      engine.setLayout(text(actor), name(auditorium), seen(revision), text(layout), key(command));
    return this.#handle.call(begin);
  }

  /** What `setLayout` would do. Nothing is changed. */
  async previewLayout(
    actor: wire.Actor,
    auditorium: wire.AuditoriumId,
    layout: wire.NewLayout,
  ): Promise<wire.LayoutReport> {
    return this.#handle.call((engine) => engine.previewLayout(text(actor), name(auditorium), text(layout)));
  }

  /** Takes a thing out of the lists: no new show can have it. Shows that have it keep it. */
  async archive(actor: wire.Actor, item: wire.CatalogItem, revision: Revision, command?: Command): Promise<void> {
    await this.#handle.call((engine) => engine.archive(text(actor), text(item), seen(revision), key(command)));
  }

  /** Undoes `archive`. */
  async restore(actor: wire.Actor, item: wire.CatalogItem, revision: Revision, command?: Command): Promise<void> {
    await this.#handle.call((engine) => engine.restore(text(actor), text(item), seen(revision), key(command)));
  }

  /** Deletes what nothing refers to; `in_use` says what does. */
  async delete(actor: wire.Actor, item: wire.CatalogItem, revision: Revision, command?: Command): Promise<void> {
    await this.#handle.call((engine) => engine.deleteItem(text(actor), text(item), seen(revision), key(command)));
  }

  /** A page of the archived movies. */
  async archivedMovies(actor: wire.Actor, page: wire.PageRequest = {}): Promise<wire.Page<wire.MovieView>> {
    return this.#handle.call((engine) => engine.archivedMovies(text(actor), text(page)));
  }

  /** A page of the archived venues. */
  async archivedVenues(actor: wire.Actor, page: wire.PageRequest = {}): Promise<wire.Page<wire.VenueView>> {
    return this.#handle.call((engine) => engine.archivedVenues(text(actor), text(page)));
  }

  /** A page of the archived auditoriums. */
  async archivedAuditoriums(actor: wire.Actor, page: wire.PageRequest = {}): Promise<wire.Page<wire.AuditoriumView>> {
    return this.#handle.call((engine) => engine.archivedAuditoriums(text(actor), text(page)));
  }

  /** A page of the archived price cards. */
  async archivedPriceCards(actor: wire.Actor, page: wire.PageRequest = {}): Promise<wire.Page<wire.PriceCardView>> {
    return this.#handle.call((engine) => engine.archivedPriceCards(text(actor), text(page)));
  }

  /** Adds a movie's shows at every one of the times on every one of the days. */
  async addShows(actor: wire.Actor, shows: wire.RepeatShow, command?: Command): Promise<wire.AddedShows> {
    return this.#handle.call((engine) => engine.addShows(text(actor), text(shows), key(command)));
  }

  /** Adds the shows of seven days once more, as many days later or earlier. */
  async copyWeek(actor: wire.Actor, copy: wire.CopyWeek, command?: Command): Promise<wire.AddedShows> {
    return this.#handle.call((engine) => engine.copyWeek(text(actor), text(copy), key(command)));
  }

  /** Changes everything about a show but what, where and when. */
  async editShow(
    actor: wire.Actor,
    show: wire.ShowId,
    revision: Revision,
    edit: wire.EditShow,
    command?: Command,
  ): Promise<wire.ShowView> {
    const begin = (engine: Engine) =>
      engine.editShow(text(actor), name(show), seen(revision), text(edit), key(command));
    return this.#handle.call(begin);
  }

  /** Moves a show to another time or auditorium. Whoever has bought a seat gets a mail with new tickets. */
  async moveShow(
    actor: wire.Actor,
    show: wire.ShowId,
    revision: Revision,
    to: wire.MoveShow,
    command?: Command,
  ): Promise<wire.ShowView> {
    const begin = (engine: Engine) =>
      engine.moveShow(text(actor), name(show), seen(revision), text(to), key(command));
    return this.#handle.call(begin);
  }

  /**
   * Cancels a show: nobody can have a seat of it any more, every booking is undone, all money goes back, and each holder
   * gets a mail. With many bookings `tick` goes on with it.
   */
  async cancelShow(
    actor: wire.Actor,
    show: wire.ShowId,
    request: wire.CancelShow,
    command?: Command,
  ): Promise<wire.ShowCancellationView> {
    const begin = (engine: Engine) => engine.cancelShow(text(actor), name(show), text(request), key(command));
    return this.#handle.call(begin);
  }

  /** How far the cancellation of a show is. */
  async showCancellation(actor: wire.Actor, show: wire.ShowId): Promise<wire.ShowCancellationView> {
    return this.#handle.call((engine) => engine.showCancellation(text(actor), name(show)));
  }

  /** Ends the sales of a show until they are opened again. What is held can still be bought. */
  async closeSales(
    actor: wire.Actor,
    show: wire.ShowId,
    revision: Revision,
    command?: Command,
  ): Promise<wire.ShowView> {
    return this.#handle.call((engine) => engine.closeSales(text(actor), name(show), seen(revision), key(command)));
  }

  /** Undoes `closeSales`. */
  async openSales(actor: wire.Actor, show: wire.ShowId, revision: Revision, command?: Command): Promise<wire.ShowView> {
    return this.#handle.call((engine) => engine.openSales(text(actor), name(show), seen(revision), key(command)));
  }

  /** Deletes a show that has no booking: none that is held, and none that was ever sold. */
  async deleteShow(actor: wire.Actor, show: wire.ShowId, revision: Revision, command?: Command): Promise<void> {
    await this.#handle.call((engine) => engine.deleteShow(text(actor), name(show), seen(revision), key(command)));
  }

  /** Adds a discount code. */
  async addVoucher(actor: wire.Actor, voucher: wire.NewVoucher, command?: Command): Promise<wire.VoucherView> {
    return this.#handle.call((engine) => engine.addVoucher(text(actor), text(voucher), key(command)));
  }

  /** Replaces all that is said of a discount code but the code itself. */
  async editVoucher(
    actor: wire.Actor,
    voucher: wire.VoucherId,
    revision: Revision,
    edit: wire.NewVoucher,
    command?: Command,
  ): Promise<wire.VoucherView> {
    const begin = (engine: Engine) =>
      engine.editVoucher(text(actor), name(voucher), seen(revision), text(edit), key(command));
    return this.#handle.call(begin);
  }

  /** A discount code, with how often it was used. */
  async voucher(actor: wire.Actor, voucher: wire.VoucherId): Promise<wire.VoucherView> {
    return this.#handle.call((engine) => engine.voucher(text(actor), name(voucher)));
  }

  /** A page of the discount codes, in no order that means anything. */
  async vouchers(actor: wire.Actor, page: wire.PageRequest = {}): Promise<wire.Page<wire.VoucherView>> {
    return this.#handle.call((engine) => engine.vouchers(text(actor), text(page)));
  }
}
