//! What callers of a released document cannot do with a newer one.
//!
//! In: two OpenAPI documents. Out: a line for each break, none if the newer one only has more.
//! What is sent may be wanted less narrowly, never more; what is answered may hold more, never
//! less.

use std::collections::BTreeSet;

use serde_json::Value;

/// In which direction a schema travels.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Sent,
    Answered,
}

/// Two documents that are compared, and what was found.
struct Comparison<'d> {
    old: &'d Value,
    new: &'d Value,
    broken: Vec<String>,
    /// Schemas that were compared by their names, which may refer to themselves.
    seen: BTreeSet<(String, Way)>,
}

/// The breaks, in the order of the old document.
pub fn breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut all = Comparison { old, new, broken: Vec::new(), seen: BTreeSet::new() };
    for (path, item) in members(&old["paths"]) {
        let Some(now) = new["paths"].get(path) else {
            all.broken.push(format!("{path} is gone"));
            continue;
        };
        for (method, about) in members(item) {
            let name = format!("{} {path}", method.to_uppercase());
            match now.get(method) {
                Some(now) => all.operation(&name, about, now),
                None => all.broken.push(format!("{name} is gone")),
            }
        }
    }
    all.broken
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

impl Comparison<'_> {
    fn say(&mut self, what: String) {
        self.broken.push(what);
    }

    fn operation(&mut self, name: &str, old: &Value, new: &Value) {
        if old["security"] != new["security"] {
            self.say(format!("{name} is open to others"));
        }
        for parameter in items(&new["parameters"]) {
            let same = |one: &&Value| one["name"] == parameter["name"];
            let former = items(&old["parameters"]).find(same);
            let needed = |one: &Value| one["required"] == true;
            let what = format!("{name} {}", parameter["name"].as_str().unwrap_or_default());
            if needed(parameter) && !former.is_some_and(needed) {
                self.say(format!("{what} is needed now"));
            }
            if let Some(former) = former {
                self.schema(&what, Way::Sent, &former["schema"], &parameter["schema"]);
            }
        }
        for parameter in items(&old["parameters"]) {
            if !items(&new["parameters"]).any(|one| one["name"] == parameter["name"]) {
                let parameter = parameter["name"].as_str().unwrap_or_default();
                self.say(format!("{name} {parameter} is gone"));
            }
        }
        let json = |value: &Value| value["content"]["application/json"]["schema"].clone();
        self.schema(name, Way::Sent, &json(&old["requestBody"]), &json(&new["requestBody"]));
        for (status, answer) in members(&old["responses"]).filter(|(name, _)| name.starts_with('2'))
        {
            match new["responses"].get(status) {
                None => self.say(format!("{name} does not answer {status} any more")),
                Some(now) => self.schema(name, Way::Answered, &json(answer), &json(now)),
            }
        }
    }

    /// Compares two schemas, by their names where they have one.
    fn schema(&mut self, at: &str, way: Way, old: &Value, new: &Value) {
        let (Some(old), Some(new)) = (resolve(self.old, old), resolve(self.new, new)) else {
            // A part that was not described may be anything; one that is not any more as well.
            return;
        };
        let at = old.0.as_deref().unwrap_or(at);
        if let Some(name) = &old.0
            && !self.seen.insert((name.clone(), way))
        {
            return;
        }
        let (old, new) = (old.1, new.1);
        self.types(at, way, &old, &new);
        self.words(at, way, &old, &new);
        self.bounds(at, way, &old, &new);
        self.properties(at, way, &old, &new);
        if old.get("items").is_some() {
            self.schema(at, way, &old["items"], &new["items"]);
        }
        for several in ["oneOf", "anyOf", "allOf"] {
            for (former, now) in items(&old[several]).zip(items(&new[several])) {
                self.schema(at, way, former, now);
            }
        }
    }

    fn types(&mut self, at: &str, way: Way, old: &Value, new: &Value) {
        let (former, now) = (types(old), types(new));
        let (fewer, name) = match way {
            Way::Sent => (former.difference(&now).next().cloned(), "takes no"),
            Way::Answered => (now.difference(&former).next().cloned(), "may be"),
        };
        if let Some(kind) = fewer.filter(|_| !former.is_empty() && !now.is_empty()) {
            // Every integer is a number.
            let number = |all: &BTreeSet<String>| all.contains("number");
            let wider = if way == Way::Sent { number(&now) } else { number(&former) };
            if kind != "integer" || !wider {
                self.say(format!("{at} {name} {kind} now"));
            }
        }
    }

    fn words(&mut self, at: &str, way: Way, old: &Value, new: &Value) {
        let words =
            |schema: &Value| -> Option<Vec<Value>> { Some(schema["enum"].as_array()?.clone()) };
        match (way, words(old), words(new)) {
            (Way::Sent, Some(former), Some(now)) => {
                for word in former.iter().filter(|word| !now.contains(word)) {
                    self.say(format!("{at} has no {word} any more"));
                }
            }
            (Way::Sent, None, Some(_)) => self.say(format!("{at} takes certain words only now")),
            // More words in answers are expected: clients are told to pass over unknown ones.
            (Way::Answered, Some(_), None) => self.say(format!("{at} may be any word now")),
            _ => {}
        }
    }

    fn bounds(&mut self, at: &str, way: Way, old: &Value, new: &Value) {
        if way == Way::Answered {
            return;
        }
        for (bound, narrower) in [
            ("maximum", -1),
            ("maxLength", -1),
            ("maxItems", -1),
            ("minimum", 1),
            ("minLength", 1),
            ("minItems", 1),
        ] {
            let (Some(now), former) = (new[bound].as_f64(), old[bound].as_f64()) else { continue };
            let narrowed = former.is_none_or(|former| (now - former) * f64::from(narrower) > 0.0);
            if narrowed {
                self.say(format!("{at} has {bound} {now} now"));
            }
        }
        if new.get("pattern").is_some() && new["pattern"] != old["pattern"] {
            self.say(format!("{at} has another pattern now"));
        }
    }

    fn properties(&mut self, at: &str, way: Way, old: &Value, new: &Value) {
        let closed = new["additionalProperties"] == false;
        for (name, schema) in members(&old["properties"]) {
            match new["properties"].get(name) {
                Some(now) => self.schema(&format!("{at}.{name}"), way, schema, now),
                // A body that takes anything takes what it does not know.
                None if way == Way::Answered || closed => self.say(format!("{at}.{name} is gone")),
                None => {}
            }
        }
        let needed = |schema: &Value| -> BTreeSet<String> {
            items(&schema["required"]).filter_map(|one| Some(one.as_str()?.to_owned())).collect()
        };
        let (former, now) = (needed(old), needed(new));
        if way == Way::Sent {
            for name in now.difference(&former) {
                self.say(format!("{at}.{name} is needed now"));
            }
        } else {
            for name in former.difference(&now) {
                if new["properties"].get(name).is_some() {
                    self.say(format!("{at}.{name} may be missing now"));
                }
            }
        }
    }
}

fn types(schema: &Value) -> BTreeSet<String> {
    match &schema["type"] {
        Value::String(one) => [one.clone()].into(),
        several => items(several).filter_map(|one| Some(one.as_str()?.to_owned())).collect(),
    }
}

/// A schema with its name, if it has one; none where there is none.
fn resolve(document: &Value, schema: &Value) -> Option<(Option<String>, Value)> {
    if schema.is_null() {
        return None;
    }
    let Some(reference) = schema["$ref"].as_str() else { return Some((None, schema.clone())) };
    let found = document.pointer(reference.strip_prefix('#')?)?;
    Some((reference.rsplit('/').next().map(str::to_owned), found.clone()))
}

mod tests {
    use serde_json::json;

    use super::*;

    /// A document with one operation that takes and gives a thing.
    fn document(thing: &Value) -> Value {
        let of = |name: &str| {
            let schema = json!({ "$ref": format!("#/schemas/{name}") });
            json!({ "content": { "application/json": { "schema": schema } } })
        };
        json!({
            "paths": { "/things": { "post": {
                "security": [{ "api_key": ["things"] }],
                "parameters": [
                    { "name": "limit", "schema": { "type": "integer", "maximum": 9 } },
                ],
                "requestBody": of("NewThing"),
                "responses": { "201": of("Thing") },
            } } },
            "schemas": { "NewThing": thing, "Thing": thing },
        })
    }

    fn thing() -> Value {
        json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["name"],
            "properties": {
                "name": { "type": "string", "maxLength": 20 },
                "kind": { "type": "string", "enum": ["a", "b"] },
                "size": { "type": ["integer", "null"], "minimum": 0 },
                "parts": { "type": "array", "items": { "type": "integer" } },
            },
        })
    }

    /// What is broken by a change at this place of the document.
    #[track_caller]
    fn check(pointer: &str, to: Value, expected: &[&str]) {
        let old = document(&thing());
        let mut new = old.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let name = name.replace("~1", "/");
        let parent = new.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        if to == json!("gone") {
            parent.remove(&name).unwrap();
        } else {
            parent.insert(name, to);
        }
        assert_eq!(breaks(&old, &new), expected, "{pointer}");
    }

    #[test]
    fn what_is_gone_is_a_break() {
        let post = "/paths/~1things/post";
        check("/paths/~1things", json!("gone"), &["/things is gone"]);
        check(post, json!("gone"), &["POST /things is gone"]);
        let gone = ["POST /things does not answer 201 any more"];
        check(&format!("{post}/responses/201"), json!("gone"), &gone);
        check(&format!("{post}/parameters"), json!([]), &["POST /things limit is gone"]);
        check("/schemas/Thing/properties/size", json!("gone"), &["Thing.size is gone"]);
        check("/schemas/NewThing/properties/size", json!("gone"), &["NewThing.size is gone"]);
    }

    #[test]
    fn what_is_asked_more_narrowly_is_a_break() {
        let new = "/schemas/NewThing";
        check(
            &format!("{new}/required"),
            json!(["name", "kind"]),
            &["NewThing.kind is needed now"],
        );
        let kind = format!("{new}/properties/kind/enum");
        check(&kind, json!(["a"]), &["NewThing.kind has no \"b\" any more"]);
        let size = format!("{new}/properties/size");
        check(&format!("{size}/type"), json!("integer"), &["NewThing.size takes no null now"]);
        check(&format!("{size}/minimum"), json!(1), &["NewThing.size has minimum 1 now"]);
        check(&format!("{size}/maximum"), json!(9), &["NewThing.size has maximum 9 now"]);
        let name = format!("{new}/properties/name");
        check(&format!("{name}/maxLength"), json!(19), &["NewThing.name has maxLength 19 now"]);
        let pattern = ["NewThing.name has another pattern now"];
        check(&format!("{name}/pattern"), json!("^x"), &pattern);
        let words = ["NewThing.name takes certain words only now"];
        check(&format!("{name}/enum"), json!(["x"]), &words);
        let parts = format!("{new}/properties/parts/items/type");
        check(&parts, json!("string"), &["NewThing.parts takes no integer now"]);
        let limit = "/paths/~1things/post/parameters";
        let parameter = json!([
            { "name": "limit", "required": true, "schema": { "type": "integer", "maximum": 8 } },
        ]);
        let narrower = ["POST /things limit is needed now", "POST /things limit has maximum 8 now"];
        check(limit, parameter, &narrower);
        let security = "/paths/~1things/post/security";
        check(security, json!([]), &["POST /things is open to others"]);
    }

    #[test]
    fn what_is_answered_otherwise_is_a_break() {
        let now = "/schemas/Thing";
        check(&format!("{now}/required"), json!([]), &["Thing.name may be missing now"]);
        let size = format!("{now}/properties/size/type");
        check(&size, json!(["integer", "null", "string"]), &["Thing.size may be string now"]);
        let parts = format!("{now}/properties/parts/items/type");
        check(&parts, json!(["integer", "null"]), &["Thing.parts may be null now"]);
        let kind = format!("{now}/properties/kind");
        check(&kind, json!({ "type": "string" }), &["Thing.kind may be any word now"]);
    }

    #[test]
    fn what_is_more_is_no_break() {
        let (sent, answered) = ("/schemas/NewThing", "/schemas/Thing");
        check("/paths/~1more", json!({ "get": {} }), &[]);
        let more = json!({ "type": "string" });
        for at in [sent, answered] {
            check(&format!("{at}/properties/more"), more.clone(), &[]);
            check(&format!("{at}/properties/kind/enum"), json!(["a", "b", "c"]), &[]);
        }
        check(&format!("{sent}/required"), json!([]), &[]);
        check(&format!("{sent}/properties/name/maxLength"), json!(21), &[]);
        check(&format!("{sent}/properties/parts/items/type"), json!("number"), &[]);
        check(&format!("{answered}/required"), json!(["name", "kind"]), &[]);
        check(&format!("{answered}/properties/size/type"), json!("integer"), &[]);
        check(&format!("{answered}/properties/name/maxLength"), json!(5), &[]);
    }
}
