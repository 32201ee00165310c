// What a call costs from Kotlin, against the same call in Rust in the same process. `.ci/ffi` runs it.
package kitflik

import kitflik.core.*
import kotlinx.coroutines.runBlocking

private const val ROUNDS = 7
private const val CALLS = 2_000

private inline fun medianNs(call: () -> Unit): Double {
    val rounds = List(ROUNDS) {
        val start = System.nanoTime()
        repeat(CALLS) { call() }
        (System.nanoTime() - start).toDouble() / CALLS
    }
    return rounds.sorted()[ROUNDS / 2]
}

fun main() = runBlocking {
    val house = Kitflik(KitflikOptions(Store.Memory, HouseKey.Bytes(ByteArray(32))))
    val catalog = house.catalog()
    val movie = catalog.addMovie(Actor.System, NewMovie(title = "Alien"))
    repeat(2) { medianNs { house.now() } }
    val sync = medianNs { house.now() }
    medianNs { catalog.movie(movie.id) }
    val waits = medianNs { catalog.movie(movie.id) }
    val native = nativeCallTimes(house, movie.id, 10u * CALLS.toUInt())
    for ((name, kotlin, rust) in listOf(
        Triple("sync, now", sync, native.syncNs),
        Triple("async, movie", waits, native.asyncNs),
    )) {
        println("%-13s %8.2f µs from Kotlin, %6.2f µs in Rust: %4.0f to 1".format(name, kotlin / 1000, rust / 1000, kotlin / rust))
    }
}
