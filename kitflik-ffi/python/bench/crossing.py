"""What a call costs from Python, against the same call in Rust in the same process.

    python kitflik-ffi/python/bench/crossing.py

The native times come from the library itself, which repeats the call without crossing.
"""

import asyncio
import statistics
import time

import kitflik as k

ROUNDS, CALLS = 7, 2_000


def median_ns(measure):
    return statistics.median(measure() for _ in range(ROUNDS))


def timed(calls):
    start = time.perf_counter_ns()
    calls()
    return (time.perf_counter_ns() - start) / CALLS


async def main():
    house = k.Kitflik(k.KitflikOptions(store=k.Store.MEMORY(), master_key=k.HouseKey.BYTES(bytes(32))))
    catalog = house.catalog()
    movie = await catalog.add_movie(k.Actor.SYSTEM(), k.NewMovie(title="Alien"))

    def sync_calls():
        for _ in range(CALLS):
            house.now()

    async def async_calls():
        start = time.perf_counter_ns()
        for _ in range(CALLS):
            await catalog.movie(movie.id)
        return (time.perf_counter_ns() - start) / CALLS

    sync = median_ns(lambda: timed(sync_calls))
    waits = statistics.median([await async_calls() for _ in range(ROUNDS)])
    native = k.native_call_times(house, movie.id, CALLS * 10)
    for name, python, rust in (("sync, now", sync, native.sync_ns), ("async, movie", waits, native.async_ns)):
        print(f"{name:13} {python / 1000:8.2f} µs from Python, {rust / 1000:6.2f} µs in Rust: {python / rust:4.0f} to 1")


asyncio.run(main())
