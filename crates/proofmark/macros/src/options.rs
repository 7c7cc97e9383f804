//! What stands in the parentheses of `#[proofmark::test(...)]`, and in the attributes of its
//! arguments.
//!
//! In: tokens. Out: [`Options`] and [`Bound`].
//!
//! **Invariant**: an option that is not understood is an error, never ignored.

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitInt, LitStr, Meta, Token, bracketed};

const KNOWN: &str = "known: `database = \"name\"`, `seed = \"file.sql\"`, `lane = \"direct\"`, \
                     `worker_threads = 2`";

/// The options of one test.
#[derive(Default)]
pub(crate) struct Options {
    /// Which database of `proofmark.toml`; needed when there are several.
    pub(crate) database: Option<LitStr>,
    /// Files of SQL that run in it before the test, in this order.
    pub(crate) seeds: Vec<LitStr>,
    /// How the test reaches its databases: `proxy` or `direct`.
    pub(crate) lane: Option<LitStr>,
    /// Threads of the test's runtime; without it, the test's own thread is the only one.
    pub(crate) worker_threads: Option<LitInt>,
}

/// What the attributes of one argument say.
#[derive(Default)]
pub(crate) struct Bound {
    /// The database that it is a view of, if not the test's.
    pub(crate) database: Option<LitStr>,
    /// Files of SQL that run in that database before the test.
    pub(crate) seeds: Vec<LitStr>,
}

/// One `name = value`.
enum Given {
    Database(LitStr),
    Seeds(Vec<LitStr>),
    Lane(LitStr),
    WorkerThreads(LitInt),
}

impl Parse for Given {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name: Ident = input.parse()?;
        let known =
            ["database", "seed", "lane", "worker_threads"].iter().any(|known| name == known);
        if !known {
            return Err(syn::Error::new(name.span(), format!("unknown option `{name}`; {KNOWN}")));
        }
        input.parse::<Token![=]>()?;
        if name == "database" {
            return Ok(Self::Database(input.parse()?));
        }
        if name == "seed" {
            return Ok(Self::Seeds(seeds(input)?));
        }
        if name == "lane" {
            let lane: LitStr = input.parse()?;
            if !matches!(lane.value().as_str(), "proxy" | "direct") {
                let message = "a lane is \"proxy\" or \"direct\"";
                return Err(syn::Error::new(lane.span(), message));
            }
            return Ok(Self::Lane(lane));
        }
        let threads: LitInt = input.parse()?;
        if threads.base10_parse::<usize>()? == 0 {
            return Err(syn::Error::new(threads.span(), "a runtime needs at least one thread"));
        }
        Ok(Self::WorkerThreads(threads))
    }
}

/// `"a.sql"` or `["a.sql", "b.sql"]`.
fn seeds(input: ParseStream<'_>) -> syn::Result<Vec<LitStr>> {
    if !input.peek(syn::token::Bracket) {
        return Ok(vec![input.parse()?]);
    }
    let inside;
    bracketed!(inside in input);
    Ok(Punctuated::<LitStr, Token![,]>::parse_terminated(&inside)?.into_iter().collect())
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
                Given::Lane(lane) => {
                    let span = lane.span();
                    (options.lane.replace(lane).is_some(), span)
                }
                Given::WorkerThreads(threads) => {
                    let span = threads.span();
                    (options.worker_threads.replace(threads).is_some(), span)
                }
                Given::Seeds(seeds) => {
                    options.seeds.extend(seeds);
                    continue;
                }
            };
            if twice {
                return Err(syn::Error::new(span, "the option is given twice"));
            }
        }
        Ok(options)
    }
}

impl Bound {
    /// Takes `#[database = "..."]` and `#[seed = "..."]` out of the attributes of an argument; the
    /// others are the compiler's.
    pub(crate) fn take(attrs: &mut Vec<Attribute>) -> syn::Result<Self> {
        let ours =
            |attr: &Attribute| attr.path().is_ident("database") || attr.path().is_ident("seed");
        let mut bound = Self::default();
        for attr in attrs.iter().filter(|attr| ours(attr)) {
            let value = value(attr)?;
            if attr.path().is_ident("seed") {
                bound.seeds.push(value);
            } else if bound.database.replace(value).is_some() {
                return Err(syn::Error::new_spanned(attr, "an argument is of one database"));
            }
        }
        if let (None, Some(seed)) = (&bound.database, bound.seeds.first()) {
            let message = "a seed of the test's own database is an option of the test; \
                           help: #[proofmark::test(seed = \"...\")]";
            return Err(syn::Error::new(seed.span(), message));
        }
        attrs.retain(|attr| !ours(attr));
        Ok(bound)
    }
}

/// The text of `#[name = "text"]`.
fn value(attr: &Attribute) -> syn::Result<LitStr> {
    if let Meta::NameValue(pair) = &attr.meta
        && let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value
    {
        return Ok(text.clone());
    }
    let name = attr.path().get_ident().map(ToString::to_string).unwrap_or_default();
    let message = format!("this is written #[{name} = \"...\"]");
    Err(syn::Error::new_spanned(attr, message))
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn refused(text: &str) -> String {
        syn::parse_str::<Options>(text).err().unwrap().to_string()
    }

    fn values(texts: &[LitStr]) -> Vec<String> {
        texts.iter().map(LitStr::value).collect()
    }

    #[test]
    fn all_options_are_understood_in_any_order() {
        let options: Options =
            syn::parse_str("worker_threads = 2, lane = \"direct\", database = \"shop\",").unwrap();
        assert_eq!(options.database.unwrap().value(), "shop");
        assert_eq!(options.lane.unwrap().value(), "direct");
        assert_eq!(options.worker_threads.unwrap().base10_digits(), "2");
    }

    #[test]
    fn seeds_are_given_one_by_one_or_as_a_list_and_keep_their_order() {
        let options: Options =
            syn::parse_str("seed = \"b.sql\", seed = [\"a.sql\", \"c.sql\"]").unwrap();
        assert_eq!(values(&options.seeds), ["b.sql", "a.sql", "c.sql"]);
    }

    #[test]
    fn an_unknown_option_is_refused_with_those_that_exist() {
        assert_eq!(
            refused("databse = \"shop\""),
            "unknown option `databse`; known: `database = \"name\"`, `seed = \"file.sql\"`, \
             `lane = \"direct\"`, `worker_threads = 2`"
        );
    }

    #[test]
    fn an_option_twice_or_without_sense_is_refused() {
        assert_eq!(refused("database = \"a\", database = \"b\""), "the option is given twice");
        assert_eq!(refused("worker_threads = 0"), "a runtime needs at least one thread");
        assert_eq!(refused("lane = \"fast\""), "a lane is \"proxy\" or \"direct\"");
    }

    #[test]
    fn an_argument_s_attributes_are_taken_and_the_others_left() {
        let mut attrs: Vec<Attribute> = vec![
            parse_quote!(#[database = "audit"]),
            parse_quote!(#[cfg(unix)]),
            parse_quote!(#[seed = "trail.sql"]),
        ];
        let bound = Bound::take(&mut attrs).unwrap();
        assert_eq!(bound.database.unwrap().value(), "audit");
        assert_eq!(values(&bound.seeds), ["trail.sql"]);
        assert_eq!(quote::quote!(#(#attrs)*).to_string(), "# [cfg (unix)]");
    }

    #[test]
    fn an_attribute_of_an_argument_that_says_nothing_is_refused() {
        let refused = |attr: Attribute| Bound::take(&mut vec![attr]).err().unwrap().to_string();
        assert_eq!(refused(parse_quote!(#[database])), "this is written #[database = \"...\"]");
        assert!(refused(parse_quote!(#[seed = "a.sql"])).contains("an option of the test"));
    }
}
