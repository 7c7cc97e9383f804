//! The attribute macro behind `#[proofmark::test]`.
//!
//! In: an `async fn` whose arguments are fixtures. Out: an ordinary `#[test]` that asks the
//! `proofmark` crate for a lease, makes the fixtures from it and runs the function.
//!
//! **Invariant**: decides nothing at run time and knows no server; everything that happens around
//! a test is in `proofmark::run`.

mod expansion;
mod options;

use proc_macro::TokenStream;

/// Gives an async test a database of its own; documented at `proofmark::test`.
#[proc_macro_attribute]
pub fn test(options: TokenStream, function: TokenStream) -> TokenStream {
    expansion::expand(options.into(), function.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
