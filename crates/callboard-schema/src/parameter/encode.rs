//! Percent-encoding (RFC 3986 section 2).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// All but unreserved characters.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// All but unreserved and reserved characters. `#`, `&` and `+` would end or change a query, so they stay encoded.
const RESERVED: &AsciiSet = &COMPONENT
    .remove(b':')
    .remove(b'/')
    .remove(b'?')
    .remove(b'[')
    .remove(b']')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

/// Encodes all but unreserved characters, and with `allow_reserved` leaves reserved ones too where they are harmless.
pub fn encode(text: &str, allow_reserved: bool) -> String {
    utf8_percent_encode(text, if allow_reserved { RESERVED } else { COMPONENT }).to_string()
}

/// Decodes; bytes that are no UTF-8 become the replacement character.
pub fn decode(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

/// Decodes a part of a query or form, where `+` is a space.
pub(super) fn decode_query(text: &str) -> String {
    if text.contains('+') { decode(&text.replace('+', "%20")).into_owned() } else { decode(text).into_owned() }
}
