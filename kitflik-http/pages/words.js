// Refusals in the words of somebody at the box office.

import { LoggedOut, NoAnswer, Refused } from "./api.js";
import { list } from "./format.js";

/** What to tell of an error: `title`, `text`, and whether trying again makes sense. */
export function tell(error, labels = (ids) => ids) {
  if (error instanceof NoAnswer) {
    return {
      kind: "bad", again: true, title: "We cannot reach the box office.",
      text: "Are you online? Nothing is lost: what you chose and typed is still here, and trying again will not buy twice.",
    };
  }
  if (error instanceof LoggedOut) {
    return { kind: "warn", title: "You are not logged in any more.", text: "Please log in again. What you chose and typed is still here." };
  }
  if (!(error instanceof Refused)) {
    return { kind: "bad", again: true, title: "Something went wrong in this page.", text: "Reloading it may help. A hold that you have stays yours." };
  }
  const seats = list(labels(error.seats));
  const one = error.seats.length === 1;
  const words = {
    seat_taken: () => ({
      kind: "warn",
      title: one ? `Somebody was a moment quicker: seat ${seats} is taken.` : `Somebody was a moment quicker: seats ${seats} are taken.`,
      text: "The plan now shows what is still free. Please choose another – everything else is as you left it.",
    }),
    orphan_seat: () => ({
      kind: "warn", title: `That would leave seat ${seats} on its own.`,
      text: "A single seat in between is hard to sell. Could you move over a little?",
    }),
    couple_split: () => ({ kind: "warn", title: "A couple seat is sold as a pair.", text: error.message }),
    companion_alone: () => ({
      kind: "warn", title: "That seat is for company.",
      text: "A companion seat goes with the wheelchair space beside it.",
    }),
    not_enough_seats: () => ({ kind: "warn", title: "There are not that many free seats.", text: "Try fewer, or another show." }),
    unknown_seat: () => ({ kind: "warn", title: "The plan has changed.", text: "Please choose your seats again." }),
    too_many_seats: () => ({ kind: "warn", title: "That is more than one person may have.", text: error.message }),
    show_not_on_sale: () => ({ kind: "warn", title: "This show is not on sale.", text: "Sales have closed or not yet begun. There are other shows on the programme." }),
    hold_expired: () => ({ kind: "warn", title: "Your time for these seats ran out.", text: "They may well still be free – what you typed is kept." }),
    extension_limit: () => ({ kind: "info", title: "That is all the time there is.", text: "Please finish before the clock runs out." }),
    payment_declined: () => ({ kind: "bad", title: "The payment was declined.", text: "Nothing was charged, and your seats are still held. Try again or pay another way." }),
    payment_pending: () => ({ kind: "info", again: true, title: "Your payment is being checked.", text: "Your seats are safe meanwhile." }),
    booking_state: () => ({ kind: "warn", title: "This booking has moved on.", text: error.message }),
    invalid_credentials: () => ({ kind: "bad", title: "That e-mail and password do not go together.", text: "Please check both." }),
    invalid_code: () => ({ kind: "bad", title: "That code is not right, or was used already.", text: "The app shows another one every half minute." }),
    forbidden: () => ({ kind: "bad", title: "You may not do that.", text: error.message }),
    not_found: () => ({ kind: "warn", title: "This is not there any more.", text: "It may be over, or the link is old." }),
    voucher_unknown: () => ({ kind: "warn", title: "We do not know that code.", text: "Please check how it is spelled." }),
    voucher_not_valid: () => ({ kind: "warn", title: "That code is not valid here.", text: error.message }),
    voucher_used_up: () => ({ kind: "warn", title: "That code has been used up.", text: "You can book without it." }),
    validation_failed: () => ({ kind: "warn", title: "Please check what you entered.", text: error.errors.map((field) => field.detail).join("; ") }),
    too_many_requests: () => ({ kind: "warn", again: true, title: "That was a little fast.", text: "Please wait a moment and try again." }),
    contended: () => ({ kind: "warn", again: true, title: "Many people want seats right now.", text: "Please try once more." }),
  };
  const known = words[error.code];
  if (known) return known();
  if (error.status >= 500) {
    return {
      kind: "bad", again: true, title: "The box office does not answer at the moment.",
      text: "Please try again shortly. Nothing is lost: what you chose and typed is still here, and trying again will not buy twice.",
    };
  }
  return { kind: "bad", title: "That did not work.", text: error.message };
}
