package kitflik

import java.time.Duration
import kitflik.core.*
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What staff do with the catalogue. The rules are the engine's; here they cross once. */
class CatalogueTest {
    private val clock = ManualClock()
    private val house = openHouse(clock = clock)
    private val bookings = house.bookings()
    private val catalog = house.catalog()

    @Test
    fun `things are edited, archived and deleted`() = runBlocking<Unit> {
        val show = house.addShow()
        val movie = catalog.movie(show.movie.id)
        val edited = catalog.editMovie(HOST, movie.id, movie.revision, NewMovie(title = "Aliens"))
        assertEquals("Aliens", edited.title)
        refusal(ErrorCode.STALE_REVISION) {
            catalog.editMovie(HOST, movie.id, movie.revision, NewMovie(title = "Alien 3"))
        }
        refusal(ErrorCode.IN_USE) { catalog.delete(HOST, CatalogItem.Movie(movie.id), null) }
        catalog.archive(HOST, CatalogItem.Movie(movie.id), edited.revision)
        assertTrue(catalog.movies(MovieQuery()).items.isEmpty())
        assertEquals(listOf(movie.id), catalog.archivedMovies(HOST, PageRequest()).items.map { it.id })
        catalog.restore(HOST, CatalogItem.Movie(movie.id), null)
        assertEquals(1u, catalog.movies(MovieQuery(facets = true)).facets?.total)
        val wider = SetLayout(layout = Layout.fromText("Hall 1", "A: ####_########"), shows = MoveShows.UNSOLD)
        val report = catalog.setLayout(HOST, show.auditorium.id, null, wider)
        assertEquals(listOf(SeatsOutcome.MOVED), report.shows.map { it.outcome })
    }

    @Test
    fun `shows are repeated, moved and deleted`() = runBlocking<Unit> {
        val show = house.addShow()
        val card = catalog.priceCards(PageRequest()).items.first()
        val added = catalog.addShows(
            HOST,
            RepeatShow(
                movieId = show.movie.id,
                auditoriumId = show.auditorium.id,
                priceCardId = card.id,
                from = "2026-11-27",
                to = "2026-11-29",
                times = listOf("17:00", "20:00"),
                skipClashes = true,
                format = ShowFormat.TWO_D,
            ),
        )
        assertEquals(5 to listOf(SkipReason.OVERLAP), added.shows.size to added.skipped.map { it.reason })
        val schedule = catalog.schedule(ScheduleQuery(from = "2026-11-27", to = "2026-11-29"))
        assertEquals(listOf(2, 2, 2), schedule.auditoriums.single().days.map { it.shows.size })
        val to = MoveShow(startsAtLocal = "2026-11-27T21:00")
        val moved = catalog.moveShow(HOST, show.id, show.revision, to)
        assertEquals(show.startsAt + Duration.ofHours(1), moved.startsAt)
        catalog.closeSales(HOST, show.id, null)
        refusal(ErrorCode.SHOW_NOT_ON_SALE) { bookings.hold(GUEST, seats(show, "A1")) }
        catalog.deleteShow(HOST, show.id, null)
        refusal(ErrorCode.NOT_FOUND) { catalog.show(show.id) }
    }

    @Test
    fun `discount codes, seats of the house and pictures`() = runBlocking<Unit> {
        val show = house.addShow()
        val new = NewVoucher(code = "spring", discount = DiscountKind.BasisPoints(1000u), maxUses = 1u)
        val voucher = catalog.addVoucher(HOST, new)
        val wish = QuoteSeats(seats = listOf("A1", "A2"), discountCode = "spring")
        assertEquals(Money(2400 - 240 + 50, "EUR"), bookings.quote(GUEST, show.id, wish).quote.total)
        assertEquals(listOf(voucher), catalog.vouchers(HOST, PageRequest()).items)

        val critics = BlockSeats(seats = listOf("B1", "B2"), reason = "Critics", releaseMinutesBefore = 30u)
        val kept = bookings.blockSeats(HOST, show.id, critics)
        assertEquals(show.startsAt - Duration.ofMinutes(30), kept.first().releaseAt)
        refused<KitflikException.Seats> { bookings.hold(GUEST, seats(show, "B1", "B2")) }
        bookings.unblockSeats(HOST, show.id, UnblockSeats(seats = listOf("B1", "B2")))
        assertTrue(bookings.houseSeats(HOST, show.id).isEmpty())
        val held = bookings.hold(GUEST, seats(show, "B1", "B2"))

        assertTrue(catalog.layoutSvg(show.layoutId).startsWith("<svg"))
        val plain = bookings.seatsSvg(show.id, options = SvgOptions(title = "Tonight", legend = false))
        assertTrue("Tonight" in plain)
        assertFalse(bookings.seatsSvg(show.id, held.id) == bookings.seatsSvg(show.id))
        val text = catalog.exportLayout(show.layoutId, LayoutFormat.TEXT)
        assertEquals(catalog.layout(show.layoutId).seats, Layout.fromText("Hall 1", text).seats())
    }
}
