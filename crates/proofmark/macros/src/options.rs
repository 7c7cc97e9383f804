//! What stands in the parentheses of `#[proofmark::test(...)]`.
//!
//! In: tokens. Out: [`Options`].
//!
//! **Invariant**: an option that is not understood is an error, never ignored.

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Ident, LitInt, LitStr, Token};

const KNOWN: &str = "known: `database = \"name\"`, `worker_threads = 2`";

/// The options of one test.
#[derive(Default)]
pub(crate) struct Options {
    /// Which database of `proofmark.toml`; needed when there are several.
    pub(crate) database: Option<LitStr>,
    /// Threads of the test's runtime; without it, the test's own thread is the only one.
    pub(crate) worker_threads: Option<LitInt>,
}

/// One `name = value`.
enum Given {
    Database(LitStr),
    WorkerThreads(LitInt),
}

impl Parse for Given {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name: Ident = input.parse()?;
        let known = ["database", "worker_threads"].iter().any(|known| name == known);
        if !known {
            return Err(syn::Error::new(name.span(), format!("unknown option `{name}`; {KNOWN}")));
        }
        input.parse::<Token![=]>()?;
        if name == "database" {
            return Ok(Self::Database(input.parse()?));
        }
        let threads: LitInt = input.parse()?;
        if threads.base10_parse::<usize>()? == 0 {
            return Err(syn::Error::new(threads.span(), "a runtime needs at least one thread"));
        }
        Ok(Self::WorkerThreads(threads))
    }
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut options = Self::default();
        for given in Punctuated::<Given, Token![,]>::parse_terminated(input)? {
            let (twice, span) = match given {
                Given::Database(name) => {
                    let span = name.span();
                    (options.database.replace(name).is_some(), span)
                }
                Given::WorkerThreads(threads) => {
                    let span = threads.span();
                    (options.worker_threads.replace(threads).is_some(), span)
                }
            };
            if twice {
                return Err(syn::Error::new(span, "the option is given twice"));
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        syn::parse_str::<Options>(text).err().unwrap().to_string()
    }

    #[test]
    fn both_options_are_understood_in_any_order() {
        let options: Options = syn::parse_str("worker_threads = 2, database = \"shop\",").unwrap();
        assert_eq!(options.database.unwrap().value(), "shop");
        assert_eq!(options.worker_threads.unwrap().base10_digits(), "2");
    }

    #[test]
    fn an_unknown_option_is_refused_with_those_that_exist() {
        assert_eq!(
            refused("databse = \"shop\""),
            "unknown option `databse`; known: `database = \"name\"`, `worker_threads = 2`"
        );
    }

    #[test]
    fn an_option_twice_or_without_threads_is_refused() {
        assert_eq!(refused("database = \"a\", database = \"b\""), "the option is given twice");
        assert_eq!(refused("worker_threads = 0"), "a runtime needs at least one thread");
    }
}
