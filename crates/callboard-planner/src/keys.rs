//! Keys of resources: what their names say, which field of an object is one, and how well two kinds of value fit.

use crate::entities::EntityInfo;
use crate::path;
use crate::shape::{Kind, Place};
use crate::words::singular;

/// Names of keys that any resource may have.
const PLAIN_KEYS: &[&str] = &["id", "uuid", "guid", "uid", "sid", "identifier", "key"];

/// What is left of a key's name without the noun: `movie_id` of a movie is `id`, `name` stays, `order` of an order is `id`.
pub(crate) fn key_tail(words: &[String], noun: &[String]) -> String {
    let whole = noun.concat();
    let is_noun = |word: &String| noun.contains(&singular(word)) || whole == *word;
    let rest: Vec<&str> = words.iter().filter(|word| !is_noun(word)).map(String::as_str).collect();
    if rest.is_empty() { "id".to_owned() } else { rest.join(" ") }
}

/// The scalar field of an object that is its key as a resource of this kind, seen from a service: its place by number.
///
/// Keys that the service itself uses in its paths come first, then those of other services, then plain ones such as `id`.
pub(crate) fn key_of(places: &[Place], index: usize, info: &EntityInfo, service: usize) -> Option<usize> {
    let place = &places[index];
    let noun: Vec<String> = info.noun.split(' ').map(str::to_owned).collect();
    let named: Vec<(String, Option<String>)> = place
        .shape
        .fields
        .iter()
        .map(|field| (field.words.join(" "), (field.words.len() > 1).then(|| key_tail(&field.words, &noun))))
        .collect();
    let own = info.keys.get(&service).into_iter().chain(info.keys.values()).flatten().map(String::as_str);
    let has_key = place.shape.fields.iter().any(|field| path::without_key_suffix(&field.words).1);
    let last = (!has_key).then_some("name");
    own.chain(PLAIN_KEYS.iter().copied()).chain(last).find_map(|wanted| {
        let at = named.iter().position(|(name, tail)| name == wanted || tail.as_deref() == Some(wanted))?;
        scalar_child(places, index, &place.shape.fields[at].name)
    })
}

fn scalar_child(places: &[Place], index: usize, name: &str) -> Option<usize> {
    let nesting = places[index].nesting;
    let behind = places.iter().enumerate().skip(index + 1);
    let (at, child) = behind.into_iter().find(|(_, p)| p.parent == Some(index) && p.name == name && p.nesting == nesting)?;
    child.shape.kind.is_scalar().then_some(at)
}

/// How well two kinds of scalar fit, 0 to 1.
pub(crate) fn fit(a: (Kind, Option<&str>), b: (Kind, Option<&str>)) -> f64 {
    let numeric = |kind: Kind| matches!(kind, Kind::Integer | Kind::Number);
    if a.0 == Kind::Any || b.0 == Kind::Any {
        return 0.9;
    }
    let is_uuid = |format: Option<&str>| format.is_some_and(|f| f.eq_ignore_ascii_case("uuid"));
    match (numeric(a.0), numeric(b.0)) {
        (true, true) => 1.0,
        (false, false) if a.1.is_some() && b.1.is_some() && is_uuid(a.1) != is_uuid(b.1) => 0.5,
        (false, false) => 1.0,
        _ => 0.4,
    }
}
