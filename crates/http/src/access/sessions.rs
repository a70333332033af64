//! Sessions of the user interface: who has named the password before.

use std::collections::HashMap;
use std::time::Duration;

use ring::digest;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::time::Instant;

use super::password::PasswordHash;

/// How long a session lasts.
pub(crate) const LASTS: Duration = Duration::from_secs(12 * 60 * 60);

/// Sessions at a time. More: the oldest ends.
const SESSIONS: usize = 1_000;

/// Bytes of a token: more than can be guessed.
const TOKEN_BYTES: usize = 32;

/// The sessions that are open. They are in memory alone: a start ends them.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    open: HashMap<SessionKey, Session>,
}

/// The digest of a session's token, so that neither a look into the memory nor
/// the time of a search tells the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SessionKey([u8; digest::SHA256_OUTPUT_LEN]);

#[derive(Debug)]
struct Session {
    /// The password that was named: with another one the session is over.
    named: PasswordHash,
    ends: Instant,
}

impl Sessions {
    /// Opens a session and returns its token. `None` when the system has no
    /// random numbers.
    pub(crate) fn open(&mut self, named: PasswordHash, now: Instant) -> Option<String> {
        let mut token = [0; TOKEN_BYTES];
        SystemRandom::new().fill(&mut token).ok()?;
        self.make_room(now);
        let token: String = token.iter().map(|byte| format!("{byte:02x}")).collect();
        let ends = now + LASTS;
        self.open
            .insert(SessionKey::of(&token), Session { named, ends });
        Some(token)
    }

    /// Whether there is that session still, opened with the password that holds.
    pub(crate) fn is_open(&self, key: &SessionKey, held: &PasswordHash, now: Instant) -> bool {
        let session = self.open.get(key);
        session.is_some_and(|session| session.named == *held && now < session.ends)
    }

    /// Ends a session.
    pub(crate) fn close(&mut self, token: &str) {
        self.open.remove(&SessionKey::of(token));
    }

    fn make_room(&mut self, now: Instant) {
        if self.open.len() < SESSIONS {
            return;
        }
        self.open.retain(|_, session| now < session.ends);
        if self.open.len() < SESSIONS {
            return;
        }
        let oldest = self.open.iter().min_by_key(|(_, session)| session.ends);
        if let Some(oldest) = oldest.map(|(key, _)| *key) {
            self.open.remove(&oldest);
        }
    }
}

impl SessionKey {
    /// The key of the session that a token is of, if there is one.
    pub(crate) fn of(token: &str) -> Self {
        let digest = digest::digest(&digest::SHA256, token.as_bytes());
        let mut bytes = [0; digest::SHA256_OUTPUT_LEN];
        for (byte, of_digest) in bytes.iter_mut().zip(digest.as_ref()) {
            *byte = *of_digest;
        }
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(salt: &str) -> PasswordHash {
        let text = format!("$argon2id$v=19$m=8,t=1,p=1${salt}$XV5G/gCXGvgi42KGbLmsPA");
        PasswordHash::parse(&text).unwrap()
    }

    #[test]
    fn a_session_ends_with_its_time_its_password_or_by_request() {
        let mut sessions = Sessions::default();
        let (held, other) = (hash("c29tZXNhbHQ"), hash("b3RoZXJzYWx0"));
        let now = Instant::now();
        let token = sessions.open(held.clone(), now).unwrap();
        assert_eq!(token.len(), 2 * TOKEN_BYTES);
        assert!(sessions.is_open(&SessionKey::of(&token), &held, now));
        assert!(!sessions.is_open(&SessionKey::of(&token), &other, now));
        assert!(!sessions.is_open(&SessionKey::of(&token), &held, now + LASTS));
        assert!(!sessions.is_open(&SessionKey::of(""), &held, now));
        let second = sessions.open(held.clone(), now).unwrap();
        assert_ne!(token, second);
        sessions.close(&token);
        assert!(!sessions.is_open(&SessionKey::of(&token), &held, now));
        assert!(sessions.is_open(&SessionKey::of(&second), &held, now));
    }

    #[test]
    fn there_is_a_bound_and_the_oldest_ends() {
        let mut sessions = Sessions::default();
        let held = hash("c29tZXNhbHQ");
        let begun = Instant::now();
        let at = |second: usize| begun + Duration::from_secs(second as u64);
        let tokens: Vec<_> = (0..=SESSIONS)
            .map(|second| sessions.open(held.clone(), at(second)).unwrap())
            .collect();
        assert_eq!(sessions.open.len(), SESSIONS);
        assert!(!sessions.is_open(&SessionKey::of(&tokens[0]), &held, at(SESSIONS)));
        assert!(sessions.is_open(&SessionKey::of(&tokens[1]), &held, at(SESSIONS)));
        sessions.open(held, at(SESSIONS) + LASTS).unwrap();
        assert_eq!(sessions.open.len(), 1, "those that are over have gone");
    }
}
