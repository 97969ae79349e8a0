//! Templates and what they render.

use http::{HeaderMap, HeaderValue};
use serde_json::json;

use super::*;
use crate::wiremock::path_template::PathTemplate;
use crate::wiremock::request::Request;
use crate::wiremock::request_pattern::UrlPattern;

fn rendered(source: &str) -> String {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("mock.test:8080"));
    headers.append("x-many", HeaderValue::from_static("one"));
    headers.append("x-many", HeaderValue::from_static("two"));
    headers.insert("cookie", HeaderValue::from_static("session=s1; theme=dark"));
    let body = r#"{"name": "Ada <a>", "n": 3, "none": null, "list": [{"k": "x"}, {"k": "y"}], "o": {"p": 1}}"#;
    let address = "127.0.0.1:80".parse().expect("an address");
    let request = Request::new("POST", "/things/42?q=a%20b&b=1&b=2", &headers, body.as_bytes(), (address, address));
    let url = UrlPattern::Template(PathTemplate::compile("/things/{id}").expect("a template"));
    let parameters = json!({"greeting": "hello", "deep": {"er": [1, 2]}});
    let template = match Template::compile(source) {
        Ok(template) => template,
        Err(error) => return format!("refused: {error}"),
    };
    let id = || "the-id".to_owned();
    template.render(&mut Scope::new(&request, &url, &parameters, &id)).unwrap_or_else(|error| format!("500: {error}"))
}

#[test]
fn templates_see_the_request() {
    for (source, expected) in [
        ("plain", "plain"),
        ("{{request.method}} {{request.url}}", "POST /things/42?q=a%20b&b=1&b=2"),
        ("{{request.path}} {{request.path.[1]}} {{request.pathSegments.0}} {{request.path.id}}", "/things/42 42 things 42"),
        ("{{request.query.q}} {{request.query.b}} {{request.query.b.[1]}} {{request.query.b.0}}", "a b 1 2 1"),
        ("{{request.headers.X-Many}} {{request.headers.x-many.[1]}} {{request.headers.[X-Many].1}}", "one two two"),
        ("{{request.cookies.session}}", "s1"),
        ("{{request.host}}:{{request.port}} {{request.baseUrl}} {{request.scheme}}", "mock.test:8080 http://mock.test:8080 http"),
        ("{{request.id}} {{request.clientIp}} {{parameters.greeting}} {{parameters.deep.er.[1]}}", "the-id 127.0.0.1 hello 2"),
        ("[{{request.query.nothing}}{{nobody}}]", "[]"),
    ] {
        assert_eq!(rendered(source), expected, "{source}");
    }
}

#[test]
fn json_paths_print_as_in_wiremock() {
    for (source, expected) in [
        ("{{jsonPath request.body '$.name'}}", "Ada <a>"),
        ("{{jsonPath request.body '$.n'}}", "3"),
        ("{{jsonPath request.body '$.o'}}", "{\n  \"p\": 1\n}"),
        ("{{jsonPath request.body '$.list'}}", "[{\"k\":\"x\"},{\"k\":\"y\"}]"),
        ("{{jsonPath request.body '$.list[*].k'}}", "[\"x\",\"y\"]"),
        ("[{{jsonPath request.body '$.zz'}}{{jsonPath 'no json' '$.zz'}}]", "[]"),
        ("{{jsonPath request.body '$.zz' default='d'}}", "d"),
        (
            "{{#each (jsonPath request.body '$.list') as |item|}}{{@index}}{{item.k}}{{#unless @last}},{{/unless}}{{/each}}",
            "0x,1y",
        ),
        ("{{#parseJson 'p'}}{\"a\": [1, 2]}{{/parseJson}}{{p.a.[1]}} {{size p.a}}", "2 2"),
        ("{{toJson (array 1 'b' true)}}", "[\n  1,\n  \"b\",\n  true\n]"),
        ("{{formatJson '{\"a\":1}' format='compact'}}", "{\"a\":1}"),
        ("{{jsonMerge '{\"a\":1,\"o\":{\"x\":1}}' '{\"o\":{\"y\":2}}'}}", "{\"a\":1,\"o\":{\"x\":1,\"y\":2}}"),
        ("{{jsonRemove '{\"a\":1,\"b\":[1,2]}' '$.b[0]'}}", "{\"a\":1,\"b\":[2]}"),
        ("{{jsonPath request.body}}", "[ERROR: The JSONPath cannot be empty]"),
    ] {
        assert_eq!(rendered(source), expected, "{source}");
    }
}

#[test]
fn helpers_of_text_and_numbers_work() {
    for (source, expected) in [
        ("{{trim '  a '}}|{{#trim}} b {{/trim}}", "a|b"),
        ("{{upper 'abc'}} {{lower 'ABC'}} {{capitalize 'a bc d'}} {{capitalizeFirst 'abc'}}", "ABC abc A Bc D Abc"),
        (
            "{{base64 'abc'}} {{base64 'YWJj' decode=true}} {{base64 'a' padding=false}} {{#base64}}abc{{/base64}}",
            "YWJj abc YQ YWJj",
        ),
        ("{{urlEncode 'a b&c'}} {{urlEncode 'a+b%26c' decode=true}}", "a+b%26c a b&c"),
        ("{{substring 'abcdef' 2}} {{substring 'abcdef' 1 3}} {{replace 'a-b-c' '-' '+'}} {{cut 'a-b' '-'}}", "cdef bc a+b+c ab"),
        (
            "{{abbreviate 'abcdefgh' 6}} {{ljust 'a' size=3}}| {{rjust 'a' size=3 pad='0'}} {{center 'a' size=3}}|",
            "abc... a  | 00a  a |",
        ),
        (
            "{{math 7 '/' 2}} {{math 7.0 '/' 2}} {{math 1 '+' 2}} {{math 3 'x' 1.5}} {{math 7 '%' 4}} {{math '2' '-' 3}}",
            "4 3.5 3 4.5 3 -1",
        ),
        ("{{size 'abcd'}} {{size request.query.b}} {{join 'a' 'b' '-'}} {{arrayJoin ',' (array 1 2 3)}}", "4 2 a-b 1,2,3"),
        ("{{#each (range 1 3)}}{{this}}{{/each}} {{arrayJoin '' (arrayAdd (array 1 2) 0 position='start')}}", "123 012"),
        (
            "{{regexExtract 'id-77' '[0-9]+'}} {{regexExtract 'a-b' '(.)-(.)' 'p'}}{{p.1}} {{regexExtract 'x' 'y' default='no'}}",
            "77 b no",
        ),
        ("{{formData 'a=1&b=x+y&a=2' 'f' urlDecode=true}}{{f.b}} {{f.a.[1]}}", "x y 2"),
        (
            "{{val request.query.zz or='none'}}{{val 'v' assign='w'}} {{w}}{{#assign 'k'}}K{{request.path.1}}{{/assign}} {{k}}",
            "none v K42",
        ),
        ("{{date (parseDate '2026-03-04T05:06:07Z') offset='1 days' format='yyyy-MM-dd HH:mm'}}", "2026-03-05 05:06"),
        ("{{date (parseDate '04/03/2026' format='dd/MM/yyyy')}}", "2026-03-04T00:00:00Z"),
        ("{{slugify 'Hello World!'}} {{yesno true}} {{defaultIfEmpty '' 'd'}}", "hello-world yes d"),
        ("{{size (randomValue length=12 type='ALPHABETIC')}} {{pickRandom 'a'}} {{randomInt lower=4 upper=5}}", "12 a 4"),
    ] {
        assert_eq!(rendered(source), expected, "{source}");
    }
}

#[test]
fn blocks_choose_and_repeat() {
    for (source, expected) in [
        ("{{#if request.query.q}}y{{else}}n{{/if}}{{#unless request.query.zz}}u{{/unless}}", "yu"),
        ("{{#if a}}1{{else if request.query.q}}2{{else}}3{{/if}}", "2"),
        ("{{#with parameters.deep}}{{er.[0]}}{{../nothing}}{{/with}}", "1"),
        ("{{#each parameters.deep}}{{@key}}={{this}}{{/each}}", "er=[1,2]"),
        ("{{#each nothing}}x{{else}}none{{/each}}", "none"),
        ("{{#gt 3 2}}gt{{/gt}}{{#lte 2 2}}lte{{/lte}}{{#and true (not false)}}and{{/and}}", "gtlteand"),
        ("{{#matches 'abc' '[a-c]+'}}m{{/matches}}{{contains 'abc' 'b'}}", "mtrue"),
        ("{{^nothing}}inverted{{/nothing}}{{#parameters.deep.er}}<{{this}}>{{/parameters.deep.er}}", "inverted<1><2>"),
        ("a {{~! comment ~}} b {{!-- {{x}} --}}c \\{{raw}}", "ab c {{raw}}"),
        ("{{{request.path}}}{{&request.path}}", "/things/42/things/42"),
    ] {
        assert_eq!(rendered(source), expected, "{source}");
    }
}

#[test]
fn values_that_are_lists_equal_no_text_as_in_wiremock() {
    for (source, expected) in [
        ("{{jsonPath request.body '$.name'}}", "Ada <a>"),
        ("{{#eq request.query.q 'a b'}}y{{else}}n{{/eq}}{{#eq request.query.q.0 'a b'}}y{{else}}n{{/eq}}", "ny"),
        ("{{#eq request.method 'POST'}}y{{else}}n{{/eq}}{{#eq request.path '/things/42'}}y{{else}}n{{/eq}}", "nn"),
        ("{{#eq request.headers.x-many.[0] 'one'}}y{{else}}n{{/eq}}{{#eq request.cookies.session 's1'}}y{{else}}n{{/eq}}", "yn"),
        (
            "{{#contains request.query.b '2'}}y{{else}}n{{/contains}}{{#contains request.query.q 'a'}}y{{else}}n{{/contains}}",
            "yn",
        ),
        ("{{#eq (jsonPath request.body '$.n') 3}}y{{else}}n{{/eq}}", "y"),
    ] {
        assert_eq!(rendered(source), expected, "{source}");
    }
}

#[test]
fn now_has_no_milliseconds_and_takes_offsets() {
    let fits = |source: &str, pattern: &str| {
        let text = rendered(source);
        assert!(regex::Regex::new(&format!("^{pattern}$")).expect("an expression").is_match(&text), "{source}: {text}");
    };
    fits("{{now}}", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ");
    fits("{{now format='yyyy/MM/dd'}}", r"\d{4}/\d\d/\d\d");
    fits("{{now offset='-3 days' timezone='Europe/Berlin' format='epoch'}}", r"\d{13}");
    fits("{{randomValue type='UUID'}}", r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
    fits(
        "{{randomValue length=5 type='NUMERIC'}}{{randomValue length=4 type='HEXADECIMAL' uppercase=true}}",
        "[0-9]{5}[0-9A-F]{4}",
    );
}

#[test]
fn unsupported_helpers_are_refused_and_unknown_ones_fail_when_rendered() {
    assert!(rendered("{{xPath request.body '/a'}}").starts_with("refused: the helper `xPath`"));
    assert_eq!(rendered("{{myOwn 'x'}}"), "500: could not find helper: 'myOwn'");
    for source in [
        "{{#if a}}",
        "{{/if}}",
        "{{#if a}}{{/with}}",
        "{{a",
        "{{> part}}",
        "{{}}",
        "{{a (b}}",
        "{{jsonPath request.body '$.['}}",
        "{{[}}{{a.[b}}{{",
    ] {
        assert!(rendered(source).starts_with("refused"), "{source}: {}", rendered(source));
    }
}
