// KitFlik inside a Swift program: one hall, one show, two seats from hold to tickets, checked without a network.
// Without an argument it sells in memory; give it a directory and it keeps what it sold.
import Foundation
import KitFlik

@main
struct Sell {
    static func main() async throws {
        let directory = CommandLine.arguments.dropFirst().first
        let store = directory.map { Store.sled(directory: $0) } ?? .memory
        let key = try masterKey(directory)
        let house = try Kitflik(options: KitflikOptions(store: store, masterKey: key, houseName: "Odeon"))
        let show = try await openHall(house)

        let bookings = house.bookings()
        let wish = HoldSeats(showId: show.id, bestAvailable: BestAvailable(count: 2))
        let held = try await bookings.hold(actor: .guest(), request: wish)
        let labels = held.seats.map(\.label).joined(separator: " and ")
        print("held \(labels) for \(held.quote.total.amountMinor) minor units")
        let guest = Actor.guest(bookingToken: held.bookingToken)
        let payment = ConfirmBooking(payment: PaymentChoice(provider: "counter"))
        _ = try await bookings.confirm(actor: guest, booking: held.id, request: payment)

        let gate = try Gate(publicKeys: [house.ticketKey()])
        for ticket in try await bookings.tickets(actor: guest, booking: held.id) {
            let claims = try gate.check(token: ticket.token, now: show.startsAt)
            print("ticket for \(ticket.seat.label), booking \(claims.booking): \(ticket.token)")
        }
        print("seats", try await bookings.seats(show: show.id).states)
        await house.shutDown()
    }

    /// Every key that the house signs with comes from this one: it is made once, and has to be kept safe.
    static func masterKey(_ directory: String?) throws -> HouseKey {
        let fresh = (0..<32).map { _ in String(format: "%02x", UInt8.random(in: 0...255)) }.joined()
        guard let directory else { return .hex(digits: fresh) }
        let (files, file) = (FileManager.default, directory + "/master.key")
        if !files.fileExists(atPath: file) {
            try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
            _ = files.createFile(atPath: file, contents: Data(fresh.utf8), attributes: [.posixPermissions: 0o600])
        }
        return .hex(digits: try String(contentsOfFile: file, encoding: .utf8))
    }

    static func openHall(_ house: Kitflik) async throws -> ShowView {
        let host = Actor.system
        let catalog = house.catalog()
        let venue = NewVenue(name: "Odeon", city: "Berlin", zone: "Europe/Berlin")
        let venueId = try await catalog.addVenue(actor: host, venue: venue).id
        let layout = try Layout.fromText(name: "Hall 1", text: "A: ####_####\nB: ####_####\nC: ##<>_####")
        let price = CategoryPrice(category: layout.categories()[0].id, ticketType: "adult", amountMinor: 1200)
        let card = NewPriceCard(name: "Evening", currency: "EUR", prices: [price], bookingFeeMinor: 50)
        let hall = NewAuditorium(venueId: venueId, name: "Hall 1", layout: layout)
        let year = Calendar(identifier: .gregorian).component(.year, from: try house.now())
        let show = NewShow(
            movieId: try await catalog.addMovie(actor: host, movie: NewMovie(title: "The Long Night")).id,
            auditoriumId: try await catalog.addAuditorium(actor: host, auditorium: hall).id,
            startsAtLocal: "\(year + 1)-07-01T20:00",
            priceCardId: try await catalog.addPriceCard(actor: host, priceCard: card).id,
            format: .twoD)
        return try await catalog.addShow(actor: host, show: show)
    }
}
