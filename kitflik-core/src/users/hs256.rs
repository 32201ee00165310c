//! HS256 for jsonwebtoken, which is all that access tokens use. Its own backend brings RSA and two elliptic curves
//! along: a tenth of what a browser or a worker would load.

use hmac::{Hmac, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use sha2::Sha256;

/// Signs and verifies with HS256, and with nothing else.
static HS256: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Sees to it that there is a backend. If the host's program has chosen one, that is taken.
pub(crate) fn install() {
    let _ = HS256.install_default();
}

struct Key(Hmac<Sha256>);

impl Key {
    fn new(algorithm: Algorithm, secret: &[u8]) -> Result<Self> {
        if algorithm != Algorithm::HS256 {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        Hmac::new_from_slice(secret).map(Self).map_err(|_| ErrorKind::InvalidKeyFormat.into())
    }

    fn over(&self, message: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(message)
    }
}

impl Signer<Vec<u8>> for Key {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(self.over(message).finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Key {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        self.over(message).verify_slice(signature).map_err(Error::from_source)
    }
}

impl JwtSigner for Key {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Key {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    Ok(Box::new(Key::new(*algorithm, key.as_bytes())?))
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    Ok(Box::new(Key::new(*algorithm, key.try_get_as_bytes()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The library's backend, which native builds use, is the reference.
    #[test]
    fn it_signs_as_the_library_does() {
        let secret = [7; 32];
        let theirs =
            jsonwebtoken::crypto::sign(b"message", &EncodingKey::from_secret(&secret), Algorithm::HS256);
        let ours = signer(&Algorithm::HS256, &EncodingKey::from_secret(&secret)).unwrap().sign(b"message");
        assert_eq!(data_encoding::BASE64URL_NOPAD.encode(&ours), theirs.unwrap());
    }

    #[test]
    fn it_verifies_what_it_signed_and_nothing_else() {
        let (key, other) =
            (Key::new(Algorithm::HS256, &[7; 32]).unwrap(), Key::new(Algorithm::HS256, &[8; 32]).unwrap());
        let signature = key.sign(b"message");
        assert!(key.verify(b"message", &signature).is_ok());
        assert!(key.verify(b"another", &signature).is_err());
        assert!(key.verify(b"message", &signature[1..].to_vec()).is_err());
        assert!(key.verify(b"message", &Vec::new()).is_err());
        assert!(other.verify(b"message", &signature).is_err());
        assert!(Key::new(Algorithm::HS512, &[7; 32]).is_err());
    }
}
