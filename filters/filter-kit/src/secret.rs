//! The secret with which keys are hashed.
//!
//! A tenant may be named by its API key, so a tenant is only known by a keyed hash:
//! SipHash-2-4 with 128 bits (Aumasson, Bernstein: SipHash, 2012), of which nobody
//! without the secret can tell what went in, nor find two that collide.

use crate::{Arrival, CellError};
use core::hash::Hasher as _;
use siphasher::sip128::{Hasher128 as _, SipHasher24};
use std::fmt::Write as _;

/// What stands for a key in the state that workers share.
pub type Key = [u8; 16];

/// The secret with which keys are hashed.
#[derive(Clone, Copy)]
pub struct Secret([u8; 16]);

impl Secret {
    /// The one that an operator wrote.
    pub fn written(text: &str) -> Self {
        let mut hasher = SipHasher24::new();
        hasher.write(text.as_bytes());
        Self(hasher.finish128().as_bytes())
    }

    /// The one that Envoy's workers share, in this cell. Who comes first draws it.
    ///
    /// # Errors
    /// When that can't be had.
    pub fn shared(cell: &str, arrival: &Arrival) -> Result<Self, CellError> {
        let drawn = drawn(arrival);
        arrival.cells.update(cell, |bytes| match bytes.try_into() {
            Ok(secret) => (None, Self(secret)),
            Err(_) => (Some(drawn.0.to_vec()), drawn),
        })
    }

    /// The key that these parts make together, none of which may be empty of meaning:
    /// a part that is missing is another than an empty one.
    pub fn key<'p>(self, parts: impl Iterator<Item = Option<&'p [u8]>>) -> Key {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        for part in parts {
            match part {
                None => hasher.write_u8(0),
                Some(part) => {
                    hasher.write_u8(1);
                    hasher.write_u64(u64::try_from(part.len()).unwrap_or(u64::MAX));
                    hasher.write(part);
                }
            }
        }
        hasher.finish128().as_bytes()
    }

    /// A tenant's hash as text: 32 hexadecimal digits.
    pub fn tenant_hash(self, tenant: &[u8]) -> String {
        hexadecimal(self.key([Some(tenant)].into_iter()))
    }

    /// Hashes something that comes in pieces.
    pub fn hasher(self) -> KeyedHasher {
        KeyedHasher(SipHasher24::new_with_key(&self.0))
    }
}

/// A keyed hash of something that comes in pieces; how it is cut does not matter.
#[derive(Clone)]
pub struct KeyedHasher(SipHasher24);

impl KeyedHasher {
    /// The next piece.
    pub fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    /// The hash as text: 32 hexadecimal digits.
    pub fn text(&self) -> String {
        hexadecimal(self.0.finish128().as_bytes())
    }
}

/// Its state tells as much as the secret.
impl core::fmt::Debug for KeyedHasher {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        out.write_str("KeyedHasher")
    }
}

fn hexadecimal(hash: Key) -> String {
    let mut text = String::with_capacity(32);
    for byte in hash {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Never shown.
impl core::fmt::Debug for Secret {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        out.write_str("Secret")
    }
}

fn drawn(arrival: &Arrival) -> Secret {
    let mut hasher = SipHasher24::new();
    hasher.write_u64(arrival.chance);
    hasher.write_u64(arrival.at.nanos());
    Secret(hasher.finish128().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(feature = "trial")]
    use crate::trial::local_cells;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_is_missing_is_another_key_than_what_is_empty() {
        let secret = Secret::written("s");
        let key = |parts: &[Option<&[u8]>]| secret.key(parts.iter().copied());
        assert_ne!(key(&[None]), key(&[Some(b"")]));
        assert_ne!(key(&[Some(b"ab"), Some(b"c")]), key(&[Some(b"a"), Some(b"bc")]));
        assert_eq!(key(&[Some(b"a")]), key(&[Some(b"a")]));
    }

    #[test]
    fn another_secret_gives_other_hashes_and_none_shows_the_tenant() {
        let hash = Secret::written("one").tenant_hash(b"sk-123");
        assert_ne!(hash, Secret::written("two").tenant_hash(b"sk-123"));
        assert_eq!(hash.len(), 32);
        assert!(!hash.contains("123"));
        assert_eq!(format!("{:?}", Secret::written("one")), "Secret");
    }

    #[cfg(feature = "trial")]
    #[test]
    fn all_workers_have_the_secret_that_the_first_one_drew() {
        let cells = local_cells();
        let of =
            |chance| Secret::shared("secret", &Arrival { chance, cells, ..Arrival::default() });
        let first = of(1).map(|secret| secret.0);
        assert_eq!(of(2).map(|secret| secret.0), first);
        assert!(first.is_ok());
    }
}
