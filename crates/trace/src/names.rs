//! Many short names in one allocation.
//!
//! In: names, one after the other. Out: the same names. Main type: [`Names`].
//!
//! **Invariant:** a name may hold anything, so where one ends is counted and not marked.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

/// A list of names, written as a list of strings. Of the columns that tests left something in, a
/// trace has millions: a `Vec<String>` takes ten times the memory and most of the time of reading.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Names {
    text: String,
    /// Where each name ends in `text`.
    ends: Vec<u32>,
}

impl Names {
    /// Adds a name.
    ///
    /// # Panics
    /// Where all names together have 4 GiB: a line of a trace is far shorter.
    pub fn push(&mut self, name: &str) {
        self.text.push_str(name);
        let end = u32::try_from(self.text.len());
        self.ends.push(end.expect("the names of one line are shorter than 4 GiB"));
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The names, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let ends = self.ends.iter().map(|end| *end as usize);
        let starts = std::iter::once(0).chain(ends.clone());
        starts.zip(ends).filter_map(|(start, end)| self.text.get(start..end))
    }

    fn fit(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<S: AsRef<str>> FromIterator<S> for Names {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let mut all = Self::default();
        names.into_iter().for_each(|name| all.push(name.as_ref()));
        all
    }
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(All)
    }
}

struct All;

impl<'de> Visitor<'de> for All {
    type Value = Names;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of names")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Names, A::Error> {
        let mut all = Names::default();
        while names.next_element_seed(One(&mut all))?.is_some() {}
        all.fit();
        Ok(all)
    }
}

/// Takes a name without an allocation of its own.
struct One<'a>(&'a mut Names);

impl<'de> DeserializeSeed<'de> for One<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for One<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<(), E> {
        self.0.push(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_and_read_as_a_list_of_strings() {
        let all = ["a", "", "with \"quotes\" and \u{e9}", "\0,"];
        let names: Names = all.iter().collect();
        assert_eq!(names.iter().collect::<Vec<_>>(), all);
        let json = serde_json::to_string(&names).unwrap();
        assert_eq!(json, serde_json::to_string(&all).unwrap());
        assert_eq!(serde_json::from_str::<Names>(&json).unwrap(), names);
        assert!(Names::default().is_empty() && !names.is_empty());
        let error = serde_json::from_str::<Names>("[1]").unwrap_err();
        assert!(error.to_string().contains("invalid type: integer"), "{error}");
    }
}
