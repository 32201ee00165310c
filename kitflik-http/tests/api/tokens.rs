//! Tokens that are refused: of another kind, altered, forged, out of time, and what is no token at all.

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use kitflik_core::TokenAlgorithm;
use reqwest::Method;
use serde_json::{Value, json};

use crate::forge::{self, CUSTOMERS, CUSTOMERS_EDDSA, STAFF, Token, derived};
use crate::house::{House, PASSWORD, STAFF_EMAIL, text};

const CUSTOMERS_PAGE: &str = "/v1/me";
const STAFF_PAGE: &str = "/v1/admin/price-cards";

async fn opens(house: &House, page: &str, token: &str) -> bool {
    let reply = house.get(page).bearer(token).send().await;
    if reply.status != 200 {
        reply.refused(401, "unauthenticated");
    }
    reply.status == 200
}

/// None of them opens either door, and none is taken for a guest's.
async fn all_refused(house: &House, tokens: impl IntoIterator<Item = (&str, String)>) {
    for (what, token) in tokens {
        for page in [CUSTOMERS_PAGE, STAFF_PAGE, "/v1/me/bookings"] {
            assert!(!opens(house, page, &token).await, "{what} at {page}: {token}");
        }
        let held = house.post("/v1/bookings", &json!({})).bearer(&token).send().await;
        assert_eq!(held.status, 401, "{what}: {token}");
    }
}

#[tokio::test]
async fn a_genuine_token_is_known_by_its_bytes_and_every_other_algorithm_is_refused() {
    let house = House::open().await;
    if house.local.is_none() {
        return;
    }
    let access = text(&house.customer().await, "access_token");
    let genuine = Token::read(&access);
    let secret = derived(CUSTOMERS);
    assert_eq!(genuine.hs256(&secret), access, "else the forgeries below would prove nothing");
    assert_eq!(genuine.header["typ"], "at+jwt");
    assert!(
        opens(&house, CUSTOMERS_PAGE, &genuine.clone().claim("exp", now(&genuine) + 60).hs256(&secret)).await
    );

    let (_, signature) = access.rsplit_once('.').unwrap();
    let alg = |name: &str| genuine.clone().header("alg", name);
    let none = ["none", "None", "NONE", "nOnE", ""];
    let with_signature = none.map(|name| ("none, signed", format!("{}{signature}", alg(name).unsigned())));
    all_refused(&house, none.map(|name| ("none", alg(name).unsigned()))).await;
    all_refused(&house, with_signature).await;
    all_refused(&house, none.map(|name| ("none, signed rightly", alg(name).hs256(&secret)))).await;
    let seed = derived(CUSTOMERS_EDDSA);
    let edwards = kid(&genuine).replace("-ch", "-ce");
    all_refused(
        &house,
        [
            ("no signature", genuine.unsigned()),
            ("HS384", alg("HS384").hs384(&secret)),
            ("HS512", alg("HS512").hs512(&secret)),
            ("HS512 under HS256", genuine.hs512(&secret)),
            ("RS256", alg("RS256").bytes(256)),
            ("RS256 by the secret", alg("RS256").hs256(&secret)),
            ("PS256", alg("PS256").bytes(256)),
            ("ES256", alg("ES256").bytes(64)),
            ("EdDSA by the secret", alg("EdDSA").ed25519(&secret)),
            ("EdDSA under the kid of HS256", alg("EdDSA").ed25519(&seed)),
            ("EdDSA under HS256", genuine.ed25519(&seed)),
            ("EdDSA by the HS256 secret", alg("EdDSA").header("kid", &*edwards).hs256(&secret)),
            ("no algorithm", genuine.clone().header("alg", Value::Null).hs256(&secret)),
            ("a list", genuine.clone().header("alg", json!(["HS256"])).hs256(&secret)),
            ("a guess", genuine.hs256(b"secret")),
            ("an empty secret", genuine.hs256(b"")),
            ("the master key", genuine.hs256(&forge::MASTER)),
        ],
    )
    .await;
}

fn kid(token: &Token) -> String {
    text(&token.header, "kid")
}

fn now(token: &Token) -> i64 {
    token.claims["iat"].as_i64().unwrap()
}

#[tokio::test]
async fn nothing_but_the_houses_own_header_is_read() {
    let house = House::open().await;
    if house.local.is_none() {
        return;
    }
    let genuine = Token::read(&text(&house.customer().await, "access_token"));
    let (secret, mine) = (derived(CUSTOMERS), [3; 32]);
    let with = |name: &str, value: Value| genuine.clone().header(name, value);
    let x = BASE64URL_NOPAD.encode(SigningKey::from_bytes(&mine).verifying_key().as_bytes());
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": x });
    let octets = json!({ "kty": "oct", "k": BASE64URL_NOPAD.encode(&mine) });
    let unknown = "zzzzzzzz-ch";
    let staffs = kid(&genuine).replace("-ch", "-sh");
    all_refused(
        &house,
        [
            // All of these are signed with the right key: it is the header that is wrong.
            ("typ JWT", with("typ", json!("JWT")).hs256(&secret)),
            ("no typ", with("typ", Value::Null).hs256(&secret)),
            ("a refresh token's typ", with("typ", json!("refresh+jwt")).hs256(&secret)),
            ("unknown kid", with("kid", json!(unknown)).hs256(&secret)),
            ("no kid", with("kid", Value::Null).hs256(&secret)),
            ("staff's kid", with("kid", json!(staffs)).hs256(&secret)),
            ("a path as kid", with("kid", json!("../../dev/null")).hs256(&secret)),
            ("crit", with("crit", json!(["exp"])).hs256(&secret)),
            ("b64", with("b64", json!(false)).header("crit", json!(["b64"])).hs256(&secret)),
            ("zip", with("zip", json!("DEF")).hs256(&secret)),
            ("jku", with("jku", json!("https://evil.example/jwks.json")).hs256(&secret)),
            ("x5u", with("x5u", json!("https://evil.example/cert")).hs256(&secret)),
            // And these bring a key of their own along.
            ("a path as kid, empty secret", with("kid", json!("../../dev/null")).hs256(b"")),
            ("own jwk", with("jwk", jwk.clone()).header("alg", "EdDSA").ed25519(&mine)),
            (
                "own jwk, unknown kid",
                with("jwk", jwk).header("alg", "EdDSA").header("kid", unknown).ed25519(&mine),
            ),
            ("own secret", with("jwk", octets).hs256(&mine)),
        ],
    )
    .await;
}

#[tokio::test]
async fn claims_are_for_this_house_this_audience_and_this_time() {
    let house = House::open().await;
    if house.local.is_none() {
        return;
    }
    let tokens = house.customer().await;
    let genuine = Token::read(&text(&tokens, "access_token"));
    let (secret, now) = (derived(CUSTOMERS), now(&genuine));
    let with = |name: &str, value: Value| genuine.clone().claim(name, value).hs256(&secret);
    all_refused(
        &house,
        [
            ("staff's audience", with("aud", json!("kitflik-staff"))),
            ("another audience", with("aud", json!("kitflik"))),
            ("two audiences", with("aud", json!(["kitflik-customers", "kitflik-staff"]))),
            ("no audience", with("aud", Value::Null)),
            ("another issuer", with("iss", json!("https://evil.example"))),
            ("nearly the issuer", with("iss", json!("kitflik "))),
            ("no issuer", with("iss", Value::Null)),
            ("no subject", with("sub", Value::Null)),
            ("a subject that is no account", with("sub", json!("admin"))),
            ("no session", with("sid", Value::Null)),
            ("expired", with("exp", json!(now - 30))),
            ("long expired", with("exp", json!(0))),
            ("never expires", with("exp", Value::Null)),
            ("expires in words", with("exp", json!("never"))),
            ("not yet", with("iat", json!(now + 31))),
            ("no time of issue", with("iat", Value::Null)),
            ("not before later", with("nbf", json!(now + 3600))),
            ("a claim too many", with("admin", json!(true))),
        ],
    )
    .await;
    // Clocks may be half a minute apart, and no more.
    for (name, at) in [("exp", now - 29), ("iat", now + 30)] {
        assert!(opens(&house, CUSTOMERS_PAGE, &with(name, json!(at))).await, "{name}");
    }
    // A role in a customer's token gives none.
    let promoted = with("role", json!("admin"));
    assert!(!opens(&house, STAFF_PAGE, &promoted).await);
}

#[tokio::test]
async fn an_altered_token_is_refused() {
    let house = House::open().await;
    let access = text(&house.customer().await, "access_token");
    let parts: Vec<&str> = access.split('.').collect();
    let [header, claims, signature] = <[&str; 3]>::try_from(parts).unwrap();
    // The last character carries fewer bits than it could: its other spellings are not the token either.
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = digits.find(&signature[signature.len() - 1..]).unwrap();
    let twins = (1..4).map(|more| {
        format!(
            "{header}.{claims}.{}{}",
            &signature[..signature.len() - 1],
            &digits[last + more..=last + more]
        )
    });
    all_refused(&house, twins.map(|twin| ("another spelling", twin))).await;
    let others = Token::read(&access).claim("sub", "018f2f6e-7b6a-7c3e-9a51-2f0c8d1e4b77").unsigned();
    all_refused(
        &house,
        [
            ("somebody else's claims", format!("{others}{signature}")),
            ("shorter", access[..access.len() - 1].to_owned()),
            ("longer", format!("{access}A")),
            ("padded", format!("{access}=")),
            ("two parts", format!("{header}.{claims}")),
            ("four parts", format!("{access}.")),
            ("five parts", format!("{access}.{claims}.{signature}")),
            ("parts exchanged", format!("{claims}.{header}.{signature}")),
            ("no header", format!(".{claims}.{signature}")),
            ("no claims", format!("{header}..{signature}")),
            ("dots", "..".to_owned()),
            ("in JSON", json!({ "access_token": access }).to_string()),
        ],
    )
    .await;
    // Neither is a token elsewhere than in its header one.
    let query = format!("{CUSTOMERS_PAGE}?access_token={access}");
    assert_eq!(house.get(&query).send().await.status, 401);
}

/// Every operation under a prefix that is for somebody known, with ids filled in.
fn operations(prefix: &str) -> Vec<(Method, String)> {
    let document = serde_json::to_value(kitflik_http::openapi()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        if !path.starts_with(prefix) || path.starts_with("/v1/admin/auth/") {
            continue;
        }
        let part = |part: &str| {
            if part.starts_with('{') { "018f2f6e-7b6a-7c3e-9a51-2f0c8d1e4b77" } else { part }.to_owned()
        };
        let path = path.split('/').map(part).collect::<Vec<_>>().join("/");
        for method in item.as_object().unwrap().keys() {
            found.extend(method.to_uppercase().parse().ok().map(|method| (method, path.clone())));
        }
    }
    found
}

#[tokio::test]
async fn no_audience_passes_for_another_on_any_route() {
    let house = House::open().await;
    let customer = house.customer().await;
    let (access, refresh) = (text(&customer, "access_token"), text(&customer, "refresh_token"));
    let staff = house.staff().await;
    let show = house.show("A: ####").await;
    let hold = house.hold(&show, &["A1", "A2"]).await;
    let booking = text(&hold, "booking_token");
    let (staffs, customers) = (operations("/v1/admin/"), operations("/v1/me"));
    assert!(staffs.len() >= 8 && customers.len() >= 2, "{staffs:?} {customers:?}");
    let doors = staffs.iter().map(|door| (door, &access)).chain(customers.iter().map(|door| (door, &staff)));
    for ((method, path), token) in doors {
        let call = || house.call(method.clone(), path).json(&json!({}));
        for wrong in [token, &refresh, &booking] {
            call().bearer(wrong).send().await.refused(401, "unauthenticated");
        }
        // What is for customers may look at the request before it asks who sends it.
        let nobody = call().send().await.status;
        assert!(nobody == 401 || nobody == 422 && path.starts_with("/v1/me"), "{method} {path}: {nobody}");
        call().booking(&hold).send().await.refused(401, "unauthenticated");
        // Two are not more than one.
        let both = call().bearer(token).bearer(&staff).send().await;
        both.refused(401, "unauthenticated");
    }
    assert!(opens(&house, CUSTOMERS_PAGE, &access).await && opens(&house, STAFF_PAGE, &staff).await);
    // Neither does the key of one audience sign for the other.
    if house.local.is_some() {
        let (mine, theirs) = (Token::read(&access), Token::read(&staff));
        let crossed = [
            ("customers' key", theirs.hs256(&derived(CUSTOMERS))),
            ("staff's key", mine.hs256(&derived(STAFF))),
            ("staff's claims, customers' header", mine.clone().claims_of(&theirs).hs256(&derived(CUSTOMERS))),
            ("customers' claims, staff's header", theirs.clone().claims_of(&mine).hs256(&derived(STAFF))),
        ];
        all_refused(&house, crossed).await;
        assert_eq!(theirs.hs256(&derived(STAFF)), staff);
    }
}

#[tokio::test]
async fn headers_that_name_somebody_make_nobody() {
    let house = House::open().await;
    let (ada, eve) =
        (text(&house.customer().await, "access_token"), text(&house.customer().await, "access_token"));
    let account = async |token: &str| text(&house.get("/v1/me").bearer(token).send().await.expect(200), "id");
    let (ada_id, eve_id) = (account(&ada).await, account(&eve).await);
    let show = house.show("A: ######").await;
    let body = json!({ "show_id": show.id, "seats": ["A1", "A2"] });
    let adas = house.post("/v1/bookings", &body).bearer(&ada).send().await.expect(201);
    let adas = format!("/v1/bookings/{}", text(&adas, "id"));
    let smuggled = |call: crate::house::Call, who: &str| {
        let names = [
            "x-user",
            "x-user-id",
            "x-username",
            "x-user-email",
            "x-forwarded-user",
            "x-remote-user",
            "remote-user",
            "x-auth-user",
            "x-auth-request-user",
            "x-authenticated-user",
            "x-webauth-user",
            "x-original-user",
            "x-actor",
            "x-subject",
            "x-sub",
            "x-customer",
            "x-customer-id",
            "x-staff",
            "x-staff-id",
            "x-account-id",
            "x-forwarded-email",
            "x-ms-client-principal-id",
            "x-goog-authenticated-user-id",
            "x-amzn-oidc-identity",
            "x-consumer-username",
            "x-token-subject",
        ];
        let call = names.into_iter().fold(call, |call, name| call.header(name, who));
        let roles = ["x-role", "x-roles", "x-user-role", "x-staff-role", "x-scopes"];
        let call = roles.into_iter().fold(call, |call, name| call.header(name, "admin"));
        call.header("x-internal", "1").header("x-system", "true").header("x-forwarded-for", "127.0.0.1")
    };
    for who in [ada_id.as_str(), STAFF_EMAIL, "admin"] {
        let asked = |path: &str| smuggled(house.get(path), who);
        asked("/v1/me").send().await.refused(401, "unauthenticated");
        asked("/v1/me/bookings").send().await.refused(401, "unauthenticated");
        asked(&adas).send().await.refused(401, "unauthenticated");
        asked(STAFF_PAGE).send().await.refused(401, "unauthenticated");
        asked(STAFF_PAGE).bearer(&eve).send().await.refused(401, "unauthenticated");
        asked(&adas).bearer(&eve).send().await.refused(403, "forbidden");
        let me = asked("/v1/me").bearer(&eve).send().await.expect(200);
        assert_eq!(text(&me, "id"), eve_id);
        let me = asked(&format!("/v1/me?user={ada_id}&user_id={ada_id}")).bearer(&eve).send().await;
        assert!(me.status != 200 || text(&me.json(), "id") == eve_id, "{me:?}");
    }
    // A hold with such headers is a guest's, and only its own token opens it.
    let body = json!({ "show_id": show.id, "seats": ["A3", "A4"] });
    let guests = smuggled(house.post("/v1/bookings", &body), &ada_id).send().await.expect(201);
    let path = format!("/v1/bookings/{}", text(&guests, "id"));
    house.get(&path).bearer(&ada).send().await.refused(403, "forbidden");
    house.get(&path).booking(&guests).send().await.expect(200);
    for name in ["user", "user_id", "holder", "actor", "role"] {
        let mut body = body.clone();
        body[name] = json!(ada_id);
        house.post("/v1/bookings", &body).send().await.refused(422, "validation_failed");
    }
}

#[tokio::test]
async fn a_session_ends_at_its_own_door_only() {
    let house = House::open().await;
    if house.local.is_none() {
        return;
    }
    let log_in = json!({ "email": STAFF_EMAIL, "password": PASSWORD });
    let boss = house.post("/v1/admin/auth/login", &log_in).send().await.expect(200);
    let ada = house.customer().await;
    let token = |tokens: &Value| json!({ "refresh_token": tokens["refresh_token"] });
    house.post("/v1/auth/logout", &token(&boss)).send().await.refused(401, "unauthenticated");
    house.post("/v1/admin/auth/logout", &token(&ada)).send().await.refused(401, "unauthenticated");
    house.post("/v1/auth/refresh", &token(&boss)).send().await.refused(401, "unauthenticated");
    house.post("/v1/admin/auth/refresh", &token(&ada)).send().await.refused(401, "unauthenticated");
    // An access token is no refresh token.
    for path in ["/v1/auth/refresh", "/v1/admin/auth/refresh", "/v1/auth/logout", "/v1/admin/auth/logout"] {
        for access in [&ada["access_token"], &boss["access_token"]] {
            let body = json!({ "refresh_token": access });
            house.post(path, &body).send().await.refused(401, "unauthenticated");
        }
    }
    assert!(opens(&house, STAFF_PAGE, &text(&boss, "access_token")).await);
    let ada = house.post("/v1/auth/refresh", &token(&ada)).send().await.expect(200);
    let next = house.post("/v1/admin/auth/refresh", &token(&boss)).send().await.expect(200);

    // Staff's session is over at once when a refresh token comes back, for whoever has any of its tokens.
    house.post("/v1/admin/auth/refresh", &token(&boss)).send().await.refused(401, "unauthenticated");
    house.post("/v1/admin/auth/refresh", &token(&next)).send().await.refused(401, "unauthenticated");
    for tokens in [&boss, &next] {
        assert!(!opens(&house, STAFF_PAGE, &text(tokens, "access_token")).await);
    }
    // A customer's refreshes no more; its access token lives as long as it says.
    let last = house.post("/v1/auth/refresh", &token(&ada)).send().await.expect(200);
    house.post("/v1/auth/refresh", &token(&ada)).send().await.refused(401, "unauthenticated");
    house.post("/v1/auth/refresh", &token(&last)).send().await.refused(401, "unauthenticated");
    house.wait(15 * 60 + 30);
    assert!(!opens(&house, CUSTOMERS_PAGE, &text(&last, "access_token")).await);
}

#[tokio::test]
async fn with_eddsa_the_public_key_verifies_and_signs_nothing() {
    let house = House::open_with(|policy| policy.token_algorithm = TokenAlgorithm::EdDsa).await;
    if house.local.is_none() {
        return;
    }
    let access = text(&house.customer().await, "access_token");
    let reply = house.get("/.well-known/jwks.json").send().await;
    assert_eq!(reply.header("content-type"), "application/jwk-set+json");
    assert_eq!(reply.header("cache-control"), "public, max-age=300");
    let tag = reply.header("etag").to_owned();
    let set = reply.expect(200);
    house.get("/.well-known/jwks.json").header("if-none-match", &tag).send().await.expect(304);
    assert_eq!(set["keys"].as_array().unwrap().len(), 1, "{set}");
    let jwk = &set["keys"][0];
    let public: [u8; 32] = BASE64URL_NOPAD.decode(text(jwk, "x").as_bytes()).unwrap().try_into().unwrap();
    let (message, signature) = access.rsplit_once('.').unwrap();
    let signature = Signature::from_slice(&BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap()).unwrap();
    VerifyingKey::from_bytes(&public).unwrap().verify_strict(message.as_bytes(), &signature).unwrap();
    assert!(opens(&house, CUSTOMERS_PAGE, &access).await);
    assert!(opens(&house, STAFF_PAGE, &house.staff().await).await);

    let genuine = Token::read(&access);
    assert_eq!(genuine.header, json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": jwk["kid"] }));
    assert_eq!(genuine.ed25519(&derived(CUSTOMERS_EDDSA)), access);
    let symmetric = kid(&genuine).replace("-ce", "-ch");
    let other = House::open().await;
    let others = Token::read(&text(&other.customer().await, "access_token"));
    let under_its_kid = genuine.clone().header("alg", "HS256").header("kid", &*symmetric);
    assert_eq!(under_its_kid.header_text(), others.header_text(), "it is the signature that is refused");
    for secret in forge::public_as_secret(&public, jwk) {
        let confused = [
            ("its kid", genuine.clone().header("alg", "HS256").hs256(&secret)),
            ("the kid of HS256", under_its_kid.hs256(&secret)),
            ("its header", genuine.hs256(&secret)),
            ("HS384", genuine.clone().header("alg", "HS384").hs384(&secret)),
            ("HS512", genuine.clone().header("alg", "HS512").hs512(&secret)),
            ("RS256", genuine.clone().header("alg", "RS256").hs256(&secret)),
        ];
        all_refused(&house, confused).await;
    }
    all_refused(
        &house,
        [
            ("none", genuine.clone().header("alg", "none").unsigned()),
            ("no signature", genuine.unsigned()),
            ("zeros", genuine.clone().bytes(0) + &BASE64URL_NOPAD.encode(&[0; 64])),
            ("another key", genuine.ed25519(&[3; 32])),
            ("staff's key", genuine.ed25519(&derived("kitflik staff access token EdDSA 1"))),
            ("expired", genuine.clone().claim("exp", now(&genuine) - 30).ed25519(&derived(CUSTOMERS_EDDSA))),
        ],
    )
    .await;

    let set = other.get("/.well-known/jwks.json").send().await.expect(200);
    assert_eq!(set, json!({ "keys": [] }));
}
