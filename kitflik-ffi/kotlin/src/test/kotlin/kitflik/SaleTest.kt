package kitflik

import java.time.Duration
import kitflik.core.*
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** From a hold to the gate, and each way to be refused. */
class SaleTest {
    private val clock = ManualClock()
    private val house = openHouse(clock = clock)
    private val bookings = house.bookings()
    private val catalog = house.catalog()

    @Test
    fun `two seats from the hold to the gate`() = runBlocking<Unit> {
        val show = house.addShow()
        val held = bookings.hold(GUEST, seats(show, "A1", "A2", customer = Customer("Ada", "ada@example.org")))
        assertEquals(BookingStatus.HELD, held.status)
        assertEquals(Money(2450, "EUR"), held.quote.total)
        assertEquals(clock.time + Duration.ofMinutes(10), held.expiresAt)
        val guest = Actor.Guest(held.bookingToken)
        assertEquals(BookingStatus.CONFIRMED, bookings.confirm(guest, held.id, paidBy("counter")).status)
        assertTrue(bookings.seats(show.id).states.startsWith("ss........"))
        assertTrue(bookings.seats(show.id, held.id).states.startsWith("mm........"))

        val tickets = bookings.tickets(guest, held.id)
        val gate = Gate(listOf(house.ticketKey()))
        val claims = gate.check(tickets[1].token, show.startsAt)
        assertEquals(listOf(show.id, held.id, tickets[1].id), listOf(claims.show, claims.booking, claims.ticket))
        assertEquals("A2", catalog.layout(show.layoutId).seats[claims.seat.toInt()].label)
        assertTrue("<svg" in bookings.qrSvg(guest, held.id, tickets[0].id))
        assertEquals("PNG", String(bookings.qrPng(guest, held.id, tickets[0].id), 1, 3))
        assertTrue("SUMMARY:Alien" in bookings.calendar(guest, held.id))

        val day = Duration.ofDays(1)
        val stranger = Kitflik(KitflikOptions(Store.Memory, HouseKey.Hex("09".repeat(32))))
        val refusals = mapOf(
            "ticket_too_early" to { gate.check(tickets[0].token, show.startsAt - day) },
            "ticket_expired" to { gate.check(tickets[0].token, show.startsAt + day) },
            "ticket_malformed" to { gate.check("KF1.", show.startsAt) },
            "ticket_unknown_key" to { Gate(listOf(stranger.ticketKey())).check(tickets[0].token, show.startsAt) },
        )
        for ((code, check) in refusals) assertEquals(code, refused<KitflikException.Ticket> { check() }.code)
        refused<KitflikException.Ticket> { Gate(listOf("no key")) }
    }

    @Test
    fun `seats that cannot be had`() = runBlocking<Unit> {
        val show = house.addShow()
        suspend fun refusedSeats(code: ErrorCode, vararg names: String): KitflikException.Seats {
            val error = refused<KitflikException.Seats> { bookings.hold(GUEST, seats(show, *names)) }
            assertEquals(code, error.code)
            return error
        }
        bookings.hold(GUEST, seats(show, "A1", "A2"))
        assertEquals(listOf("A2"), refusedSeats(ErrorCode.SEAT_TAKEN, "A2", "A3").seats)
        assertEquals(listOf("Z1"), refusedSeats(ErrorCode.UNKNOWN_SEAT, "Z1").seats)
        assertEquals(2, refusedSeats(ErrorCode.ORPHAN_SEAT, "B2", "B3").alternative?.size)
        refusedSeats(ErrorCode.COUPLE_SPLIT, "D5")
        val wish = BestAvailable(count = 10u, section = "nowhere")
        refusal(ErrorCode.NOT_ENOUGH_SEATS) {
            bookings.hold(GUEST, HoldSeats(showId = show.id, bestAvailable = wish))
        }
    }

    @Test
    fun `a hold that is over`() = runBlocking<Unit> {
        val show = house.addShow()
        val held = bookings.hold(GUEST, seats(show, "A1", "A2"))
        clock.advance(Duration.ofMinutes(11))
        refusal(ErrorCode.HOLD_EXPIRED) {
            bookings.confirm(Actor.Guest(held.bookingToken), held.id, paidBy("counter"))
        }
        bookings.hold(GUEST, seats(show, "A1", "A2"))
    }

    @Test
    fun `who may what`() = runBlocking<Unit> {
        val show = house.addShow()
        val held = bookings.hold(GUEST, seats(show, "A1"))
        refusal(ErrorCode.FORBIDDEN) { bookings.get(Actor.Guest(house.bookingToken(show.id)), held.id) }
        refusal(ErrorCode.UNAUTHENTICATED) { bookings.get(GUEST, held.id) }
        val account = NewStaff("door@example.org", "long enough", "Uma", Role.USHER)
        val usher = house.staff().makeFirst(account)
        refusal(ErrorCode.FORBIDDEN) { catalog.addMovie(Actor.Staff(usher.id, usher.role), NewMovie(title = "Mine")) }
        refusal(ErrorCode.ALREADY_EXISTS) { house.staff().makeFirst(account) }
    }

    @Test
    fun `values and fields that are wrong`() = runBlocking<Unit> {
        refused<KitflikException.Invalid> { bookings.get(HOST, "not an id") }
        val venue = NewVenue(name = "", city = "x".repeat(5000), zone = "Europe/Berlin")
        val wrong = refused<KitflikException.Invalid> { catalog.addVenue(HOST, venue) }
        assertEquals(listOf("name", "city"), wrong.fields.map { it.path })
        refused<KitflikException.Invalid> { catalog.addVenue(HOST, venue.copy(name = "Odeon", zone = "Mars")) }
        assertTrue(refused<KitflikException.Invalid> { Layout.fromText("Hall", "A: ##?#") }.fields.isNotEmpty())
        refused<KitflikException.Invalid> { Kitflik(KitflikOptions(Store.Memory, HouseKey.Hex("07"))) }
    }

    @Test
    fun `a command takes effect once`() = runBlocking<Unit> {
        val show = house.addShow()
        val first = bookings.hold(GUEST, seats(show, "A1", "A2", command = "order-1"))
        assertEquals(first.id, bookings.hold(GUEST, seats(show, "A1", "A2", command = "order-1")).id)
        refusal(ErrorCode.IDEMPOTENCY_MISMATCH) { bookings.hold(GUEST, seats(show, "B1", command = "order-1")) }
    }

    @Test
    fun accounts() = runBlocking<Unit> {
        val users = house.users()
        users.register(RegisterUser(email = "ada@example.org", password = "correct horse", name = "Ada"))
        refusal(ErrorCode.INVALID_CREDENTIALS) { users.logIn(LogIn(email = "ada@example.org", password = "wrong horse")) }
        val tokens = users.logIn(LogIn(email = "ada@example.org", password = "correct horse"))
        val actor = users.authenticate(tokens.accessToken)
        assertEquals("Ada", users.me(actor).name)
        refusal(ErrorCode.UNAUTHENTICATED) { users.authenticate("no token") }
        val held = bookings.hold(actor, seats(house.addShow(), "A1"))
        bookings.confirm(actor, held.id, paidBy("counter"))
        assertEquals(listOf(held.id), bookings.mine(actor, PageRequest(limit = 10u)).items.map { it.id })
    }

    @Test
    fun `of 64 that want a seat one gets it`() = runBlocking<Unit> {
        for (store in listOf(Store.Memory, Store.Custom(MemoryStore()))) {
            val house = openHouse(store)
            val show = house.addShow()
            val race = List(64) {
                async(Dispatchers.Default) { runCatching { house.bookings().hold(GUEST, seats(show, "A1", "A2")) } }
            }
            val outcomes = race.awaitAll()
            assertEquals(1, outcomes.count { it.isSuccess })
            val lost = outcomes.mapNotNull { (it.exceptionOrNull() as? KitflikException.Seats)?.code }
            assertEquals(List(63) { ErrorCode.SEAT_TAKEN }, lost, "$outcomes")
        }
    }
}
