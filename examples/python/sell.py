"""KitFlik inside a Python program: one hall, one show, two seats from hold to tickets, checked without a network.

`python sell.py` sells in memory; give it a directory and it keeps what it sold.
"""

import asyncio
import pathlib
import secrets
import sys

import kitflik as k


async def main():
    directory = sys.argv[1] if len(sys.argv) > 1 else None
    store = k.Store.SLED(directory) if directory else k.Store.MEMORY()
    house = k.Kitflik(k.KitflikOptions(store=store, master_key=master_key(directory), house_name="Odeon"))
    show = await open_hall(house)

    bookings = house.bookings()
    wish = k.HoldSeats(show_id=show.id, best_available=k.BestAvailable(count=2))
    held = await bookings.hold(k.Actor.GUEST(), wish)
    labels = " and ".join(seat.label for seat in held.seats)
    print(f"held {labels} for {held.quote.total.amount_minor} minor units")
    guest = k.Actor.GUEST(held.booking_token)
    await bookings.confirm(guest, held.id, k.ConfirmBooking(payment=k.PaymentChoice(provider="counter")))

    gate = k.Gate([house.ticket_key()])
    for ticket in await bookings.tickets(guest, held.id):
        claims = gate.check(ticket.token, show.starts_at)
        print(f"ticket for {ticket.seat.label}, booking {claims.booking}: {ticket.token}")
    print("seats", (await bookings.seats(show.id)).states)
    await house.shut_down()


def master_key(directory):
    """Every key that the house signs with comes from this one: it is made once, and has to be kept safe."""
    digits = secrets.token_hex(32)
    if directory:
        file = pathlib.Path(directory, "master.key")
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(digits)
        digits = file.read_text()
    return k.HouseKey.HEX(digits)


async def open_hall(house):
    host, catalog = k.Actor.SYSTEM(), house.catalog()
    venue = await catalog.add_venue(host, k.NewVenue(name="Odeon", city="Berlin", zone="Europe/Berlin"))
    layout = k.Layout.from_text("Hall 1", "A: ####_####\nB: ####_####\nC: ##<>_####")
    price = k.CategoryPrice(category=layout.categories()[0].id, ticket_type="adult", amount_minor=1200)
    card = k.NewPriceCard(name="Evening", currency="EUR", prices=[price], booking_fee_minor=50)
    card = await catalog.add_price_card(host, card)
    hall = await catalog.add_auditorium(host, k.NewAuditorium(venue_id=venue.id, name="Hall 1", layout=layout))
    movie = await catalog.add_movie(host, k.NewMovie(title="The Long Night"))
    show = k.NewShow(
        movie_id=movie.id,
        auditorium_id=hall.id,
        price_card_id=card.id,
        starts_at_local=f"{house.now().year + 1}-07-01T20:00",
        format=k.ShowFormat.TWO_D,
    )
    return await catalog.add_show(host, show)


if __name__ == "__main__":
    asyncio.run(main())
