// Accounts of customers and staff, from beginning to end, with what the mails say; and keys that are rotated.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { Kitflik, MemoryStorage, verifyTicket } from "kitflik";
import { GUEST, MASTER_KEY, SYSTEM, WEAK, addShow, owner, refusal } from "./support.mjs";

const ADA = { email: "ada@example.org", password: "correct horse battery", name: "Ada" };
const NEXT_KEY = "09".repeat(32);

async function open(options = {}) {
  const mails = [];
  const mailer = { send: async (mail) => void mails.push(mail) };
  // Each look finds a later time, and what is made later has a later id.
  let time = Date.now();
  const kitflik = await Kitflik.open({
    storage: new MemoryStorage(),
    clock: () => (time += 1),
    mailer,
    masterKey: MASTER_KEY,
    passwordHashing: WEAK,
    testPayments: true,
    ...options,
  });
  /** The code of the newest mail to an address. */
  const code = async (to) => {
    await kitflik.tick();
    const mail = mails.findLast((mail) => mail.to === to);
    return /^\d{8}$/m.exec(mail.text)[0];
  };
  return { kitflik, mails, code };
}

async function logIn({ users }, password = ADA.password, device = undefined, email = ADA.email) {
  const tokens = await users.logIn({ email, password, device }, { address: "192.0.2.7" });
  return { tokens, session: await users.session(tokens.access_token) };
}

/** The one-time code of an app that has this secret (RFC 6238). */
function oneTimeCode(secret, now = Date.now()) {
  const bits = [...secret].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter));
  const text = bits.map((value) => value.toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(text.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)));
  const digest = createHmac("sha1", key).update(counter).digest();
  const number = digest.readUInt32BE(digest[19] & 15) & 0x7fff_ffff;
  return String(number % 1_000_000).padStart(6, "0");
}

test("an account from registration to deletion", async () => {
  const { kitflik, mails, code } = await open();
  const { users, bookings } = kitflik;
  await users.register(ADA);
  await refusal(users.verifyEmail({ email: ADA.email, code: "wrong" }), "invalid_code");
  const welcome = await code(ADA.email);
  assert.equal(await users.verifyEmail({ email: ADA.email, code: welcome }), undefined);
  await refusal(users.verifyEmail({ email: ADA.email, code: welcome }), "invalid_code");
  await refusal(users.verifyEmail({ email: ADA.email }), "validation_failed");

  const phone = await logIn(kitflik, ADA.password, "phone");
  const actor = await kitflik.authenticate(phone.tokens.access_token);
  assert.equal((await users.me(actor)).email_verified, true);
  await logIn(kitflik, ADA.password, "laptop");
  const listed = await users.listSessions(actor, phone.session);
  assert.deepEqual(
    listed.map(({ device, current, network }) => [device, current, network]),
    [
      ["laptop", false, "192.0.2.0/24"],
      ["phone", true, "192.0.2.0/24"],
    ],
  );
  await refusal(users.changePassword(actor, { old: "wrong horse", new: "battery staple" }), "invalid_credentials");
  await users.changePassword(actor, { old: ADA.password, new: "battery staple" }, { session: phone.session });
  assert.deepEqual(
    (await users.listSessions(actor)).map(({ id }) => id),
    [phone.session],
  );
  await logIn(kitflik, "battery staple", "tablet");
  const [tablet] = await users.listSessions(actor, phone.session);
  await users.revokeSession(actor, tablet.id);
  await refusal(users.revokeSession(actor, tablet.id), "not_found");
  await users.logOutEverywhere(actor);
  assert.deepEqual(await users.listSessions(actor), []);

  await users.forgotPassword({ email: ADA.email });
  const reset = { email: ADA.email, code: await code(ADA.email), password: "staple of horses" };
  await users.resetPassword(reset);
  const { tokens } = await logIn(kitflik, reset.password);
  assert.deepEqual(await kitflik.authenticate(tokens.access_token), actor);

  const profile = { phone: "+49 30 1234", zone: "Europe/Berlin", marketing_consent: true };
  const told = await users.updateProfile(actor, profile);
  assert.deepEqual([told.phone, told.zone, told.marketing_consent], ["+49 30 1234", "Europe/Berlin", true]);
  const cleared = await users.updateProfile(actor, { phone: null });
  assert.deepEqual([cleared.phone, cleared.zone], [undefined, "Europe/Berlin"]);
  const wrong = await refusal(users.updateProfile(actor, { zone: "Mars" }), "validation_failed");
  assert.equal(wrong.errors[0].path, "zone");

  await users.changeEmail(actor, { email: "ada@example.com", password: reset.password });
  await users.confirmEmail(actor, { code: await code("ada@example.com") });
  assert.equal((await users.me(actor)).email, "ada@example.com");

  const show = await addShow(kitflik);
  const buy = async (seat) => {
    const held = await bookings.hold(actor, { show_id: show.id, seats: [seat] });
    return bookings.confirm(actor, held.id, { payment: { provider: "test" } });
  };
  const first = await buy("A1");
  const command = { idempotencyKey: crypto.randomUUID() };
  const cancelled = await bookings.cancel(actor, first.id, {}, command);
  assert.equal(cancelled.status, "cancelled");
  const { refund } = cancelled.cancellation;
  assert.deepEqual([refund.amount, refund.status, refund.why], [first.quote.total, "refunded", "cancelled"]);
  assert.equal((await bookings.cancel(actor, first.id, {}, command)).status, "cancelled");
  assert.equal((await bookings.seats(show.id)).states, ".".repeat(16));
  const second = await buy("A1");
  const admin = { type: "staff", id: actor.id, role: "admin" };
  await refusal(bookings.cancel(admin, second.id), "validation_failed");

  const exported = await users.export(actor);
  assert.deepEqual(
    exported.bookings.map(({ id, status }) => [id, status]),
    [
      [second.id, "confirmed"],
      [first.id, "cancelled"],
    ],
  );
  assert.deepEqual(
    (await users.list(admin, { q: "ADA@example" })).items.map(({ id }) => id),
    [actor.id],
  );
  assert.equal((await users.view(admin, actor.id, { limit: 1 })).bookings.items[0].id, second.id);
  const sold = await bookings.list(admin, { user_id: actor.id, status: "cancelled" });
  assert.deepEqual(
    sold.items.map(({ id }) => id),
    [first.id],
  );
  await refusal(users.list(actor), "forbidden");

  await refusal(users.delete(actor, { password: reset.password }), "booking_state");
  await users.delete(actor, { password: reset.password, bookings: "cancel" });
  await refusal(users.me(actor), "unauthenticated");
  assert.equal((await bookings.seats(show.id)).states, ".".repeat(16));
  await kitflik.tick();
  assert.ok(mails.some(({ subject }) => /deleted/i.test(subject)), mails.map(({ subject }) => subject).join("; "));
});

test("guesses from one address are slowed down", async () => {
  const { kitflik } = await open();
  await kitflik.users.register(ADA);
  const guess = () => kitflik.users.logIn({ email: ADA.email, password: "wrong horse" }, { address: "192.0.2.7" });
  const codes = [];
  for (let round = 0; round < 7; round += 1) {
    codes.push((await guess().catch((error) => error)).code);
  }
  assert.equal(codes[0], "invalid_credentials");
  assert.equal(codes.at(-1), "too_many_requests");
  await refusal(kitflik.users.logIn(ADA, { address: 7 }), "validation_failed");
});

test("after a rotation the former key's tickets and sessions are good, and signatures can be published", async () => {
  const storage = new MemoryStorage();
  const policy = { tokenAlgorithm: "eddsa", tokenIssuer: "https://kino.example" };
  const former = (await open({ storage, policy })).kitflik;
  const show = await addShow(former);
  const held = await former.bookings.hold(GUEST, { show_id: show.id, seats: ["A1"] });
  await former.bookings.confirm(owner(held), held.id, { payment: { provider: "counter" } });
  const [ticket] = await former.bookings.tickets(owner(held), held.id);
  await former.users.register(ADA);
  const { tokens } = await logIn(former);

  const { kitflik } = await open({ storage, policy, masterKey: NEXT_KEY, acceptedKeys: [MASTER_KEY] });
  assert.equal((await kitflik.authenticate(tokens.access_token)).type, "user");
  assert.equal((await kitflik.bookings.get(owner(held), held.id)).status, "confirmed");
  assert.deepEqual(kitflik.ticketKeys, [kitflik.ticketKey, former.ticketKey]);
  assert.equal((await verifyTicket(kitflik.ticketKeys, ticket.token)).booking, held.id);
  await assert.rejects(verifyTicket(kitflik.ticketKey, ticket.token), { code: "ticket_unknown_key" });
  assert.deepEqual(
    kitflik.tokenKeys.keys.map(({ kty, crv, use }) => [kty, crv, use]),
    Array.from({ length: 2 }, () => ["OKP", "Ed25519", "sig"]),
  );
  const stranger = (await open({ storage, policy, masterKey: NEXT_KEY })).kitflik;
  await refusal(stranger.authenticate(tokens.access_token), "unauthenticated");
  const refused = await refusal(open({ acceptedKeys: [MASTER_KEY, "07"] }), "validation_failed");
  assert.equal(refused.errors[0].path, "acceptedKeys[1]");
});

test("a house may leave cancellations to its staff", async () => {
  const { kitflik } = await open({ policy: { cancelBeforeSeconds: null } });
  const show = await addShow(kitflik);
  const held = await kitflik.bookings.hold(GUEST, { show_id: show.id, seats: ["A1"] });
  await kitflik.bookings.confirm(owner(held), held.id, { payment: { provider: "counter" } });
  await refusal(kitflik.bookings.cancel(owner(held), held.id), "cancellation_closed");
  const cancelled = await kitflik.bookings.cancel(SYSTEM, held.id, { reason: "the projector is broken" });
  assert.deepEqual([cancelled.cancellation.by, cancelled.cancellation.reason], ["house", "the projector is broken"]);
});

test("staff: invited, with one-time codes, locked out, and a log of what they did", async () => {
  const { kitflik, mails } = await open();
  const { staff } = kitflik;
  const boss = { email: "boss@example.org", password: "correct horse battery", name: "Boss", role: "admin" };
  await staff.makeFirst(boss);
  const enter = async (account, rest = {}) => {
    const { email, password } = account;
    return kitflik.authenticate((await staff.logIn({ email, password, ...rest })).access_token);
  };
  const admin = await enter(boss);
  const uma = await staff.invite(admin, { email: "uma@example.org", name: "Uma", role: "usher" });
  assert.equal(uma.status, "invited");
  const invitation = async () => {
    await kitflik.tick();
    const { text } = mails.findLast(({ to }) => to === uma.email);
    return text.split("\n").find((line) => line.startsWith(`${uma.id}.`));
  };
  const first = await invitation();
  await staff.inviteAgain(admin, uma.id);
  const account = { email: uma.email, password: "battery staple" };
  await refusal(staff.accept({ token: first, password: account.password }), "unauthenticated");
  assert.equal((await staff.accept({ token: await invitation(), password: account.password })).status, "active");

  const usher = await enter(account);
  await refusal(staff.list(usher), "forbidden");
  const { secret, uri } = await staff.beginTotp(usher, { password: account.password });
  assert.match(uri, /^otpauth:\/\/totp\//);
  const { recovery_codes } = await staff.confirmTotp(usher, { code: oneTimeCode(secret) });
  await refusal(enter(account), "second_factor_required");
  await refusal(enter(account, { code: "no code" }), "invalid_code");
  assert.deepEqual(await enter(account, { code: recovery_codes[0] }), usher);
  assert.equal((await staff.me(usher)).recovery_codes_left, recovery_codes.length - 1);
  const renewed = await staff.renewRecoveryCodes(usher, { code: recovery_codes[1] });
  await refusal(staff.disableTotp(usher, { code: recovery_codes[2] }), "invalid_code");
  assert.equal((await staff.disableTotp(usher, { code: renewed.recovery_codes[0] })).second_factor, false);

  const change = { current_password: account.password, password: "staple of horses" };
  await staff.changePassword(usher, change);
  account.password = change.password;
  assert.equal((await staff.update(admin, uma.id, { role: "box_office" })).role, "box_office");
  assert.equal((await enter(account)).role, "box_office");
  assert.equal((await staff.disable(admin, uma.id)).status, "disabled");
  await refusal(enter(account), "invalid_credentials");
  assert.equal((await staff.enable(admin, uma.id)).status, "active");
  assert.equal((await staff.resetSecondFactor(admin, uma.id)).second_factor, false);
  await refusal(staff.disable(admin, admin.id), "last_admin");
  assert.deepEqual(
    (await staff.list(admin)).items.map(({ name }) => name),
    ["Boss", "Uma"],
  );
  assert.equal((await staff.get(admin, uma.id)).role, "box_office");
  await staff.rescue(SYSTEM, boss.email, "another horse");
  assert.equal((await enter({ ...boss, password: "another horse" })).role, "admin");

  const ada = await kitflik.users.register(ADA);
  await kitflik.users.deleteCustomer(admin, ada.id, { bookings: "cancel" });
  await refusal(kitflik.users.logIn({ email: ADA.email, password: ADA.password }), "invalid_credentials");

  const log = (await staff.audit(admin, { staff_id: admin.id })).items;
  assert.equal(log[0].verb, "delete_customer");
  assert.ok(log.some(({ verb, role }) => verb === "staff_invite" && role === "admin"));
  const report = await staff.verifyAudit(admin);
  assert.deepEqual([report.chains, report.fault], [2, undefined]);
  assert.ok(report.entries > log.length);
  await refusal(staff.renewSeals(admin), "forbidden");
});
