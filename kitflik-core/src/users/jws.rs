//! Signatures for jsonwebtoken: HS256, which access tokens use, and Ed25519. Its own backend brings RSA and two more
//! elliptic curves along: a tenth of what a browser or a worker would load.

use ed25519_dalek::pkcs8::DecodePrivateKey;
use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use hmac::{Hmac, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use sha2::Sha256;

/// Signs and verifies with HS256 and EdDSA, and with nothing else. Nothing here asks for a JWK.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Sees to it that there is a backend. If the host's program has chosen one, that is taken.
pub(crate) fn install() {
    let _ = PROVIDER.install_default();
}

struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(secret: &[u8]) -> Result<Self> {
        Hmac::new_from_slice(secret).map(Self).map_err(|_| ErrorKind::InvalidKeyFormat.into())
    }

    fn over(&self, message: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(message)
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(self.over(message).finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        self.over(message).verify_slice(signature).map_err(Error::from_source)
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

struct Ed25519<Key>(Key);

impl Signer<Vec<u8>> for Ed25519<SigningKey> {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(ed25519_dalek::Signer::try_sign(&self.0, message)?.to_vec())
    }
}

impl Verifier<Vec<u8>> for Ed25519<VerifyingKey> {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        ed25519_dalek::Verifier::verify(&self.0, message, &Signature::from_slice(signature)?)
    }
}

impl JwtSigner for Ed25519<SigningKey> {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

impl JwtVerifier for Ed25519<VerifyingKey> {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    match (algorithm, key.family()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac) => Ok(Box::new(Hs256::new(key.as_bytes())?)),
        (Algorithm::EdDSA, AlgorithmFamily::Ed) => {
            let key = SigningKey::from_pkcs8_der(key.as_bytes()).map_err(|_| ErrorKind::InvalidEddsaKey)?;
            Ok(Box::new(Ed25519(key)))
        }
        (Algorithm::HS256 | Algorithm::EdDSA, _) => Err(ErrorKind::InvalidKeyFormat.into()),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    match (algorithm, key.family()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac) => Ok(Box::new(Hs256::new(key.try_get_as_bytes()?)?)),
        (Algorithm::EdDSA, AlgorithmFamily::Ed) => {
            let key = key.try_get_as_bytes()?.try_into().map_err(|_| ErrorKind::InvalidEddsaKey)?;
            let key = VerifyingKey::from_bytes(key).map_err(|_| ErrorKind::InvalidEddsaKey)?;
            Ok(Box::new(Ed25519(key)))
        }
        (Algorithm::HS256 | Algorithm::EdDSA, _) => Err(ErrorKind::InvalidKeyFormat.into()),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::pkcs8::EncodePrivateKey;
    use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;

    use super::*;

    fn ed(seed: u8) -> (EncodingKey, DecodingKey) {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let public = key.verifying_key();
        let document = key.to_pkcs8_der().unwrap();
        (EncodingKey::from_ed_der(document.as_bytes()), DecodingKey::from_ed_der(public.as_bytes()))
    }

    fn secret(seed: u8) -> (EncodingKey, DecodingKey) {
        (EncodingKey::from_secret(&[seed; 32]), DecodingKey::from_secret(&[seed; 32]))
    }

    /// Ours and the library's, either way round.
    #[test]
    fn each_backend_takes_what_the_other_signed() {
        let algorithms = [(Algorithm::HS256, secret(7), secret(8).1), (Algorithm::EdDSA, ed(7), ed(8).1)];
        for (algorithm, (private, public), other) in algorithms {
            let ours = signer(&algorithm, &private).unwrap();
            let theirs = (DEFAULT_PROVIDER.signer_factory)(&algorithm, &private).unwrap();
            assert_eq!(ours.algorithm(), theirs.algorithm());
            let signature = ours.sign(b"message");
            assert_eq!(signature, theirs.sign(b"message"), "{algorithm:?}");
            for factory in [PROVIDER.verifier_factory, DEFAULT_PROVIDER.verifier_factory] {
                let verifier = factory(&algorithm, &public).unwrap();
                assert_eq!(verifier.algorithm(), algorithm);
                assert!(verifier.verify(b"message", &signature).is_ok(), "{algorithm:?}");
                assert!(verifier.verify(b"another", &signature).is_err(), "{algorithm:?}");
                assert!(verifier.verify(b"message", &signature[1..].to_vec()).is_err(), "{algorithm:?}");
                assert!(verifier.verify(b"message", &Vec::new()).is_err(), "{algorithm:?}");
                let mut turned = signature.clone();
                turned[0] ^= 1;
                assert!(verifier.verify(b"message", &turned).is_err(), "{algorithm:?}");
                assert!(factory(&algorithm, &other).unwrap().verify(b"message", &signature).is_err());
            }
        }
    }

    #[test]
    fn a_key_of_one_kind_is_no_key_of_another() {
        for (algorithm, private, public) in
            [(Algorithm::HS256, ed(7).0, ed(7).1), (Algorithm::EdDSA, secret(7).0, secret(7).1)]
        {
            let refused = ErrorKind::InvalidKeyFormat;
            assert_eq!(
                signer(&algorithm, &private).err().map(|error| error.into_kind()),
                Some(refused.clone())
            );
            assert_eq!(verifier(&algorithm, &public).err().map(|error| error.into_kind()), Some(refused));
        }
        for bytes in [&[][..], &[7; 31], &[7; 32], &[7; 33], &[7; 48]] {
            assert!(signer(&Algorithm::EdDSA, &EncodingKey::from_ed_der(bytes)).is_err());
        }
        for bytes in [&[][..], &[7; 31], &[7; 33]] {
            assert!(verifier(&Algorithm::EdDSA, &DecodingKey::from_ed_der(bytes)).is_err());
        }
    }

    /// Half of all numbers are points of the curve.
    #[test]
    fn what_is_no_public_key_is_refused_as_the_library_refuses_it() {
        let takes = |provider: &CryptoProvider, byte: u8| {
            (provider.verifier_factory)(&Algorithm::EdDSA, &DecodingKey::from_ed_der(&[byte; 32])).is_ok()
        };
        assert!((0..=255).all(|byte| takes(&PROVIDER, byte) == takes(&DEFAULT_PROVIDER, byte)));
        assert!(!(0..=255).all(|byte| takes(&PROVIDER, byte)));
    }

    #[test]
    fn other_algorithms_are_refused() {
        let (private, public) = secret(7);
        for algorithm in
            [Algorithm::HS384, Algorithm::HS512, Algorithm::RS256, Algorithm::PS256, Algorithm::ES256]
        {
            let refused = ErrorKind::InvalidAlgorithm;
            assert_eq!(
                signer(&algorithm, &private).err().map(|error| error.into_kind()),
                Some(refused.clone())
            );
            assert_eq!(verifier(&algorithm, &public).err().map(|error| error.into_kind()), Some(refused));
        }
    }
}
