//! Any bytes as a request: the first two say which verb and what is known, the
//! rest is the form.

use moustique_protocol::{
    Basis, Encoding, Fields, Form, Hints, Request, RequestLimits, Verb, read,
};

use crate::support::{check_rejection, push_field};

const ENCODINGS: [Encoding; 3] = [Encoding::Classic, Encoding::Inner, Encoding::Plain];

/// A command, or a rejection; and what is understood, written again in the
/// encoding that was found, is understood as the same.
pub(crate) fn check(bytes: &[u8]) {
    let [choice, hints, body @ ..] = bytes else {
        return;
    };
    let (choice, hints) = (usize::from(*choice), Known(usize::from(*hints)));
    // Half a byte each, so that a new verb does not change what the others get.
    let verb = Verb::ALL[choice % 16 % Verb::ALL.len()];
    let declared = ENCODINGS.get(choice / 16 % 4).copied();
    let limits = RequestLimits::default();
    match read(verb, body, declared, &hints, &limits) {
        Ok(request) => {
            assert!(declared.is_none_or(|declared| declared == request.encoding));
            assert!(declared.is_none() || request.basis == Basis::Declared);
            let again = rewrite(body, &request, &limits);
            let understood = read(verb, &again, Some(request.encoding), &hints, &limits).unwrap();
            assert_eq!(understood.command, request.command);
        }
        Err(rejection) => check_rejection(&rejection),
    }
}

/// The same fields, without what the format leaves open.
fn rewrite(body: &[u8], request: &Request, limits: &RequestLimits) -> Vec<u8> {
    let form = Form::parse(body, &limits.form).unwrap();
    let fields = Fields::decode(&form, request.encoding).unwrap();
    let mut again = Vec::new();
    for (name, value) in fields.iter() {
        let mut encoded = Vec::new();
        request.encoding.encode(value.as_bytes(), &mut encoded);
        push_field(name.as_bytes(), &encoded, &mut again);
    }
    again
}

/// What the broker knows, as far as a byte says.
struct Known(usize);

impl Known {
    fn name(&self, text: &str) -> bool {
        match self.0 % 4 {
            0 => false,
            1 => text.starts_with('/'),
            2 => text.len().is_multiple_of(2),
            _ => text.is_ascii(),
        }
    }
}

impl Hints for Known {
    fn topic_exists(&self, topic: &str) -> bool {
        self.name(topic)
    }
    fn client_known(&self, client: &str) -> bool {
        self.name(client)
    }
    fn last_used(&self) -> Option<Encoding> {
        ENCODINGS.get(self.0 / 4 % 4).copied()
    }
    fn configured(&self) -> Encoding {
        ENCODINGS[self.0 / 16 % 3]
    }
}
