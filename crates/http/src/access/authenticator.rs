//! Whether somebody knows the password.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ring::hmac;
use ring::rand::SystemRandom;
use tokio::sync::Semaphore;
use tokio::task;
use tokio::time::{self, Instant};

use super::attempts::Attempts;
use super::password::PasswordHash;
use super::sessions::{SessionKey, Sessions};
use crate::refusal::Refusal;

/// Passwords that are hashed at a time: each takes 20 MB and a core.
const HASHES: usize = 2;

/// How long a request waits for its password's turn. Longer: 503.
const PATIENCE: Duration = Duration::from_secs(5);

/// Knows who has named the password, and how often each peer failed to.
pub(crate) struct Authenticator {
    /// Of this process alone: what is remembered with it says nothing to others.
    key: Option<hmac::Key>,
    hashing: Arc<Semaphore>,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// The password that was named last, as a digest, with the hash that it
    /// belongs to: it is not hashed again.
    named: Option<(PasswordHash, hmac::Tag)>,
    attempts: Attempts,
    sessions: Sessions,
}

impl Authenticator {
    pub(crate) fn new() -> Self {
        Self {
            // Without random numbers nothing is remembered, that is all.
            key: hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).ok(),
            hashing: Arc::new(Semaphore::new(HASHES)),
            memory: Mutex::default(),
        }
    }

    /// Makes sure that one of the passwords is the one. All of them together
    /// are one try.
    ///
    /// # Errors
    /// When none is, the peer has failed too often, or too many others ask.
    pub(crate) async fn check(
        &self,
        held: &PasswordHash,
        peer: IpAddr,
        passwords: Vec<String>,
    ) -> Result<(), Refusal> {
        if passwords.is_empty() {
            return Err(Refusal::NotAllowed(
                "a password is set; name it in the field pwd, by HTTP Basic, or by logging in"
                    .into(),
            ));
        }
        if self.look(held, peer, &passwords)? {
            return Ok(());
        }
        let turn = Arc::clone(&self.hashing).acquire_owned();
        let Ok(Ok(turn)) = time::timeout(PATIENCE, turn).await else {
            return Err(Refusal::PasswordsBusy);
        };
        // What was found out since is not found out again.
        if self.look(held, peer, &passwords)? {
            return Ok(());
        }
        self.memory().attempts.begin(peer, Instant::now());
        let hash = held.clone();
        let found = task::spawn_blocking(move || {
            // Until it is hashed, also when whoever asked has gone by then.
            let _turn = turn;
            let mut passwords = passwords.into_iter();
            passwords.find(|password| hash.verify(password))
        });
        // An error would say that the hashing panicked.
        let Ok(Some(password)) = found.await else {
            return Err(wrong());
        };
        let mut memory = self.memory();
        memory.attempts.succeeded(peer);
        if let Some(key) = &self.key {
            memory.named = Some((held.clone(), hmac::sign(key, password.as_bytes())));
        }
        Ok(())
    }

    /// Opens a session for somebody who knows the password.
    pub(crate) fn open_session(&self, held: &PasswordHash) -> Option<String> {
        let mut memory = self.memory();
        memory.sessions.open(held.clone(), Instant::now())
    }

    /// The session that one of the tokens is of.
    pub(crate) fn session(&self, tokens: &[String], held: &PasswordHash) -> Option<SessionKey> {
        let mut keys = tokens.iter().map(|token| SessionKey::of(token));
        keys.find(|key| self.has_session(key, held))
    }

    /// Whether a session is open still.
    pub(crate) fn has_session(&self, key: &SessionKey, held: &PasswordHash) -> bool {
        self.memory().sessions.is_open(key, held, Instant::now())
    }

    /// Ends a session.
    pub(crate) fn close_session(&self, token: &str) {
        self.memory().sessions.close(token);
    }

    /// Whether one of the passwords is known to be the one. The peer's failures
    /// are looked at first: otherwise whoever guesses would be told at once, as
    /// often as it likes, that a guess is right.
    fn look(
        &self,
        held: &PasswordHash,
        peer: IpAddr,
        passwords: &[String],
    ) -> Result<bool, Refusal> {
        let mut memory = self.memory();
        if let Some(wait) = memory.attempts.wait(peer, Instant::now()) {
            return Err(Refusal::TooManyTries {
                seconds: wait.as_secs().max(1),
            });
        }
        let (Some(key), Some((of, tag))) = (&self.key, &memory.named) else {
            return Ok(false);
        };
        let is_named = |password: &String| {
            // In a time that does not depend on where they differ.
            hmac::verify(key, password.as_bytes(), tag.as_ref()).is_ok()
        };
        let is_known = of == held && passwords.iter().any(is_named);
        if is_known {
            memory.attempts.succeeded(peer);
        }
        Ok(is_known)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").finish_non_exhaustive()
    }
}

fn wrong() -> Refusal {
    Refusal::NotAllowed("the password is not the one that is set".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn passwords(passwords: &[&str]) -> Vec<String> {
        passwords.iter().map(|&password| password.into()).collect()
    }

    /// The status of the answer, 200 where there is no refusal.
    async fn status(access: &Authenticator, held: &PasswordHash, given: &[&str]) -> u16 {
        match access.check(held, PEER, passwords(given)).await {
            Ok(()) => 200,
            Err(refusal) => refusal.into_response::<bytes::Bytes>().status().as_u16(),
        }
    }

    #[tokio::test]
    async fn one_of_the_readings_has_to_be_the_password() {
        let access = Authenticator::new();
        let held = PasswordHash::of("secret").unwrap();
        assert_eq!(status(&access, &held, &[]).await, 401);
        assert_eq!(status(&access, &held, &["guess"]).await, 401);
        assert_eq!(status(&access, &held, &["frperg", "secret"]).await, 200);
        // Known by now: it takes no hashing, also for a peer that has no turn.
        let _turns = access.hashing.acquire_many(2).await.unwrap();
        assert_eq!(status(&access, &held, &["secret"]).await, 200);
    }

    #[tokio::test]
    async fn another_hash_makes_forget_what_was_known() {
        let access = Authenticator::new();
        let (old, new) = (PasswordHash::of("old"), PasswordHash::of("new"));
        let (old, new) = (old.unwrap(), new.unwrap());
        assert_eq!(status(&access, &old, &["old"]).await, 200);
        let token = access.open_session(&old).unwrap();
        let tokens = ["other".to_owned(), token.clone()];
        let session = access.session(&tokens, &old).unwrap();
        assert!(access.has_session(&session, &old));
        assert_eq!(access.session(&tokens, &new), None);
        assert_eq!(status(&access, &new, &["old"]).await, 401);
        assert_eq!(status(&access, &new, &["new"]).await, 200);
        access.close_session(&token);
        assert!(!access.has_session(&session, &old));
    }

    #[tokio::test]
    async fn who_guesses_is_told_nothing_more_after_five_failures() {
        let access = Authenticator::new();
        let held = PasswordHash::of("secret").unwrap();
        assert_eq!(status(&access, &held, &["secret"]).await, 200);
        for _ in 0..5 {
            assert_eq!(status(&access, &held, &["guess"]).await, 401);
        }
        // Neither a wrong one nor the right one, which is known.
        assert_eq!(status(&access, &held, &["guess"]).await, 429);
        assert_eq!(status(&access, &held, &["secret"]).await, 429);
        let other = "10.0.0.1".parse().unwrap();
        let checked = access.check(&held, other, passwords(&["secret"])).await;
        assert!(checked.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_turn_is_told_to_come_again() {
        let access = Authenticator::new();
        let hash = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$XV5G/gCXGvgi42KGbLmsPA";
        let held = PasswordHash::parse(hash).unwrap();
        let _turns = access.hashing.acquire_many(2).await.unwrap();
        let begun = Instant::now();
        assert_eq!(status(&access, &held, &["guess"]).await, 503);
        assert_eq!(begun.elapsed(), PATIENCE);
    }
}
