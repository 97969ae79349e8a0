//! The test that a request belongs to: W3C `baggage` with the member `callboard.test`.

use std::sync::Arc;

use callboard_schema::parameter::decode;
use http::HeaderMap;

/// The decoded test name; `None` when the request belongs to no test.
pub(crate) fn test_of(headers: &HeaderMap) -> Option<Arc<str>> {
    let texts = headers.get_all("baggage").iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).find_map(|member| {
        let (name, value) = member.split(';').next()?.split_once('=')?;
        let value = value.trim();
        (name.trim() == "callboard.test" && !value.is_empty()).then(|| Arc::from(decode(value)))
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_test_is_found_among_other_members() {
        let mut headers = HeaderMap::new();
        headers.append("baggage", HeaderValue::from_static("a=1;p=2 , callboard.test=scenarios%2Fa%20b.yaml%23x;ttl=1"));
        assert_eq!(test_of(&headers).as_deref(), Some("scenarios/a b.yaml#x"));
        assert_eq!(test_of(&HeaderMap::new()), None);
    }
}
