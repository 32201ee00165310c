// A house to test.

import assert from "node:assert/strict";

export const MASTER_KEY = "07".repeat(32);
export const SYSTEM = { type: "system" };
export const GUEST = { type: "guest" };
/** As weak as argon2 allows: tests need no strength. */
export const WEAK = { memoryKib: 8, passes: 1 };

/** The guest that a hold belongs to. */
export const owner = (held) => ({ type: "guest", booking_token: held.booking_token });

/** Adds a show on sale, whose seats cost 12.50 EUR each. */
export async function addShow(kitflik, layout = "A: ####_####\nB: ####_####") {
  const { catalog } = kitflik;
  const venue = await catalog.addVenue(SYSTEM, { name: "Odeon", city: "Berlin", zone: "Europe/Berlin" });
  const hall = await catalog.addAuditorium(SYSTEM, { venue_id: venue.id, name: "Hall 1", layout: { text: layout } });
  const card = await catalog.addPriceCard(SYSTEM, {
    name: "Evening",
    currency: "EUR",
    prices: [{ category: "standard", ticket_type: "adult", amount_minor: 1250 }],
    booking_fee_minor: 100,
  });
  const movie = await catalog.addMovie(SYSTEM, { title: "Alien" });
  return catalog.addShow(SYSTEM, {
    movie_id: movie.id,
    auditorium_id: hall.id,
    price_card_id: card.id,
    starts_at_local: "2036-11-27T20:00",
  });
}

/** The refusal of a call, which must be a KitflikError with this code. */
export async function refusal(promise, code) {
  const error = await promise.then(
    (value) => assert.fail(`expected ${code}, the answer was ${JSON.stringify(value)}`),
    (error) => error,
  );
  assert.equal(error.name, "KitflikError", String(error.stack ?? error));
  assert.equal(error.code, code, error.message);
  return error;
}

/** A storage whose answers come later. */
export const later = (storage) => ({
  read: async (reads) => {
    await Promise.resolve();
    return storage.read(reads);
  },
  commit: async (batch) => {
    await new Promise((resolve) => setImmediate(resolve));
    return storage.commit(batch);
  },
});

/** A storage whose answers are thenables, not promises. */
export const thenable = (storage) => {
  const soon = (make) => ({
    then(resolve, reject) {
      queueMicrotask(() => {
        try {
          resolve(make());
        } catch (error) {
          reject(error);
        }
      });
    },
  });
  return { read: (reads) => soon(() => storage.read(reads)), commit: (batch) => soon(() => storage.commit(batch)) };
};
