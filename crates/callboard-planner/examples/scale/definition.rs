//! One made-up definition: six resources with eight operations each, a search and a health check; fields that refer to other services.

use serde_json::{Map, Value, json};

const DOMAINS: [&str; 50] = [
    "fleet",
    "payroll",
    "claim",
    "hotel",
    "airport",
    "library",
    "garden",
    "museum",
    "harbour",
    "factory",
    "forest",
    "hospital",
    "school",
    "theatre",
    "bakery",
    "mining",
    "energy",
    "water",
    "railway",
    "postal",
    "tax",
    "visa",
    "patent",
    "loan",
    "pension",
    "insurance",
    "stadium",
    "festival",
    "charity",
    "election",
    "weather",
    "satellite",
    "robot",
    "vaccine",
    "pharmacy",
    "clinic",
    "laundry",
    "recycling",
    "parking",
    "ferry",
    "tram",
    "bicycle",
    "camping",
    "ski",
    "surf",
    "gallery",
    "auction",
    "broker",
    "ledger",
    "treasury",
];

/// What each kind of service of a domain keeps.
const KINDS: [(&str, [&str; 6]); 4] = [
    ("core", ["vehicle", "site", "member", "asset", "contract", "permit"]),
    ("planning", ["schedule", "shift", "route", "booking", "forecast", "capacity"]),
    ("billing", ["invoice", "refund", "tariff", "discount", "statement", "dispute"]),
    ("quality", ["inspection", "incident", "complaint", "certificate", "measurement", "audit"]),
];

/// `fleet-core`.
pub(crate) fn service_name(number: usize) -> String {
    let (domain, (kind, _)) = domain_and_kind(number);
    format!("{domain}-{kind}")
}

fn domain_and_kind(number: usize) -> (String, (&'static str, [&'static str; 6])) {
    let domain = DOMAINS[(number / KINDS.len()) % DOMAINS.len()];
    let round = number / (KINDS.len() * DOMAINS.len());
    let domain = if round == 0 { domain.to_owned() } else { format!("{domain}-region-{round}") };
    (domain, KINDS[number % KINDS.len()])
}

/// The definition of a service of a system of `services`.
pub(crate) fn definition(number: usize, services: usize) -> Value {
    let (domain, (kind, bases)) = domain_and_kind(number);
    let mut paths = Map::new();
    let mut schemas = shared_schemas();
    for (at, base) in bases.iter().enumerate() {
        let noun = Noun::new(&domain, base);
        let others = [number + 7 * (at + 1), number + 31 * (at + 2)].map(|other| {
            let (domain, (_, bases)) = domain_and_kind(other % services);
            Noun::new(&domain, bases[(at + other) % bases.len()])
        });
        add_paths(&mut paths, &noun);
        add_schemas(&mut schemas, &noun, &others);
    }
    paths.insert("/health".to_owned(), json!({"get": {"operationId": "getHealth", "summary": "Say whether the service is up", "tags": ["Operations"],
        "responses": {"200": {"description": "It is up.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}}}}}));
    paths.insert("/search".to_owned(), json!({"get": {"operationId": "search", "summary": format!("Search everything of the {domain}"), "tags": ["Search"],
        "parameters": [{"name": "q", "in": "query", "required": true, "description": "What to look for.", "schema": {"type": "string", "minLength": 2}}],
        "responses": {"200": {"description": "What was found.", "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Hit"}}}}}}}}));
    json!({
        "openapi": "3.0.3",
        "info": {"title": format!("{domain} {kind}"), "version": "1.4.0", "description": format!("What the {domain} {kind} service offers to the other services.")},
        "servers": [{"url": "http://localhost:8080"}],
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

/// `fleet vehicle` in the forms that a definition needs.
struct Noun {
    words: String,
    camel: String,
    pascal: String,
    path: String,
}

impl Noun {
    fn new(domain: &str, base: &str) -> Self {
        let words: Vec<&str> = domain.split('-').chain([base]).collect();
        let capital = |word: &str| format!("{}{}", word[..1].to_uppercase(), &word[1..]);
        let pascal: String = words.iter().map(|word| capital(word)).collect();
        let plural = match base.strip_suffix('y') {
            Some(stem) => format!("{stem}ies"),
            None => format!("{base}s"),
        };
        Self {
            camel: format!("{}{}", pascal[..1].to_lowercase(), &pascal[1..]),
            pascal,
            path: format!("{domain}-{plural}"),
            words: words.join(" "),
        }
    }
}

fn add_paths(paths: &mut Map<String, Value>, noun: &Noun) {
    let Noun { words, camel, pascal, path } = noun;
    let schema = |name: String| json!({"application/json": {"schema": {"$ref": format!("#/components/schemas/{name}")}}});
    let answer = |status: &str, text: String, name: String| {
        let mut responses = Map::new();
        responses.insert(status.to_owned(), json!({"description": text, "content": schema(name)}));
        for (status, text) in [
            ("400", "The request is not valid."),
            ("404", "There is no such thing."),
            ("409", "It conflicts with what is there."),
        ] {
            responses.insert(status.to_owned(), json!({"description": text, "content": schema("Problem".to_owned())}));
        }
        Value::Object(responses)
    };
    let operation = |id: String, summary: String, responses: Value| json!({"operationId": id, "summary": summary, "description": format!("{summary}. Callers need the right scope; see the handbook."), "tags": [pascal], "responses": responses});
    let with_body = |mut operation: Value, name: String| {
        operation["requestBody"] = json!({"required": true, "content": schema(name)});
        operation
    };
    let mut list = operation(
        format!("list{pascal}s"),
        format!("List {words}s"),
        answer("200", "A page.".to_owned(), format!("{pascal}Page")),
    );
    list["parameters"] = json!([
        {"name": "limit", "in": "query", "description": "How many at most.", "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}},
        {"name": "cursor", "in": "query", "description": "Where the last page ended.", "schema": {"type": "string"}},
        {"name": "status", "in": "query", "description": "Only those in this state.", "schema": {"type": "string", "enum": ["draft", "active", "archived"]}},
    ]);
    let one = || pascal.clone();
    paths.insert(format!("/{path}"), json!({
        "get": list,
        "post": with_body(operation(format!("create{pascal}"), format!("Create a {words}"), answer("201", "It was made.".to_owned(), one())), format!("New{pascal}")),
    }));
    let key = json!([{"name": format!("{camel}Id"), "in": "path", "required": true, "description": format!("The id of the {words}."), "schema": {"type": "string", "format": "uuid"}}]);
    paths.insert(format!("/{path}/{{{camel}Id}}"), json!({
        "parameters": key,
        "get": operation(format!("get{pascal}"), format!("Get a {words}"), answer("200", "It is there.".to_owned(), one())),
        "put": with_body(operation(format!("replace{pascal}"), format!("Replace a {words}"), answer("200", "It was replaced.".to_owned(), one())), format!("New{pascal}")),
        "patch": with_body(operation(format!("update{pascal}"), format!("Change a {words}"), answer("200", "It was changed.".to_owned(), one())), format!("{pascal}Change")),
        "delete": operation(format!("delete{pascal}"), format!("Delete a {words}"), json!({"204": {"description": "It is gone."}, "404": {"description": "There is no such thing."}})),
    }));
    paths.insert(format!("/{path}/{{{camel}Id}}/events"), json!({
        "parameters": key,
        "get": operation(format!("list{pascal}Events"), format!("List the events of a {words}"), answer("200", "What happened.".to_owned(), format!("{pascal}Events"))),
    }));
    paths.insert(format!("/{path}/{{{camel}Id}}/archive"), json!({
        "parameters": key,
        "post": operation(format!("archive{pascal}"), format!("Archive a {words}"), answer("200", "It was archived.".to_owned(), one())),
    }));
}

fn add_schemas(schemas: &mut Map<String, Value>, noun: &Noun, others: &[Noun]) {
    let Noun { words, pascal, .. } = noun;
    let own = json!({
        "name": {"type": "string", "minLength": 1, "maxLength": 80, "description": format!("What people call the {words}."), "example": format!("{words} 12")},
        "status": {"type": "string", "enum": ["draft", "active", "archived"], "description": "Where it stands."},
        "priority": {"type": "integer", "minimum": 0, "maximum": 9, "description": "How urgent it is."},
        "price": {"$ref": "#/components/schemas/Money"},
        "address": {"$ref": "#/components/schemas/Address"},
        "labels": {"type": "array", "items": {"type": "string"}, "description": "Free words to find it again."},
        "note": {"type": "string", "nullable": true, "description": "For people only."},
        "validFrom": {"type": "string", "format": "date", "description": "The first day on which it counts."},
    });
    let mut fields = own.as_object().cloned().unwrap_or_default();
    for other in others {
        let text = format!("The {} that it belongs to.", other.words);
        fields.insert(format!("{}Id", other.camel), json!({"type": "string", "format": "uuid", "description": text}));
    }
    let required: Vec<String> =
        ["name".to_owned()].into_iter().chain(others.iter().map(|other| format!("{}Id", other.camel))).collect();
    schemas.insert(format!("New{pascal}"), json!({"type": "object", "description": format!("What a new {words} needs."), "required": required, "properties": fields}));
    schemas.insert(
        format!("{pascal}Change"),
        json!({"type": "object", "description": format!("What may change of a {words}."), "properties": own}),
    );
    fields.insert(
        "id".to_owned(),
        json!({"type": "string", "format": "uuid", "readOnly": true, "description": format!("The id of the {words}.")}),
    );
    fields.insert("audit".to_owned(), json!({"$ref": "#/components/schemas/Audit"}));
    schemas.insert(pascal.clone(), json!({"type": "object", "description": format!("A {words}."), "required": ["id", "name", "status"], "properties": fields}));
    schemas.insert(format!("{pascal}Page"), json!({"type": "object", "required": ["items"], "properties": {
        "items": {"type": "array", "items": {"$ref": format!("#/components/schemas/{pascal}")}}, "cursor": {"type": "string", "nullable": true, "description": "Where the next page begins."}}}));
    schemas.insert(format!("{pascal}Events"), json!({"type": "array", "items": {"type": "object", "required": ["kind", "at"], "properties": {
        "kind": {"type": "string", "description": "What happened."}, "at": {"type": "string", "format": "date-time", "description": "When."},
        "by": {"type": "string", "description": "Who did it."}, "detail": {"type": "object", "additionalProperties": true, "description": "Whatever else is known."}}}}));
}

fn shared_schemas() -> Map<String, Value> {
    let value = json!({
        "Problem": {"type": "object", "required": ["title", "status"], "properties": {
            "title": {"type": "string", "description": "What is wrong."}, "status": {"type": "integer"}, "detail": {"type": "string"},
            "fields": {"type": "array", "items": {"type": "object", "properties": {"pointer": {"type": "string"}, "message": {"type": "string"}}}}}},
        "Money": {"type": "object", "required": ["amount", "currency"], "properties": {
            "amount": {"type": "integer", "description": "In the smallest unit."}, "currency": {"type": "string", "pattern": "^[A-Z]{3}$"}}},
        "Address": {"type": "object", "properties": {
            "street": {"type": "string"}, "city": {"type": "string"}, "postcode": {"type": "string"}, "country": {"type": "string", "pattern": "^[A-Z]{2}$"}}},
        "Audit": {"type": "object", "properties": {
            "createdAt": {"type": "string", "format": "date-time"}, "createdBy": {"type": "string"}, "changedAt": {"type": "string", "format": "date-time"}, "changedBy": {"type": "string"}}},
        "Health": {"type": "object", "properties": {"status": {"type": "string", "enum": ["up", "down"]}, "version": {"type": "string"}}},
        "Hit": {"type": "object", "properties": {"kind": {"type": "string"}, "title": {"type": "string"}, "score": {"type": "number"}}},
    });
    value.as_object().cloned().unwrap_or_default()
}
