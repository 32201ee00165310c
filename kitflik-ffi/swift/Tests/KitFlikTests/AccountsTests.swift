import Foundation
import KitFlik
import XCTest

private let email = "ada@example.org"
private let password = "correct horse battery"

/// Keeps what is sent.
private actor Letterbox: Mailer {
    private var mails: [Email] = []

    func send(email: Email) async throws { mails.append(email) }

    /// The newest mail to an address: several may be sent at once, so it need not be the last.
    private func newest(to address: String) throws -> Email {
        try XCTUnwrap(mails.filter { $0.to == address }.max { $0.id < $1.id })
    }

    /// The line of the newest mail to an address that begins so.
    func line(to address: String, start: String) throws -> String {
        let text = try newest(to: address).text
        return String(try XCTUnwrap(text.split(separator: "\n").first { $0.hasPrefix(start) }, text))
    }

    /// The code of the newest mail to an address.
    func code(to address: String) throws -> String {
        let text = try newest(to: address).text
        let lines = text.split(separator: "\n")
        return String(try XCTUnwrap(lines.first { $0.count == 8 && $0.allSatisfy(\.isNumber) }, text))
    }
}

/// Each look finds a later time, and what is made later has a later id.
private final class MovingClock: Clock, @unchecked Sendable {
    private let lock = NSLock()
    private var time = Date(timeIntervalSince1970: 1_795_780_800)  // 2026-11-27 at noon, UTC

    func now() -> Timestamp {
        lock.withLock {
            time += 0.001
            return time
        }
    }
}

/// Accounts of customers and staff, from beginning to end, with what the mails say; and keys that are rotated.
final class AccountsTests: XCTestCase {
    func testAnAccountFromRegistrationToDeletion() async throws {
        let letterbox = Letterbox()
        let house = try openHouse(clock: MovingClock(), mailer: letterbox)
        let (users, bookings) = (house.users(), house.bookings())
        func code(to address: String = email) async throws -> String {
            _ = try await house.tick()
            return try await letterbox.code(to: address)
        }
        func logIn(_ password: String, device: String? = nil) async throws -> String {
            let request = LogIn(email: email, password: password, device: device, address: "192.0.2.7")
            return try await users.logIn(request: request).accessToken
        }
        _ = try await users.register(request: RegisterUser(email: email, password: password, name: "Ada"))
        _ = await refused(.invalidCode) {
            try await users.verifyEmail(request: VerifyEmail(email: email, code: "wrong"))
        }
        _ = await refused(.validationFailed) { try await users.verifyEmail(request: VerifyEmail()) }
        let welcome = try await code()
        try await users.verifyEmail(request: VerifyEmail(email: email, code: welcome))

        let token = try await logIn(password, device: "phone")
        let (actor, session) = (try users.authenticate(accessToken: token), try users.session(accessToken: token))
        let verified = try await users.me(actor: actor).emailVerified
        XCTAssert(verified)
        _ = try await logIn(password, device: "laptop")
        let listed = try await users.listSessions(actor: actor, current: session)
        XCTAssertEqual(listed.map(\.device), ["laptop", "phone"])
        XCTAssertEqual(listed.map(\.current), [false, true])
        let change = ChangePassword(old: password, new: "battery staple", session: session)
        try await users.changePassword(actor: actor, request: change)
        _ = await refused(.invalidCredentials) { try await users.changePassword(actor: actor, request: change) }
        let kept = try await users.listSessions(actor: actor)
        XCTAssertEqual(kept.map(\.id), [session])
        try await users.revokeSession(actor: actor, session: session)
        _ = await refused(.notFound) { try await users.revokeSession(actor: actor, session: session) }
        _ = try await logIn("battery staple")
        try await users.logOutEverywhere(actor: actor)
        let none = try await users.listSessions(actor: actor)
        XCTAssertEqual(none.count, 0)

        try await users.forgotPassword(request: ForgotPassword(email: email))
        let (newest, mailed) = ("staple of horses", try await code())
        try await users.resetPassword(request: ResetPassword(email: email, code: mailed, password: newest))
        let again = try users.authenticate(accessToken: try await logIn(newest))
        XCTAssertEqual(again, actor)

        _ = try await users.updateProfile(
            actor: actor, request: UpdateProfile(phone: "+49 30 1234", zone: "Europe/Berlin"))
        let told = try await users.updateProfile(
            actor: actor, request: UpdateProfile(phone: "", marketingConsent: true))
        XCTAssertNil(told.phone)
        XCTAssertEqual(told.zone, "Europe/Berlin")
        XCTAssert(told.marketingConsent)
        let mars = await refused(.validationFailed) {
            try await users.updateProfile(actor: actor, request: UpdateProfile(zone: "Mars"))
        }
        guard case let .Invalid(_, _, fields)? = mars else { return XCTFail("\(String(describing: mars))") }
        XCTAssertEqual(fields.map(\.path), ["zone"])

        try await users.changeEmail(
            actor: actor, request: ChangeEmail(email: "ada@example.com", password: newest))
        let confirmation = try await code(to: "ada@example.com")
        try await users.confirmEmail(actor: actor, request: ConfirmEmail(code: confirmation))
        let me = try await users.me(actor: actor)
        XCTAssertEqual(me.email, "ada@example.com")

        let show = try await addShow(house)
        var sold: [BookingId] = []
        for seat in ["A1", "B1"] {
            let held = try await bookings.hold(actor: actor, request: seats(show, seat))
            sold.append(held.id)
            _ = try await bookings.confirm(actor: actor, booking: held.id, request: paid(by: "counter"))
        }
        let cancelled = try await bookings.cancel(actor: actor, booking: sold[0])
        XCTAssertEqual(cancelled.status, .cancelled)
        XCTAssertEqual(cancelled.cancellation?.by, .customer)
        let admin = Actor.staff(id: show.id, role: .admin)
        let second = sold[1]
        _ = await refused(.validationFailed) { try await bookings.cancel(actor: admin, booking: second) }

        let exported = try await users.export(actor: actor)
        XCTAssertEqual(exported.bookings.map(\.id), [sold[1], sold[0]])
        let found = try await users.list(actor: admin, query: UserQuery(q: "ADA@example"))
        XCTAssertEqual(found.items.map(\.id), [me.id])
        let seen = try await users.view(actor: admin, user: me.id, bookings: PageRequest(limit: 1))
        XCTAssertEqual(seen.bookings.items.map(\.id), [sold[1]])
        let query = BookingQuery(status: .cancelled, userId: me.id)
        let undone = try await bookings.list(actor: admin, query: query)
        XCTAssertEqual(undone.items.map(\.id), [sold[0]])

        _ = await refused(.bookingState) {
            try await users.delete(
                actor: actor, request: DeleteAccount(password: newest, bookings: .refuse))
        }
        try await users.delete(actor: actor, request: DeleteAccount(password: newest, bookings: .cancel))
        _ = await refused(.unauthenticated) { try await users.me(actor: actor) }
    }

    func testStaffFromTheInvitationToTheLogOfWhatTheyDid() async throws {
        let letterbox = Letterbox()
        let house = try openHouse(clock: MovingClock(), mailer: letterbox)
        let staff = house.staff()
        let boss = try await staff.makeFirst(
            account: NewStaff(email: "boss@example.org", password: password, name: "Boss", role: .admin))
        func enter(_ email: String, _ password: String) async throws -> Actor {
            let pair = try await staff.logIn(request: StaffLogIn(email: email, password: password))
            return try await staff.authenticate(accessToken: pair.accessToken)
        }
        let admin = try await enter(boss.email, password)
        let uma = try await staff.invite(
            actor: admin, request: InviteStaff(email: "uma@example.org", name: "Uma", role: .usher))
        XCTAssertEqual(uma.status, .invited)
        _ = try await house.tick()
        let token = try await letterbox.line(to: uma.email, start: "\(uma.id).")
        let accepted = try await staff.accept(
            request: AcceptInvitation(token: token, password: "battery staple"))
        XCTAssertEqual(accepted.status, .active)

        let usher = try await enter(uma.email, "battery staple")
        _ = await refused(.forbidden) { try await staff.list(actor: usher, page: PageRequest()) }
        let offered = try await staff.beginTotp(actor: usher, request: Passworded(password: "battery staple"))
        XCTAssert(offered.uri.hasPrefix("otpauth://totp/"), offered.uri)
        _ = await refused(.invalidCode) {
            try await staff.confirmTotp(actor: usher, request: SecondFactorCode(code: "no code"))
        }
        let change = ChangeStaffPassword(currentPassword: "battery staple", password: "staple of horses")
        try await staff.changePassword(actor: usher, request: change)
        let changed = try await staff.update(actor: admin, staff: uma.id, request: UpdateStaff(role: .manager))
        XCTAssertEqual(changed.role, .manager)
        let disabled = try await staff.disable(actor: admin, staff: uma.id)
        XCTAssertEqual(disabled.status, .disabled)
        _ = await refused(.invalidCredentials) { try await enter(uma.email, change.password) }
        let enabled = try await staff.enable(actor: admin, staff: uma.id)
        XCTAssertEqual(enabled.status, .active)
        _ = await refused(.lastAdmin) { try await staff.disable(actor: admin, staff: boss.id) }
        let page = try await staff.list(actor: admin, page: PageRequest())
        XCTAssertEqual(page.items.map(\.name), ["Boss", "Uma"])

        let log = try await staff.audit(actor: admin, query: AuditQuery(staffId: boss.id))
        XCTAssertEqual(log.items.first?.verb, "staff_enable")
        let report = try await staff.verifyAudit(actor: admin)
        XCTAssertEqual(report.chains, 2)
        XCTAssertNil(report.fault)
    }

    func testAfterARotationTheFormerKeysTicketsAndSessionsAreGood() async throws {
        let store = Store.custom(storage: MemoryStore())
        let key = HouseKey.hex(digits: String(repeating: "07", count: 32))
        let next = HouseKey.hex(digits: String(repeating: "09", count: 32))
        let policy = HousePolicy(tokenAlgorithm: .edDsa, tokenIssuer: "https://kino.example")
        func open(_ key: HouseKey, _ accepted: HouseKey...) throws -> Kitflik {
            try Kitflik(options: KitflikOptions(
                store: store, masterKey: key, acceptedKeys: accepted, clock: ManualClock(), policy: policy))
        }
        let former = try open(key)
        let show = try await addShow(former)
        let account = RegisterUser(email: email, password: password, name: "Ada")
        _ = try await former.users().register(request: account)
        let token = try await former.users().logIn(request: LogIn(email: email, password: password)).accessToken
        let actor = try former.users().authenticate(accessToken: token)
        let held = try await former.bookings().hold(actor: actor, request: seats(show, "A1"))
        _ = try await former.bookings().confirm(actor: actor, booking: held.id, request: paid(by: "counter"))
        let ticket = try await former.bookings().tickets(actor: actor, booking: held.id)[0]

        let house = try open(next, key)
        XCTAssertEqual(try house.users().authenticate(accessToken: token), actor)
        XCTAssertEqual(house.ticketKeys(), [house.ticketKey(), former.ticketKey()])
        let claims = try Gate(publicKeys: house.ticketKeys()).check(token: ticket.token, now: show.startsAt)
        XCTAssertEqual(claims.booking, held.id)
        XCTAssertThrowsError(
            try Gate(publicKeys: [house.ticketKey()]).check(token: ticket.token, now: show.startsAt))
        XCTAssertEqual(try house.tokenKeys().components(separatedBy: "\"Ed25519\"").count, 3)
        _ = await refused(.unauthenticated) { try open(next).users().authenticate(accessToken: token) }
    }
}
