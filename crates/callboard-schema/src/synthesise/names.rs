//! What a name says about its value: `email`, `unitPrice`, `createdAt`.

use fake::Fake as _;
use fake::faker::address::en::{BuildingNumber, CityName, StateAbbr, StreetName};
use fake::faker::company::en::CompanyName;
use fake::faker::name::en::{FirstName, LastName};
use rand::{Rng as _, RngExt as _};

use super::generate::Dice;

const WORDS: [&str; 32] = [
    "amber", "birch", "cobalt", "delta", "ember", "fjord", "garnet", "harbor", "indigo", "juniper", "kestrel", "lagoon", "maple",
    "nectar", "onyx", "pebble", "quartz", "river", "saffron", "tundra", "umber", "velvet", "willow", "xenon", "yarrow", "zephyr",
    "meadow", "cedar", "coral", "summit", "lumen", "aspen",
];
const PRODUCTS: [&str; 16] = [
    "Desk Lamp",
    "Travel Mug",
    "Notebook",
    "Backpack",
    "Headphones",
    "Water Bottle",
    "Wall Clock",
    "Office Chair",
    "Keyboard",
    "Rain Jacket",
    "Bike Light",
    "Tea Pot",
    "Phone Stand",
    "Wool Blanket",
    "Garden Shears",
    "Coffee Grinder",
];
const COUNTRIES: [(&str, &str, &str); 8] = [
    ("DE", "Germany", "+49"),
    ("FR", "France", "+33"),
    ("GB", "United Kingdom", "+44"),
    ("ES", "Spain", "+34"),
    ("IT", "Italy", "+39"),
    ("NL", "Netherlands", "+31"),
    ("US", "United States", "+1"),
    ("SE", "Sweden", "+46"),
];
const CURRENCIES: [&str; 4] = ["EUR", "USD", "GBP", "CHF"];
const SENTENCES: [&str; 6] = [
    "Delivered in recycled packaging.",
    "Please ring twice and leave it at the door.",
    "Works as described, arrived one day early.",
    "A reliable choice for every day.",
    "Checked and confirmed.",
    "Second edition with minor corrections.",
];

/// The lower-case words of an identifier: `unitPrice`, `unit_price`, `UNIT-PRICE` are `unit`, `price`.
pub(super) fn parts(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut was_lower = false;
    let mut current = String::new();
    for c in name.chars() {
        if (!c.is_alphanumeric() || (c.is_uppercase() && was_lower)) && !current.is_empty() {
            words.push(std::mem::take(&mut current));
        }
        if c.is_alphanumeric() {
            current.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase() || c.is_numeric();
    }
    if !current.is_empty() {
        words.push(current);
    }
    words
}

/// The singular of a plural, by the common endings.
pub(super) fn singular(name: &str) -> String {
    let lower = name.to_lowercase();
    if let Some(stem) = lower.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return format!("{}y", &name[..stem.len().min(name.len())]);
    }
    let is_plural = lower.ends_with('s') && !lower.ends_with("ss") && !lower.ends_with("us") && lower.len() > 2;
    if is_plural { name[..name.len() - 1].to_owned() } else { name.to_owned() }
}

fn ends_with(name: &str, endings: &[&str]) -> bool {
    parts(name).last().is_some_and(|last| endings.contains(&last.as_str()))
}

/// Whether a value of this name tells entities apart.
pub(super) fn is_identifier(name: &str) -> bool {
    ends_with(name, &["id", "uuid", "guid", "key", "ref"])
}

/// Whether a moment of this name lies ahead.
pub(super) fn is_future(name: &str) -> bool {
    const AHEAD: [&str; 9] = ["expires", "expiry", "expiration", "due", "until", "end", "ends", "eta", "deadline"];
    parts(name).iter().any(|part| AHEAD.contains(&part.as_str()))
}

/// A flag of this name, where it says what is usual.
pub(super) fn flag(name: &str) -> Option<bool> {
    let last = parts(name).pop()?;
    match last.as_str() {
        "active" | "enabled" | "available" | "valid" | "visible" | "success" | "ok" | "ready" | "verified" => Some(true),
        "deleted" | "archived" | "disabled" | "error" | "failed" | "blocked" | "deprecated" | "locked" | "cancelled" => {
            Some(false)
        }
        _ => None,
    }
}

/// The usual range of an integer of this name.
pub(super) fn integers(name: &str) -> (f64, f64) {
    let last = parts(name).pop().unwrap_or_default();
    match last.as_str() {
        "quantity" | "qty" | "pieces" | "rating" | "stars" | "priority" | "level" => (1.0, 5.0),
        "count" | "stock" | "total" | "size" | "length" => (1.0, 40.0),
        "id" | "number" | "ref" => (1.0, 9999.0),
        "page" | "offset" | "index" | "position" | "version" => (1.0, 3.0),
        "limit" => (10.0, 50.0),
        "age" => (18.0, 80.0),
        "year" => (2020.0, 2026.0),
        "month" | "hour" => (1.0, 12.0),
        "day" => (1.0, 28.0),
        "minute" | "minutes" | "second" | "seconds" | "timeout" | "ttl" | "interval" => (5.0, 59.0),
        "percent" | "percentage" | "progress" | "score" => (0.0, 100.0),
        "price" | "amount" | "cost" | "cents" | "fee" => (199.0, 19_999.0),
        "port" => (1024.0, 65_535.0),
        "timestamp" | "time" | "at" | "date" => (1_735_689_600.0, 1_768_467_600.0),
        _ => (1.0, 100.0),
    }
}

/// The usual range of a number of this name, and its unit.
pub(super) fn decimals(name: &str) -> ((f64, f64), f64) {
    let last = parts(name).pop().unwrap_or_default();
    match last.as_str() {
        "latitude" | "lat" => ((-60.0, 70.0), 0.0001),
        "longitude" | "lng" | "lon" | "long" => ((-120.0, 140.0), 0.0001),
        "rating" | "stars" => ((1.0, 5.0), 0.5),
        "rate" | "ratio" | "probability" | "confidence" | "discount" | "tax" => ((0.01, 0.3), 0.01),
        "percent" | "percentage" | "progress" => ((1.0, 100.0), 0.5),
        "weight" | "height" | "width" | "depth" => ((0.5, 20.0), 0.1),
        "quantity" | "count" | "id" => ((1.0, 9.0), 1.0),
        "price" | "amount" | "cost" | "total" | "subtotal" | "fee" | "balance" => ((4.99, 199.99), 0.01),
        _ => ((1.0, 100.0), 0.01),
    }
}

/// A single word.
pub(super) fn word(dice: &mut Dice) -> &'static str {
    WORDS[dice.random_range(0..WORDS.len())]
}

/// A short sentence.
pub(super) fn sentence(dice: &mut Dice) -> String {
    SENTENCES[dice.random_range(0..SENTENCES.len())].to_owned()
}

/// A random UUID (version 4).
pub(super) fn uuid(dice: &mut Dice) -> String {
    let mut bytes = [0_u8; 16];
    dice.fill_bytes(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// An address under a domain that nobody owns (RFC 2606).
pub(super) fn email(dice: &mut Dice) -> String {
    let ascii = |text: String| text.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
    let (first, last) = (first_name(dice), last_name(dice));
    format!("{}.{}@example.com", ascii(first), ascii(last))
}

/// A number of the ranges kept for fiction.
pub(super) fn phone(dice: &mut Dice) -> String {
    format!("+1202555{:04}", dice.random_range(100..200))
}

/// A URL.
pub(super) fn url(name: &str, dice: &mut Dice) -> String {
    let word = word(dice);
    let has = |names: &[&str]| parts(name).iter().any(|part| names.contains(&part.as_str()));
    if has(&["image", "photo", "avatar", "picture", "thumbnail", "icon", "logo"]) {
        format!("https://images.example.com/{word}.png")
    } else {
        format!("https://example.com/{word}/{}", dice.random_range(1..1000))
    }
}

fn first_name(dice: &mut Dice) -> String {
    FirstName().fake_with_rng(dice)
}

fn last_name(dice: &mut Dice) -> String {
    LastName().fake_with_rng(dice)
}

fn title_case(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// A string for a name, seen with the names around it (`customer`, `name`).
pub(super) fn string(path: &[String], dice: &mut Dice) -> Option<String> {
    let words = parts(path.last()?);
    let last = words.last()?.as_str();
    let around: Vec<String> = path.iter().rev().skip(1).flat_map(|name| parts(name)).chain(words.iter().cloned()).collect();
    let is_about = |names: &[&str]| around.iter().any(|word| names.contains(&singular(word).as_str()));
    let joined = words.join("");
    if let Some(text) = compound(&joined, dice) {
        return Some(text);
    }
    if matches!(last, "name" | "label" | "title") {
        return Some(name(&words, &is_about, dice));
    }
    simple(last, &is_about, dice)
}

/// Names of two words that mean one thing.
fn compound(joined: &str, dice: &mut Dice) -> Option<String> {
    Some(match joined {
        "firstname" | "givenname" | "forename" => first_name(dice),
        "lastname" | "surname" | "familyname" => last_name(dice),
        "fullname" | "displayname" | "customername" | "recipient" => format!("{} {}", first_name(dice), last_name(dice)),
        "username" | "login" | "userid" | "nickname" | "handle" | "screenname" => {
            let word = word(dice);
            format!("{word}{}", dice.random_range(10..100))
        }
        "countrycode" => COUNTRIES[dice.random_range(0..COUNTRIES.len())].0.to_owned(),
        "currencycode" => CURRENCIES[dice.random_range(0..CURRENCIES.len())].to_owned(),
        "postalcode" | "postcode" | "zipcode" | "zip" => format!("{:05}", dice.random_range(10_000..99_999)),
        "trackingnumber" | "trackingcode" => format!("TRK{:09}", dice.random_range(1..999_999_999)),
        "useragent" => "Mozilla/5.0".to_owned(),
        "timezone" => "Europe/Berlin".to_owned(),
        "contenttype" | "mediatype" | "mimetype" => "text/plain".to_owned(),
        "addressline1" | "street1" | "line1" => street(dice),
        _ => return None,
    })
}

fn street(dice: &mut Dice) -> String {
    let (number, street): (String, String) = (BuildingNumber().fake_with_rng(dice), StreetName().fake_with_rng(dice));
    format!("{number} {street}")
}

fn name(words: &[String], is_about: &dyn Fn(&[&str]) -> bool, dice: &mut Dice) -> String {
    const PEOPLE: [&str; 12] = [
        "user",
        "customer",
        "person",
        "author",
        "owner",
        "member",
        "employee",
        "contact",
        "guest",
        "passenger",
        "buyer",
        "holder",
    ];
    const GOODS: [&str; 6] = ["product", "item", "article", "sku", "good", "book"];
    const FIRMS: [&str; 7] = ["company", "organization", "organisation", "merchant", "vendor", "supplier", "brand"];
    let is_title = words.last().is_some_and(|w| w == "title");
    match () {
        () if is_about(&PEOPLE) && !is_title => format!("{} {}", first_name(dice), last_name(dice)),
        () if is_about(&FIRMS) => CompanyName().fake_with_rng(dice),
        () if is_about(&GOODS) => PRODUCTS[dice.random_range(0..PRODUCTS.len())].to_owned(),
        () if is_about(&["city"]) => CityName().fake_with_rng(dice),
        () if is_about(&["country"]) => COUNTRIES[dice.random_range(0..COUNTRIES.len())].1.to_owned(),
        () if is_about(&["file"]) => format!("{}.txt", word(dice)),
        () if is_about(&["pet", "animal", "dog", "cat"]) => title_case(word(dice)),
        () if is_title => format!("{} {}", title_case(word(dice)), word(dice)),
        () => format!("{}-{}", word(dice), word(dice)),
    }
}

fn simple(last: &str, is_about: &dyn Fn(&[&str]) -> bool, dice: &mut Dice) -> Option<String> {
    let code = |prefix: &str, dice: &mut Dice| format!("{prefix}-{:05}", dice.random_range(1..99_999));
    Some(match last {
        "email" | "mail" => email(dice),
        "phone" | "mobile" | "telephone" | "tel" | "fax" => phone(dice),
        "city" | "town" => CityName().fake_with_rng(dice),
        "street" | "address" => street(dice),
        "state" | "province" | "region" if is_about(&["address", "location"]) => StateAbbr().fake_with_rng(dice),
        "country" | "nationality" => COUNTRIES[dice.random_range(0..COUNTRIES.len())].0.to_owned(),
        "currency" => CURRENCIES[dice.random_range(0..CURRENCIES.len())].to_owned(),
        "language" | "locale" | "lang" => "en".to_owned(),
        "sku" => code("SKU", dice),
        "isbn" => format!("97831{:08}", dice.random_range(0..99_999_999)),
        "company" | "organization" | "organisation" | "vendor" | "brand" | "manufacturer" => CompanyName().fake_with_rng(dice),
        "product" | "item" | "article" => PRODUCTS[dice.random_range(0..PRODUCTS.len())].to_owned(),
        "description" | "summary" | "comment" | "note" | "notes" | "message" | "text" | "body" | "content" | "reason" | "bio"
        | "detail" | "details" | "review" => sentence(dice),
        "url" | "uri" | "link" | "href" | "website" | "homepage" | "image" | "photo" | "avatar" | "icon" | "callback" => {
            url(last, dice)
        }
        "uuid" | "guid" => uuid(dice),
        "id" => format!("{}-{:04}", word(dice), dice.random_range(1..10_000)),
        "token" | "secret" | "hash" | "etag" | "signature" | "checksum" | "digest" => {
            format!("{:016x}{:016x}", dice.next_u64(), dice.next_u64())
        }
        "password" => format!("Pw-{:08x}!", dice.next_u32()),
        "code" | "reference" | "number" => code("N", dice),
        "status" => "active".to_owned(),
        "color" | "colour" => ["red", "green", "blue", "black", "white"][dice.random_range(0..5)].to_owned(),
        "date" => format!("2026-01-{:02}", dice.random_range(1..29)),
        "time" | "timestamp" | "at" => format!("2026-01-{:02}T09:{:02}:00Z", dice.random_range(1..29), dice.random_range(0..60)),
        "price" | "amount" | "total" | "cost" => format!("{}.{:02}", dice.random_range(5..200), dice.random_range(0..100)),
        "version" => format!("1.{}.0", dice.random_range(0..20)),
        "path" | "file" => format!("{}.txt", word(dice)),
        "host" | "hostname" | "domain" => format!("{}.example.com", word(dice)),
        "ip" => format!("192.0.2.{}", dice.random_range(1..255)),
        "card" | "pan" if is_about(&["card", "payment"]) => "4111111111111111".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_fall_into_words() {
        assert_eq!(parts("unitPrice"), ["unit", "price"]);
        assert_eq!(parts("unit_price-2"), ["unit", "price", "2"]);
        assert_eq!(parts("HTTPServer"), ["httpserver"]);
        assert_eq!(singular("categories"), "category");
        assert_eq!(singular("orders"), "order");
        assert_eq!(singular("address"), "address");
    }
}
