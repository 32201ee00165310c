package kitflik

import java.nio.file.Path
import java.time.Duration
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.atomic.AtomicReference
import kitflik.core.*
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** A store that does what it is told to do once, before or after the real work. */
class Moody : MemoryStore() {
    val moods = ConcurrentHashMap<String, suspend () -> Unit>()

    fun fails(moment: String, error: Throwable) {
        moods[moment] = { throw error }
    }

    override suspend fun read(reads: List<Read>): List<List<Row>> {
        moods.remove("before read")?.invoke()
        return super.read(reads)
    }

    override suspend fun commit(batch: Batch): Commit {
        moods.remove("before commit")?.invoke()
        val outcome = super.commit(batch)
        moods.remove("after commit")?.invoke()
        return outcome
    }
}

class Mailbox : Mailer {
    val mails = CopyOnWriteArrayList<Email>()
    val error = AtomicReference<Throwable?>()

    override suspend fun send(email: Email) {
        error.getAndSet(null)?.let { throw it }
        mails += email
    }
}

class Card : Payments {
    val charges = ConcurrentHashMap<String, Money>()
    var answer: PaymentStatus? = null
    val error = AtomicReference<Throwable?>()

    override suspend fun capture(capture: Capture): PaymentStatus {
        error.getAndSet(null)?.let { throw it }
        answer?.let { return it }
        charges[capture.charge.booking] = capture.amount
        return PaymentStatus.Captured("charge-1")
    }

    override suspend fun status(charge: ChargeId): PaymentStatus =
        if (charges.containsKey(charge.booking)) PaymentStatus.Captured("charge-1") else PaymentStatus.Unknown

    override suspend fun refund(refund: Refund): PaymentStatus {
        charges.remove(refund.charge.booking)
        return PaymentStatus.Refunded
    }

    override suspend fun verifyEvent(event: SignedEvent): ProviderEvent? = throw EventException.NotSupported()
}

/** What a host plugs in, when it works and when it fails, and calls that are cut off. */
class PortsTest {
    private val store = Moody()
    private val house = openHouse(Store.Custom(store))
    private val bookings = house.bookings()

    private suspend fun sell(house: Kitflik, show: ShowView, vararg names: String) {
        val held = house.bookings().hold(GUEST, seats(show, *names))
        val sold = house.bookings().confirm(Actor.Guest(held.bookingToken), held.id, paidBy("counter"))
        assertEquals(BookingStatus.CONFIRMED, sold.status)
    }

    @Test
    fun `what a store throws`() = runBlocking<Unit> {
        val show = house.addShow()
        store.fails("before commit", StorageException.Unavailable("down"))
        retry(ErrorCode.UNAVAILABLE) { bookings.hold(GUEST, seats(show, "A1", "A2")) }
        store.fails("before commit", StorageException.Corrupt("torn"))
        refusal(ErrorCode.INTERNAL) { bookings.hold(GUEST, seats(show, "A1", "A2")) }
        store.fails("before read", IllegalStateException("a bug"))
        retry(ErrorCode.UNAVAILABLE) { bookings.hold(GUEST, seats(show, "A1", "A2")) }
        // The engine looks for itself whether the batch is there, and goes on either way.
        store.fails("after commit", IllegalStateException("after the work"))
        val first = bookings.hold(GUEST, seats(show, "B1", "B2", command = "once"))
        assertEquals(first.id, bookings.hold(GUEST, seats(show, "B1", "B2", command = "once")).id)
        store.moods["after commit"] = {
            store.fails("before read", StorageException.Unavailable("still down"))
            throw StorageException.Indeterminate("no answer")
        }
        retry(ErrorCode.OUTCOME_UNKNOWN) { bookings.hold(GUEST, seats(show, "C1", "C2", command = "twice")) }
        assertEquals(2, bookings.hold(GUEST, seats(show, "C1", "C2", command = "twice")).seats.size)
        sell(house, show, "A1", "A2")
    }

    @Test
    fun `a clock that fails`() = runBlocking<Unit> {
        var broken = false
        val clock = object : Clock {
            override fun now() = if (broken) error("no time") else ManualClock().now()
        }
        val house = openHouse(clock = clock)
        val show = house.addShow()
        broken = true
        refusal(ErrorCode.INTERNAL) { house.now() }
        refusal(ErrorCode.INTERNAL) { house.bookings().hold(GUEST, seats(show, "A1", "A2")) }
        broken = false
        sell(house, show, "A1", "A2")
    }

    @Test
    fun `a call that is cancelled leaves the store whole`() = runBlocking<Unit> {
        val show = house.addShow()
        for (moment in listOf("before read", "before commit", "after commit")) {
            val reached = CompletableDeferred<Unit>()
            store.moods[moment] = {
                reached.complete(Unit)
                CompletableDeferred<Unit>().await()
            }
            val request = seats(show, "A1", "A2", command = moment.replace(' ', '-'))
            val call = launch(Dispatchers.Default) { bookings.hold(GUEST, request) }
            withTimeout(60_000) { reached.await() }
            call.cancelAndJoin()
            assertTrue(call.isCancelled)
            assertTrue(bookings.seats(show.id).states.take(2) in listOf("..", "hh"))
            val held = bookings.hold(GUEST, request)
            bookings.release(Actor.Guest(held.bookingToken), held.id)
        }
        sell(house, show, "A1", "A2")
    }

    @Test
    fun `mail is sent again until it is taken`() = runBlocking<Unit> {
        val mailbox = Mailbox()
        val clock = ManualClock()
        val house = openHouse(clock = clock, mailer = mailbox)
        val show = house.addShow()
        val held = house.bookings().hold(GUEST, seats(show, "A1", customer = Customer("Ada", "ada@example.org")))
        house.bookings().confirm(Actor.Guest(held.bookingToken), held.id, paidBy("counter"))
        for (error in listOf(MailException.Temporary("later"), IllegalStateException("a bug"), null)) {
            assertEquals(0, mailbox.mails.size)
            mailbox.error.set(error)
            house.tick()
            clock.advance(Duration.ofMinutes(10))
        }
        assertEquals(listOf("ada@example.org"), mailbox.mails.map { it.to })
    }

    @Test
    fun money() = runBlocking<Unit> {
        val card = Card()
        val clock = ManualClock()
        val house = openHouse(clock = clock, payments = listOf(PaymentProvider("card", card)))
        assertEquals(listOf("counter", "card"), house.paymentProviders())
        val show = house.addShow()
        val held = house.bookings().hold(GUEST, seats(show, "A1", "A2"))
        val guest = Actor.Guest(held.bookingToken)
        card.answer = PaymentStatus.Declined("no money")
        refusal(ErrorCode.PAYMENT_DECLINED) { house.bookings().confirm(guest, held.id, paidBy("card")) }
        card.answer = null
        card.error.set(IllegalStateException("a bug"))
        retry(ErrorCode.PAYMENT_PENDING) { house.bookings().confirm(guest, held.id, paidBy("card")) }
        card.charges[held.id] = held.quote.total
        clock.advance(Duration.ofMinutes(5))
        house.tick()
        assertEquals(BookingStatus.CONFIRMED, house.bookings().get(guest, held.id).status)
    }

    @Test
    fun `a sale outlives its house, and a directory has one house at a time`(@TempDir folder: Path) = runBlocking<Unit> {
        val directory = "$folder/store"
        val first = openHouse(Store.Sled(directory))
        val show = first.addShow()
        sell(first, show, "A1", "A2")
        assertTrue(directory in retry(ErrorCode.UNAVAILABLE) { openHouse(Store.Sled(directory)) })
        first.shutDown()
        retry(ErrorCode.UNAVAILABLE) { first.bookings().hold(GUEST, seats(show, "B1", "B2")) }
        val second = openHouse(Store.Sled(directory))
        refused<KitflikException.Seats> { second.bookings().hold(GUEST, seats(show, "A1", "A2")) }
        second.shutDown()
    }
}
