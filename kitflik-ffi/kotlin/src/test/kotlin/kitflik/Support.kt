package kitflik

import java.time.Duration
import java.time.Instant
import java.util.TreeMap
import kitflik.core.*
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue

const val HALL = "A: ####_######\nB: ####_######\nC: ####_######\nD: ####<>"
val HOST: Actor = Actor.System
val GUEST: Actor = Actor.Guest()

/** A whole storage adapter. Calls come from many threads, so one lock guards a check together with its writes. */
open class MemoryStore : Storage {
    private val rows = TreeMap<String, Row>()
    private var version = 0UL
    private val lock = Mutex()

    override suspend fun read(reads: List<Read>): List<List<Row>> {
        validateReads(reads)
        return lock.withLock { reads.map(::answer) }
    }

    private fun answer(read: Read): List<Row> = when (read) {
        is Read.Get -> listOfNotNull(rows[read.key])
        is Read.Scan -> {
            val range = if (read.start < read.end) rows.subMap(read.start, true, read.end, false) else TreeMap()
            val ordered = if (read.reverse) range.descendingMap() else range
            ordered.values.asSequence().take(read.limit.toInt()).toList()
        }
    }

    override suspend fun commit(batch: Batch): Commit {
        validateBatch(batch)
        return lock.withLock {
            val failed = batch.checks.firstOrNull { !holds(it) }
            if (failed != null) return Commit.Conflict(failed.at())
            version++
            for (write in batch.writes) when (write) {
                is Write.Put -> rows[write.key] = Row(write.key, write.value, version)
                is Write.Delete -> rows.remove(write.key)
            }
            Commit.Applied(version)
        }
    }

    protected open fun holds(check: Check): Boolean = when (check) {
        is Check.Absent -> check.key !in rows
        is Check.Version -> rows[check.key]?.version == check.version
    }

    private fun Check.at() = when (this) {
        is Check.Absent -> key
        is Check.Version -> key
    }
}

class ManualClock(var time: Instant = Instant.parse("2026-11-27T12:00:00Z")) : Clock {
    override fun now(): Instant = time

    fun advance(by: Duration) {
        time += by
    }
}

fun openHouse(
    store: Store = Store.Memory,
    clock: Clock = ManualClock(),
    mailer: Mailer? = null,
    payments: List<PaymentProvider> = listOf(),
) = Kitflik(KitflikOptions(store, HouseKey.Bytes(ByteArray(32) { 7 }), clock = clock, mailer = mailer, payments = payments))

/** A show this evening in a hall of this plan. */
suspend fun Kitflik.addShow(plan: String = HALL): ShowView {
    val catalog = catalog()
    val venue = catalog.addVenue(HOST, NewVenue(name = "Odeon", city = "Berlin", zone = "Europe/Berlin"))
    val layout = Layout.fromText("Hall 1", plan)
    val prices = layout.categories().map { CategoryPrice(it.id, "adult", 1200) }
    val card = catalog.addPriceCard(
        HOST,
        NewPriceCard(name = "Evening", currency = "EUR", prices = prices, bookingFeeMinor = 50),
    )
    val hall = catalog.addAuditorium(HOST, NewAuditorium(venueId = venue.id, name = "Hall 1", layout = layout))
    val movie = catalog.addMovie(HOST, NewMovie(title = "Alien", runtimeMinutes = 117u))
    return catalog.addShow(
        HOST,
        NewShow(
            movieId = movie.id,
            auditoriumId = hall.id,
            priceCardId = card.id,
            startsAtLocal = "2026-11-27T20:00",
            format = ShowFormat.TWO_D,
        ),
    )
}

fun seats(show: ShowView, vararg names: String, command: String? = null, customer: Customer? = null) =
    HoldSeats(command = command, showId = show.id, seats = names.toList(), customer = customer)

fun paidBy(provider: String) = ConfirmBooking(payment = PaymentChoice(provider))

/** The error that a call must end with. */
inline fun <reified E : Throwable> refused(call: () -> Unit): E {
    val error = runCatching(call).exceptionOrNull()
    assertTrue(error is E, "expected ${E::class.simpleName}, found $error")
    return error as E
}

inline fun retry(code: ErrorCode, call: () -> Unit): String {
    val error = refused<KitflikException.Retry>(call)
    assertEquals(code, error.code)
    return error.detail
}

inline fun refusal(code: ErrorCode, call: () -> Unit) = assertEquals(code, refused<KitflikException.Refused>(call).code)
