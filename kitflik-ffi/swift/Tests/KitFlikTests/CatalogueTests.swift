import Foundation
import KitFlik
import XCTest

/// What staff do with the catalogue. The rules are the engine's; here they cross once.
final class CatalogueTests: XCTestCase {
    func testThingsAreEditedArchivedAndDeleted() async throws {
        let house = try openHouse()
        let catalog = house.catalog()
        let show = try await addShow(house)
        let movie = try await catalog.movie(movie: show.movie.id)
        let edited = try await catalog.editMovie(
            actor: host, movie: movie.id, revision: movie.revision, edit: NewMovie(title: "Aliens"))
        XCTAssertEqual(edited.title, "Aliens")
        _ = await refused(.staleRevision) {
            try await catalog.editMovie(
                actor: host, movie: movie.id, revision: movie.revision, edit: NewMovie(title: "Alien 3"))
        }
        _ = await refused(.inUse) {
            try await catalog.delete(actor: host, item: .movie(movie.id), revision: nil)
        }
        try await catalog.archive(actor: host, item: .movie(movie.id), revision: edited.revision)
        let listed = try await catalog.movies(query: MovieQuery())
        XCTAssertTrue(listed.items.isEmpty)
        let archived = try await catalog.archivedMovies(actor: host, request: PageRequest())
        XCTAssertEqual(archived.items.map { $0.id }, [movie.id])
        try await catalog.restore(actor: host, item: .movie(movie.id), revision: nil)
        let found = try await catalog.movies(query: MovieQuery(facets: true))
        XCTAssertEqual(found.facets?.total, 1)
    }

    func testShowsAreRepeatedMovedAndDeleted() async throws {
        let house = try openHouse()
        let catalog = house.catalog()
        let show = try await addShow(house)
        let cards = try await catalog.priceCards(request: PageRequest())
        let daily = RepeatShow(
            movieId: show.movie.id, auditoriumId: show.auditorium.id, priceCardId: cards.items[0].id,
            from: "2026-11-27", to: "2026-11-29", times: ["17:00", "20:00"], skipClashes: true, format: .twoD)
        let added = try await catalog.addShows(actor: host, shows: daily)
        XCTAssertEqual(added.shows.count, 5)
        XCTAssertEqual(added.skipped.map { $0.reason }, [.overlap])
        let schedule = try await catalog.schedule(query: ScheduleQuery(from: "2026-11-27", to: "2026-11-29"))
        XCTAssertEqual(schedule.auditoriums[0].days.map { $0.shows.count }, [2, 2, 2])
        let moved = try await catalog.moveShow(
            actor: host, show: show.id, revision: show.revision, to: MoveShow(startsAtLocal: "2026-11-27T21:00"))
        XCTAssertEqual(moved.startsAt, show.startsAt.addingTimeInterval(3600))
        _ = try await catalog.closeSales(actor: host, show: show.id, revision: nil)
        _ = await refused(.showNotOnSale) {
            try await house.bookings().hold(actor: guestActor, request: seats(show, "A1"))
        }
        try await catalog.deleteShow(actor: host, show: show.id, revision: nil)
        _ = await refused(.notFound) { try await catalog.show(show: show.id) }
    }

    func testDiscountCodesSeatsOfTheHouseAndPictures() async throws {
        let house = try openHouse()
        let (catalog, bookings) = (house.catalog(), house.bookings())
        let show = try await addShow(house)
        let new = NewVoucher(code: "spring", discount: .basisPoints(1000), maxUses: 1)
        let voucher = try await catalog.addVoucher(actor: host, voucher: new)
        XCTAssertEqual(voucher.code, "SPRING")
        let wish = QuoteSeats(seats: ["A1", "A2"], discountCode: "spring")
        let priced = try await bookings.quote(actor: guestActor, show: show.id, request: wish)
        XCTAssertEqual(priced.quote.total.amountMinor, 2400 - 240 + 50)

        let critics = BlockSeats(seats: ["B1", "B2"], reason: "Critics", releaseMinutesBefore: 30)
        let kept = try await bookings.blockSeats(actor: host, show: show.id, request: critics)
        XCTAssertEqual(kept[0].releaseAt, show.startsAt.addingTimeInterval(-1800))
        _ = await refused(.seatTaken) {
            try await bookings.hold(actor: guestActor, request: seats(show, "B1", "B2"))
        }
        let back = UnblockSeats(seats: ["B1", "B2"])
        _ = try await bookings.unblockSeats(actor: host, show: show.id, request: back)
        let left = try await bookings.houseSeats(actor: host, show: show.id)
        XCTAssertTrue(left.isEmpty)

        let picture = try await catalog.layoutSvg(layout: show.layoutId)
        XCTAssertTrue(picture.hasPrefix("<svg"))
        let options = SvgOptions(title: "Tonight", legend: false)
        let map = try await bookings.seatsSvg(show: show.id, options: options)
        XCTAssertTrue(map.contains("Tonight"))
        let text = try await catalog.exportLayout(layout: show.layoutId, format: .text)
        XCTAssertEqual(try Layout.fromText(name: "Hall 1", text: text).seats().count, 36)
    }
}
