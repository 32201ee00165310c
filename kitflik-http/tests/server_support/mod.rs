//! The real server as a child process, for tests.
#![allow(dead_code, reason = "each test program uses a part")]
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

/// The program, with an environment of its own.
pub(crate) fn kitflik() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kitflik"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("KITFLIK_") {
            command.env_remove(name);
        }
    }
    // A kitflik.toml of whoever runs the tests is not theirs.
    command.current_dir(env!("CARGO_TARGET_TMPDIR"));
    command.stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    kitflik().args(arguments).output().unwrap()
}

/// What it said on standard error.
pub(crate) fn complaint(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A running server. It is killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    /// The lines before the one that says where it listens.
    pub(crate) said: Vec<String>,
    pub(crate) base: String,
}

impl Server {
    /// Starts it on a data directory and waits until it listens.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, |command| command)
    }

    pub(crate) fn start_with(data: &Path, with: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let mut command = kitflik();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        command.env("KITFLIK_RATE_LIMITS", "off").env("KITFLIK_LOG", "warn");
        command.stderr(Stdio::piped());
        let mut child = with(&mut command).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = Vec::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let base = loop {
            match lines.next() {
                Some(line) => {
                    let line = line.unwrap();
                    if let Some(base) = line.strip_prefix("listening on ") {
                        break base.to_owned();
                    }
                    said.push(line);
                }
                None => {
                    let mut why = String::new();
                    if let Some(mut errors) = child.stderr.take() {
                        errors.read_to_string(&mut why).unwrap();
                    }
                    panic!("the server ended with {:?}: {why}", child.wait());
                }
            }
        };
        Self { child, said, base }
    }

    /// As the operating system does when memory runs out: no goodbye.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, and returns how it ended and what it wrote on standard error.
    pub(crate) fn terminate(mut self) -> (ExitStatus, String) {
        self.ask_to_end();
        let mut errors = String::new();
        if let Some(mut pipe) = self.child.stderr.take() {
            pipe.read_to_string(&mut errors).unwrap();
        }
        (self.child.wait().unwrap(), errors)
    }

    /// Sends the signal that says so.
    pub(crate) fn ask_to_end(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    pub(crate) fn request(&self, client: &Client, method: Method, path: &str) -> RequestBuilder {
        client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) async fn get(&self, client: &Client, path: &str) -> Value {
        let (status, body) = send(self.request(client, Method::GET, path)).await.unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// A show of the large hall of the demo cinema: the last one, so that it does not begin meanwhile.
    pub(crate) async fn large_show(&self, client: &Client) -> Value {
        self.large_shows(client).await.pop().unwrap()
    }

    /// The shows of the large hall, by their time.
    pub(crate) async fn large_shows(&self, client: &Client) -> Vec<Value> {
        let mut shows = Vec::new();
        let movies = self.get(client, "/v1/movies?limit=100").await;
        for movie in movies["items"].as_array().unwrap() {
            let path = format!("/v1/movies/{}/shows?limit=100", movie["id"].as_str().unwrap());
            let of_movie = self.get(client, &path).await;
            shows.extend(of_movie["items"].as_array().unwrap().iter().cloned());
        }
        shows.retain(|show| show["auditorium"]["name"] == "Saal 1");
        shows.sort_by_key(|show| show["starts_at"].as_str().unwrap().to_owned());
        shows
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Status and JSON of an answer; an error if there is none.
pub(crate) async fn send(request: RequestBuilder) -> Result<(u16, Value), reqwest::Error> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    let body = response.bytes().await?;
    let body = serde_json::from_slice(&body).unwrap_or_else(|error| {
        panic!("{status}, and a body that is no JSON ({error}): {:?}", String::from_utf8_lossy(&body))
    });
    Ok((status, body))
}
