import Foundation
import KitFlik
import XCTest

/// Sells every seat twice.
final class ChecksOff: MemoryStore, @unchecked Sendable {
    override func holds(_ check: Check, _ rows: [String: Row]) -> Bool { true }
}

struct Bug: Error {}

/// A store that does what it is told to do once, before or after the real work.
final class Moody: MemoryStore, @unchecked Sendable {
    private let lock = NSLock()
    private var moods: [String: @Sendable () async throws -> Void] = [:]

    func once(_ moment: String, _ mood: @escaping @Sendable () async throws -> Void) {
        lock.withLock { moods[moment] = mood }
    }

    private func act(_ moment: String) async throws {
        try await lock.withLock { moods.removeValue(forKey: moment) }?()
    }

    override func read(reads: [Read]) async throws -> [[Row]] {
        try await act("before read")
        return try await super.read(reads: reads)
    }

    override func commit(batch: Batch) async throws -> Commit {
        try await act("before commit")
        let outcome = try await super.commit(batch: batch)
        try await act("after commit")
        return outcome
    }
}

actor Mailbox: Mailer {
    private(set) var mails: [Email] = []
    private var errors: [Error] = [MailError.Temporary(reason: "later"), Bug()]

    func send(email: Email) async throws {
        if !errors.isEmpty { throw errors.removeFirst() }
        mails.append(email)
    }
}

actor Card: Payments {
    private var answers: [PaymentStatus?] = [.declined(reason: "no money"), nil]

    func capture(capture: Capture) async throws -> PaymentStatus {
        guard !answers.isEmpty else { return .captured(charge: "charge-1") }
        guard let answer = answers.removeFirst() else { throw Bug() }
        return answer
    }

    func status(charge: ChargeId) async throws -> PaymentStatus { .captured(charge: "charge-1") }
    func refund(refund: Refund) async throws -> PaymentStatus { .refunded }
    func verifyEvent(event: SignedEvent) async throws -> ProviderEvent? { throw EventError.NotSupported }
}

final class KitFlikTests: XCTestCase {
    func failures(_ storage: Storage) async throws -> Set<String> {
        var failed: Set<String> = []
        for name in conformanceCases() {
            do {
                try await runConformanceCase(storage: storage, caseName: name)
            } catch let ConformanceFailure.Failed(caseName, _) {
                failed.insert(caseName)
            }
        }
        return failed
    }

    func testAStoreInSwiftConforms() async throws {
        XCTAssertGreaterThan(conformanceCases().count, 50)
        let failed = try await failures(MemoryStore())
        XCTAssertEqual(failed, [])
    }

    func testTheBuiltInStoresConform() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        for storage in [memoryStorage(), try sledStorage(directory: folder.path)] {
            let failed = try await failures(storage)
            XCTAssertEqual(failed, [])
        }
    }

    func testWithoutChecksAStoreFailsByName() async throws {
        let failed = try await failures(ChecksOff())
        XCTAssert(failed.isSuperset(of: [
            "absent_conflicts_with_a_row", "one_of_many_inserts_wins", "no_increment_is_lost",
        ]), "\(failed)")
        XCTAssertFalse(failed.contains("a_row_comes_back_as_it_was_put"))
    }

    func testTwoSeatsFromTheHoldToTheGate() async throws {
        let house = try openHouse()
        let bookings = house.bookings()
        let show = try await addShow(house)
        let held = try await bookings.hold(actor: guestActor, request: seats(show, "A1", "A2"))
        XCTAssertEqual(held.quote.total, Money(amountMinor: 2450, currency: "EUR"))
        XCTAssertEqual(held.expiresAt, try house.now() + 600)
        let guest = Actor.guest(bookingToken: held.bookingToken)
        let sold = try await bookings.confirm(actor: guest, booking: held.id, request: paid(by: "counter"))
        XCTAssertEqual(sold.status, .confirmed)
        let states = try await bookings.seats(show: show.id, mine: held.id).states
        XCTAssert(states.hasPrefix("mm........"), states)

        let tickets = try await bookings.tickets(actor: guest, booking: held.id)
        let gate = try Gate(publicKeys: [house.ticketKey()])
        let claims = try gate.check(token: tickets[1].token, now: show.startsAt)
        XCTAssertEqual([claims.show, claims.booking, claims.ticket], [show.id, held.id, tickets[1].id])
        let layout = try await house.catalog().layout(layout: show.layoutId)
        XCTAssertEqual(layout.seats[Int(claims.seat)].label, "A2")
        let svg = try await bookings.qrSvg(actor: guest, booking: held.id, ticket: tickets[0].id)
        XCTAssert(svg.contains("<svg"))
        for (late, expected) in [(-86_400.0, "ticket_too_early"), (86_400.0, "ticket_expired")] {
            XCTAssertThrowsError(try gate.check(token: tickets[0].token, now: show.startsAt + late)) { error in
                guard case let KitflikError.Ticket(code, _) = error else { return XCTFail("\(error)") }
                XCTAssertEqual(code, expected)
            }
        }
        XCTAssertThrowsError(try Gate(publicKeys: ["no key"]))
    }

    func testEachRefusalHasItsCode() async throws {
        let clock = ManualClock()
        let house = try openHouse(clock: clock)
        let (bookings, catalog, users) = (house.bookings(), house.catalog(), house.users())
        let show = try await addShow(house)
        let held = try await bookings.hold(actor: guestActor, request: seats(show, "A1", "A2", command: "once"))
        let taken = await refused(.seatTaken) { try await bookings.hold(actor: guestActor, request: seats(show, "A2", "A3")) }
        guard case let .Seats(_, _, names, _)? = taken else { return XCTFail("\(String(describing: taken))") }
        XCTAssertEqual(names, ["A2"])
        _ = await refused(.unknownSeat) { try await bookings.hold(actor: guestActor, request: seats(show, "Z1")) }
        _ = await refused(.orphanSeat) { try await bookings.hold(actor: guestActor, request: seats(show, "B2", "B3")) }
        _ = await refused(.coupleSplit) { try await bookings.hold(actor: guestActor, request: seats(show, "D5")) }
        _ = await refused(.idempotencyMismatch) {
            try await bookings.hold(actor: guestActor, request: seats(show, "B1", command: "once"))
        }
        let stranger = Actor.guest(bookingToken: house.bookingToken(booking: show.id))
        _ = await refused(.forbidden) { try await bookings.get(actor: stranger, booking: held.id) }
        _ = await refused(.unauthenticated) { try await bookings.get(actor: guestActor, booking: held.id) }
        _ = await refused(.validationFailed) { try await bookings.get(actor: host, booking: "not an id") }
        let venue = NewVenue(name: "", city: String(repeating: "x", count: 5000), zone: "Europe/Berlin")
        let wrong = await refused(.validationFailed) { try await catalog.addVenue(actor: host, venue: venue) }
        guard case let .Invalid(_, _, fields)? = wrong else { return XCTFail("\(String(describing: wrong))") }
        XCTAssertEqual(fields.map(\.path), ["name", "city"])
        _ = try await users.register(
            request: RegisterUser(email: "ada@example.org", password: "correct horse", name: "Ada"))
        _ = await refused(.invalidCredentials) {
            try await users.logIn(request: LogIn(email: "ada@example.org", password: "wrong horse"))
        }
        clock.advance(11 * 60)
        let guest = Actor.guest(bookingToken: held.bookingToken)
        _ = await refused(.holdExpired) {
            try await bookings.confirm(actor: guest, booking: held.id, request: paid(by: "counter"))
        }
        _ = try await bookings.hold(actor: guestActor, request: seats(show, "A1", "A2"))
    }

    func testOf64ThatWantASeatOneGetsIt() async throws {
        for store in [Store.memory, .custom(storage: MemoryStore())] {
            let house = try openHouse(store)
            let show = try await addShow(house)
            let codes = await withTaskGroup(of: ErrorCode?.self) { group in
                for _ in 0..<64 {
                    group.addTask {
                        do {
                            _ = try await house.bookings().hold(actor: guestActor, request: seats(show, "A1", "A2"))
                            return nil
                        } catch { return (error as? KitflikError).flatMap(code) ?? .internal }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            XCTAssertEqual(codes.filter { $0 == nil }.count, 1)
            XCTAssertEqual(codes.filter { $0 == .seatTaken }.count, 63)
        }
    }

    func testAStoreThatThrows() async throws {
        let store = Moody()
        let house = try openHouse(.custom(storage: store))
        let bookings = house.bookings()
        let show = try await addShow(house)
        let request = seats(show, "A1", "A2", command: "once")
        store.once("before commit") { throw StorageError.Unavailable(reason: "down") }
        _ = await refused(.unavailable) { try await bookings.hold(actor: guestActor, request: request) }
        store.once("before read") { throw Bug() }
        _ = await refused(.unavailable) { try await bookings.hold(actor: guestActor, request: request) }
        store.once("after commit") { throw Bug() }
        let first = try await bookings.hold(actor: guestActor, request: request)
        let again = try await bookings.hold(actor: guestActor, request: request)
        XCTAssertEqual(first.id, again.id)
    }

    func testACancelledTaskLeavesTheStoreWhole() async throws {
        let store = Moody()
        let house = try openHouse(.custom(storage: store))
        let show = try await addShow(house)
        let (reached, go) = (expectation(description: "reached"), AsyncStream<Void>.makeStream())
        store.once("before commit") {
            reached.fulfill()
            for await _ in go.stream {}
        }
        let call = Task { try await house.bookings().hold(actor: guestActor, request: seats(show, "A1", "A2")) }
        await fulfillment(of: [reached], timeout: 60)
        call.cancel()
        go.continuation.finish()
        // A task of Swift that is cancelled runs its call to the end.
        let held = try await call.value
        let states = try await house.bookings().seats(show: show.id, mine: held.id).states
        XCTAssert(states.hasPrefix("mm"), states)
    }

    func testMailAndMoney() async throws {
        let (mailbox, clock) = (Mailbox(), ManualClock())
        let house = try openHouse(
            clock: clock, mailer: mailbox, payments: [PaymentProvider(name: "card", payments: Card())])
        XCTAssertEqual(house.paymentProviders(), ["counter", "card"])
        let bookings = house.bookings()
        let show = try await addShow(house)
        let customer = Customer(name: "Ada", email: "ada@example.org")
        let held = try await bookings.hold(actor: guestActor, request: seats(show, "A1", customer: customer))
        let guest = Actor.guest(bookingToken: held.bookingToken)
        _ = await refused(.paymentDeclined) {
            try await bookings.confirm(actor: guest, booking: held.id, request: paid(by: "card"))
        }
        _ = await refused(.paymentPending) {
            try await bookings.confirm(actor: guest, booking: held.id, request: paid(by: "card"))
        }
        for _ in 0..<5 {
            clock.advance(10 * 60)
            _ = try await house.tick()
        }
        let sold = try await bookings.get(actor: guest, booking: held.id)
        XCTAssertEqual(sold.status, .confirmed)
        let mails = await mailbox.mails
        XCTAssertEqual(Set(mails.map(\.to)), ["ada@example.org"])
        // The card was charged for the first asking after all, which goes back.
        let subjects = mails.map { $0.subject.prefix { $0 != ":" } }.sorted()
        XCTAssertEqual(subjects, ["Your payment goes back", "Your tickets"])
    }

    func testASaleOutlivesItsHouse() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = Store.sled(directory: folder.path)
        let first = try openHouse(store)
        let show = try await addShow(first)
        let held = try await first.bookings().hold(actor: guestActor, request: seats(show, "A1", "A2"))
        let guest = Actor.guest(bookingToken: held.bookingToken)
        _ = try await first.bookings().confirm(actor: guest, booking: held.id, request: paid(by: "counter"))
        _ = await refused(.unavailable) { try openHouse(store) }
        await first.shutDown()
        _ = await refused(.unavailable) { try await first.bookings().get(actor: guest, booking: held.id) }
        let second = try openHouse(store)
        let kept = try await second.bookings().get(actor: guest, booking: held.id)
        XCTAssertEqual(kept.status, .confirmed)
        await second.shutDown()
    }
}
