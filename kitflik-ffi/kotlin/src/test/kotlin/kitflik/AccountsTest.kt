package kitflik

import java.util.concurrent.CopyOnWriteArrayList
import kitflik.core.*
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

private const val EMAIL = "ada@example.org"
private const val PASSWORD = "correct horse battery"

/** Keeps what is sent. */
private class Letterbox : Mailer {
    private val mails = CopyOnWriteArrayList<Email>()

    override suspend fun send(email: Email) {
        mails += email
    }

    /** The line of the newest mail to an address that begins so. */
    fun line(to: String, start: String): String = mails.last { it.to == to }.text.lines().first { it.startsWith(start) }

    /** The code of the newest mail to an address. */
    fun code(to: String): String {
        val text = mails.last { it.to == to }.text
        return checkNotNull(Regex("^\\d{8}$", RegexOption.MULTILINE).find(text)) { text }.value
    }
}

/** Accounts of customers and staff, from beginning to end, with what the mails say; and keys that are rotated. */
class AccountsTest {
    private val letterbox = Letterbox()
    private val house = openHouse(mailer = letterbox)
    private val users = house.users()
    private val bookings = house.bookings()

    private suspend fun code(to: String = EMAIL): String {
        house.tick()
        return letterbox.code(to)
    }

    private suspend fun logIn(password: String = PASSWORD, device: String? = null) =
        users.logIn(LogIn(email = EMAIL, password = password, device = device, address = "192.0.2.7")).accessToken

    private suspend fun buy(actor: Actor, show: ShowView, seat: String): BookingView =
        bookings.confirm(actor, bookings.hold(actor, seats(show, seat)).id, paidBy("counter"))

    @Test
    fun `an account from registration to deletion`() = runBlocking<Unit> {
        users.register(RegisterUser(email = EMAIL, password = PASSWORD, name = "Ada"))
        refusal(ErrorCode.INVALID_CODE) { users.verifyEmail(VerifyEmail(email = EMAIL, code = "wrong")) }
        refused<KitflikException.Invalid> { users.verifyEmail(VerifyEmail()) }
        users.verifyEmail(VerifyEmail(email = EMAIL, code = code()))

        val token = logIn(device = "phone")
        val actor = users.authenticate(token)
        val session = users.session(token)
        assertTrue(users.me(actor).emailVerified)
        logIn(device = "laptop")
        val listed = users.listSessions(actor, session)
        assertEquals(listOf("laptop" to false, "phone" to true), listed.map { it.device to it.current })
        val change = ChangePassword(old = PASSWORD, new = "battery staple", session = session)
        users.changePassword(actor, change)
        refusal(ErrorCode.INVALID_CREDENTIALS) { users.changePassword(actor, change) }
        assertEquals(listOf(session), users.listSessions(actor).map { it.id })
        users.revokeSession(actor, session)
        refusal(ErrorCode.NOT_FOUND) { users.revokeSession(actor, session) }
        logIn("battery staple")
        users.logOutEverywhere(actor)
        assertEquals(0, users.listSessions(actor).size)

        users.forgotPassword(ForgotPassword(email = EMAIL))
        val password = "staple of horses"
        users.resetPassword(ResetPassword(email = EMAIL, code = code(), password = password))
        assertEquals(actor, users.authenticate(logIn(password)))

        users.updateProfile(actor, UpdateProfile(phone = "+49 30 1234", zone = "Europe/Berlin"))
        val told = users.updateProfile(actor, UpdateProfile(phone = "", marketingConsent = true))
        assertEquals(listOf(null, "Europe/Berlin", true), listOf(told.phone, told.zone, told.marketingConsent))
        val mars = refused<KitflikException.Invalid> { users.updateProfile(actor, UpdateProfile(zone = "Mars")) }
        assertEquals(listOf("zone"), mars.fields.map { it.path })

        users.changeEmail(actor, ChangeEmail(email = "ada@example.com", password = password))
        users.confirmEmail(actor, ConfirmEmail(code = code("ada@example.com")))
        val me = users.me(actor)
        assertEquals("ada@example.com", me.email)

        val show = house.addShow()
        val first = buy(actor, show, "A1")
        val second = buy(actor, show, "B1")
        val cancelled = bookings.cancel(actor, first.id)
        assertEquals(BookingStatus.CANCELLED, cancelled.status)
        assertEquals(CancelledBy.CUSTOMER, cancelled.cancellation?.by)
        refused<KitflikException.Invalid> { bookings.cancel(HOST, second.id) }

        assertEquals(listOf(second.id, first.id), users.export(actor).bookings.map { it.id })
        val admin = Actor.Staff(show.id, Role.ADMIN)
        assertEquals(listOf(me.id), users.list(admin, UserQuery(q = "ADA@example")).items.map { it.id })
        val seen = users.view(admin, me.id, PageRequest(limit = 1u))
        assertEquals(listOf(second.id), seen.bookings.items.map { it.id })
        val query = BookingQuery(userId = me.id, status = BookingStatus.CANCELLED)
        assertEquals(listOf(first.id), bookings.list(admin, query).items.map { it.id })

        suspend fun delete(bookings: FutureBookings) =
            users.delete(actor, DeleteAccount(password = password, bookings = bookings))
        refusal(ErrorCode.BOOKING_STATE) { delete(FutureBookings.REFUSE) }
        delete(FutureBookings.CANCEL)
        refusal(ErrorCode.UNAUTHENTICATED) { users.me(actor) }
    }

    @Test
    fun `staff from the invitation to the log of what they did`() = runBlocking<Unit> {
        val staff = house.staff()
        staff.makeFirst(NewStaff("boss@example.org", PASSWORD, "Boss", Role.ADMIN))
        suspend fun enter(email: String, password: String): Actor =
            staff.authenticate(staff.logIn(StaffLogIn(email = email, password = password)).accessToken)
        val admin = enter("boss@example.org", PASSWORD) as Actor.Staff
        val invitation = InviteStaff(email = "uma@example.org", name = "Uma", role = Role.USHER)
        val uma = staff.invite(admin, invitation)
        assertEquals(StaffStatus.INVITED, uma.status)
        house.tick()
        val token = letterbox.line(uma.email, "${uma.id}.")
        val accepted = staff.accept(AcceptInvitation(token = token, password = "battery staple"))
        assertEquals(StaffStatus.ACTIVE, accepted.status)

        val usher = enter(uma.email, "battery staple")
        refusal(ErrorCode.FORBIDDEN) { staff.list(usher, PageRequest()) }
        assertTrue(staff.beginTotp(usher, Passworded("battery staple")).uri.startsWith("otpauth://totp/"))
        refusal(ErrorCode.INVALID_CODE) { staff.confirmTotp(usher, SecondFactorCode("no code")) }
        val change = ChangeStaffPassword(currentPassword = "battery staple", password = "staple of horses")
        staff.changePassword(usher, change)
        assertEquals(Role.MANAGER, staff.update(admin, uma.id, UpdateStaff(role = Role.MANAGER)).role)
        assertEquals(StaffStatus.DISABLED, staff.disable(admin, uma.id).status)
        refusal(ErrorCode.INVALID_CREDENTIALS) { enter(uma.email, change.password) }
        assertEquals(StaffStatus.ACTIVE, staff.enable(admin, uma.id).status)
        refusal(ErrorCode.LAST_ADMIN) { staff.disable(admin, admin.id) }
        assertEquals(listOf("Boss", "Uma"), staff.list(admin, PageRequest()).items.map { it.name })

        val log = staff.audit(admin, AuditQuery(staffId = admin.id)).items
        assertEquals("staff_enable", log.first().verb)
        val report = staff.verifyAudit(admin)
        assertEquals(2UL to null, report.chains to report.fault)
    }

    @Test
    fun `after a rotation the former key's tickets and sessions are good`() = runBlocking<Unit> {
        val store = Store.Custom(MemoryStore())
        val (key, next) = HouseKey.Hex("07".repeat(32)) to HouseKey.Hex("09".repeat(32))
        val policy = HousePolicy(tokenAlgorithm = TokenAlgorithm.ED_DSA, tokenIssuer = "https://kino.example")
        fun open(key: HouseKey, vararg accepted: HouseKey) = Kitflik(
            KitflikOptions(store, key, acceptedKeys = accepted.toList(), clock = ManualClock(), policy = policy),
        )
        val former = open(key)
        val show = former.addShow()
        former.users().register(RegisterUser(email = EMAIL, password = PASSWORD, name = "Ada"))
        val token = former.users().logIn(LogIn(email = EMAIL, password = PASSWORD)).accessToken
        val actor = former.users().authenticate(token)
        val held = former.bookings().hold(actor, seats(show, "A1"))
        former.bookings().confirm(actor, held.id, paidBy("counter"))
        val ticket = former.bookings().tickets(actor, held.id).single()

        val house = open(next, key)
        assertEquals(actor, house.users().authenticate(token))
        assertEquals(listOf(house.ticketKey(), former.ticketKey()), house.ticketKeys())
        assertEquals(held.id, Gate(house.ticketKeys()).check(ticket.token, show.startsAt).booking)
        refused<KitflikException.Ticket> { Gate(listOf(house.ticketKey())).check(ticket.token, show.startsAt) }
        assertEquals(2, Regex("\"Ed25519\"").findAll(house.tokenKeys()).count())
        refusal(ErrorCode.UNAUTHENTICATED) { open(next).users().authenticate(token) }
    }
}
