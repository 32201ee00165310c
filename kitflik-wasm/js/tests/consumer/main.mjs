// A program of somebody who has installed the package.

import { Kitflik, MemoryStorage, verifyTicket } from "kitflik";

const kitflik = await Kitflik.open({ storage: new MemoryStorage(), masterKey: "07".repeat(32), testPayments: true });
const [system, guest] = [{ type: "system" }, { type: "guest" }];
const venue = await kitflik.catalog.addVenue(system, { name: "Odeon", city: "Berlin", zone: "Europe/Berlin" });
const hall = await kitflik.catalog.addAuditorium(system, {
  venue_id: venue.id,
  name: "1",
  layout: { text: "A: ####" },
});
const prices = [{ category: "standard", ticket_type: "adult", amount_minor: 900 }];
const card = await kitflik.catalog.addPriceCard(system, { name: "All", currency: "EUR", prices });
const movie = await kitflik.catalog.addMovie(system, { title: "Alien" });
const show = await kitflik.catalog.addShow(system, {
  movie_id: movie.id,
  auditorium_id: hall.id,
  price_card_id: card.id,
  starts_at_local: "2036-11-27T20:00",
});
const held = await kitflik.bookings.hold(guest, { show_id: show.id, seats: ["A1"] });
const owner = { type: "guest", booking_token: held.booking_token };
await kitflik.bookings.confirm(owner, held.id, { payment: { provider: "test" } });
const [ticket] = await kitflik.bookings.tickets(owner, held.id);
const claims = await verifyTicket(kitflik.ticketKey, ticket.token);
const answer = await kitflik.handler(new Request(`https://house.example/v1/shows/${claims.show}/seats`));
const { states } = await answer.json();
if (states !== "s...") {
  throw new Error(states);
}
console.log(`sold ${ticket.seat.id}`);
