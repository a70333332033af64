//! Who may see what the broker tells of itself.

mod attempts;
mod authenticator;
pub(crate) mod cookie;
pub(crate) mod login;
mod password;
mod sessions;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::app::Inner;
use crate::caller::Caller;
use crate::guard;
use crate::refusal::Refusal;

pub(crate) use authenticator::Authenticator;
pub use password::{MAX_PASSWORD_BYTES, PasswordError, PasswordHash};
use sessions::SessionKey;

/// What a request offers to be let in. It owns what it holds, so that nothing of
/// the request is kept while a password is checked, and it shows none of it.
#[derive(Clone, Default)]
pub(crate) struct Credentials {
    /// Whether it comes from this machine, under a loopback name, and through
    /// nobody's hands.
    pub(crate) is_local: bool,
    /// What the field `pwd` may mean: its value in every encoding that it can be
    /// read in, since a password must not be judged by a guess. At most three.
    pub(crate) pwd: Vec<String>,
    /// The password of HTTP Basic.
    pub(crate) basic: Option<String>,
    /// The sessions that cookies name.
    pub(crate) sessions: Vec<String>,
}

impl Credentials {
    /// What the head of a request offers.
    pub(crate) fn of(headers: &HeaderMap, caller: &Caller) -> Self {
        Self {
            is_local: guard::check_local(headers, caller).is_ok(),
            pwd: Vec::new(),
            basic: basic_password(headers),
            sessions: cookie::tokens(headers, caller.is_encrypted),
        }
    }

    /// The same with what the form offers.
    pub(crate) fn with_pwd(self, pwd: Vec<String>) -> Self {
        Self { pwd, ..self }
    }

    /// Whether there is anything to check.
    fn is_any(&self) -> bool {
        !self.pwd.is_empty() || self.basic.is_some() || !self.sessions.is_empty()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("is_local", &self.is_local)
            .field("is_any", &self.is_any())
            .finish_non_exhaustive()
    }
}

/// By what somebody was let in: what goes on for long ends when that no longer
/// holds.
#[derive(Clone, Debug)]
pub(crate) struct Pass {
    /// The password that held, if there was one.
    password: Option<PasswordHash>,
    session: Option<SessionKey>,
}

impl Pass {
    /// Of this machine, while there is no password.
    pub(crate) const LOCAL: Self = Self {
        password: None,
        session: None,
    };

    /// Whether it is a session that lets in.
    pub(crate) fn is_session(&self) -> bool {
        self.session.is_some()
    }

    /// Whether whoever has it would be let in still.
    pub(crate) fn holds(&self, app: &Inner) -> bool {
        if app.settings().password != self.password {
            return false;
        }
        match (&self.password, &self.session) {
            (Some(held), Some(session)) => app.authenticator.has_session(session, held),
            _ => true,
        }
    }
}

/// Lets in whoever may see what the broker tells of itself: with a password
/// whoever knows it, from this machine too, where other users and proxies are;
/// without one, this machine alone.
///
/// # Errors
/// When the caller may not.
pub(crate) async fn check(
    app: &Inner,
    caller: &Caller,
    credentials: Credentials,
) -> Result<Pass, Refusal> {
    let settings = app.settings();
    let Some(held) = &settings.password else {
        return check_without_password(caller, &credentials).map(|()| Pass::LOCAL);
    };
    let pass = |session| Pass {
        password: Some(held.clone()),
        session,
    };
    let session = app.authenticator.session(&credentials.sessions, held);
    if session.is_some() {
        return Ok(pass(session));
    }
    let mut passwords = credentials.pwd;
    passwords.extend(credentials.basic);
    app.authenticator
        .check(held, caller.address, passwords)
        .await
        .map(|()| pass(None))
}

fn check_without_password(caller: &Caller, credentials: &Credentials) -> Result<(), Refusal> {
    if credentials.is_local {
        return Ok(());
    }
    let remark = if credentials.is_any() {
        "; what was offered is not looked at"
    } else {
        ""
    };
    Err(Refusal::NotAllowed(format!(
        "no password is set, so this answers the broker's own machine alone, at a loopback \
         address such as http://127.0.0.1; it was asked for from {}{remark}",
        caller.address
    )))
}

fn basic_password(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(token.trim()).ok()?).ok()?;
    // The name may be any: there is one password.
    pair.split_once(':')
        .map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::limits::HttpLimits;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn what_a_head_offers_is_read_and_never_shown() {
        let offered = Credentials::of(
            &headers(&[
                ("host", "localhost"),
                ("authorization", "bAsIc bWU6c2VjcmV0OjE="),
                ("cookie", "theme=dark; moustique_session=abc123"),
            ]),
            &fixture::CALLER,
        )
        .with_pwd(vec!["hidden".into()]);
        assert!(offered.is_local);
        assert_eq!(offered.basic.as_deref(), Some("secret:1"));
        assert_eq!(offered.sessions, ["abc123"]);
        let shown = format!("{offered:?}");
        for secret in ["secret", "abc123", "hidden"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        for value in [
            "Basic",
            "Basic !",
            "Basic /w==",
            "Bearer bWU6eA==",
            "Basic bWU=",
        ] {
            let offered = Credentials::of(&headers(&[("authorization", value)]), &fixture::CALLER);
            assert!(!offered.is_any() && !offered.is_local, "{value}");
        }
    }

    #[tokio::test]
    async fn without_a_password_it_is_this_machine_alone() {
        let folder = tempfile::tempdir().unwrap();
        let app = fixture::app(folder.path(), HttpLimits::default());
        let remote = Caller {
            address: "192.168.0.9".parse().unwrap(),
            is_local: false,
            ..fixture::CALLER
        };
        let cases = [
            (fixture::CALLER, "localhost:1", true),
            (fixture::CALLER, "rebound.example", false),
            (remote, "localhost", false),
        ];
        for (caller, host, is_allowed) in cases {
            let credentials = Credentials::of(&headers(&[("host", host)]), &caller)
                .with_pwd(vec!["guess".into()]);
            let checked = check(app.inner(), &caller, credentials).await;
            assert_eq!(checked.is_ok(), is_allowed, "{caller:?} {host}");
            if let Err(refusal) = checked {
                let response = refusal.into_response::<bytes::Bytes>();
                assert_eq!(response.status(), 401);
                assert!(response.body().starts_with(b"Access denied: "));
            }
        }
    }
}
