//! Tokens as somebody would forge them: by hand, so that each carries the signature that it claims to have, whatever
//! the library would refuse to sign.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use ed25519_dalek::{Signer, SigningKey};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::{Sha256, Sha384, Sha512};

/// The master key of [`House::open`](crate::house::House::open).
pub(crate) const MASTER: [u8; 32] = [7; 32];

/// The purposes of the keys of access tokens.
pub(crate) const CUSTOMERS: &str = "kitflik access token 1";
pub(crate) const STAFF: &str = "kitflik staff access token 1";
pub(crate) const CUSTOMERS_EDDSA: &str = "kitflik access token EdDSA 1";

/// A key that the house derives.
pub(crate) fn derived(purpose: &str) -> [u8; 32] {
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(None, &MASTER).expand(purpose.as_bytes(), &mut key).unwrap();
    key
}

/// A token taken apart.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    /// How the house wrote the claims, while they are as it wrote them.
    written: Option<String>,
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
}

impl Token {
    pub(crate) fn read(token: &str) -> Self {
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!(parts.len(), 3);
        let written = Some(parts[1].to_owned());
        Self { header: decoded(parts[0]), claims: decoded(parts[1]), written }
    }

    /// With a field of the header; `null` leaves it out.
    pub(crate) fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.header, name, value.into());
        self
    }

    /// With a claim; `null` leaves it out.
    pub(crate) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.claims, name, value.into());
        self.written = None;
        self
    }

    /// With the claims of another.
    pub(crate) fn claims_of(self, other: &Self) -> Self {
        Self { header: self.header, ..other.clone() }
    }

    /// The header as the house would write it: what is forged shall not be told by the order of its fields.
    pub(crate) fn header_text(&self) -> String {
        let fields = self.header.as_object().unwrap();
        let known = ["typ", "alg", "kid"];
        let more = fields.keys().map(String::as_str).filter(|name| !known.contains(name));
        let names = known.into_iter().filter(|name| fields.contains_key(*name)).chain(more);
        let text: Vec<String> = names.map(|name| format!("\"{name}\":{}", fields[name])).collect();
        BASE64URL_NOPAD.encode(format!("{{{}}}", text.join(",")).as_bytes())
    }

    fn message(&self) -> String {
        let claims = || BASE64URL_NOPAD.encode(&serde_json::to_vec(&self.claims).unwrap());
        format!("{}.{}", self.header_text(), self.written.clone().unwrap_or_else(claims))
    }

    fn with(&self, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
        let message = self.message();
        let signature = sign(message.as_bytes());
        format!("{message}.{}", BASE64URL_NOPAD.encode(&signature))
    }

    pub(crate) fn unsigned(&self) -> String {
        self.with(|_| Vec::new())
    }

    pub(crate) fn hs256(&self, secret: &[u8]) -> String {
        self.with(|message| {
            let mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
            mac.chain_update(message).finalize().into_bytes().to_vec()
        })
    }

    pub(crate) fn hs384(&self, secret: &[u8]) -> String {
        self.with(|message| {
            let mac = Hmac::<Sha384>::new_from_slice(secret).unwrap();
            mac.chain_update(message).finalize().into_bytes().to_vec()
        })
    }

    pub(crate) fn hs512(&self, secret: &[u8]) -> String {
        self.with(|message| {
            let mac = Hmac::<Sha512>::new_from_slice(secret).unwrap();
            mac.chain_update(message).finalize().into_bytes().to_vec()
        })
    }

    pub(crate) fn ed25519(&self, seed: &[u8; 32]) -> String {
        self.with(|message| SigningKey::from_bytes(seed).sign(message).to_vec())
    }

    /// A signature of any length: what RSA and ECDSA would make, to a house that has no key of theirs.
    pub(crate) fn bytes(&self, length: usize) -> String {
        self.with(|message| {
            let mac = Hmac::<Sha256>::new_from_slice(b"mine").unwrap();
            let block = mac.chain_update(message).finalize().into_bytes().to_vec();
            block.into_iter().cycle().take(length).collect()
        })
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    let fields = object.as_object_mut().unwrap();
    if value.is_null() {
        fields.remove(name);
    } else {
        fields.insert(name.to_owned(), value);
    }
}

/// What somebody may take for the secret who has the public key only: it in each form that it is published in.
pub(crate) fn public_as_secret(public: &[u8; 32], jwk: &Value) -> Vec<Vec<u8>> {
    // SubjectPublicKeyInfo of Ed25519 (RFC 8410).
    let mut der = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    der.extend(public);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64.encode(&der));
    vec![
        public.to_vec(),
        jwk["x"].as_str().unwrap().as_bytes().to_vec(),
        serde_json::to_vec(jwk).unwrap(),
        pem.trim_end().as_bytes().to_vec(),
        pem.into_bytes(),
        der,
    ]
}
