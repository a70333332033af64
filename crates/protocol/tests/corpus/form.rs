//! Any bytes as a form.

use std::collections::HashSet;

use moustique_protocol::{Form, FormLimits};

use crate::support::{check_rejection, push_field};

/// A form within its limits, or a rejection; and what is read, written again,
/// is read as the same.
pub(crate) fn check(body: &[u8]) {
    let tight = FormLimits {
        fields: 2,
        name_bytes: 3,
    };
    for limits in [FormLimits::default(), tight] {
        match Form::parse(body, &limits) {
            Ok(form) => check_form(&form, body, &limits),
            Err(rejection) => check_rejection(&rejection),
        }
    }
}

fn check_form(form: &Form<'_>, body: &[u8], limits: &FormLimits) {
    let names: HashSet<&str> = form.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), form.iter().count(), "a field is there twice");
    assert!(names.len() <= limits.fields);
    let mut again = Vec::new();
    let mut bytes = 0;
    for (name, value) in form.iter() {
        assert!(!name.is_empty() && name.len() <= limits.name_bytes);
        assert_eq!(form.get(name), Some(value));
        push_field(name.as_bytes(), value.as_bytes(), &mut again);
        bytes += name.len() + value.len();
    }
    assert!(bytes <= body.len(), "more came out than went in");
    assert_eq!(Form::parse(&again, limits).as_ref(), Ok(form));
}
