//! Keys as text: `ID:BASE64[,ID:BASE64…]`, 32 bytes each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretBox, SecretString};

/// Why a text holds no keys. Does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no key in it.
    #[error("the vault has no key: make one with `kopru vault generate-key`")]
    Empty,
    /// An entry is not `ID:BASE64`, or its id has other signs than letters, digits, `-` and `_`.
    #[error("a vault key is written ID:BASE64; make one with `kopru vault generate-key`")]
    Form,
    /// A key has not 32 bytes.
    #[error("a vault key has 32 bytes")]
    Length,
    /// Two keys have the same id.
    #[error("two vault keys have the same id")]
    Twice,
    /// The machine gives no random numbers.
    #[error("the machine gives no random numbers")]
    NoRandomness,
}

/// A key and its id.
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) bytes: SecretBox<[u8; 32]>,
}

pub(crate) fn parse(text: &SecretString) -> Result<Vec<Key>, KeyError> {
    let entries = text.expose_secret().split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let keys = entries.map(parse_one).collect::<Result<Vec<_>, _>>()?;
    let twice = |(at, key): (usize, &Key)| keys[..at].iter().any(|other| other.id == key.id);
    if keys.iter().enumerate().any(twice) {
        return Err(KeyError::Twice);
    }
    if keys.is_empty() { Err(KeyError::Empty) } else { Ok(keys) }
}

fn parse_one(entry: &str) -> Result<Key, KeyError> {
    let (id, encoded) = entry.split_once(':').ok_or(KeyError::Form)?;
    check_id(id)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| KeyError::Form)?;
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| KeyError::Length)?;
    Ok(Key { id: id.to_owned(), bytes: SecretBox::new(Box::new(bytes)) })
}

/// An id stands between the dots of a sealed text and before the colon of a key's.
fn check_id(id: &str) -> Result<(), KeyError> {
    let sound = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !id.is_empty() && id.chars().all(sound) { Ok(()) } else { Err(KeyError::Form) }
}

pub(crate) fn generate(id: &str) -> Result<SecretString, KeyError> {
    check_id(id)?;
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| KeyError::NoRandomness)?;
    Ok(SecretString::from(format!("{id}:{}", STANDARD.encode(bytes))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> KeyError {
        parse(&SecretString::from(text)).err().unwrap()
    }

    #[test]
    fn what_is_no_key_is_told() {
        assert_eq!(error(" , "), KeyError::Empty);
        assert_eq!(error("nokey"), KeyError::Form);
        assert_eq!(error("a b:AAAA"), KeyError::Form);
        assert_eq!(error("a:AAAA"), KeyError::Length);
        assert_eq!(generate("2026:11").err(), Some(KeyError::Form), "it could not be read back");
        let key = generate("a").unwrap();
        assert_eq!(error(&format!("{0},{0}", key.expose_secret())), KeyError::Twice);
    }
}
