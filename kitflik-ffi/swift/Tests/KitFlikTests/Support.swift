import Foundation
import KitFlik
import XCTest

let hallPlan = "A: ####_######\nB: ####_######\nC: ####_######\nD: ####<>"
let host = Actor.system
let guestActor = Actor.guest()

/// A whole storage adapter. Calls come from many threads, so one lock guards a check together with its writes.
class MemoryStore: Storage, @unchecked Sendable {
    private var rows: [String: Row] = [:]
    private var version: UInt64 = 0
    private let lock = NSLock()

    func read(reads: [Read]) async throws -> [[Row]] {
        try validateReads(reads: reads)
        return lock.withLock { reads.map(answer) }
    }

    private func answer(_ read: Read) -> [Row] {
        switch read {
        case let .get(key):
            return rows[key].map { [$0] } ?? []
        case let .scan(start, end, limit, reverse):
            let found = rows.values.filter { $0.key >= start && $0.key < end }
            let ordered = found.sorted { reverse ? $0.key > $1.key : $0.key < $1.key }
            return Array(ordered.prefix(Int(limit)))
        }
    }

    func commit(batch: Batch) async throws -> Commit {
        try validateBatch(batch: batch)
        return lock.withLock {
            for check in batch.checks where !holds(check, rows) {
                switch check {
                case let .absent(key), let .version(key, _): return .conflict(key: key)
                }
            }
            version += 1
            for write in batch.writes {
                switch write {
                case let .put(key, value): rows[key] = Row(key: key, value: value, version: version)
                case let .delete(key): rows[key] = nil
                }
            }
            return .applied(version: version)
        }
    }

    func holds(_ check: Check, _ rows: [String: Row]) -> Bool {
        switch check {
        case let .absent(key): return rows[key] == nil
        case let .version(key, version): return rows[key]?.version == version
        }
    }
}

final class ManualClock: Clock, @unchecked Sendable {
    private let lock = NSLock()
    private var time = Date(timeIntervalSince1970: 1_795_780_800)  // 2026-11-27 at noon, UTC

    func now() -> Timestamp { lock.withLock { time } }
    func advance(_ seconds: TimeInterval) { lock.withLock { time += seconds } }
}

func openHouse(
    _ store: Store = .memory, clock: Clock = ManualClock(), mailer: Mailer? = nil, payments: [PaymentProvider] = []
) throws -> Kitflik {
    let key = HouseKey.bytes(bytes: Data(repeating: 7, count: 32))
    return try Kitflik(options: KitflikOptions(
        store: store, masterKey: key, mailer: mailer, payments: payments, clock: clock))
}

/// A show this evening in a hall of this plan.
func addShow(_ house: Kitflik, plan: String = hallPlan) async throws -> ShowView {
    let catalog = house.catalog()
    let venue = try await catalog.addVenue(
        actor: host, venue: NewVenue(name: "Odeon", city: "Berlin", zone: "Europe/Berlin"))
    let layout = try Layout.fromText(name: "Hall 1", text: plan)
    let prices = layout.categories().map { CategoryPrice(category: $0.id, ticketType: "adult", amountMinor: 1200) }
    let card = try await catalog.addPriceCard(
        actor: host,
        priceCard: NewPriceCard(name: "Evening", currency: "EUR", prices: prices, bookingFeeMinor: 50))
    let hall = try await catalog.addAuditorium(
        actor: host, auditorium: NewAuditorium(venueId: venue.id, name: "Hall 1", layout: layout))
    let movie = try await catalog.addMovie(actor: host, movie: NewMovie(title: "Alien", runtimeMinutes: 117))
    let show = NewShow(
        movieId: movie.id, auditoriumId: hall.id, startsAtLocal: "2026-11-27T20:00", priceCardId: card.id,
        format: .twoD)
    return try await catalog.addShow(actor: host, show: show)
}

func seats(_ show: ShowView, _ names: String..., command: String? = nil, customer: Customer? = nil) -> HoldSeats {
    HoldSeats(command: command, showId: show.id, seats: names, customer: customer)
}

func paid(by provider: String) -> ConfirmBooking {
    ConfirmBooking(payment: PaymentChoice(provider: provider))
}

/// The error that a call must end with, and its stable code.
func refused<T>(
    _ expected: ErrorCode, file: StaticString = #filePath, line: UInt = #line, _ call: () async throws -> T
) async -> KitflikError? {
    do {
        _ = try await call()
        XCTFail("expected \(expected), found no error", file: file, line: line)
    } catch let error as KitflikError {
        XCTAssertEqual(code(error), expected, file: file, line: line)
        return error
    } catch {
        XCTFail("expected \(expected), found \(error)", file: file, line: line)
    }
    return nil
}

func code(_ error: KitflikError) -> ErrorCode? {
    switch error {
    case let .Invalid(code, _, _), let .Refused(code, _), let .Retry(code, _), let .Seats(code, _, _, _): return code
    case .Ticket: return nil
    }
}
