"""What the tests share: a store written in Python, a house with a show, and a clock that they move."""

import bisect
import datetime
import logging

import kitflik as k

# unittest runs its loop in debug mode, which reports every slow step.
logging.getLogger("asyncio").setLevel(logging.ERROR)

HOST = k.Actor.SYSTEM()
KEY = k.HouseKey.BYTES(bytes([7]) * 32)
NOON = datetime.datetime(2026, 11, 27, 12, 0, tzinfo=datetime.timezone.utc)
HALL = "A: ####_######\nB: ####_######\nC: ####_######\nD: ####<>"


class MemoryStore(k.Storage):
    """A whole storage adapter. Nothing awaits between a check and its write, so calls do not interleave."""

    def __init__(self):
        self.rows, self.keys, self.version = {}, [], 0

    async def read(self, reads):
        k.validate_reads(reads)
        return [self.answer(read) for read in reads]

    def answer(self, read):
        if read.is_get():
            return [self.rows[read.key]] if read.key in self.rows else []
        keys = self.keys[bisect.bisect_left(self.keys, read.start) : bisect.bisect_left(self.keys, read.end)]
        return [self.rows[key] for key in (reversed(keys) if read.reverse else keys)][: read.limit]

    async def commit(self, batch):
        k.validate_batch(batch)
        for check in batch.checks:
            if not self.holds(check):
                return k.Commit.CONFLICT(check.key)
        self.version += 1
        for write in batch.writes:
            at = bisect.bisect_left(self.keys, write.key)
            if write.is_put():
                if write.key not in self.rows:
                    self.keys.insert(at, write.key)
                self.rows[write.key] = k.Row(key=write.key, value=write.value, version=self.version)
            elif self.rows.pop(write.key, None):
                del self.keys[at]
        return k.Commit.APPLIED(self.version)

    def holds(self, check):
        row = self.rows.get(check.key)
        return row is None if check.is_absent() else row is not None and row.version == check.version


class Clock(k.Clock):
    def __init__(self, now=NOON):
        self.time = now

    def now(self):
        return self.time

    def advance(self, **by):
        self.time += datetime.timedelta(**by)


def open_house(store=None, **options):
    options.setdefault("clock", Clock())
    return k.Kitflik(k.KitflikOptions(store=store or k.Store.MEMORY(), master_key=KEY, **options))


async def add_show(house, plan=HALL, zone="Europe/Berlin", **edits):
    """A show this evening in a hall of this plan."""
    catalog = house.catalog()
    venue = await catalog.add_venue(HOST, k.NewVenue(name="Odeon", city="Berlin", zone=zone))
    layout = k.Layout.from_text("Hall 1", plan)
    prices = [
        k.CategoryPrice(category=category.id, ticket_type=kind, amount_minor=amount)
        for category in layout.categories()
        for kind, amount in (("adult", 1200), ("child", 800))
    ]
    card = k.NewPriceCard(name="Evening", currency="EUR", prices=prices, booking_fee_minor=50)
    card = await catalog.add_price_card(HOST, card)
    hall = await catalog.add_auditorium(HOST, k.NewAuditorium(venue_id=venue.id, name="Hall 1", layout=layout))
    movie = await catalog.add_movie(HOST, k.NewMovie(title="Alien", runtime_minutes=117))
    show = dict(movie_id=movie.id, auditorium_id=hall.id, price_card_id=card.id, format=k.ShowFormat.TWO_D)
    show.update({"starts_at_local": "2026-11-27T20:00", **edits})
    return await catalog.add_show(HOST, k.NewShow(**show))


def seats(show, *names, **rest):
    return k.HoldSeats(show_id=show.id, seats=list(names), **rest)


def paid_by(provider, command=None):
    return k.ConfirmBooking(command=command, payment=k.PaymentChoice(provider=provider))
