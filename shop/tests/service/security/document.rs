//! Requests made from the OpenAPI document: one that is valid as far as the document can tell, and
//! the places in it where text goes.

use serde_json::{Map, Value, json};

/// An operation of the document.
#[derive(Debug)]
pub struct Operation<'a> {
    pub method: String,
    pub path: String,
    about: &'a Value,
    document: &'a Value,
}

/// A request that the document allows.
#[derive(Debug, Clone)]
pub struct Sample {
    pub path: Vec<(String, String)>,
    pub query: Vec<(String, String)>,
    pub body: Option<Value>,
}

/// Where in a request a text goes.
#[derive(Debug, Clone)]
pub enum Place {
    Path(String),
    Query(String),
    Body(Vec<String>),
}

pub fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().expect("paths");
    let mut all = Vec::new();
    for (path, item) in paths {
        for (method, about) in item.as_object().expect("an item") {
            if about.get("responses").is_some() {
                let (method, path) = (method.to_uppercase(), path.clone());
                all.push(Operation { method, path, about, document });
            }
        }
    }
    all
}

impl Operation<'_> {
    /// Parameters of the path and of the query.
    fn parameters(&self, place: &str) -> Vec<(String, &Value)> {
        let all = self.about["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        let here = all.iter().filter(|parameter| parameter["in"] == place);
        here.map(|p| (p["name"].as_str().expect("a name").to_owned(), &p["schema"])).collect()
    }

    /// A request that is valid as far as the document can tell.
    pub fn sample(&self) -> Sample {
        let text = |schema: &Value| match self.example(schema, 0) {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let named = |place| -> Vec<_> {
            self.parameters(place).into_iter().map(|(name, schema)| (name, text(schema))).collect()
        };
        let schema = &self.about["requestBody"]["content"]["application/json"]["schema"];
        let body = (!schema.is_null()).then(|| self.example(schema, 0));
        Sample { path: named("path"), query: Vec::new(), body }
    }

    /// Every place where a text goes.
    pub fn places(&self) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::new();
        places.extend(self.parameters("path").into_iter().map(|(name, _)| Place::Path(name)));
        places.extend(self.parameters("query").into_iter().map(|(name, _)| Place::Query(name)));
        if let Some(body) = self.sample().body {
            leaves(&body, &mut Vec::new(), &mut places);
        }
        places
    }

    fn resolve<'b>(&'b self, schema: &'b Value) -> &'b Value {
        match schema["$ref"].as_str() {
            Some(reference) => {
                self.document.pointer(reference.trim_start_matches('#')).expect("a reference")
            }
            None => schema,
        }
    }

    /// A value that fits a schema, every property given.
    fn example(&self, schema: &Value, depth: usize) -> Value {
        let schema = self.resolve(schema);
        if let Some(example) = schema.get("example").or_else(|| schema.get("const")) {
            return example.clone();
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[choice].as_array() {
                let fit = choices.iter().find(|one| one["type"] != "null");
                return fit.map_or(Value::Null, |one| self.example(one, depth + 1));
            }
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let mut whole = Map::new();
            for part in parts {
                match self.example(part, depth + 1) {
                    Value::Object(members) => whole.extend(members),
                    other => return other,
                }
            }
            return Value::Object(whole);
        }
        if let Some(first) = schema["enum"].as_array().and_then(|words| words.first()) {
            return first.clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => {
                kinds.iter().find(|kind| *kind != "null").unwrap_or(&Value::Null)
            }
            kind => kind,
        };
        match kind.as_str() {
            Some("object") => {
                let none = Map::new();
                let properties = schema["properties"].as_object().unwrap_or(&none);
                let deep = depth > 6;
                let given = properties.iter().filter(|_| !deep);
                let member =
                    |(name, part): (&String, &Value)| (name.clone(), self.example(part, depth + 1));
                Value::Object(given.map(member).collect())
            }
            Some("array") => json!([self.example(&schema["items"], depth + 1)]),
            Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
            Some("boolean") => json!(true),
            _ => json!(text_like(schema)),
        }
    }
}

/// A text of the form that a schema asks for, as far as the shop's forms go.
fn text_like(schema: &Value) -> String {
    if schema["format"] == "date-time" {
        return "2030-01-01T00:00:00Z".to_owned();
    }
    if schema["format"] == "uri" {
        return "https://example.org/hook".to_owned();
    }
    let pattern = schema["pattern"].as_str().unwrap_or("");
    if let Some((prefix, _)) = pattern.trim_start_matches('^').split_once("_[0-9a-f]{32}") {
        return format!("{prefix}_{}", "0".repeat(32));
    }
    if pattern.contains("[A-Z]{3}") {
        return "EUR".to_owned();
    }
    if pattern.contains("[A-Z]{2}") {
        return "DE".to_owned();
    }
    if pattern.contains('@') || schema["format"] == "email" {
        return "somebody@example.org".to_owned();
    }
    "standard".to_owned()
}

fn leaves(value: &Value, at: &mut Vec<String>, places: &mut Vec<Place>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                at.push(name.clone());
                leaves(member, at, places);
                at.pop();
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                at.push(index.to_string());
                leaves(item, at, places);
                at.pop();
            }
        }
        // Text where a number belongs is as interesting.
        _ => places.push(Place::Body(at.clone())),
    }
}

impl Sample {
    /// The same with a text in a place.
    pub fn with(&self, place: &Place, text: &str) -> Self {
        let mut sample = self.clone();
        match place {
            Place::Path(name) => {
                sample.path.iter_mut().filter(|(at, _)| at == name).for_each(|p| p.1 = text.into());
            }
            Place::Query(name) => sample.query.push((name.clone(), text.to_owned())),
            Place::Body(at) => {
                let pointer = format!("/{}", at.join("/"));
                let body = sample.body.as_mut().expect("a body");
                *body.pointer_mut(if at.is_empty() { "" } else { &pointer }).expect("a leaf") =
                    json!(text);
            }
        }
        sample
    }

    /// The path and the query, percent-encoded.
    pub fn target(&self, path: &str) -> String {
        let mut target = path.to_owned();
        for (name, value) in &self.path {
            target = target.replace(&format!("{{{name}}}"), &encoded(value));
        }
        let query: Vec<String> =
            self.query.iter().map(|(n, v)| format!("{}={}", encoded(n), encoded(v))).collect();
        if !query.is_empty() {
            target = format!("{target}?{}", query.join("&"));
        }
        target
    }
}

/// Everything but letters and digits as `%XX`.
pub fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}
