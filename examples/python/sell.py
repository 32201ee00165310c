"""KitFlik inside a Python program: one hall, one show, two seats from hold to tickets, checked without a network.

`python sell.py` sells in memory; give it a directory and it keeps what it sold.
"""

import asyncio
import secrets
import sys

import kitflik as k


async def main():
    store = k.Store.SLED(sys.argv[1]) if len(sys.argv) > 1 else k.Store.MEMORY()
    # Every key that the house signs with comes from this one: make it once, and keep it safe.
    key = k.HouseKey.BYTES(secrets.token_bytes(32))
    house = k.Kitflik(k.KitflikOptions(store=store, master_key=key, house_name="Odeon"))
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
