// What the tests need of a Durable Object beside the example: the conformance suite within it, and an end on demand.

import { DurableObjectStorage, kitflikObject } from "kitflik/durable-object";
import { ChecksOff, conformanceCase, conformanceCases, vectorAnswer } from "kitflik/testing";

export class Certified {
  #storage;

  constructor(ctx) {
    this.#storage = new DurableObjectStorage(ctx.storage);
  }

  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/cases") {
      return Response.json(await conformanceCases());
    }
    if (pathname === "/vector") {
      const { kind, input } = await request.json();
      return Response.json(await vectorAnswer(kind, input));
    }
    const storage = searchParams.has("checks-off") ? new ChecksOff(this.#storage) : this.#storage;
    return Response.json(await conformanceCase(storage, searchParams.get("case")));
  }
}

const Base = kitflikObject((env) => ({
  masterKey: env.MASTER_KEY,
  testPayments: true,
  passwordHashing: { memoryKib: 8, passes: 1 },
  mailer: { send: (email) => void mails.push(email.to) },
}));

const mails = [];
let opened = 0;
let alarmWrites = 0;

export class House extends Base {
  #ctx;

  constructor(ctx, env) {
    const storage = new Proxy(ctx.storage, {
      get(target, name) {
        alarmWrites += name === "setAlarm" ? 1 : 0;
        const value = target[name];
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    super({ id: ctx.id, storage }, env);
    this.#ctx = ctx;
    opened += 1;
  }

  async fetch(request) {
    const { pathname } = new URL(request.url);
    switch (pathname) {
      case "/test/abort":
        this.#ctx.abort("evicted by a test");
        break;
      case "/test/state":
        return Response.json({ opened, alarmWrites, mails, alarm: await this.#ctx.storage.getAlarm() });
      case "/test/show":
        return Response.json(await addShow(await this.kitflik()));
      default:
        return super.fetch(request);
    }
  }
}

async function addShow({ catalog }) {
  const system = { type: "system" };
  const venue = await catalog.addVenue(system, { name: "Odeon", city: "Berlin", zone: "Europe/Berlin" });
  const layout = { text: "A: ####_####\nB: ####_####" };
  const hall = await catalog.addAuditorium(system, { venue_id: venue.id, name: "Hall 1", layout });
  const card = await catalog.addPriceCard(system, {
    name: "Evening",
    currency: "EUR",
    prices: [{ category: "standard", ticket_type: "adult", amount_minor: 1250 }],
    booking_fee_minor: 100,
  });
  const movie = await catalog.addMovie(system, { title: "Alien" });
  return catalog.addShow(system, {
    movie_id: movie.id,
    auditorium_id: hall.id,
    price_card_id: card.id,
    starts_at_local: "2036-11-27T20:00",
  });
}

export default {
  fetch(request, env) {
    const { hostname, pathname } = new URL(request.url);
    const namespace = ["/cases", "/run", "/vector"].includes(pathname) ? env.CERTIFIED : env.HOUSES;
    return namespace.get(namespace.idFromName(hostname)).fetch(request);
  },
};
