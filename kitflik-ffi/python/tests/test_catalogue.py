"""What staff do with the catalogue: edits, the schedule, discount codes, seats of the house, pictures."""

import datetime
import unittest

import kitflik as k
from support import HALL, HOST, Clock, add_show, open_house, seats

GUEST = k.Actor.GUEST()
Code = k.ErrorCode


class Catalogue(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.clock = Clock()
        self.house = open_house(clock=self.clock)
        self.catalog, self.bookings = self.house.catalog(), self.house.bookings()

    async def refused(self, variant, code, call):
        with self.assertRaises(variant) as caught:
            await call
        self.assertEqual(caught.exception.code, code)
        self.assertTrue(caught.exception.detail)
        return caught.exception

    async def test_of_two_editors_the_second_is_told(self):
        movie = await self.catalog.add_movie(HOST, k.NewMovie(title="Alein", genres=["Horror"]))
        edited = await self.catalog.edit_movie(HOST, movie.id, movie.revision, k.NewMovie(title="Alien"))
        self.assertEqual((edited.title, edited.genres), ("Alien", []))
        self.assertGreater(edited.revision, movie.revision)
        late = self.catalog.edit_movie(HOST, movie.id, movie.revision, k.NewMovie(title="Aliens"))
        stale = await self.refused(k.KitflikError.Refused, Code.STALE_REVISION, late)
        self.assertIn(str(edited.revision), stale.detail)
        await self.catalog.edit_movie(HOST, movie.id, None, k.NewMovie(title="Aliens"))
        self.assertEqual((await self.catalog.movie(movie.id)).title, "Aliens")

    async def test_every_kind_of_thing_is_edited(self):
        show = await add_show(self.house)
        venue = k.NewVenue(name="Zoo Palast", city="Berlin", zone="Europe/Berlin")
        self.assertEqual((await self.catalog.edit_venue(HOST, show.venue.id, None, venue)).name, "Zoo Palast")
        elsewhere = k.NewVenue(name="Zoo Palast", city="Lisbon", zone="Europe/Lisbon")
        moved = self.catalog.edit_venue(HOST, show.venue.id, None, elsewhere)
        await self.refused(k.KitflikError.Refused, Code.IN_USE, moved)
        name = k.EditAuditorium(name="Hall 2")
        self.assertEqual((await self.catalog.edit_auditorium(HOST, show.auditorium.id, None, name)).name, "Hall 2")
        card = (await self.catalog.price_cards(k.PageRequest())).items[0]
        dearer = k.CategoryPrice(category=card.prices[0].category, ticket_type="adult", amount_minor=1500)
        new = k.NewPriceCard(name="Late", currency="EUR", prices=[dearer, *card.prices[1:]])
        await self.catalog.edit_price_card(HOST, card.id, card.revision, new)
        self.assertEqual((await self.catalog.price_card(card.id)).prices[0].amount_minor, 1500)
        self.assertEqual((await self.catalog.show(show.id)).auditorium.name, "Hall 2")

    async def test_what_is_archived_is_in_no_list_and_what_is_in_use_stays(self):
        show = await add_show(self.house)
        item = k.CatalogItem.MOVIE(show.movie.id)
        used = await self.refused(k.KitflikError.Refused, Code.IN_USE, self.catalog.delete(HOST, item, None))
        self.assertIn("show", used.detail)
        await self.catalog.archive(HOST, item, None)
        self.assertEqual((await self.catalog.movies(k.MovieQuery())).items, [])
        archived = await self.catalog.archived_movies(HOST, k.PageRequest())
        self.assertEqual([movie.id for movie in archived.items], [show.movie.id])
        await self.refused(
            k.KitflikError.Refused, Code.UNAUTHENTICATED, self.catalog.archived_movies(GUEST, k.PageRequest())
        )
        await self.catalog.restore(HOST, item, None)
        self.assertEqual(len((await self.catalog.movies(k.MovieQuery())).items), 1)
        spare = await self.catalog.add_movie(HOST, k.NewMovie(title="Brazil"))
        await self.catalog.delete(HOST, k.CatalogItem.MOVIE(spare.id), spare.revision)
        await self.refused(k.KitflikError.Refused, Code.NOT_FOUND, self.catalog.movie(spare.id))

    async def test_a_hall_gets_other_seats(self):
        show = await add_show(self.house)
        await self.bookings.hold(GUEST, seats(show, "D5", "D6"))
        smaller = k.SetLayout(layout=k.Layout.from_text("Hall 1", "A: ####"), shows=k.MoveShows.ALL)
        preview = await self.catalog.preview_layout(HOST, show.auditorium.id, smaller)
        self.assertEqual(preview.shows[0].outcome, k.SeatsOutcome.MISSING_SEATS)
        self.assertEqual(preview.shows[0].missing, ["D5", "D6"])
        wider = k.Layout.from_text("Hall 1", HALL.replace("A: ####_######", "A: ####_########"))
        new = k.SetLayout(layout=wider, shows=k.MoveShows.ALL)
        report = await self.catalog.set_layout(HOST, show.auditorium.id, None, new)
        self.assertEqual(report.shows[0].outcome, k.SeatsOutcome.MOVED)
        self.assertEqual(report.auditorium.earlier_layouts, [show.layout_id])
        self.assertEqual((await self.bookings.seats(show.id)).states.count("h"), 2)

    async def test_a_schedule(self):
        show = await add_show(self.house)
        card = (await self.catalog.price_cards(k.PageRequest())).items[0]
        daily = dict(movie_id=show.movie.id, auditorium_id=show.auditorium.id, price_card_id=card.id)
        daily.update(_from="2026-11-27", to="2026-11-29", times=["17:00", "20:00"], format=k.ShowFormat.TWO_D)
        clash = self.catalog.add_shows(HOST, k.RepeatShow(**daily))
        taken = await self.refused(k.KitflikError.Invalid, Code.SHOW_OVERLAP, clash)
        self.assertIn("2026-11-27T20:00", taken.fields[0].detail)
        added = await self.catalog.add_shows(HOST, k.RepeatShow(**daily, skip_clashes=True))
        self.assertEqual((len(added.shows), len(added.skipped)), (5, 1))
        self.assertEqual(added.skipped[0].reason, k.SkipReason.OVERLAP)
        self.assertIn(show.id, added.skipped[0].detail)

        week = k.CopyWeek(venue_id=show.venue.id, _from="2026-11-23", to="2026-11-30")
        self.assertEqual(len((await self.catalog.copy_week(HOST, week)).shows), 6)
        query = k.ScheduleQuery(auditorium_id=show.auditorium.id, _from="2026-12-04", to="2026-12-05")
        days = (await self.catalog.schedule(query)).auditoriums[0].days
        self.assertEqual(
            [(day.date, [entry.starts_at_local for entry in day.shows]) for day in days],
            [
                ("2026-12-04", ["2026-12-04T17:00:00", "2026-12-04T20:00:00"]),
                ("2026-12-05", ["2026-12-05T17:00:00", "2026-12-05T20:00:00"]),
            ],
        )

    async def test_a_show_is_edited_moved_closed_and_deleted(self):
        show = await add_show(self.house)
        card = (await self.catalog.price_cards(k.PageRequest())).items[0]
        edit = k.EditShow(price_card_id=card.id, language="en", format=k.ShowFormat.IMAX)
        edited = await self.catalog.edit_show(HOST, show.id, show.revision, edit)
        self.assertEqual((edited.language, edited.format), ("en", k.ShowFormat.IMAX))
        late = self.catalog.move_show(HOST, show.id, show.revision, k.MoveShow(starts_at_local="2026-11-27T21:00"))
        await self.refused(k.KitflikError.Refused, Code.STALE_REVISION, late)
        to = k.MoveShow(starts_at_local="2026-11-27T21:00")
        moved = await self.catalog.move_show(HOST, show.id, edited.revision, to)
        self.assertEqual(moved.starts_at, show.starts_at + datetime.timedelta(hours=1))
        await self.catalog.close_sales(HOST, show.id, None)
        hold = self.bookings.hold(GUEST, seats(show, "A1"))
        await self.refused(k.KitflikError.Refused, Code.SHOW_NOT_ON_SALE, hold)
        await self.catalog.open_sales(HOST, show.id, None)
        held = await self.bookings.hold(GUEST, seats(show, "A1"))
        await self.refused(k.KitflikError.Refused, Code.IN_USE, self.catalog.delete_show(HOST, show.id, None))
        await self.bookings.release(k.Actor.GUEST(held.booking_token), held.id)
        await self.catalog.delete_show(HOST, show.id, None)
        await self.refused(k.KitflikError.Refused, Code.NOT_FOUND, self.catalog.show(show.id))

    async def test_a_discount_code_is_in_the_quote_before_anything_is_held(self):
        show = await add_show(self.house)
        new = k.NewVoucher(code="spring", discount=k.DiscountKind.BASIS_POINTS(1000), max_uses=1)
        voucher = await self.catalog.add_voucher(HOST, new)
        self.assertEqual((voucher.code, voucher.uses), ("SPRING", 0))
        again = self.catalog.add_voucher(HOST, new)
        await self.refused(k.KitflikError.Refused, Code.ALREADY_EXISTS, again)
        wish = k.QuoteSeats(seats=["A1", "A2"], discount_code="Spring")
        quote = (await self.bookings.quote(GUEST, show.id, wish)).quote
        self.assertEqual(quote.total, k.Money(amount_minor=2400 - 240 + 50, currency="EUR"))
        self.assertNotIn("h", (await self.bookings.seats(show.id)).states)
        held = await self.bookings.hold(GUEST, seats(show, "A1", "A2", discount_code="spring"))
        self.assertEqual(held.quote, quote)
        self.assertEqual((await self.catalog.voucher(HOST, voucher.id)).uses, 1)
        wish = k.QuoteSeats(seats=["B1"], discount_code="spring")
        used_up = self.bookings.quote(GUEST, show.id, wish)
        await self.refused(k.KitflikError.Refused, Code.VOUCHER_USED_UP, used_up)
        new = k.NewVoucher(code="spring", discount=k.DiscountKind.AMOUNT_MINOR(500), currency="EUR", max_uses=9)
        edited = await self.catalog.edit_voucher(HOST, voucher.id, voucher.revision, new)
        stale = self.catalog.edit_voucher(HOST, voucher.id, voucher.revision, new)
        await self.refused(k.KitflikError.Refused, Code.STALE_REVISION, stale)
        page = await self.catalog.vouchers(HOST, k.PageRequest())
        self.assertEqual([(item.id, item.revision) for item in page.items], [(voucher.id, edited.revision)])
        self.assertEqual((await self.bookings.quote(GUEST, show.id, wish)).quote.total.amount_minor, 1200 - 500 + 50)

    async def test_seats_that_the_house_keeps_until_it_lets_them_go(self):
        show = await add_show(self.house)
        block = k.BlockSeats(
            seats=["B1", "B2"], reason="Critics", channels=[k.SalesChannel.BOX_OFFICE], release_minutes_before=30
        )
        await self.refused(
            k.KitflikError.Refused, Code.UNAUTHENTICATED, self.bookings.block_seats(GUEST, show.id, block)
        )
        kept = await self.bookings.block_seats(HOST, show.id, block)
        self.assertEqual([(seat.seat, seat.reason) for seat in kept], [("B1", "Critics"), ("B2", "Critics")])
        self.assertEqual(kept[0].release_at, show.starts_at - datetime.timedelta(minutes=30))
        taken = self.bookings.hold(GUEST, seats(show, "B1", "B2"))
        await self.refused(k.KitflikError.Seats, Code.SEAT_TAKEN, taken)
        given = await self.bookings.unblock_seats(HOST, show.id, k.UnblockSeats(seats=["B1"]))
        self.assertEqual([seat.seat for seat in given], ["B1"])
        self.assertEqual([seat.seat for seat in await self.bookings.house_seats(HOST, show.id)], ["B2"])
        self.clock.time = show.starts_at - datetime.timedelta(minutes=29)
        await self.bookings.hold(GUEST, seats(show, "B1", "B2"))

    async def test_search_counts_what_it_finds(self):
        await add_show(self.house)
        await self.catalog.add_movie(HOST, k.NewMovie(title="Brazil", genres=["Satire"]))
        found = await self.catalog.movies(k.MovieQuery(q="alein"))
        self.assertEqual([movie.title for movie in found.items], ["Alien"])
        self.assertIsNone(found.facets)
        facets = (await self.catalog.movies(k.MovieQuery(facets=True, sort=k.MovieSort.TITLE))).facets
        self.assertEqual(facets.total, 2)
        self.assertEqual([(city.label, city.count) for city in facets.city], [("Berlin", 1)])
        self.assertEqual([genre.label for genre in facets.genre], ["Satire"])

    async def test_best_seats_for_the_money(self):
        show = await add_show(self.house)
        best = await self.bookings.best_available(show.id, k.BestAvailable(count=2, max_price_minor=1200))
        self.assertEqual(len(best.seats), 2)
        cheap = self.bookings.best_available(show.id, k.BestAvailable(count=2, max_price_minor=1))
        await self.refused(k.KitflikError.Refused, Code.NOT_ENOUGH_SEATS, cheap)

    async def test_pictures_and_files_of_a_layout(self):
        show = await add_show(self.house)
        layout = k.Layout.from_text("Hall 1", HALL)
        picture = await self.catalog.layout_svg(show.layout_id)
        self.assertTrue(picture.startswith("<svg"), picture[:80])
        self.assertEqual(picture, layout.svg())
        held = await self.bookings.hold(GUEST, seats(show, "A1", "A2"))
        named = await self.bookings.seats_svg(show.id, None, k.SvgOptions(title="Alien & friends", legend=False))
        self.assertIn("Alien &amp; friends", named)
        mine = await self.bookings.seats_svg(show.id, held.id)
        self.assertNotEqual(mine, await self.bookings.seats_svg(show.id))
        for form, read in ((k.LayoutFormat.TEXT, None), (k.LayoutFormat.PRETIX, k.Layout.from_pretix)):
            text = await self.catalog.export_layout(show.layout_id, form)
            self.assertEqual(text, layout.export(form))
            again = read(text) if read else k.Layout.from_text("Hall 1", text)
            self.assertEqual(again.seats(), layout.seats())

    async def test_staff_of_the_door_change_nothing(self):
        show = await add_show(self.house)
        staff = await self.house.staff().make_first(
            k.NewStaff(email="door@example.org", password="long enough", name="Uma", role=k.Role.USHER)
        )
        usher = k.Actor.STAFF(staff.id, staff.role)
        for call in (
            self.catalog.archive(usher, k.CatalogItem.VENUE(show.venue.id), None),
            self.catalog.close_sales(usher, show.id, None),
            self.catalog.vouchers(usher, k.PageRequest()),
            self.bookings.house_seats(usher, show.id),
        ):
            await self.refused(k.KitflikError.Refused, Code.FORBIDDEN, call)
