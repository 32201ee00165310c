//! Mail as its receiver gets it: through a real SMTP server, and as files.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod server_support;
mod sink_support;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kitflik_core::testing::ports::{ManualClock, PlainHasher};
use kitflik_core::{
    Actor, Attachment, Email, Kitflik, MailError, MailId, MailQuery, MailState, MailView, Mailer, MasterKey,
    MemoryStorage, PageRequest, RegisterUser, Timestamp, qr_png,
};
use kitflik_http::server::{FileMailer, Sender, SmtpMailer};
use mail_parser::{MessageParser, MimeHeaders};
use reqwest::{Client, Method};
use serde_json::json;
use server_support::{Server, send};
use sink_support::Sink;

fn house() -> Sender {
    "Lichtspielhaus <tickets@lichtspiele.example>".parse().unwrap()
}

fn email(to: &str) -> Email {
    Email {
        id: MailId::new(Timestamp::from_millis(1_795_000_000_000), [7; 10]),
        to: to.to_owned(),
        to_name: Some("Żółta Łódź".to_owned()),
        subject: "Your tickets: Midnight at the Repair Café".to_owned(),
        text: "Hello,\n.\nyour booking is confirmed – see you.\n".to_owned(),
        html: "<p>Hello, <img src=\"cid:ticket-1\"> see you – soon</p>".to_owned(),
        unsubscribe: Some("https://kino.example/v1/mail/unsubscribe?token=AAECAwQF".to_owned()),
        attachments: vec![
            Attachment {
                file_name: "ticket-1.png".to_owned(),
                content_type: "image/png".to_owned(),
                content_id: Some("ticket-1".to_owned()),
                content: qr_png("KF1.a-token-of-a-ticket").unwrap(),
            },
            Attachment {
                file_name: "show.ics".to_owned(),
                content_type: "text/calendar; charset=utf-8; method=PUBLISH".to_owned(),
                content_id: None,
                content: b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n".to_vec(),
            },
        ],
    }
}

/// What the QR code of a PNG says.
fn scan(picture: &[u8]) -> String {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(picture));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    let (width, height) = (frame.width as usize, frame.height as usize);
    let samples = frame.color_type.samples();
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        pixels[y * frame.line_size + x * samples]
    });
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "one QR code");
    grids[0].decode().unwrap().1
}

/// What a mail reader makes of a mail.
struct Opened {
    subject: String,
    message_id: String,
    /// Where mails of its kind are ended, and by what.
    unsubscribe: Option<(String, String)>,
    text: String,
    html: String,
    /// Content id and content.
    pictures: Vec<(String, Vec<u8>)>,
    calendars: Vec<String>,
    /// The media types of the whole and of what is in it, from the outside in.
    shape: Vec<String>,
}

fn open(raw: &[u8]) -> Opened {
    let mail = MessageParser::default().parse(raw).unwrap();
    let media_type = |part: &mail_parser::MessagePart<'_>| {
        let found = part.content_type().unwrap();
        format!("{}/{}", found.ctype(), found.subtype().unwrap())
    };
    let of_type =
        |wanted: &str| mail.parts.iter().filter(|part| media_type(part) == wanted).collect::<Vec<_>>();
    let picture = |part: &&mail_parser::MessagePart<'_>| {
        (part.content_id().unwrap().to_owned(), part.contents().to_vec())
    };
    let calendar = |part: &&mail_parser::MessagePart<'_>| {
        assert_eq!(part.attachment_name(), Some("show.ics"));
        assert_eq!(part.content_type().unwrap().attribute("method"), Some("PUBLISH"));
        String::from_utf8(part.contents().to_vec()).unwrap()
    };
    Opened {
        subject: mail.subject().unwrap().to_owned(),
        message_id: mail.message_id().unwrap().to_owned(),
        unsubscribe: mail.header_raw("List-Unsubscribe").map(|link| {
            let by = mail.header_raw("List-Unsubscribe-Post").unwrap();
            (link.trim().to_owned(), by.trim().to_owned())
        }),
        text: mail.body_text(0).unwrap().replace("\r\n", "\n"),
        html: mail.body_html(0).unwrap().into_owned(),
        pictures: of_type("image/png").iter().map(picture).collect(),
        calendars: of_type("text/calendar").iter().map(calendar).collect(),
        shape: mail.parts.iter().map(media_type).collect(),
    }
}

fn check(raw: &[u8]) {
    let (sent, mail) = (email("somebody@example.org"), open(raw));
    assert_eq!(mail.subject, sent.subject);
    assert_eq!(mail.message_id, format!("{}@lichtspiele.example", sent.id));
    let (link, by) = mail.unsubscribe.unwrap();
    assert_eq!(link, format!("<{}>", sent.unsubscribe.unwrap()));
    assert_eq!(by, "List-Unsubscribe=One-Click");
    assert_eq!(mail.text.trim_end(), sent.text.trim_end());
    assert_eq!(mail.html.trim_end(), sent.html);
    let [(content_id, picture)] = &mail.pictures[..] else { panic!("one picture") };
    assert_eq!((content_id.as_str(), scan(picture).as_str()), ("ticket-1", "KF1.a-token-of-a-ticket"));
    assert_eq!(mail.calendars, [String::from_utf8(sent.attachments[1].content.clone()).unwrap()]);
    let shape = [
        "multipart/mixed",
        "multipart/related",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "image/png",
        "text/calendar",
    ];
    assert_eq!(mail.shape, shape);
}

#[tokio::test]
async fn a_mail_arrives_whole_and_again_with_the_same_message_id() {
    let mut sink = Sink::start();
    let mailer = SmtpMailer::new(&sink.url(), house()).unwrap();
    for _ in 0..2 {
        mailer.send(email("somebody@example.org")).await.unwrap();
        check(&sink.mail());
    }
    mailer.close().await;
}

#[tokio::test]
async fn refusals_for_ever_and_for_now_are_told_apart() {
    let sink = Sink::start();
    let mailer = SmtpMailer::new(&sink.url(), house()).unwrap();
    let outcome = async |to: &str| mailer.send(email(to)).await.unwrap_err();
    assert!(matches!(outcome("refused@example.org").await, MailError::Permanent { .. }));
    assert!(matches!(outcome("busy@example.org").await, MailError::Temporary { .. }));
    assert!(matches!(outcome("no address").await, MailError::Permanent { .. }));
    // The connection is used again after a refusal.
    mailer.send(email("somebody@example.org")).await.unwrap();
    mailer.close().await;

    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mailer = SmtpMailer::new(&format!("smtp://{nobody}"), house()).unwrap();
    let error = mailer.send(email("somebody@example.org")).await.unwrap_err();
    assert!(matches!(error, MailError::Temporary { .. }), "{error}");
}

#[tokio::test]
async fn addresses_that_a_server_does_not_take_say_nothing_about_the_server() {
    let mut sink = Sink::start();
    let mailer = SmtpMailer::new(&sink.url(), house()).unwrap();
    for _ in 0..5 {
        let error = mailer.send(email("josé@example.org")).await.unwrap_err();
        assert!(matches!(error, MailError::Permanent { .. }), "{error}");
    }
    mailer.send(email("somebody@example.org")).await.unwrap();
    check(&sink.mail());
    mailer.close().await;
}

#[test]
fn an_url_that_is_no_mail_server_is_refused_without_its_password() {
    for bad in ["http://u:hunter2@host", "smtp+tls://u:hunter2@host", "u:hunter2@host"] {
        let error = SmtpMailer::new(bad, house()).unwrap_err().to_string();
        assert!(error.starts_with("expected smtps://") && !error.contains("hunter2"), "{error}");
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _guard = runtime.enter();
    for good in ["smtps://u:p@host", "smtp+starttls://u:p@host:587", "smtp://localhost:25"] {
        SmtpMailer::new(good, house()).unwrap();
    }
}

/// An engine whose mail goes to a server at an address, and the clock that it lives by.
fn engine(url: &str) -> (Kitflik, Arc<ManualClock>, Arc<SmtpMailer>) {
    let clock = Arc::new(ManualClock::new("2026-11-27T12:00:00Z".parse().unwrap()));
    let mailer = Arc::new(SmtpMailer::new(url, house()).unwrap());
    let kitflik = Kitflik::builder(Arc::new(MemoryStorage::new()), MasterKey::new([7; 32]))
        .clock(clock.clone())
        .password_hasher(Arc::new(PlainHasher))
        .mailer(mailer.clone())
        .build()
        .unwrap();
    (kitflik, clock, mailer)
}

/// Registers somebody, who is promised a mail. Its id.
async fn register(kitflik: &Kitflik, email: &str) -> MailId {
    let (email, password) = (email.to_owned(), "correct horse".to_owned());
    let user = RegisterUser { command: None, email: email.clone(), password, name: "Ada".to_owned() };
    kitflik.users().register(&user).await.unwrap();
    let query = MailQuery { page: PageRequest { cursor: None, limit: Some(100) }, ..MailQuery::default() };
    let waiting = kitflik.notify().list(&Actor::System, &query).await.unwrap().items;
    waiting.iter().find(|mail| mail.to == email).unwrap().id
}

async fn listed(kitflik: &Kitflik, state: MailState) -> Vec<MailView> {
    let query = MailQuery { state, ..MailQuery::default() };
    kitflik.notify().list(&Actor::System, &query).await.unwrap().items
}

fn message_id(id: MailId) -> String {
    format!("{id}@lichtspiele.example")
}

#[tokio::test]
async fn mail_waits_for_a_server_that_is_down() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (kitflik, clock, mailer) = engine(&format!("smtp://127.0.0.1:{port}"));
    let promised = register(&kitflik, "ada@example.org").await;
    let next = kitflik.tick().await.unwrap().unwrap();
    assert!(next > kitflik.now());
    let waiting = listed(&kitflik, MailState::Waiting).await.remove(0);
    assert_eq!((waiting.id, waiting.attempts), (promised, 1));
    let mut sink = Sink::start_at(port);
    clock.advance(waiting.due_at.unwrap().since(kitflik.now()));
    kitflik.tick().await.unwrap();
    assert_eq!(open(&sink.mail()).message_id, message_id(promised));
    assert_eq!(listed(&kitflik, MailState::Waiting).await, []);
    mailer.close().await;
}

#[tokio::test]
async fn a_receiver_who_was_refused_gets_the_mail_later_with_its_first_id() {
    let mut sink = Sink::start();
    let (kitflik, _, mailer) = engine(&sink.url());
    let promised = register(&kitflik, "unknown-at-first@example.org").await;
    kitflik.tick().await.unwrap();
    assert_eq!(listed(&kitflik, MailState::Waiting).await, []);
    let dead = listed(&kitflik, MailState::Dead).await.remove(0);
    assert!(dead.last_error.unwrap().contains("550"));
    kitflik.notify().resend(&Actor::System, dead.id, None).await.unwrap();
    kitflik.tick().await.unwrap();
    assert_eq!(open(&sink.mail()).message_id, message_id(promised));
    assert_eq!(listed(&kitflik, MailState::Dead).await, []);
    mailer.close().await;
}

/// A server that takes half of what it is sent and then does not say so, or takes nothing: each mail arrives, and those
/// that arrive twice have one id.
#[tokio::test]
async fn where_half_of_it_fails_each_mail_arrives_at_least_once() {
    let mut sink = Sink::start();
    let (kitflik, clock, mailer) = engine(&sink.url());
    let mut promised = BTreeSet::new();
    for number in 0..12 {
        promised.insert(message_id(register(&kitflik, &format!("half{number}@example.org")).await));
    }
    let mut ticks = 0;
    while let Some(waiting) = listed(&kitflik, MailState::Waiting).await.first() {
        clock.advance(waiting.due_at.unwrap().since(kitflik.now()));
        kitflik.tick().await.unwrap();
        ticks += 1;
        assert!(ticks < 100, "{waiting:?}");
    }
    let arrived: Vec<String> = (0..sink.count()).map(|_| open(&sink.mail()).message_id).collect();
    assert_eq!(arrived.iter().cloned().collect::<BTreeSet<_>>(), promised);
    assert!(arrived.len() > promised.len(), "some arrived twice");
    assert_eq!(listed(&kitflik, MailState::Dead).await, []);
    mailer.close().await;
}

#[tokio::test]
async fn connections_are_used_again() {
    let mut sink = Sink::start();
    let (kitflik, _, mailer) = engine(&sink.url());
    let mut promised = BTreeSet::new();
    for number in 0..40 {
        promised.insert(message_id(register(&kitflik, &format!("reader{number}@example.org")).await));
    }
    kitflik.tick().await.unwrap();
    let arrived: BTreeSet<String> = (0..40).map(|_| open(&sink.mail()).message_id).collect();
    assert_eq!(arrived, promised);
    // One that was just used may be given back a moment after it is wanted again: then another is opened.
    assert!(sink.connections() < 40, "{} connections", sink.connections());
    mailer.close().await;
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[tokio::test]
async fn files_hold_the_same_mail_and_a_second_sending_is_the_same_file() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = directory.path().join("outbox");
    let mailer = FileMailer::new(&outbox, house()).unwrap();
    for _ in 0..2 {
        mailer.send(email("somebody@example.org")).await.unwrap();
    }
    let [file] = &files(&outbox)[..] else { panic!("one file: {:?}", files(&outbox)) };
    let name = file.file_name().unwrap().to_str().unwrap();
    let id = email("").id;
    assert_eq!(name, format!("20261118T110640.000-your-tickets-midnight-at-the-repair-café-{id}.eml"));
    check(&std::fs::read(file).unwrap());
}

#[tokio::test]
async fn whoever_buys_gets_the_tickets_by_mail() {
    let mut sink = Sink::start();
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_with(data.path(), |command| {
        command.env("KITFLIK_SMTP_URL", sink.url()).env("KITFLIK_MAIL_FROM", "tickets@lichtspiele.example")
    });
    let client = Client::new();
    let show = server.large_show(&client).await;
    let body = json!({
        "show_id": show["id"],
        "best_available": { "count": 2 },
        "customer": { "name": "Ada", "email": "ada@example.org" },
    });
    let (status, held) =
        send(server.request(&client, Method::POST, "/v1/bookings").json(&body)).await.unwrap();
    assert_eq!(status, 201, "{held}");
    let id = held["id"].as_str().unwrap();
    let authorization = format!("Booking {}", held["booking_token"].as_str().unwrap());
    let confirm = server
        .request(&client, Method::POST, &format!("/v1/bookings/{id}/confirm"))
        .header("authorization", &authorization)
        .json(&json!({ "payment": { "provider": "test" } }));
    let (status, confirmed) = send(confirm).await.unwrap();
    assert_eq!((status, confirmed["status"].as_str()), (200, Some("confirmed")), "{confirmed}");

    let mail = open(&sink.mail());
    assert_eq!(mail.subject, format!("Your tickets: {}", show["movie"]["title"].as_str().unwrap()));
    assert!(mail.message_id.ends_with("@lichtspiele.example"), "{}", mail.message_id);
    assert_eq!(mail.unsubscribe, None, "nobody ends the mail about their own tickets");
    let tickets = server
        .request(&client, Method::GET, &format!("/v1/bookings/{id}/tickets"))
        .header("authorization", &authorization);
    let (_, tickets) = send(tickets).await.unwrap();
    let tokens: Vec<&str> =
        tickets["items"].as_array().unwrap().iter().map(|ticket| ticket["token"].as_str().unwrap()).collect();
    let codes: Vec<String> = mail.pictures.iter().map(|(_, picture)| scan(picture)).collect();
    assert_eq!(codes, tokens);
    for (content_id, _) in &mail.pictures {
        assert!(mail.html.contains(&format!("cid:{content_id}")), "{content_id} is shown");
    }
    assert!(mail.text.contains("Saal 1"), "{}", mail.text);
    assert!(mail.calendars[0].contains("BEGIN:VEVENT"), "{}", mail.calendars[0]);
}
