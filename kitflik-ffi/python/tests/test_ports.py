"""What a host plugs in, when it works and when it fails, and calls that are cut off."""

import asyncio
import contextlib
import io
import tempfile
import unittest

import kitflik as k
from support import Clock, MemoryStore, add_show, open_house, paid_by, seats

GUEST = k.Actor.GUEST()
Code = k.ErrorCode


class Moody(MemoryStore):
    """A store that does what it is told to do once, before or after the real work."""

    def __init__(self):
        super().__init__()
        self.before_read = self.before_commit = self.after_commit = None

    async def read(self, reads):
        await self.once("before_read")
        return await super().read(reads)

    async def commit(self, batch):
        await self.once("before_commit")
        outcome = await super().commit(batch)
        await self.once("after_commit")
        return outcome

    async def once(self, moment):
        mood = getattr(self, moment)
        setattr(self, moment, None)
        if isinstance(mood, BaseException):
            raise mood
        if mood is not None:
            await mood()


class Failing(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.store = Moody()
        self.house = open_house(k.Store.CUSTOM(self.store))
        self.bookings = self.house.bookings()
        self.show = await add_show(self.house)
        self.log = self.enterContext(contextlib.redirect_stderr(io.StringIO()))

    async def code_of(self, call, variant=k.KitflikError.Retry):
        with self.assertRaises(variant) as caught:
            await call
        return caught.exception.code

    async def sell(self, *names):
        held = await self.bookings.hold(GUEST, seats(self.show, *names))
        guest = k.Actor.GUEST(held.booking_token)
        sold = await self.bookings.confirm(guest, held.id, paid_by("counter"))
        self.assertEqual(sold.status, k.BookingStatus.CONFIRMED)

    async def test_what_a_store_declares(self):
        for error, code, variant in (
            (k.StorageError.Unavailable("down"), Code.UNAVAILABLE, k.KitflikError.Retry),
            (k.StorageError.Corrupt("torn"), Code.INTERNAL, k.KitflikError.Refused),
            (k.StorageError.TooLarge("a value", "9 kB", "8 kB"), Code.INTERNAL, k.KitflikError.Refused),
        ):
            self.store.before_commit = error
            request = seats(self.show, "A1", "A2")
            self.assertEqual(await self.code_of(self.bookings.hold(GUEST, request), variant), code)
        await self.sell("A1", "A2")

    async def test_what_a_store_does_not_declare(self):
        for error in (ValueError("a bug"), KeyError("another"), asyncio.CancelledError()):
            self.store.before_read = error
            call = self.bookings.hold(GUEST, seats(self.show, "B1", "B2"))
            self.assertEqual(await asyncio.wait_for(self.code_of(call), 60), Code.UNAVAILABLE)
        self.assertIn("a bug", self.log.getvalue())
        await self.sell("B1", "B2")

    async def test_a_commit_that_throws_may_have_happened(self):
        # The engine looks for itself whether the batch is there, and goes on either way.
        request = seats(self.show, "B1", "B2", command="once")
        self.store.after_commit = ValueError("after the work")
        first = await self.bookings.hold(GUEST, request)
        self.assertEqual((await self.bookings.hold(GUEST, request)).id, first.id)
        self.store.before_commit = ValueError("before the work")
        await self.sell("C1", "C2")

    async def test_a_commit_of_unknown_end_says_so(self):
        async def break_reads():
            self.store.before_read = k.StorageError.Unavailable("still down")
            raise k.StorageError.Indeterminate("no answer")

        self.store.after_commit = break_reads
        code = await self.code_of(self.bookings.hold(GUEST, seats(self.show, "B1", "B2", command="once")))
        self.assertEqual(code, Code.OUTCOME_UNKNOWN)
        held = await self.bookings.hold(GUEST, seats(self.show, "B1", "B2", command="once"))
        self.assertEqual([seat.id for seat in held.seats], ["B1", "B2"])

    async def test_answers_that_are_no_answers(self):
        async def wrong(_):
            return "not rows"

        right, self.store.read = self.store.read, wrong
        call = self.bookings.hold(GUEST, seats(self.show, "B1", "B2"))
        self.assertEqual(await self.code_of(call), Code.UNAVAILABLE)
        self.store.read = right
        await self.sell("B1", "B2")

    async def test_a_clock_that_fails(self):
        clock = Clock()
        house = open_house(clock=clock)
        show = await add_show(house)
        right, clock.time = clock.time, "noon"
        with self.assertRaises(k.KitflikError.Refused) as caught:
            house.now()
        self.assertEqual(caught.exception.code, Code.INTERNAL)
        code = await self.code_of(house.bookings().hold(GUEST, seats(show, "A1", "A2")), k.KitflikError.Refused)
        self.assertEqual(code, Code.INTERNAL)
        clock.time = right
        await house.bookings().hold(GUEST, seats(show, "A1", "A2"))

    async def test_a_call_that_is_cancelled_leaves_the_store_whole(self):
        for moment in ("before_read", "before_commit", "after_commit"):
            reached, go_on = asyncio.Event(), asyncio.Event()

            async def wait(reached=reached, go_on=go_on):
                reached.set()
                await go_on.wait()

            setattr(self.store, moment, wait)
            request = seats(self.show, "A1", "A2", command=moment)
            call = asyncio.create_task(self.bookings.hold(GUEST, request))
            await asyncio.wait_for(reached.wait(), 60)
            call.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await call
            # The call to the store is cancelled with it: its rows are all there or none is.
            states = (await self.bookings.seats(self.show.id)).states
            self.assertIn(states[:2], ("..", "hh"))
            held = await self.bookings.hold(GUEST, request)
            await self.bookings.release(k.Actor.GUEST(held.booking_token), held.id)

    async def test_many_cancelled_calls(self):
        race = [asyncio.create_task(self.bookings.hold(GUEST, seats(self.show, "A1", "A2"))) for _ in range(64)]
        for place, call in enumerate(race):
            await asyncio.sleep(0)
            if place % 2:
                call.cancel()
        outcomes = await asyncio.gather(*race, return_exceptions=True)
        won = [outcome for outcome in outcomes if isinstance(outcome, k.BookingView)]
        self.assertLessEqual(len(won), 1)
        self.assertIn((await self.bookings.seats(self.show.id)).states[:2], ("..", "hh"))
        await self.sell("C1", "C2")


class Mailbox(k.Mailer):
    def __init__(self):
        self.mails, self.errors = [], []

    async def send(self, email):
        if self.errors:
            raise self.errors.pop(0)
        self.mails.append(email)


class Card(k.Payments):
    def __init__(self):
        self.charges, self.answer, self.errors = {}, None, []

    async def capture(self, capture):
        if self.errors:
            raise self.errors.pop(0)
        if self.answer is None:
            self.charges[capture.charge.booking] = capture.amount
        return self.answer or k.PaymentStatus.CAPTURED("charge-1")

    async def status(self, charge):
        return k.PaymentStatus.CAPTURED("charge-1") if charge.booking in self.charges else k.PaymentStatus.UNKNOWN()

    async def refund(self, refund):
        self.charges.pop(refund.charge.booking, None)
        return k.PaymentStatus.REFUNDED()

    async def verify_event(self, event):
        raise k.EventError.NotSupported()


class Plugged(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.log = self.enterContext(contextlib.redirect_stderr(io.StringIO()))

    async def test_mail_is_sent_again_until_it_is_taken(self):
        mailbox, clock = Mailbox(), Clock()
        house = open_house(mailer=mailbox, clock=clock, house_name="Odeon Berlin")
        show, bookings = await add_show(house), house.bookings()
        held = await bookings.hold(GUEST, seats(show, "A1", customer=k.Customer(name="Ada", email="ada@example.org")))
        await bookings.confirm(k.Actor.GUEST(held.booking_token), held.id, paid_by("counter"))
        mailbox.errors = [k.MailError.Temporary("later"), ValueError("a bug")]
        for _ in range(3):
            self.assertEqual(mailbox.mails, [])
            await house.tick()
            clock.advance(minutes=10)
        self.assertEqual([(mail.to, mail.subject) for mail in mailbox.mails], [("ada@example.org", "Your tickets: Alien")])
        await house.tick()
        self.assertEqual(len(mailbox.mails), 1)

    async def test_money(self):
        card = Card()
        house = open_house(payments=[k.PaymentProvider(name="card", payments=card)])
        self.assertEqual(house.payment_providers(), ["counter", "card"])
        show, bookings = await add_show(house), house.bookings()
        held = await bookings.hold(GUEST, seats(show, "A1", "A2"))
        guest = k.Actor.GUEST(held.booking_token)
        card.answer = k.PaymentStatus.DECLINED("no money")
        with self.assertRaises(k.KitflikError.Refused) as caught:
            await bookings.confirm(guest, held.id, paid_by("card"))
        self.assertEqual(caught.exception.code, Code.PAYMENT_DECLINED)
        card.answer = None
        sold = await bookings.confirm(guest, held.id, paid_by("card"))
        self.assertEqual((sold.payment.status, card.charges), ("captured", {held.id: sold.quote.total}))

    async def test_a_provider_that_throws_leaves_the_payment_pending(self):
        card, clock = Card(), Clock()
        house = open_house(payments=[k.PaymentProvider(name="card", payments=card)], clock=clock)
        show, bookings = await add_show(house), house.bookings()
        held = await bookings.hold(GUEST, seats(show, "A1", "A2"))
        guest = k.Actor.GUEST(held.booking_token)
        card.errors = [RuntimeError("a bug")]
        with self.assertRaises(k.KitflikError.Retry) as caught:
            await bookings.confirm(guest, held.id, paid_by("card"))
        self.assertEqual(caught.exception.code, Code.PAYMENT_PENDING)
        card.charges[held.id] = held.quote.total
        clock.advance(minutes=5)
        await house.tick()
        self.assertEqual((await bookings.get(guest, held.id)).status, k.BookingStatus.CONFIRMED)

    def test_names_of_providers(self):
        for names in (("",), ("counter",), ("card", "card")):
            with self.assertRaises(k.KitflikError.Invalid):
                open_house(payments=[k.PaymentProvider(name=name, payments=Card()) for name in names])


class Embedded(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.store = k.Store.SLED(self.enterContext(tempfile.TemporaryDirectory()))

    async def test_a_sale_outlives_its_house(self):
        house = open_house(self.store)
        show = await add_show(house)
        held = await house.bookings().hold(GUEST, seats(show, "A1", "A2"))
        guest = k.Actor.GUEST(held.booking_token)
        await house.bookings().confirm(guest, held.id, paid_by("counter"))
        await house.shut_down()
        with self.assertRaises(k.KitflikError.Retry) as caught:
            await house.bookings().get(guest, held.id)
        self.assertEqual(caught.exception.code, Code.UNAVAILABLE)

        house = open_house(self.store)
        self.assertEqual((await house.bookings().get(guest, held.id)).status, k.BookingStatus.CONFIRMED)
        self.assertEqual(len(await house.bookings().tickets(guest, held.id)), 2)
        with self.assertRaises(k.KitflikError.Seats):
            await house.bookings().hold(GUEST, seats(show, "A1", "A2"))
        await house.shut_down()

    async def test_a_directory_has_one_house_at_a_time(self):
        house = open_house(self.store)
        with self.assertRaises(k.KitflikError.Retry) as caught:
            open_house(self.store)
        self.assertEqual(caught.exception.code, Code.UNAVAILABLE)
        self.assertIn(self.store.directory, caught.exception.detail)
        await house.shut_down()
        await open_house(self.store).shut_down()

    async def test_it_conforms(self):
        storage = k.sled_storage(self.store.directory)
        for case in k.conformance_cases():
            await k.run_conformance_case(storage, case)
