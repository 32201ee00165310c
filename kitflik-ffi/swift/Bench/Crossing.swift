// What a call costs from Swift, against the same call in Rust in the same process. `.ci/swift` runs it.
import Foundation
import KitFlik

let rounds = 7
let calls = 2_000

func medianNs(_ call: () async throws -> Void) async rethrows -> Double {
    var times: [Double] = []
    for _ in 0..<rounds {
        let start = DispatchTime.now().uptimeNanoseconds
        for _ in 0..<calls { try await call() }
        times.append(Double(DispatchTime.now().uptimeNanoseconds - start) / Double(calls))
    }
    return times.sorted()[rounds / 2]
}

func medianNsSync(_ call: () throws -> Void) rethrows -> Double {
    var times: [Double] = []
    for _ in 0..<rounds {
        let start = DispatchTime.now().uptimeNanoseconds
        for _ in 0..<calls { try call() }
        times.append(Double(DispatchTime.now().uptimeNanoseconds - start) / Double(calls))
    }
    return times.sorted()[rounds / 2]
}

@main
struct Crossing {
    static func main() async throws {
        let house = try Kitflik(options: KitflikOptions(store: .memory, masterKey: .bytes(bytes: Data(count: 32))))
        let catalog = house.catalog()
        let movie = try await catalog.addMovie(actor: .system, movie: NewMovie(title: "Alien"))
        let sync = try medianNsSync { _ = try house.now() }
        let waits = try await medianNs { _ = try await catalog.movie(movie: movie.id) }
        let native = try await nativeCallTimes(house: house, movie: movie.id, calls: UInt32(10 * calls))
        for (name, swift, rust) in [("sync, now", sync, native.syncNs), ("async, movie", waits, native.asyncNs)] {
            print(String(
                format: "%@ %8.2f µs from Swift, %6.2f µs in Rust: %4.0f to 1",
                name.padding(toLength: 13, withPad: " ", startingAt: 0), swift / 1000, rust / 1000, swift / rust))
        }
    }
}
