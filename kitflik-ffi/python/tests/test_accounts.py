"""Accounts of customers and staff, from beginning to end, with what the mails say; and keys that are rotated."""

import base64
import hashlib
import hmac
import json
import re
import unittest

import kitflik as k
from support import HOST, KEY, Clock, MemoryStore, add_show, open_house, paid_by, seats

Code = k.ErrorCode
EMAIL, PASSWORD = "ada@example.org", "correct horse battery"
NEXT_KEY = k.HouseKey.HEX("09" * 32)


class Mailbox(k.Mailer):
    def __init__(self):
        self.mails = []

    async def send(self, email):
        self.mails.append(email)


class Moving(Clock):
    """Each look finds a later time, and what is made later has a later id."""

    def now(self):
        self.advance(milliseconds=1)
        return self.time


def one_time_code(secret, now):
    """The code of an app that has this secret (RFC 6238)."""
    counter = (int(now.timestamp()) // 30).to_bytes(8, "big")
    digest = hmac.digest(base64.b32decode(secret), counter, hashlib.sha1)
    start = digest[19] & 15
    return f"{(int.from_bytes(digest[start:start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


class Accounts(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.mailbox = Mailbox()
        self.clock = Moving()
        self.house = open_house(mailer=self.mailbox, clock=self.clock)
        self.users, self.bookings = self.house.users(), self.house.bookings()

    async def refused(self, variant, code, call):
        with self.assertRaises(variant) as caught:
            await call
        self.assertEqual(caught.exception.code, code)
        return caught.exception

    async def code(self, to=EMAIL):
        """The code of the newest mail to an address."""
        await self.house.tick()
        mail = [mail for mail in self.mailbox.mails if mail.to == to][-1]
        return re.search(r"^\d{8}$", mail.text, re.M).group()

    async def log_in(self, password=PASSWORD, device=None):
        request = k.LogIn(email=EMAIL, password=password, device=device, address="192.0.2.7")
        return (await self.users.log_in(request)).access_token

    async def test_an_account_from_registration_to_deletion(self):
        users = self.users
        await users.register(k.RegisterUser(email=EMAIL, password=PASSWORD, name="Ada"))
        wrong = k.VerifyEmail(email=EMAIL, code="wrong")
        await self.refused(k.KitflikError.Refused, Code.INVALID_CODE, users.verify_email(wrong))
        await self.refused(k.KitflikError.Invalid, Code.VALIDATION_FAILED, users.verify_email(k.VerifyEmail()))
        await users.verify_email(k.VerifyEmail(email=EMAIL, code=await self.code()))

        token = await self.log_in(device="phone")
        actor, session = users.authenticate(token), users.session(token)
        self.assertTrue((await users.me(actor)).email_verified)
        await self.log_in(device="laptop")
        listed = await users.list_sessions(actor, session)
        self.assertEqual([(seen.device, seen.current) for seen in listed], [("laptop", False), ("phone", True)])
        self.assertEqual({seen.network for seen in listed}, {"192.0.2.0/24"})
        change = k.ChangePassword(old=PASSWORD, new="battery staple", session=session)
        await users.change_password(actor, change)
        await self.refused(k.KitflikError.Refused, Code.INVALID_CREDENTIALS, users.change_password(actor, change))
        self.assertEqual([seen.id for seen in await users.list_sessions(actor)], [session])
        await users.revoke_session(actor, session)
        await self.refused(k.KitflikError.Refused, Code.NOT_FOUND, users.revoke_session(actor, session))
        await self.log_in("battery staple")
        await users.log_out_everywhere(actor)
        self.assertEqual(await users.list_sessions(actor), [])

        await users.forgot_password(k.ForgotPassword(email=EMAIL))
        password = "staple of horses"
        await users.reset_password(k.ResetPassword(email=EMAIL, code=await self.code(), password=password))
        self.assertEqual(users.authenticate(await self.log_in(password)), actor)

        told = await users.update_profile(actor, k.UpdateProfile(phone="+49 30 1234", zone="Europe/Berlin"))
        self.assertEqual((told.phone, told.zone), ("+49 30 1234", "Europe/Berlin"))
        told = await users.update_profile(actor, k.UpdateProfile(phone="", marketing_consent=True))
        self.assertEqual((told.phone, told.zone, told.marketing_consent), (None, "Europe/Berlin", True))
        mars = users.update_profile(actor, k.UpdateProfile(zone="Mars"))
        refused = await self.refused(k.KitflikError.Invalid, Code.VALIDATION_FAILED, mars)
        self.assertEqual([field.path for field in refused.fields], ["zone"])

        await users.change_email(actor, k.ChangeEmail(email="ada@example.com", password=password))
        await users.confirm_email(actor, k.ConfirmEmail(code=await self.code("ada@example.com")))
        self.assertEqual((await users.me(actor)).email, "ada@example.com")

        show = await add_show(self.house)
        first, second = [await self.buy(actor, show, seat) for seat in ("A1", "B1")]
        cancelled = await self.bookings.cancel(actor, first.id)
        self.assertEqual(cancelled.status, k.BookingStatus.CANCELLED)
        self.assertEqual(cancelled.cancellation.by, k.CancelledBy.CUSTOMER)
        self.assertTrue((await self.bookings.seats(show.id)).states.startswith("."))
        admin = k.Actor.STAFF(show.id, k.Role.ADMIN)
        unexplained = self.bookings.cancel(admin, second.id)
        await self.refused(k.KitflikError.Invalid, Code.VALIDATION_FAILED, unexplained)

        exported = await users.export(actor)
        self.assertEqual([booking.id for booking in exported.bookings], [second.id, first.id])
        found = await users.list(admin, k.UserQuery(q="ADA@example"))
        self.assertEqual([user.id for user in found.items], [exported.user.id])
        seen = await users.view(admin, exported.user.id, k.PageRequest(limit=1))
        self.assertEqual([booking.id for booking in seen.bookings.items], [second.id])
        query = k.BookingQuery(user_id=exported.user.id, status=k.BookingStatus.CANCELLED)
        sold = await self.bookings.list(admin, query)
        self.assertEqual([booking.id for booking in sold.items], [first.id])

        def delete(bookings):
            return users.delete(actor, k.DeleteAccount(password=password, bookings=bookings))

        await self.refused(k.KitflikError.Refused, Code.BOOKING_STATE, delete(k.FutureBookings.REFUSE))
        await delete(k.FutureBookings.CANCEL)
        await self.refused(k.KitflikError.Refused, Code.UNAUTHENTICATED, users.me(actor))

    async def buy(self, actor, show, seat):
        held = await self.bookings.hold(actor, seats(show, seat))
        return await self.bookings.confirm(actor, held.id, paid_by("counter"))

    async def test_a_house_may_leave_cancellations_to_its_staff(self):
        house = open_house(policy=k.HousePolicy(owners_cancel=False))
        show = await add_show(house)
        held = await house.bookings().hold(k.Actor.GUEST(), seats(show, "A1"))
        guest = k.Actor.GUEST(held.booking_token)
        await house.bookings().confirm(guest, held.id, paid_by("counter"))
        theirs = house.bookings().cancel(guest, held.id)
        await self.refused(k.KitflikError.Refused, Code.CANCELLATION_CLOSED, theirs)
        because = k.CancelBooking(reason="the projector is broken")
        cancelled = await house.bookings().cancel(HOST, held.id, because)
        self.assertEqual(cancelled.cancellation.reason, because.reason)

    async def test_after_a_rotation_the_former_keys_tickets_and_sessions_are_good(self):
        store, clock = k.Store.CUSTOM(MemoryStore()), Clock()
        policy = k.HousePolicy(token_algorithm=k.TokenAlgorithm.ED_DSA, token_issuer="https://kino.example")

        def open_with(key, *accepted):
            options = dict(master_key=key, accepted_keys=list(accepted), clock=clock, policy=policy)
            return k.Kitflik(k.KitflikOptions(store=store, **options))

        former = open_with(KEY)
        show = await add_show(former)
        await former.users().register(k.RegisterUser(email=EMAIL, password=PASSWORD, name="Ada"))
        token = (await former.users().log_in(k.LogIn(email=EMAIL, password=PASSWORD))).access_token
        actor = former.users().authenticate(token)
        held = await former.bookings().hold(actor, seats(show, "A1"))
        await former.bookings().confirm(actor, held.id, paid_by("counter"))
        ticket = (await former.bookings().tickets(actor, held.id))[0]

        house = open_with(NEXT_KEY, KEY)
        self.assertEqual(house.users().authenticate(token), actor)
        self.assertEqual(house.ticket_keys(), [house.ticket_key(), former.ticket_key()])
        self.assertEqual(k.Gate(house.ticket_keys()).check(ticket.token, show.starts_at).booking, held.id)
        with self.assertRaises(k.KitflikError.Ticket):
            k.Gate([house.ticket_key()]).check(ticket.token, show.starts_at)
        self.assertEqual([key["crv"] for key in json.loads(house.token_keys())["keys"]], ["Ed25519", "Ed25519"])
        with self.assertRaises(k.KitflikError.Refused):
            open_with(NEXT_KEY).users().authenticate(token)

    async def test_staff_from_the_invitation_to_the_log_of_what_they_did(self):
        staff = self.house.staff()
        boss = k.NewStaff(email="boss@example.org", password=PASSWORD, name="Boss", role=k.Role.ADMIN)
        await staff.make_first(boss)

        async def enter(email, password, code=None):
            pair = await staff.log_in(k.StaffLogIn(email=email, password=password, code=code))
            return await staff.authenticate(pair.access_token)

        admin = await enter(boss.email, PASSWORD)
        invitation = k.InviteStaff(email="uma@example.org", name="Uma", role=k.Role.USHER)
        uma = await staff.invite(admin, invitation)
        self.assertEqual(uma.status, k.StaffStatus.INVITED)
        await self.house.tick()
        token = re.search(rf"^{uma.id}\..*$", self.mailbox.mails[-1].text, re.M).group()
        password = "battery staple"
        accepted = await staff.accept(k.AcceptInvitation(token=token, password=password))
        self.assertEqual(accepted.status, k.StaffStatus.ACTIVE)

        usher = await enter(uma.email, password)
        await self.refused(k.KitflikError.Refused, Code.FORBIDDEN, staff.list(usher, k.PageRequest()))
        offered = await staff.begin_totp(usher, k.Passworded(password=password))
        code = k.SecondFactorCode(code=one_time_code(offered.secret, self.clock.time))
        codes = (await staff.confirm_totp(usher, code)).recovery_codes
        no_code = enter(uma.email, password)
        await self.refused(k.KitflikError.Refused, Code.SECOND_FACTOR_REQUIRED, no_code)
        self.assertEqual(await enter(uma.email, password, codes[0]), usher)
        self.assertEqual((await staff.me(usher)).recovery_codes_left, len(codes) - 1)
        renewed = await staff.renew_recovery_codes(usher, k.SecondFactorCode(code=codes[1]))
        code = k.SecondFactorCode(code=renewed.recovery_codes[0])
        self.assertFalse((await staff.disable_totp(usher, code)).second_factor)

        change = k.ChangeStaffPassword(current_password=password, password="staple of horses")
        await staff.change_password(usher, change)
        changed = await staff.update(admin, uma.id, k.UpdateStaff(role=k.Role.BOX_OFFICE))
        self.assertEqual(changed.role, k.Role.BOX_OFFICE)
        self.assertEqual((await staff.disable(admin, uma.id)).status, k.StaffStatus.DISABLED)
        locked_out = enter(uma.email, change.password)
        await self.refused(k.KitflikError.Refused, Code.INVALID_CREDENTIALS, locked_out)
        await staff.enable(admin, uma.id)
        await enter(uma.email, change.password)
        await self.refused(k.KitflikError.Refused, Code.LAST_ADMIN, staff.disable(admin, admin.id))
        page = await staff.list(admin, k.PageRequest())
        self.assertEqual([seen.name for seen in page.items], ["Boss", "Uma"])
        await staff.rescue(HOST, boss.email, "another horse")
        await enter(boss.email, "another horse")

        ada = await self.users.register(k.RegisterUser(email=EMAIL, password=PASSWORD, name="Ada"))
        gone = k.DeleteCustomer(bookings=k.FutureBookings.CANCEL)
        await self.users.delete_customer(admin, ada.id, gone)
        again = self.users.delete_customer(admin, ada.id, gone)
        await self.refused(k.KitflikError.Refused, Code.NOT_FOUND, again)

        log = (await staff.audit(admin, k.AuditQuery(staff_id=admin.id))).items
        self.assertEqual(log[0].verb, "delete_customer")
        report = await staff.verify_audit(admin)
        self.assertEqual((report.chains, report.fault), (2, None))
        await self.refused(k.KitflikError.Refused, Code.FORBIDDEN, staff.renew_seals(admin))
