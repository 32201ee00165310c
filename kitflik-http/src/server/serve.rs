//! `kitflik serve`.

mod background;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use data_encoding::BASE32_NOPAD;
use kitflik_core::{Kitflik, Mailer, NewStaff, Payments, Role, TestPayments, UserError};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing::{debug, info, warn};

use super::cli::ServeFlags;
use super::failure::Failure;
use super::house::House;
use super::limits::{self, Limits};
use super::mail::{FileMailer, SmtpMailer, templates};
use super::settings::{Settings, StorageKind, environment};
use super::test_payments::FilePayments;
use super::{PooledHasher, console, demo, logs, master_key};
use crate::router::assemble;
use crate::{Readiness, RouterOptions};

/// How long requests in flight may take after the program was asked to end.
const DRAIN: Duration = Duration::from_secs(10);
/// How long what remains then is waited for.
const LINGER: Duration = Duration::from_secs(2);

/// Serves until it is asked to end.
pub(crate) fn run(flags: &ServeFlags) -> Result<(), Failure> {
    let settings = Settings::for_serve(flags, environment())?;
    logs::start(&settings.log)?;
    for name in &settings.unknown {
        warn!(%name, "this name in the environment is no setting");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::doing("start the reactor"))?;
    let (house, outcome) = runtime.block_on(async {
        // First of all: a second server must not touch anything.
        let listener = listen(settings.listen).await?;
        let house = House::open(&settings).await?;
        let outcome = serve(&settings, listener, &house).await;
        Ok::<_, Failure>((house, outcome))
    })?;
    runtime.shutdown_timeout(LINGER);
    // The last holder of the store syncs it and waits for its threads, which a reactor must not.
    house.close();
    info!("closed");
    outcome
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => Failure::run(format!(
            "{address} is in use by another program, perhaps another kitflik: stop that, or choose another \
            with --listen"
        )),
        _ => Failure::run(format!("cannot listen on {address}: {error}")),
    })
}

async fn serve(settings: &Settings, listener: TcpListener, house: &House) -> Result<(), Failure> {
    let kitflik = engine(settings, house)?;
    first_staff(settings, &kitflik).await?;
    if settings.demo {
        demo::open(&kitflik).await?;
    }
    let readiness = Readiness::default();
    let rates = settings.rates.as_ref();
    let limits = Limits::new(settings.trusted_proxies.clone(), rates, settings.requests_at_once);
    let options = RouterOptions::default()
        .readiness(readiness.clone())
        .https(settings.https)
        .listeners_at_once(settings.listeners_at_once);
    let app = assemble(kitflik.clone(), options, |app| app.layer(from_fn_with_state(limits, limits::guard)));
    let app = if tracing::enabled!(tracing::Level::DEBUG) { app.layer(from_fn(log_request)) } else { app };
    let address = listener.local_addr().map_err(Failure::doing("find out the address"))?;
    let signals = Signals::catch()?;
    if rates.is_none() {
        warn!("rate limits are off");
    }
    if settings.hashing.weak {
        warn!("argon2_memory_kib and argon2_passes are so low that a stolen store is quick to search");
    }
    welcome(settings, address);

    let (stop, stopped) = watch::channel(false);
    let background = tokio::spawn(background::run(kitflik, stopped.clone()));
    let mut serving = tokio::spawn(accept(listener, app, stopped));
    let ended = tokio::select! {
        reason = signals.end() => { info!(reason, "ending: no new requests"); None }
        ended = &mut serving => Some(ended),
    };
    readiness.set(false);
    // Nobody waits for it any more if this fails.
    let _ = stop.send(true);
    let ended = match ended {
        Some(ended) => ended,
        None => match tokio::time::timeout(DRAIN, &mut serving).await {
            Ok(ended) => ended,
            Err(_) => {
                warn!("some requests took longer than {} seconds: they are cut off", DRAIN.as_secs());
                serving.abort();
                Ok(Ok(()))
            }
        },
    };
    if tokio::time::timeout(LINGER, background).await.is_err() {
        warn!("a mail is still being sent; it is sent again after the next start");
    }
    match ended {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Failure::run(format!("cannot serve any longer: {error}"))),
        Err(error) => Err(Failure::run(format!("the server stopped: {error}"))),
    }
}

async fn accept(
    listener: TcpListener,
    app: Router,
    mut stopped: watch::Receiver<bool>,
) -> std::io::Result<()> {
    use axum::serve::ListenerExt;
    // Answers are small: they must not wait for more to come.
    let listener = listener.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let end = async move {
        // An error means that the other half is gone, which is an end too.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    axum::serve(listener, app).with_graceful_shutdown(end).await
}

/// Without what may be personal: no query, no headers but the request's id.
async fn log_request(request: Request, next: Next) -> Response {
    let (method, start) = (request.method().clone(), std::time::Instant::now());
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    let id = response.headers().get("x-request-id").and_then(|id| id.to_str().ok());
    let (status, micros) = (response.status().as_u16(), start.elapsed().as_micros());
    debug!(%method, route, status, micros, id, "request");
    response
}

fn engine(settings: &Settings, house: &House) -> Result<Kitflik, Failure> {
    let hashing = settings.hashing.clone();
    let hasher = PooledHasher::new(hashing.argon2, hashing.threads, hashing.queue);
    let mut engine = house.builder(settings).password_hasher(Arc::new(hasher));
    if settings.test_payments {
        if !settings.demo || !settings.listen.ip().is_loopback() {
            warn!("the payment provider `test` is on, and takes no money: test_payments = \"off\" ends that");
        }
        engine = engine.payments("test", test_payments(settings)?);
    }
    engine = engine.mail_templates(templates::load(settings)?);
    if let Some(mailer) = mailer(settings)? {
        engine = engine.mailer(mailer);
    }
    engine.build().map_err(Failure::doing("start the engine"))
}

fn test_payments(settings: &Settings) -> Result<Arc<dyn Payments>, Failure> {
    if matches!(settings.storage, StorageKind::Memory) {
        return Ok(Arc::new(TestPayments::new()));
    }
    let path = settings.data.join("test-payments.jsonl");
    let books = FilePayments::open(&path).map_err(Failure::doing("open the books of the provider `test`"))?;
    Ok(Arc::new(books))
}

fn mailer(settings: &Settings) -> Result<Option<Arc<dyn Mailer>>, Failure> {
    let from = settings.mail_from.clone();
    if let Some(url) = &settings.smtp_url {
        let smtp = SmtpMailer::new(&url.0, from)
            .map_err(|error| Failure::usage(format!("smtp_url is no mail server: {error}")))?;
        return Ok(Some(Arc::new(smtp)));
    }
    if matches!(settings.storage, StorageKind::Memory) {
        return Ok(None);
    }
    let files = FileMailer::new(settings.data.join("outbox"), from)
        .map_err(Failure::doing("make the directory of outgoing mail"))?;
    Ok(Some(Arc::new(files)))
}

/// Makes the first staff account. What it is told is told before it is made: a crash in between must not
/// leave an account that nobody knows the password of.
async fn first_staff(settings: &Settings, kitflik: &Kitflik) -> Result<(), Failure> {
    let failed = "make the first staff account";
    if kitflik.staff().has_any().await.map_err(Failure::doing(failed))? {
        return Ok(());
    }
    let email = settings.staff_email.clone().unwrap_or_else(|| "staff@kitflik.example".to_owned());
    let password = match &settings.staff_password {
        Some(password) => password.0.clone(),
        None => {
            let password = BASE32_NOPAD.encode(&master_key::random::<15>()?).to_lowercase();
            console::say("The first staff account was made. This is shown once:");
            console::say(&format!("  e-mail    {email}"));
            console::say(&format!("  password  {password}"));
            password
        }
    };
    let new = NewStaff { email, password, name: "First".to_owned(), role: Role::Admin };
    match kitflik.staff().make_first(&new).await {
        Ok(_) => Ok(()),
        Err(UserError::AlreadyExists { .. }) => {
            console::say("Another server over this store was quicker: its first staff account is the one.");
            Ok(())
        }
        Err(error) => Err(Failure::usage(format!(
            "staff_email or staff_password cannot be used for the first staff account: {error}"
        ))),
    }
}

fn welcome(settings: &Settings, address: SocketAddr) {
    match &settings.storage {
        StorageKind::Sled => console::say(&format!("data in {}", settings.data.display())),
        StorageKind::Memory => console::say("data in memory: all is gone when this program ends"),
        #[cfg(feature = "postgres")]
        StorageKind::Postgres(options) => {
            console::say(&format!("data in PostgreSQL at {options}, files in {}", settings.data.display()));
        }
    }
    if settings.smtp_url.is_none() {
        if matches!(settings.storage, StorageKind::Memory) {
            console::say("mail is not sent (smtp_url is not set)");
        } else {
            let outbox = settings.data.join("outbox");
            console::say(&format!("mail goes into files in {} (smtp_url is not set)", outbox.display()));
        }
    }
    console::say(&format!("page      http://{address}/ (staff: /admin)"));
    console::say(&format!("API       http://{address}/v1/movies"));
    console::say(&format!("reference http://{address}/docs"));
    console::say(&format!("listening on http://{address}"));
}

/// The ways in which this process is asked to end.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// From now on the signals are caught: before anybody is told that the server is there.
    fn catch() -> Result<Self, Failure> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let failed = "catch signals";
            Ok(Self {
                interrupt: signal(SignalKind::interrupt()).map_err(Failure::doing(failed))?,
                terminate: signal(SignalKind::terminate()).map_err(Failure::doing(failed))?,
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Comes back when this process is asked to end.
    async fn end(mut self) -> &'static str {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => "interrupted",
            _ = self.terminate.recv() => "asked to terminate",
        }
        #[cfg(not(unix))]
        {
            let _ = &mut self;
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            "interrupted"
        }
    }
}
