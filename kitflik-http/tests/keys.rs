//! Rotation of the master key, by the commands of the program and over a real store.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod server_support;

use std::path::Path;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use server_support::{Server, complaint, run, send};

/// Runs `kitflik keys`, which must do this.
fn keys(data: &Path, arguments: &[&str], status: i32) -> String {
    let mut all = vec!["keys"];
    all.extend(arguments);
    all.extend(["--data", data.to_str().unwrap()]);
    let output = run(&all);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", complaint(&output));
    if status == 0 { String::from_utf8(output.stdout).unwrap() } else { complaint(&output) }
}

/// The names of the keys in the file, the one that signs first.
fn listed(data: &Path) -> Vec<String> {
    let list = keys(data, &["list"], 0);
    list.lines().map(|line| line.split_once(' ').unwrap().0.to_owned()).collect()
}

async fn post(server: &Server, path: &str, body: Value) -> (u16, Value) {
    send(server.request(&Client::new(), Method::POST, path).json(&body)).await.unwrap()
}

async fn refresh(server: &Server, tokens: &Value) -> (u16, Value) {
    post(server, "/v1/auth/refresh", json!({ "refresh_token": tokens["refresh_token"] })).await
}

async fn me(server: &Server, tokens: &Value) -> u16 {
    let request = server.request(&Client::new(), Method::GET, "/v1/me");
    send(request.bearer_auth(tokens["access_token"].as_str().unwrap())).await.unwrap().0
}

#[tokio::test]
async fn a_rotation_ends_nothing_until_the_former_key_is_retired() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let server = Server::start(data);
    let account = json!({ "email": "ada@example.org", "password": "correct horse battery", "name": "Ada" });
    assert_eq!(post(&server, "/v1/auth/register", account.clone()).await.0, 201);
    let log_in = json!({ "email": account["email"], "password": account["password"] });
    let tokens = post(&server, "/v1/auth/login", log_in).await.1;
    let show = server.large_show(&Client::new()).await;
    let hold = json!({ "show_id": show["id"], "best_available": { "count": 2 } });
    let (status, held) = post(&server, "/v1/bookings", hold).await;
    assert_eq!(status, 201, "{held}");
    let booking = format!("/v1/bookings/{}", held["id"].as_str().unwrap());
    let guests = async |server: &Server| {
        let authorization = format!("Booking {}", held["booking_token"].as_str().unwrap());
        let request = server.request(&Client::new(), Method::GET, &booking);
        send(request.header("authorization", authorization)).await.unwrap().0
    };
    let before = server.get(&Client::new(), "/v1/ticket-key").await;
    assert!(server.terminate().0.success());

    let file = data.join("master.key");
    let old = std::fs::read_to_string(&file).unwrap();
    let first = listed(data).remove(0);
    let told = keys(data, &["rotate"], 0);
    let [second, former] = <[String; 2]>::try_from(listed(data)).unwrap();
    assert_eq!(former, first);
    assert!(told.starts_with(&format!("promoted {second}: ")), "{told}");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.starts_with(old.trim()) && text.contains(old.trim()));
    let shown = keys(data, &["list"], 0);
    assert!(text.split_whitespace().all(|word| !shown.contains(word) || word.len() < 64), "{shown}");

    let server = Server::start(data);
    assert_eq!(me(&server, &tokens).await, 200);
    assert_eq!(guests(&server).await, 200);
    let after = server.get(&Client::new(), "/v1/ticket-key").await;
    assert_ne!(after["public_key"], before["public_key"]);
    assert_eq!(after["public_keys"], json!([after["public_key"], before["public_key"]]));
    let (status, next) = refresh(&server, &tokens).await;
    assert_eq!(status, 200, "{next}");
    assert!(server.terminate().0.success());

    let refused = keys(data, &["retire", &first], 1);
    assert!(refused.contains("sessions of") && refused.contains("--force"), "{refused}");
    assert_eq!(listed(data).len(), 2);
    keys(data, &["retire", &first, "--force"], 0);
    assert_eq!(listed(data), [second]);

    let server = Server::start(data);
    assert_eq!(me(&server, &tokens).await, 401);
    assert_eq!(guests(&server).await, 403);
    assert_eq!(me(&server, &next).await, 200);
    assert_eq!(refresh(&server, &next).await.0, 200);
    assert!(server.terminate().0.success());

    std::fs::write(&file, old).unwrap();
    let refused = run(&["--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(complaint(&refused).contains("another master key"), "{}", complaint(&refused));
}

#[test]
fn the_next_key_is_accepted_before_it_signs() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let missing = keys(data, &["add"], 1);
    assert!(missing.contains("there is no file of master keys at "), "{missing}");
    assert!(Server::start(data).terminate().0.success());
    let first = listed(data).remove(0);
    let told = keys(data, &["add"], 0);
    let [current, second] = <[String; 2]>::try_from(listed(data)).unwrap();
    assert_eq!(current, first);
    assert!(told.starts_with(&format!("added {second}: ")), "{told}");
    assert!(Server::start(data).terminate().0.success());
    let unknown = keys(data, &["promote", "nobody"], 2);
    assert_eq!(unknown, format!("kitflik: there is no key \"nobody\"; there are {first}, {second}\n"));
    // The server may be running: it takes the change at its next start.
    let server = Server::start(data);
    keys(data, &["promote", &second], 0);
    assert_eq!(listed(data), [second.clone(), first.clone()]);
    drop(server);
    let list = keys(data, &["list"], 0);
    assert!(list.starts_with(&format!("{second}  signs\n{first}  accepted, signed until 20")), "{list}");
    let refused = keys(data, &["retire", &second, "--force"], 1);
    assert!(refused.contains("is the key that signs"), "{refused}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let file = data.join("master.key");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let said = Server::start(data).terminate().1;
        assert!(!said.contains("chmod"), "{said}");
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
        let said = Server::start(data).terminate().1;
        assert!(said.contains("everybody on this machine can get at the master keys"), "{said}");
    }
}
