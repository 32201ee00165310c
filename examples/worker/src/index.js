// A house for each host name, in a Durable Object of its own: `npx wrangler deploy`.

import { kitflikObject } from "kitflik/durable-object";

export const House = kitflikObject((env) => ({
  // 64 hexadecimal digits: `openssl rand -hex 32 | npx wrangler secret put MASTER_KEY`.
  masterKey: env.MASTER_KEY,
  testPayments: env.TEST_PAYMENTS === "on",
  http: { cors: true, clientAddress: "CF-Connecting-IP" },
  policy: { houseName: "Odeon" },
  // Without a mailer, mail waits in the house.
  mailer: env.MAIL && { send: (email) => sendMail(env.MAIL, email) },

  async opened(kitflik) {
    if (env.STAFF_EMAIL && !(await kitflik.staff.hasAny())) {
      const { STAFF_EMAIL: email, STAFF_PASSWORD: password } = env;
      await kitflik.staff.makeFirst({ email, password, name: "First", role: "admin" });
    }
  },
}));

export default {
  fetch(request, env) {
    const house = env.HOUSES.idFromName(new URL(request.url).hostname);
    return env.HOUSES.get(house).fetch(request);
  },
};

/** Hands a mail to a service behind a binding, which must answer 2xx once it has it: the README says what is in it. */
async function sendMail(service, { id, to, to_name, subject, text, html, attachments, unsubscribe }) {
  const files = attachments.map(({ content, ...file }) => ({ ...file, content: base64(content) }));
  const body = JSON.stringify({ id, to, to_name, subject, text, html, attachments: files, unsubscribe });
  const answer = await service.fetch("https://mail/send", { method: "POST", body });
  if (!answer.ok) {
    throw new Error(`the mail service answered ${answer.status}`);
  }
}

/** Bytes as JSON can carry them. */
function base64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
