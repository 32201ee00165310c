//! The program as an operator meets it: start, settings, first start, end, imports.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod server_support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use reqwest::{Client, Method};
use serde_json::json;
use server_support::{Server, complaint, kitflik, run, send};

const EMAIL: &str = "boss@example.org";
const PASSWORD: &str = "correct horse battery";

fn shown_once(said: &[String], what: &str) -> Option<String> {
    said.iter().find_map(|line| Some(line.trim().strip_prefix(what)?.trim().to_owned()))
}

async fn staff_log_in(server: &Server, email: &str, password: &str) -> u16 {
    let body = json!({ "email": email, "password": password });
    let request = server.request(&Client::new(), Method::POST, "/v1/admin/auth/login");
    send(request.json(&body)).await.unwrap().0
}

#[tokio::test]
async fn the_first_start_shows_a_staff_log_in_once_and_the_next_start_keeps_everything() {
    let data = tempfile::tempdir().unwrap();
    let first = Server::start(data.path());
    let email = shown_once(&first.said, "e-mail").unwrap();
    let password = shown_once(&first.said, "password").unwrap();
    assert_eq!(staff_log_in(&first, &email, &password).await, 200);
    let movies = first.get(&Client::new(), "/v1/movies?limit=100").await;
    assert_eq!(movies["items"].as_array().unwrap().len(), 8);
    let key = std::fs::read_to_string(data.path().join("master.key")).unwrap();
    let (status, errors) = first.terminate();
    assert!(status.success(), "{errors}");

    let second = Server::start(data.path());
    assert_eq!(shown_once(&second.said, "password"), None);
    assert_eq!(staff_log_in(&second, &email, &password).await, 200);
    assert_eq!(second.get(&Client::new(), "/v1/movies?limit=100").await, movies);
    assert_eq!(std::fs::read_to_string(data.path().join("master.key")).unwrap(), key);
}

#[tokio::test]
async fn a_given_staff_log_in_is_used_and_not_shown_and_no_demo_leaves_the_house_empty() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_with(data.path(), |command| {
        command.arg("--no-demo").env("KITFLIK_STAFF_EMAIL", EMAIL).env("KITFLIK_STAFF_PASSWORD", PASSWORD)
    });
    assert!(!server.said.join("\n").contains(PASSWORD));
    assert_eq!(staff_log_in(&server, EMAIL, PASSWORD).await, 200);
    assert_eq!(staff_log_in(&server, EMAIL, "wrong horse").await, 401);
    assert_eq!(server.get(&Client::new(), "/v1/venues").await["items"], json!([]));
}

#[tokio::test]
async fn it_serves_from_memory_too() {
    let data = tempfile::tempdir().unwrap();
    let never = data.path().join("never");
    let server = Server::start_with(&never, |command| command.args(["--storage", "memory"]));
    assert_eq!(server.get(&Client::new(), "/v1/venues").await["items"].as_array().unwrap().len(), 1);
    assert!(!never.exists());
}

#[test]
fn a_busy_port_and_a_locked_directory_are_one_clear_line() {
    let data = tempfile::tempdir().unwrap();
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let path = data.path().to_str().unwrap();
    let refused = run(&["--listen", &address, "--data", path]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(
        complaint(&refused),
        format!(
            "kitflik: {address} is in use by another program, perhaps another kitflik: stop that, or choose \
             another with --listen\n"
        )
    );
    assert!(std::fs::read_dir(data.path()).unwrap().next().is_none(), "it made something");

    let _server = Server::start(data.path());
    let locked = format!(
        "kitflik: the data directory {path} is in use, perhaps by a running server: stop that first, or name \
         another directory with --data\n"
    );
    let movies = fixture("movies-dirty.json");
    for arguments in
        [&["--listen", "127.0.0.1:0", "--data", path][..], &["import", "movies", &movies, "--data", path]]
    {
        let refused = run(arguments);
        assert_eq!((refused.status.code(), complaint(&refused)), (Some(1), locked.clone()));
    }
}

#[test]
fn bad_settings_are_one_clear_line_and_exit_code_2() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("kitflik.toml");
    std::fs::write(&file, "listn = \"127.0.0.1:1\"\n").unwrap();
    let (file, missing) = (file.to_str().unwrap(), directory.path().join("none.toml"));
    let missing = missing.to_str().unwrap();
    for (arguments, expected) in [
        (&["--listen", "nowhere"][..], "kitflik: --listen: \"nowhere\" is no address"),
        (
            &["--storage", "floppy"],
            "kitflik: --storage: \"floppy\" is no storage; allowed are sled, memory and postgres://…",
        ),
        (&["--log", "info,=,"], "kitflik: log: "),
        (&["--config", file], "there is no setting \"listn\"; there are listen, "),
        (&["--config", missing], "cannot be read: "),
    ] {
        let refused = run(arguments);
        let said = complaint(&refused);
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(said.contains(expected) && said.lines().count() == 1, "{said}");
    }
    let mut command = kitflik();
    let refused = command.env("KITFLIK_STORAGE", "postgres://u:hunter2@db/k").output().unwrap();
    let said = complaint(&refused);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        said.contains("KITFLIK_STORAGE: this is another machine, and does not say whether to encrypt"),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_store_without_its_key_is_not_opened() {
    let data = tempfile::tempdir().unwrap();
    let key = data.path().join("master.key");
    let (status, _) = Server::start(data.path()).terminate();
    assert!(status.success());
    let path = data.path().to_str().unwrap();
    let good = std::fs::read(&key).unwrap();

    std::fs::write(&key, "tampered").unwrap();
    let refused = run(&["--listen", "127.0.0.1:0", "--data", path]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(complaint(&refused).contains("cannot be used: a master key is 64 hexadecimal digits"));

    std::fs::remove_file(&key).unwrap();
    let refused = run(&["--listen", "127.0.0.1:0", "--data", path]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(complaint(&refused).contains("is missing: put the file back"));
    assert!(!key.exists());

    let elsewhere = data.path().join("kept-apart.key");
    std::fs::write(&elsewhere, good).unwrap();
    drop(Server::start_with(data.path(), |command| command.env("KITFLIK_MASTER_KEY_FILE", &elsewhere)));
}

/// A request whose body is not complete is in flight for as long as the test wants it to be.
#[tokio::test]
async fn it_drains_what_is_in_flight_and_then_ends() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let body = json!({ "email": "nobody@example.org", "password": "correct horse" }).to_string();
    let mut slow = TcpStream::connect(server.base.strip_prefix("http://").unwrap()).unwrap();
    let head = "POST /v1/auth/login HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\n";
    let head = format!("{head}connection: close\r\n");
    write!(slow, "{head}expect: 100-continue\r\ncontent-length: {}\r\n\r\n", body.len()).unwrap();
    // The handler has begun to read when it asks for the body.
    let mut go_on = [0; 25];
    slow.read_exact(&mut go_on).unwrap();
    assert!(go_on.starts_with(b"HTTP/1.1 100 Continue"));
    server.ask_to_end();
    // It takes no new connections from some moment on: that is when it has begun to drain.
    let address = server.base.strip_prefix("http://").unwrap().to_owned();
    while TcpStream::connect(&address).is_ok() {
        std::thread::yield_now();
    }
    slow.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    let (status, errors) = server.terminate();
    assert!(status.success(), "{errors}");
}

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name).to_str().unwrap().to_owned()
}

fn said(output: &std::process::Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn movies_are_imported_once() {
    let data = tempfile::tempdir().unwrap();
    let arguments =
        ["import", "movies", &fixture("movies-dirty.json"), "--data", data.path().to_str().unwrap()];
    let first = run(&arguments);
    assert!(first.status.success(), "{}", complaint(&first));
    assert_eq!(said(&first), "4 added, 0 changed, 0 unchanged, 11 refused\n");
    let refused = complaint(&first);
    assert!(refused.contains("refused: line 4, Title: it is missing"), "{refused}");
    assert!(refused.contains("note: line 3, Title: the number 300 was taken as text"), "{refused}");
    let second = run(&arguments);
    assert_eq!(said(&second), "0 added, 0 changed, 4 unchanged, 11 refused\n");
}

#[tokio::test]
async fn auditoriums_are_imported_once_from_either_format() {
    let data = tempfile::tempdir().unwrap();
    assert!(Server::start(data.path()).terminate().0.success());
    let path = data.path().to_str().unwrap();
    let import = |file: &str, more: &[&str]| {
        let file = fixture(file);
        let mut arguments = vec!["import", "auditorium", &file, "--data", path];
        arguments.extend(more);
        run(&arguments)
    };
    let venue = ["--venue", "Lichtspielhaus"];
    for (file, name) in [("hall.txt", "hall"), ("hall-pretix.json", "Kleine Bühne")] {
        let added = import(file, &venue);
        assert!(said(&added).starts_with(&format!("added: {name} with 6 seats")), "{}", complaint(&added));
        assert!(said(&import(file, &venue)).starts_with(&format!("unchanged: {name} ")));
    }
    let other = import("hall-pretix.json", &["--venue", "Lichtspielhaus", "--name", "hall"]);
    assert!(
        complaint(&other).contains("has an auditorium \"hall\" with another plan"),
        "{}",
        complaint(&other)
    );
    let nowhere = import("hall.txt", &["--venue", "Roxy"]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(complaint(&nowhere).contains("there is no \"Roxy\"; there are Lichtspielhaus"));
    let broken = import("hall-broken.txt", &venue);
    assert_eq!(broken.status.code(), Some(1));
    assert!(complaint(&broken).contains("line 3, column 6: "), "{}", complaint(&broken));

    let server = Server::start(data.path());
    let venues = server.get(&Client::new(), "/v1/venues").await;
    let halls = venues["items"][0]["auditoriums"].as_array().unwrap();
    assert_eq!(halls.len(), 5);
    assert!(halls.iter().any(|hall| hall["name"] == "Kleine Bühne" && hall["seats"] == 6));
}

#[test]
fn an_auditorium_of_ten_thousand_seats_is_imported_and_one_more_is_refused() {
    let data = tempfile::tempdir().unwrap();
    assert!(Server::start(data.path()).terminate().0.success());
    let row = format!("{}\n", "#".repeat(100));
    let mut plan: String = (1..=100).map(|number| format!("{number}: {row}")).collect();
    let file = data.path().join("arena.txt");
    let import = |plan: &str| {
        std::fs::write(&file, plan).unwrap();
        let (file, path) = (file.to_str().unwrap(), data.path().to_str().unwrap());
        run(&["import", "auditorium", file, "--data", path, "--venue", "Lichtspielhaus"])
    };
    let added = import(&plan);
    assert!(said(&added).starts_with("added: arena with 10000 seats"), "{}", complaint(&added));
    plan.push_str("101: #\n");
    let refused = import(&plan);
    assert_eq!(refused.status.code(), Some(1));
    assert!(complaint(&refused).contains("10000"), "{}", complaint(&refused));
}

#[tokio::test]
async fn the_load_program_ends_by_itself_and_the_server_never_fails() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let show = server.large_show(&Client::new()).await["id"].as_str().unwrap().to_owned();
    let rush = |more: &[&str]| {
        let mut arguments = vec!["rush", "--url", &server.base, "--clients", "16", "--show", &show];
        arguments.extend(more);
        let output = run(&arguments);
        assert!(output.status.success(), "{}", complaint(&output));
        said(&output)
    };
    let spread = rush(&["--bookings", "40"]);
    assert!(spread.starts_with("40 bookings in "), "{spread}");
    assert!(spread.ends_with("5xx      0\n"), "{spread}");
    let hot = rush(&["--hot", "--bookings", "400"]);
    assert!(hot.contains("refused  409 seat_taken: "), "{hot}");
    assert!(hot.ends_with("5xx      0\n"), "{hot}");
}

#[tokio::test]
async fn the_log_of_staff_is_verified_and_an_admin_who_is_locked_out_is_rescued() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_with(data.path(), |command| {
        command.arg("--no-demo").env("KITFLIK_STAFF_EMAIL", EMAIL).env("KITFLIK_STAFF_PASSWORD", PASSWORD)
    });
    assert_eq!(staff_log_in(&server, EMAIL, PASSWORD).await, 200);
    server.terminate();
    let on_data = |arguments: &[&str]| run(&[arguments, &["--data", data.path().to_str().unwrap()]].concat());
    let verified = on_data(&["audit", "verify"]);
    assert!(
        said(&verified).starts_with("1 entries, 1 members of staff: nothing was altered"),
        "{verified:?}"
    );
    assert!(said(&on_data(&["audit", "reseal"])).starts_with("0 rows"), "there is one key");
    let settled = on_data(&["report", "settlement", "--day", "2026-11-27"]);
    assert_eq!(said(&settled).trim(), "line,name,bookings,amount,currency,by_booking,since");
    assert_eq!(on_data(&["report", "settlement", "--day", "today"]).status.code(), Some(2));
    let nobody = on_data(&["staff", "rescue", "--email", "ada@example.org"]);
    assert_eq!(nobody.status.code(), Some(2), "{nobody:?}");
    let rescued = on_data(&["staff", "rescue", "--email", EMAIL]);
    let lines: Vec<String> = said(&rescued).lines().map(str::to_owned).collect();
    let password = shown_once(&lines, "password").unwrap();
    let server = Server::start(data.path());
    assert_eq!(staff_log_in(&server, EMAIL, PASSWORD).await, 401);
    assert_eq!(staff_log_in(&server, EMAIL, &password).await, 200);
}
