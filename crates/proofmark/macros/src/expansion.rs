//! From the function that was written to the test that the harness runs.
//!
//! In: the options and the function's tokens. Out: a `#[test]` with the function inside.
//!
//! **Invariant**: the function itself is not rewritten: its body, patterns, types and return type
//! are the compiler's to judge, with their own spans.

use std::path::{Path, PathBuf};

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    Attribute, Expr, ExprLit, FnArg, ItemFn, Lit, LitStr, Meta, PatType, ReturnType, Signature,
    Type,
};

use crate::options::{Bound, Options};

/// One argument.
struct Fixture {
    argument: PatType,
    bound: Bound,
}

/// Writes the test.
pub(crate) fn expand(options: TokenStream, function: TokenStream) -> syn::Result<TokenStream> {
    let options: Options = syn::parse2(options)?;
    let function: ItemFn = syn::parse2(function)?;
    check(&function)?;
    let ItemFn { attrs, vis, mut sig, block } = function;
    let fixtures = fixtures(&mut sig)?;
    let name = &sig.ident;
    let lease = local("lease");
    let made = fixtures.iter().enumerate().map(|(at, fixture)| make(&lease, at, fixture));
    let given = (0..fixtures.len()).map(|at| local(&format!("fixture_{at}")));
    let case = case(&options, &fixtures, &attrs, &sig)?;
    let body = if returns_nothing(&sig) {
        quote!(::core::result::Result::Ok(#name(#(#given),*).await))
    } else {
        // An error that the test returns may be a refusal.
        let returned = local("returned");
        quote! {
            let #returned = #name(#(#given),*).await;
            {
                #[allow(unused_imports, reason = "each type needs one of them")]
                use ::proofmark::expanded::{TellsAnyError as _, TellsError as _, TellsNothing as _};
                (&&&::proofmark::expanded::Returned(&#returned)).tell(&#lease);
            }
            ::core::result::Result::Ok(#returned)
        }
    };
    let run = quote! {
        ::proofmark::expanded::run(#case, |#lease| async move {
            #(#made)*
            #body
        })
    };
    // The harness wants `()` of a test that should panic, and a termination of one that returns.
    let (returns, run) = if returns_nothing(&sig) {
        (quote!(), quote!(let _: ::std::process::ExitCode = #run;))
    } else {
        (quote!(-> ::std::process::ExitCode), run)
    };
    Ok(quote! {
        #[::core::prelude::v1::test]
        #(#attrs)*
        #vis fn #name() #returns {
            #[allow(clippy::unused_async, reason = "every test is `async`, awaiting or not")]
            #sig #block
            #run
        }
    })
}

/// Refuses what cannot be a test.
fn check(function: &ItemFn) -> syn::Result<()> {
    let sig = &function.sig;
    let refuse = |span, message: &str| Err(syn::Error::new(span, message));
    if sig.asyncness.is_none() {
        return refuse(
            sig.fn_token.span,
            "a test of `#[proofmark::test]` is an `async fn`; help: write `async` before `fn`",
        );
    }
    if !sig.generics.params.is_empty() {
        return refuse(
            sig.generics.span(),
            "a test cannot be generic: nobody would choose the type",
        );
    }
    if let Some(test) = function.attrs.iter().find(|attr| attr.path().is_ident("test")) {
        return refuse(
            test.span(),
            "`#[proofmark::test]` already makes this a test; help: remove this `#[test]`",
        );
    }
    Ok(())
}

/// The arguments, each of which is a fixture; attributes of ours are taken off them.
fn fixtures(sig: &mut Signature) -> syn::Result<Vec<Fixture>> {
    let arguments = sig.inputs.iter_mut().map(|argument| match argument {
        FnArg::Typed(argument) => {
            let bound = Bound::take(&mut argument.attrs)?;
            Ok(Fixture { argument: argument.clone(), bound })
        }
        FnArg::Receiver(receiver) => {
            Err(syn::Error::new(receiver.span(), "a test is a free function, it has no `self`"))
        }
    });
    arguments.collect()
}

/// A local variable that nothing in the function or its name can meet.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// The statement that takes one fixture; errors about its type point at the type.
fn make(lease: &Ident, at: usize, fixture: &Fixture) -> TokenStream {
    let (pattern, kind) = (&fixture.argument.pat, &fixture.argument.ty);
    let made = local(&format!("fixture_{at}"));
    let written = format!("{}: {}", tight(&quote!(#pattern)), tight(&quote!(#kind)));
    let database = optional(fixture.bound.database.as_ref());
    quote_spanned! {kind.span()=>
        let #made =
            ::proofmark::expanded::fixture::<#kind>(&#lease, #database, #written).await?;
    }
}

/// Tokens, which are printed with a space between each two, as a person writes them.
fn tight(tokens: &TokenStream) -> String {
    [" :: ", " < ", " >", " ,", "& ", " (", "( ", " )"]
        .iter()
        .fold(tokens.to_string(), |text, spaced| text.replace(spaced, spaced.trim()))
}

/// What describes the test to the runner.
fn case(
    options: &Options,
    fixtures: &[Fixture],
    attrs: &[Attribute],
    sig: &Signature,
) -> syn::Result<TokenStream> {
    let function = sig.ident.to_string();
    let function = function.trim_start_matches("r#");
    let database = optional(options.database.as_ref().or_else(|| first_of_all(options, fixtures)));
    let beside = fixtures.iter().filter_map(|fixture| fixture.bound.database.as_ref());
    let seeds = seeds(options, fixtures)?;
    let lane = options.lane.as_ref().map(|lane| {
        let lane = if lane.value() == "direct" { quote!(Direct) } else { quote!(Proxy) };
        quote!(::proofmark::Lane::#lane)
    });
    let lane = optional(lane.as_ref());
    let worker_threads = optional(options.worker_threads.as_ref());
    let panics = panics(attrs);
    Ok(quote! {
        ::proofmark::expanded::Case {
            package: ::core::option_env!("CARGO_PKG_NAME"),
            manifest_dir: ::core::option_env!("CARGO_MANIFEST_DIR"),
            module: ::core::module_path!(),
            function: #function,
            database: #database,
            beside: &[#(#beside),*],
            seeds: &[#(#seeds),*],
            lane: #lane,
            worker_threads: #worker_threads,
            panics: #panics,
        }
    })
}

/// The test's database where nobody names it: that of the first argument, if every argument names
/// its own.
fn first_of_all<'a>(options: &Options, fixtures: &'a [Fixture]) -> Option<&'a LitStr> {
    let all_named = fixtures.iter().all(|fixture| fixture.bound.database.is_some());
    let is_free = all_named && options.seeds.is_empty();
    fixtures.first().filter(|_| is_free).and_then(|fixture| fixture.bound.database.as_ref())
}

/// All seeds, with the database that each one is for; none: the test's own.
fn seeds(options: &Options, fixtures: &[Fixture]) -> syn::Result<Vec<TokenStream>> {
    let of_test = options.seeds.iter().map(|path| (None, path));
    let of_fixtures = fixtures.iter().flat_map(|fixture| {
        fixture.bound.seeds.iter().map(|path| (fixture.bound.database.as_ref(), path))
    });
    of_test.chain(of_fixtures).map(|(database, path)| seed(database, path)).collect()
}

/// One seed, whose text becomes part of the test.
fn seed(database: Option<&LitStr>, path: &LitStr) -> syn::Result<TokenStream> {
    let relative = path.value();
    let root = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let refuse = |message: String| Err(syn::Error::new(path.span(), message));
    let help = "help: the path is relative to the package's directory";
    if Path::new(&relative).is_absolute() {
        return refuse(format!("the seed `{relative}` has an absolute path; {help}"));
    }
    if !root.join(&relative).is_file() {
        return refuse(format!("there is no seed `{relative}` in {}; {help}", root.display()));
    }
    let database = optional(database);
    Ok(quote_spanned! {path.span()=>
        ::proofmark::expanded::Seed {
            database: #database,
            path: #path,
            text: ::core::include_str!(::core::concat!(
                ::core::env!("CARGO_MANIFEST_DIR"), "/", #path
            )),
        }
    })
}

fn optional<T: quote::ToTokens>(value: Option<&T>) -> TokenStream {
    let none = || quote!(::core::option::Option::None);
    value.map_or_else(none, |value| quote!(::core::option::Option::Some(#value)))
}

/// What `#[should_panic]` says, in any of its three forms.
fn panics(attrs: &[Attribute]) -> TokenStream {
    let Some(attr) = attrs.iter().find(|attr| attr.path().is_ident("should_panic")) else {
        return quote!(::proofmark::expanded::Panics::Never);
    };
    let expected = match &attr.meta {
        Meta::Path(_) => None,
        Meta::NameValue(pair) => text(&pair.value),
        // A malformed list is reported by the compiler itself.
        Meta::List(list) => list
            .parse_args::<syn::MetaNameValue>()
            .ok()
            .filter(|pair| pair.path.is_ident("expected"))
            .and_then(|pair| text(&pair.value)),
    };
    let somehow = || quote!(::proofmark::expanded::Panics::Somehow);
    expected.map_or_else(somehow, |text| quote!(::proofmark::expanded::Panics::Saying(#text)))
}

fn text(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

fn returns_nothing(sig: &Signature) -> bool {
    match &sig.output {
        ReturnType::Default => true,
        ReturnType::Type(_, kind) => {
            matches!(&**kind, Type::Tuple(tuple) if tuple.elems.is_empty())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(options: TokenStream, function: TokenStream) -> String {
        let tokens = expand(options, function).unwrap();
        syn::parse2::<ItemFn>(tokens.clone()).expect("the expansion is one function");
        tokens.to_string()
    }

    fn refused(function: TokenStream) -> String {
        expand(quote!(), function).unwrap_err().to_string()
    }

    #[test]
    fn each_argument_is_taken_from_the_lease_by_its_type() {
        let text = expanded(
            quote!(),
            quote!(
                async fn t(mut db: a::Pool<B, C>, Wrapped(x): Wrapped) {}
            ),
        );
        let none = ":: core :: option :: Option :: None";
        assert!(
            text.contains(&format!("(& lease , {none} , \"mut db: a::Pool<B, C>\") . await ?"))
        );
        let wrapped =
            format!("fixture :: < Wrapped > (& lease , {none} , \"Wrapped(x): Wrapped\")");
        assert!(text.contains(&wrapped));
        assert!(text.contains("t (fixture_0 , fixture_1) . await"));
        assert!(
            text.contains("async fn t (mut db : a :: Pool < B , C > , Wrapped (x) : Wrapped) { }")
        );
    }

    #[test]
    fn a_function_that_returns_something_returns_an_exit_code_to_the_harness() {
        let text = expanded(
            quote!(),
            quote!(
                async fn t() -> Result<(), E> {
                    Ok(())
                }
            ),
        );
        assert!(text.contains("fn t () -> :: std :: process :: ExitCode {"));
        assert!(text.contains("async fn t () -> Result < () , E > { Ok (()) }"));
    }

    #[test]
    fn a_function_that_returns_unit_returns_unit_to_the_harness() {
        for function in [
            quote!(
                async fn t() {}
            ),
            quote!(
                async fn t() -> () {}
            ),
        ] {
            assert!(
                expanded(quote!(), function)
                    .starts_with("# [:: core :: prelude :: v1 :: test] fn t () { # [allow")
            );
        }
    }

    #[test]
    fn the_runner_learns_what_should_panic_says() {
        let panics = |attribute: TokenStream| {
            let text = expanded(quote!(), quote!(#attribute async fn t() {}));
            text.split("Panics :: ").nth(1).unwrap().split(" ,").next().unwrap().to_owned()
        };
        assert_eq!(panics(quote!()), "Never");
        assert_eq!(panics(quote!(#[should_panic])), "Somehow");
        assert_eq!(panics(quote!(#[should_panic = "no"])), "Saying (\"no\")");
        assert_eq!(panics(quote!(#[should_panic(expected = "no")])), "Saying (\"no\")");
    }

    #[test]
    fn options_reach_the_runner_and_other_attributes_the_harness() {
        let text = expanded(
            quote!(database = "shop", worker_threads = 2),
            quote!(
                #[ignore = "slow"]
                #[cfg(unix)]
                pub async fn t() {}
            ),
        );
        assert!(text.contains("database : :: core :: option :: Option :: Some (\"shop\")"));
        assert!(text.contains("worker_threads : :: core :: option :: Option :: Some (2)"));
        assert!(text.contains("# [ignore = \"slow\"] # [cfg (unix)] pub fn t ()"));
    }

    #[test]
    fn an_argument_may_be_of_another_database_than_the_test() {
        let text = expanded(
            quote!(),
            quote!(
                async fn t(db: PgPool, #[database = "audit"] trail: PgPool) {}
            ),
        );
        assert!(text.contains("Option :: Some (\"audit\") , \"trail: PgPool\")"), "{text}");
        assert!(
            text.contains(
                "database : :: core :: option :: Option :: None , beside : & [\"audit\"]"
            )
        );
        assert!(text.contains("async fn t (db : PgPool , trail : PgPool) { }"));
    }

    #[test]
    fn where_every_argument_names_its_database_the_test_s_is_the_first() {
        let text = expanded(
            quote!(),
            quote!(
                async fn t(#[database = "shop"] db: PgPool, #[database = "audit"] trail: PgPool) {}
            ),
        );
        let some = "database : :: core :: option :: Option :: Some (\"shop\") , beside";
        assert!(text.contains(some), "{text}");
    }

    #[test]
    fn the_text_of_a_seed_becomes_part_of_the_test() {
        let text = expanded(
            quote!(seed = "src/lib.rs", lane = "direct"),
            quote!(
                async fn t(
                    #[database = "audit"]
                    #[seed = "Cargo.toml"]
                    trail: PgPool,
                ) {
                }
            ),
        );
        let none = "database : :: core :: option :: Option :: None , path : \"src/lib.rs\" , text : \
                    :: core :: include_str ! (";
        assert!(text.contains(none), "{text}");
        let some = "Option :: Some (\"audit\") , path : \"Cargo.toml\"";
        assert!(text.contains(some), "{text}");
        assert!(text.contains(
            "lane : :: core :: option :: Option :: Some (:: proofmark :: Lane :: Direct)"
        ));
    }

    #[test]
    fn a_seed_that_is_not_there_does_not_compile() {
        let said = |path: &str| {
            let options = quote!(seed = #path);
            expand(
                options,
                quote!(
                    async fn t() {}
                ),
            )
            .unwrap_err()
            .to_string()
        };
        let missing = said("seeds/orders.sql");
        assert!(missing.starts_with("there is no seed `seeds/orders.sql` in /"), "{missing}");
        assert!(missing.ends_with("relative to the package's directory"), "{missing}");
        assert!(said("/etc/passwd").contains("has an absolute path"));
    }

    #[test]
    fn what_cannot_be_a_test_is_refused_with_a_reason() {
        assert_eq!(
            refused(quote!(
                fn t(db: PgPool) {}
            )),
            "a test of `#[proofmark::test]` is an `async fn`; help: write `async` before `fn`"
        );
        assert_eq!(
            refused(quote!(
                async fn t<T>(db: T) {}
            )),
            "a test cannot be generic: nobody would choose the type"
        );
        assert_eq!(
            refused(quote!(
                #[test]
                async fn t() {}
            )),
            "`#[proofmark::test]` already makes this a test; help: remove this `#[test]`"
        );
        assert_eq!(
            refused(quote!(
                async fn t(&self) {}
            )),
            "a test is a free function, it has no `self`"
        );
    }
}
