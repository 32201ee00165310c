use std::time::Duration;

use kitflik_core::{CancellationTier, LateMoney};

use super::*;

fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn serve(file: &str, pairs: &[(&str, &str)], listen: Option<&str>) -> Result<Settings, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kitflik.toml");
    std::fs::write(&path, file).unwrap();
    let flags = ServeFlags {
        store: StoreFlags { config: Some(path.clone()), data: None },
        listen: listen.map(str::to_owned),
        ..ServeFlags::default()
    };
    let shown = path.display().to_string();
    Settings::for_serve(&flags, environment(pairs))
        .map_err(|failure| failure.to_string().replace(&shown, "kitflik.toml"))
}

fn refusal(file: &str, pairs: &[(&str, &str)], listen: Option<&str>) -> String {
    serve(file, pairs, listen).unwrap_err()
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let file = "listen = \"127.0.0.1:1\"\n";
    let env = [("KITFLIK_LISTEN", "127.0.0.1:2")];
    let port = |settings: Settings| settings.listen.port();
    assert_eq!(port(serve("", &[], None).unwrap()), 8080);
    assert_eq!(port(serve(file, &[], None).unwrap()), 1);
    assert_eq!(port(serve(file, &env, None).unwrap()), 2);
    assert_eq!(port(serve(file, &env, Some("127.0.0.1:3")).unwrap()), 3);
}

#[test]
fn a_bad_value_is_refused_under_the_name_it_was_given_by() {
    let address = "\"nowhere\" is no address: expected HOST:PORT such as 127.0.0.1:8080";
    assert_eq!(refusal("listen = \"nowhere\"", &[], None), format!("kitflik.toml, listen: {address}"));
    assert_eq!(refusal("", &[("KITFLIK_LISTEN", "nowhere")], None), format!("KITFLIK_LISTEN: {address}"));
    assert_eq!(refusal("", &[], Some("nowhere")), format!("--listen: {address}"));
    assert_eq!(
        refusal("", &[("KITFLIK_STORAGE", "floppy")], None),
        "KITFLIK_STORAGE: \"floppy\" is no storage; allowed are sled, memory and postgres://…"
    );
    assert_eq!(refusal("demo = \"maybe\"", &[], None), "kitflik.toml, demo: \"maybe\" is neither on nor off");
}

#[cfg(feature = "postgres")]
#[test]
fn a_database_is_named_without_its_password() {
    let storage = |url: &str| serve("", &[("KITFLIK_STORAGE", url)], None);
    let settings = storage("postgres://kit:hunter2@127.0.0.1/flik").unwrap();
    let StorageKind::Postgres(options) = &settings.storage else { panic!("{settings:?}") };
    assert_eq!(options.to_string(), "127.0.0.1:5432/flik");
    assert!(!format!("{settings:?}").contains("hunter2"));
    for bad in ["postgres://kit:hunter2@db.example.org/flik", "postgres://kit:hunter2"] {
        let refused = storage(bad).unwrap_err();
        assert!(
            refused.starts_with("KITFLIK_STORAGE: this is ") && !refused.contains("hunter2"),
            "{refused}"
        );
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("url");
    std::fs::write(&path, "postgres://kit:hunter2@127.0.0.1:7/flik\n").unwrap();
    let settings = serve("", &[("KITFLIK_STORAGE_FILE", path.to_str().unwrap())], None).unwrap();
    assert!(
        matches!(settings.storage, StorageKind::Postgres(options) if options.to_string() == "127.0.0.1:7/flik")
    );
}

#[test]
fn an_unknown_key_or_a_broken_file_is_refused() {
    let refused = refusal("demo = false\nlisten_on = \"x\"", &[], None);
    assert!(refused.starts_with("kitflik.toml: there is no setting \"listen_on\"; there are listen,"));
    let refused = refusal("demo = false\nlisten = ", &[], None);
    assert!(refused.starts_with("kitflik.toml, line 2: "), "{refused}");
    assert_eq!(
        refusal("listen = 8080", &[], None),
        "kitflik.toml, listen: expected text in quotes, found integer"
    );
}

#[test]
fn rate_limits_are_off_only_on_loopback() {
    let off = [("KITFLIK_RATE_LIMITS", "off")];
    assert!(serve("", &off, None).unwrap().rates.is_none());
    assert!(serve("", &[], None).unwrap().rates.is_some());
    let refused = refusal("", &off, Some("0.0.0.0:8080"));
    assert!(refused.starts_with("rate_limits: off is allowed only where nobody else can call"), "{refused}");
}

#[test]
fn behind_a_proxy_no_test_payment_is_taken_by_oversight() {
    assert!(serve("", &[], None).unwrap().test_payments);
    assert!(!serve("", &[], Some("0.0.0.0:8080")).unwrap().test_payments);
    assert!(serve("demo = true", &[], Some("0.0.0.0:8080")).unwrap().test_payments, "it was asked for");
    assert!(!serve("demo = false", &[], Some("0.0.0.0:8080")).unwrap().test_payments);
    let proxied = serve("trusted_proxies = \"127.0.0.1\"", &[], None).unwrap();
    assert_eq!((proxied.test_payments, proxied.https), (false, true));
}

#[test]
fn a_mistyped_address_of_a_storage_is_not_repeated() {
    let refused = refusal("", &[("KITFLIK_STORAGE", "Postgres://kitflik:secret@db/kitflik")], None);
    assert_eq!(refused, "KITFLIK_STORAGE: this is no storage; allowed are sled, memory and postgres://…");
}

#[test]
fn rates_and_proxies_are_read_from_text() {
    let file = "rate_per_address = \"7/70\"\ntrusted_proxies = \"10.0.0.0/8, ::1\"\nrequests_at_once = 5\n";
    let settings = serve(file, &[("KITFLIK_STAFF_LOG_IN_RATE_IN_ALL", "1/2")], None).unwrap();
    let rates = settings.rates.unwrap();
    assert_eq!(rates.requests.per_address, "7/70".parse().unwrap());
    assert_eq!(rates.staff_log_ins.in_all, "1/2".parse().unwrap());
    assert_eq!((settings.requests_at_once, settings.trusted_proxies.any()), (5, true));
    assert_eq!(
        refusal("rate_in_all = \"many\"", &[], None),
        "kitflik.toml, rate_in_all: \"many\" is no rate: expected A/B, A requests a second and B at once, such as \
         200/2000"
    );
    assert_eq!(
        refusal("", &[("KITFLIK_TRUSTED_PROXIES", "nginx")], None),
        "KITFLIK_TRUSTED_PROXIES: \"nginx\" is not allowed: \"nginx\" is neither an address nor a network such as \
         10.0.0.0/8"
    );
}

#[test]
fn passwords_are_hashed_as_the_settings_say() {
    let file = "argon2_memory_kib = 65536\nargon2_passes = 3\nhashing_threads = 2\nhashing_queue = 7\n";
    let hashing = serve(file, &[], None).unwrap().hashing;
    let hash = hashing.argon2.hash_blocking("correct horse", &[7; 16]).unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"), "{hash}");
    assert_eq!((hashing.threads, hashing.queue, hashing.weak), (2, 7, false));
    assert!(!serve("", &[], None).unwrap().hashing.weak);
    assert!(serve("argon2_memory_kib = 8192", &[], None).unwrap().hashing.weak);
    assert_eq!(
        refusal("argon2_memory_kib = 7", &[], None),
        "kitflik.toml, argon2_memory_kib: \"7\" is not allowed: expected a whole number from 8 to 4194304"
    );
    assert!(refusal("hashing_threads = 0", &[], None).contains("from 1 to 1024"));
}

#[test]
fn browsers_are_taken_to_come_by_https_wherever_others_can_call() {
    assert!(!serve("", &[], None).unwrap().https);
    assert!(serve("", &[], Some("0.0.0.0:8080")).unwrap().https);
    assert!(serve("trusted_proxies = \"127.0.0.1\"", &[], None).unwrap().https);
    assert!(!serve("https = false", &[], Some("0.0.0.0:8080")).unwrap().https);
}

#[test]
fn secrets_come_from_files_too_and_are_not_shown() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("password");
    std::fs::write(&path, "correct horse\n").unwrap();
    let pairs = [("KITFLIK_STAFF_PASSWORD_FILE", path.to_str().unwrap())];
    let settings = serve("", &pairs, None).unwrap();
    assert_eq!(settings.staff_password.as_ref().unwrap().0, "correct horse");
    assert!(!format!("{settings:?}").contains("horse"));
    let missing = refusal("smtp_url_file = \"/nowhere/at/all\"", &[], None);
    assert!(
        missing.starts_with("kitflik.toml, smtp_url_file: \"/nowhere/at/all\" cannot be read"),
        "{missing}"
    );
}

#[test]
fn names_that_look_like_ours_are_reported() {
    let settings = serve("", &[("KITFLIK_LISTN", "x")], None).unwrap();
    assert_eq!(settings.unknown, ["KITFLIK_LISTN"]);
}

#[test]
fn links_in_mails_begin_with_an_address_of_pages() {
    assert_eq!(serve("", &[], None).unwrap().public_url, None);
    for (given, taken) in [
        ("https://tickets.kino.example/", "https://tickets.kino.example"),
        ("http://127.0.0.1:8080/kino", "http://127.0.0.1:8080/kino"),
    ] {
        let settings = serve("", &[("KITFLIK_PUBLIC_URL", given)], None).unwrap();
        assert_eq!(settings.public_url.as_deref(), Some(taken));
    }
    for bad in [
        "",
        "tickets.kino.example",
        "https://",
        "https:///x",
        "ftp://kino",
        "https://a b",
        "https://k/?x=1",
        "https://k/#x",
    ] {
        let refused = refusal("", &[("KITFLIK_PUBLIC_URL", bad)], None);
        assert!(
            refused.starts_with(&format!(
                "KITFLIK_PUBLIC_URL: {bad:?} is no address of pages: expected http(s)://host"
            )),
            "{refused}"
        );
    }
    let refused = refusal("default_locale = \"german!\"", &[], None);
    assert_eq!(
        refused,
        "kitflik.toml, default_locale: \"german!\" is no language: expected a tag such as en or de-AT"
    );
}

#[test]
fn tokens_are_signed_as_the_settings_say() {
    let settings = serve("", &[], None).unwrap();
    assert_eq!(
        (settings.token_algorithm, settings.token_issuer.as_str()),
        (TokenAlgorithm::Hs256, "kitflik")
    );
    let file = "token_algorithm = \"eddsa\"\ntoken_issuer = \"https://kino.example\"\n";
    let settings = serve(file, &[], None).unwrap();
    assert_eq!(settings.token_algorithm, TokenAlgorithm::EdDsa);
    assert_eq!(settings.token_issuer, "https://kino.example");
    assert_eq!(
        refusal("", &[("KITFLIK_TOKEN_ALGORITHM", "none")], None),
        "KITFLIK_TOKEN_ALGORITHM: \"none\" is no algorithm of tokens; allowed are hs256 and eddsa"
    );
    for bad in ["", "two words", "kinö"] {
        let refused = refusal("", &[("KITFLIK_TOKEN_ISSUER", bad)], None);
        assert!(refused.starts_with(&format!("KITFLIK_TOKEN_ISSUER: {bad:?} is no issuer")), "{refused}");
    }
}

#[test]
fn jobs_have_their_schedules() {
    let file = "zone = \"Asia/Kathmandu\"\nnew_releases = \"0 30 9 * * THU\"\nshow_reminders = \"90m\"\n";
    let settings = serve(file, &[("KITFLIK_OCCUPANCY_REPORT", "off")], None).unwrap();
    let mut policy = Policy::default();
    settings.jobs.apply(&mut policy);
    assert_eq!(policy.zone, "Asia/Kathmandu".parse().ok());
    assert_eq!(policy.new_releases.map(|schedule| schedule.to_string()).as_deref(), Some("0 30 9 * * THU"));
    assert_eq!(policy.reminder_before, Some(Duration::from_secs(90 * 60)));
    assert_eq!(policy.occupancy_report, None);
    let five = refusal("new_releases = \"0 12 * * FRI\"", &[], None);
    assert!(
        five.starts_with("kitflik.toml, new_releases: \"0 12 * * FRI\" is not a schedule: it has five"),
        "{five}"
    );
    let soon = refusal("", &[("KITFLIK_SHOW_REMINDERS", "soon")], None);
    assert!(soon.starts_with("KITFLIK_SHOW_REMINDERS: ") && soon.contains("such as 3h or 90m"), "{soon}");
    assert_eq!(
        refusal("zone = \"Mars\"", &[], None),
        "kitflik.toml, zone: \"Mars\" is no zone: expected one such as Europe/Berlin"
    );
}

#[test]
fn the_house_sells_on_its_own_terms() {
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let of = |file: &str, environment: &[(&str, &str)]| {
        let mut policy = Policy::default();
        serve(file, environment, None).unwrap().terms.apply(&mut policy);
        policy
    };
    assert_eq!(of("", &[]), Policy::default());
    let file = "hold = \"5m\"\npay_at_counter = false\nlate_money = \"manual\"\nfees_refundable = \"off\"\n";
    let tiers = [("KITFLIK_CANCELLATION", "48h 100%, 90m 50%"), ("KITFLIK_CANCEL_BEFORE", "1h")];
    let policy = of(file, &tiers);
    assert_eq!((policy.hold, policy.hold_at_most), (hours(1) / 12, hours(1) / 4));
    assert_eq!((policy.pay_at_counter, policy.fees_refundable), (false, false));
    assert_eq!((policy.late_money, policy.cancel_before), (LateMoney::Manual, Some(hours(1))));
    let tiers = [CancellationTier::new(hours(48), 100), CancellationTier::new(hours(3) / 2, 50)];
    assert_eq!(policy.cancellation, tiers);
    assert_eq!(of("cancel_before = \"off\"", &[]).cancel_before, None);
    for bad in ["48h", "48h 101%", "two days 50%", "48h 50", "48h 50%,", "-1h 50%", "99999h 50%", ""] {
        let refused = refusal("", &[("KITFLIK_CANCELLATION", bad)], None);
        let start = format!("KITFLIK_CANCELLATION: {bad:?} are no terms: expected ");
        assert!(refused.starts_with(&start) && refused.ends_with("such as 48h 100%, 24h 50%"), "{refused}");
    }
    for (name, bad) in [("hold", "0m"), ("hold", "soon"), ("cancel_before", "3d"), ("late_money", "keep")] {
        let refused = refusal(&format!("{name} = {bad:?}"), &[], None);
        assert!(refused.starts_with(&format!("kitflik.toml, {name}: {bad:?} is no ")), "{refused}");
    }
}
