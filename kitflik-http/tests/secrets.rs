//! Nothing secret is stored in clear or logged: a server that logs all it can, a whole day's work with accounts, and
//! then a search for every secret that was in it.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod server_support;
mod sink_support;

use std::fs::File;
use std::path::{Path, PathBuf};

use data_encoding::{BASE32_NOPAD, BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use mail_parser::MessageParser;
use reqwest::{Client, Method, header};
use serde_json::{Value, json};
use server_support::{Server, send};
use sink_support::Sink;
use totp_rs::{Algorithm, TOTP};

const EMAIL: &str = "ada.of.the.secrets@example.org";

/// Secrets, each with what it is.
#[derive(Default)]
struct Planted(Vec<(&'static str, Vec<u8>)>);

impl Planted {
    fn plant(&mut self, what: &'static str, secret: impl AsRef<[u8]>) {
        assert!(secret.as_ref().len() >= 6, "{what} is too short to be looked for");
        self.0.push((what, secret.as_ref().to_vec()));
    }

    /// The secrets that are found, with where.
    fn found_in(&self, name: &str, content: &[u8]) -> Vec<String> {
        let found = |secret: &[u8]| forms(secret).into_iter().find(|(_, form)| contains(content, form));
        let found = self.0.iter().filter_map(|(what, secret)| Some((what, found(secret)?.0)));
        found.map(|(what, form)| format!("{what} in {name}, {form}")).collect()
    }
}

/// What a secret looks like: as it is, and in the usual encodings wherever it begins in what was encoded.
fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = vec![("as it is", secret.to_vec())];
    if secret.iter().all(u8::is_ascii_digit) {
        // A few digits are in every long text of another encoding.
        return forms;
    }
    forms.push(("in hexadecimal", HEXLOWER.encode(secret).into_bytes()));
    forms.push(("in hexadecimal", HEXUPPER.encode(secret).into_bytes()));
    for before in 0..3 {
        let padded = [&b"\0\0"[..before], secret].concat();
        // The characters at both ends hold bits of their neighbours.
        let (from, less) = ([0, 2, 3][before], usize::from(padded.len() % 3 != 0));
        for encoded in [BASE64_NOPAD.encode(&padded), BASE64URL_NOPAD.encode(&padded)] {
            forms.push(("in base64", encoded.as_bytes()[from..encoded.len() - less].to_vec()));
        }
    }
    forms
}

/// Digits count only as a number of their own.
fn contains(content: &[u8], wanted: &[u8]) -> bool {
    let number = wanted.iter().all(u8::is_ascii_digit);
    let digit = |at: Option<usize>| at.and_then(|at| content.get(at)).is_some_and(u8::is_ascii_digit);
    let mut at = 0;
    while let Some(found) = memchr(wanted[0], &content[at..]).map(|found| at + found) {
        let end = found + wanted.len();
        if content.get(found..end) == Some(wanted)
            && !(number && (digit(found.checked_sub(1)) || digit(Some(end))))
        {
            return true;
        }
        at = found + 1;
    }
    false
}

fn memchr(byte: u8, content: &[u8]) -> Option<usize> {
    content.iter().position(|other| *other == byte)
}

#[test]
fn the_search_finds_what_is_there() {
    let mut planted = Planted::default();
    planted.plant("the password", "correct horse battery");
    planted.plant("the code", "123456");
    let finds = |content: &[u8]| planted.found_in("x", content).len();
    assert_eq!(finds(b"a correct horse battery b"), 1);
    for before in ["", "a", "ab", "abc"] {
        let text = format!("{before}correct horse battery{before}");
        assert_eq!(finds(BASE64.encode(text.as_bytes()).as_bytes()), 1, "{text}");
        assert_eq!(finds(BASE64URL_NOPAD.encode(text.as_bytes()).as_bytes()), 1, "{text}");
        assert_eq!(finds(HEXUPPER.encode(text.as_bytes()).as_bytes()), 1, "{text}");
    }
    assert_eq!(finds(b"code=123456."), 1);
    assert_eq!(finds(b"1795123456000 and correct horse batter"), 0);
}

struct Day {
    server: Server,
    client: Client,
    sink: Sink,
    planted: Planted,
}

impl Day {
    async fn ask(
        &self,
        method: Method,
        path: &str,
        authorization: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let mut request = self.server.request(&self.client, method, path);
        if !authorization.is_empty() {
            request = request.header("authorization", authorization);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default())
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.ask(Method::POST, path, "", Some(body)).await
    }

    /// Logs in, and takes the next pair of tokens. All of them are secrets.
    async fn log_in(&mut self, path: &str, email: &str, password: &str) -> String {
        let (status, tokens) =
            self.post(&format!("{path}/login"), json!({ "email": email, "password": password })).await;
        assert_eq!(status, 200, "{tokens}");
        self.tokens(&tokens);
        let refresh = json!({ "refresh_token": tokens["refresh_token"] });
        let (status, next) = self.post(&format!("{path}/refresh"), refresh).await;
        assert_eq!(status, 200, "{next}");
        self.tokens(&next);
        next["access_token"].as_str().unwrap().to_owned()
    }

    fn tokens(&mut self, tokens: &Value) {
        let token = |name: &str| tokens[name].as_str().unwrap().to_owned();
        self.planted.plant("an access token", token("access_token"));
        let refresh = token("refresh_token");
        // What stands before the point is the session's name, which is no secret.
        let secret = refresh.split('.').next_back().unwrap();
        self.planted.plant("a refresh token", secret);
        self.planted.plant("a refresh token's bytes", BASE64URL_NOPAD.decode(secret.as_bytes()).unwrap());
    }

    /// A browser's session: log in, renew. Its cookies are secrets.
    async fn browse(&mut self, path: &str, email: &str, password: &str) {
        let log_in = self.server.request(&self.client, Method::POST, path);
        let mut response =
            log_in.json(&json!({ "email": email, "password": password })).send().await.unwrap();
        for _ in 0..2 {
            assert_eq!(response.status(), 200);
            let cookies = response.headers().get_all(header::SET_COOKIE).iter();
            let pairs: Vec<_> = cookies
                .map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned())
                .collect();
            assert_eq!(pairs.len(), 2);
            for pair in &pairs {
                self.planted.plant("a cookie", pair.split(['=', '.']).next_back().unwrap());
            }
            let session: Value = response.json().await.unwrap();
            let csrf = session["csrf_token"].as_str().unwrap().to_owned();
            self.planted.plant("a token against forged requests", &csrf);
            let renew = self.server.request(&self.client, Method::PUT, path);
            let renew = renew.header("x-csrf-token", csrf).header("cookie", pairs.join("; "));
            response = renew.send().await.unwrap();
        }
    }

    /// The codes and link tokens of the next mail.
    fn open_mail(&mut self) -> Vec<String> {
        let raw = self.sink.mail();
        let text = MessageParser::default().parse(&raw).unwrap().body_text(0).unwrap().into_owned();
        for token in text.split("token=").skip(1) {
            let token = token.split(char::is_whitespace).next().unwrap_or_default();
            self.planted.plant("a link's token", token);
        }
        // A code stands on a line of its own.
        let digits = |line: &&str| line.len() >= 6 && line.bytes().all(|byte| byte.is_ascii_digit());
        let codes: Vec<_> = text.lines().map(str::trim).filter(digits).map(str::to_owned).collect();
        for code in &codes {
            self.planted.plant("a code", code);
        }
        codes
    }

    /// The code of the next mail that has one.
    fn code(&mut self) -> String {
        loop {
            if let Some(code) = self.open_mail().into_iter().next() {
                return code;
            }
        }
    }
}

fn files(directory: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, all) } else { all.push(path) }
    }
}

#[tokio::test]
async fn no_secret_is_stored_or_logged() {
    let (data, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let sink = Sink::start();
    let mut planted = Planted::default();
    let key: [u8; 32] = *b"planted-master-key-of-this-house";
    let key_file = elsewhere.path().join("master.key");
    std::fs::write(&key_file, HEXLOWER.encode(&key)).unwrap();
    planted.plant("the master key", key);
    let staff_password = "planted password of staff";
    planted.plant("the password of staff", staff_password);
    let log = elsewhere.path().join("log");
    let server = Server::start_with(data.path(), |command| {
        command.env("KITFLIK_LOG", "trace").env("KITFLIK_MASTER_KEY_FILE", &key_file);
        command.env("KITFLIK_SMTP_URL", sink.url());
        command.env("KITFLIK_STAFF_EMAIL", "boss@example.org").env("KITFLIK_STAFF_PASSWORD", staff_password);
        command.stderr(File::create(&log).unwrap())
    });
    let client = Client::builder().no_proxy().build().unwrap();
    let mut day = Day { server, client, sink, planted };
    a_day(&mut day, staff_password).await;
    let Day { server, planted, .. } = day;
    let said = server.said.join("\n");
    let (status, _) = server.terminate();
    assert!(status.success());

    let log = std::fs::read_to_string(&log).unwrap();
    assert!(log.contains("/v1/auth/login"), "the log tells of requests: {log}");
    // The fractions of times are digits too.
    let log: Vec<_> = log.lines().map(|line| line.split_once(' ').map_or(line, |(_, rest)| rest)).collect();
    let mut found = planted.found_in("the log", log.join("\n").as_bytes());
    found.extend(planted.found_in("what the server said", said.as_bytes()));
    let (mut paths, mut seen) = (Vec::new(), false);
    files(data.path(), &mut paths);
    for path in paths {
        let content = std::fs::read(&path).unwrap();
        seen |= contains(&content, EMAIL.as_bytes());
        found.extend(planted.found_in(&path.display().to_string(), &content));
    }
    assert!(seen, "the store holds the account, and nothing of it is hidden from this search");
    assert!(found.is_empty(), "{} secrets were planted, and found were: {found:#?}", planted.0.len());
}

/// Everything that has to do with a secret.
async fn a_day(day: &mut Day, staff_password: &str) {
    let password = "planted password of Ada";
    day.planted.plant("the password", password);
    let account = json!({ "email": EMAIL, "password": password, "name": "Ada" });
    let (status, made) = day.post("/v1/auth/register", account.clone()).await;
    assert_eq!(status, 201, "{made}");
    let welcome = day.code();
    let verify = json!({ "email": EMAIL, "code": welcome });
    let (status, verified) = day.post("/v1/auth/verify-email", verify).await;
    assert!(status < 300, "{verified}");
    day.planted.plant("a wrong password", "planted wrong password");
    let wrong = json!({ "email": EMAIL, "password": "planted wrong password" });
    assert_eq!(day.post("/v1/auth/login", wrong.clone()).await.0, 401);
    assert_eq!(day.post("/v1/admin/auth/login", wrong).await.0, 401);

    let access = day.log_in("/v1/auth", EMAIL, password).await;
    let boss = day.log_in("/v1/admin/auth", "boss@example.org", staff_password).await;
    day.browse("/v1/auth/session", EMAIL, password).await;
    day.browse("/v1/admin/auth/session", "boss@example.org", staff_password).await;

    one_time_codes(day, &boss, staff_password).await;

    // A customer's password is changed and reset.
    let bearer = format!("Bearer {access}");
    let changed = "planted password, changed";
    day.planted.plant("the changed password", changed);
    let change = json!({ "old": password, "new": changed });
    let (status, answer) = day.ask(Method::POST, "/v1/me/password", &bearer, Some(change)).await;
    assert!(status < 300, "{status} {answer}");
    let reset = "planted password, reset";
    day.planted.plant("the reset password", reset);
    let (status, answer) = day.post("/v1/auth/password/forgot", json!({ "email": EMAIL })).await;
    assert!(status < 300, "{status} {answer}");
    let wish = json!({ "email": EMAIL, "code": day.code(), "password": reset });
    let (status, answer) = day.post("/v1/auth/password/reset", wish).await;
    assert!(status < 300, "{status} {answer}");
    day.log_in("/v1/auth", EMAIL, reset).await;

    // A guest's booking.
    let show = day.server.large_show(&day.client).await;
    let hold = json!({ "show_id": show["id"], "best_available": { "count": 2 } });
    let (status, held) = day.post("/v1/bookings", hold).await;
    assert_eq!(status, 201, "{held}");
    let token = held["booking_token"].as_str().unwrap();
    day.planted.plant("a booking token", token);
    let path = format!("/v1/bookings/{}/confirm", held["id"].as_str().unwrap());
    let confirm =
        json!({ "payment": { "provider": "counter" }, "customer": { "name": "Ada", "email": EMAIL } });
    let (status, sold) = day.ask(Method::POST, &path, &format!("Booking {token}"), Some(confirm)).await;
    assert_eq!(status, 200, "{sold}");

    mistakes(day).await;
}

/// A second factor of staff: its secret, its codes, and the codes for a lost telephone.
async fn one_time_codes(day: &mut Day, boss: &str, password: &str) {
    let bearer = format!("Bearer {boss}");
    let begin = json!({ "password": password });
    let (status, offer) = day.ask(Method::POST, "/v1/admin/me/totp", &bearer, Some(begin)).await;
    assert_eq!(status, 200, "{offer}");
    let secret = offer["secret"].as_str().unwrap();
    let bytes = BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    day.planted.plant("the secret of one-time codes", secret);
    day.planted.plant("the bytes of the secret of one-time codes", &bytes);
    let code = TOTP::new(Algorithm::SHA1, 6, 0, 30, bytes).unwrap().generate_current().unwrap();
    day.planted.plant("a one-time code", &code);
    let confirm = json!({ "code": code });
    let (status, codes) = day.ask(Method::POST, "/v1/admin/me/totp/confirm", &bearer, Some(confirm)).await;
    assert_eq!(status, 200, "{codes}");
    for code in codes["recovery_codes"].as_array().unwrap() {
        day.planted.plant("a recovery code", code.as_str().unwrap());
    }
    let log_in =
        json!({ "email": "boss@example.org", "password": password, "code": codes["recovery_codes"][0] });
    let (status, tokens) = day.post("/v1/admin/auth/login", log_in).await;
    assert_eq!(status, 200, "{tokens}");
    day.tokens(&tokens);
}

/// Secrets where they should not be: in broken bodies, in addresses, in headers.
async fn mistakes(day: &mut Day) {
    let secret = "planted-secret-in-a-mistake";
    day.planted.plant("a secret in a mistake", secret);
    let login = "/v1/auth/login";
    let broken = format!("{{\"email\": \"{EMAIL}\", \"password\": \"{secret}\"");
    let request = day.server.request(&day.client, Method::POST, login);
    let request = request.header("content-type", "application/json").body(broken);
    assert_eq!(send(request).await.unwrap().0, 400);
    for body in [
        json!({ "email": EMAIL, "password": [secret] }),
        json!({ "email": EMAIL, "password": "x", secret: 1 }),
        json!({ "email": secret, "password": secret.repeat(100) }),
        json!({ "email": EMAIL, "password": secret, "name": secret.repeat(20) }),
    ] {
        for path in [login, "/v1/auth/register", "/v1/auth/session", "/v1/admin/auth/login"] {
            let (status, answer) = day.post(path, body.clone()).await;
            assert!((400..500).contains(&status), "{status} {answer}");
        }
    }
    for path in [format!("/v1/movies?token={secret}"), format!("/v1/{secret}"), format!("/v1/shows/{secret}")]
    {
        day.ask(Method::GET, &path, "", None).await;
    }
    for authorization in [format!("Bearer {secret}"), format!("Basic {secret}"), format!("Booking {secret}")]
    {
        assert_eq!(day.ask(Method::GET, "/v1/me", &authorization, None).await.0, 401);
        day.ask(Method::GET, "/v1/admin/price-cards", &authorization, None).await;
    }
    let (status, _) = day.post("/v1/auth/refresh", json!({ "refresh_token": secret })).await;
    assert_eq!(status, 401);
    let request = day.server.request(&day.client, Method::GET, "/v1/auth/session");
    send(request.header("cookie", format!("kitflik={secret}"))).await.unwrap();
}
