// KitFlik inside a Kotlin program: one hall, one show, two seats from hold to tickets, checked without a network.
// Without an argument it sells in memory; give it a directory and it keeps what it sold.
package examples

import java.io.File
import java.security.SecureRandom
import kitflik.*
import kitflik.core.*
import kotlinx.coroutines.runBlocking

fun main(args: Array<String>) = runBlocking {
    val directory = args.firstOrNull()
    val store = directory?.let { Store.Sled(it) } ?: Store.Memory
    val house = Kitflik(KitflikOptions(store, masterKey(directory), houseName = "Odeon"))
    val show = openHall(house)

    val bookings = house.bookings()
    val wish = HoldSeats(showId = show.id, bestAvailable = BestAvailable(count = 2u))
    val held = bookings.hold(Actor.Guest(), wish)
    val labels = held.seats.joinToString(" and ") { it.label }
    println("held $labels for ${held.quote.total.amountMinor} minor units")
    val guest = Actor.Guest(held.bookingToken)
    bookings.confirm(guest, held.id, ConfirmBooking(payment = PaymentChoice("counter")))

    val gate = Gate(listOf(house.ticketKey()))
    for (ticket in bookings.tickets(guest, held.id)) {
        val claims = gate.check(ticket.token, show.startsAt)
        println("ticket for ${ticket.seat.label}, booking ${claims.booking}: ${ticket.token}")
    }
    println("seats ${bookings.seats(show.id).states}")
    house.shutDown()
}

/** Every key that the house signs with comes from this one: it is made once, and has to be kept safe. */
private fun masterKey(directory: String?): HouseKey {
    val fresh = ByteArray(32).also(SecureRandom()::nextBytes).joinToString("") { "%02x".format(it) }
    if (directory == null) return HouseKey.Hex(fresh)
    val file = File(directory, "master.key")
    if (!file.exists()) {
        file.absoluteFile.parentFile.mkdirs()
        file.createNewFile()
        // For nobody else to read: first for none, then for the owner.
        file.setReadable(false, false)
        file.setReadable(true)
        file.writeText(fresh)
    }
    return HouseKey.Hex(file.readText())
}

private suspend fun openHall(house: Kitflik): ShowView {
    val host = Actor.System
    val catalog = house.catalog()
    val venue = catalog.addVenue(host, NewVenue(name = "Odeon", city = "Berlin", zone = "Europe/Berlin"))
    val layout = Layout.fromText("Hall 1", "A: ####_####\nB: ####_####\nC: ##<>_####")
    val price = CategoryPrice(layout.categories()[0].id, "adult", 1200)
    val card = NewPriceCard(name = "Evening", currency = "EUR", prices = listOf(price), bookingFeeMinor = 50)
    val show = NewShow(
        movieId = catalog.addMovie(host, NewMovie(title = "The Long Night")).id,
        auditoriumId = catalog.addAuditorium(host, NewAuditorium(venueId = venue.id, name = "Hall 1", layout = layout)).id,
        priceCardId = catalog.addPriceCard(host, card).id,
        startsAtLocal = "${house.now().toString().take(4).toInt() + 1}-07-01T20:00",
        format = ShowFormat.TWO_D,
    )
    return catalog.addShow(host, show)
}
