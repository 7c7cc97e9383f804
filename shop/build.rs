//! Lists the migrations, so that the program carries them all.
//!
//! In: the folder `migrations/`. Out: `migrations.rs`, a list of number, name and text.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=migrations");
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let mut names: Vec<String> = fs::read_dir(Path::new(&root).join("migrations"))?
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_, _>>()?;
    names.retain(|name| Path::new(name).extension().is_some_and(|extension| extension == "sql"));
    names.sort();
    let mut list = String::from("&[\n");
    for name in names {
        let number: u32 = name.split('_').next().unwrap_or_default().parse().map_err(|_| {
            io::Error::other(format!("migrations/{name} does not begin with its number"))
        })?;
        let file = format!("{root}/migrations/{name}");
        writeln!(
            list,
            "    Migration {{ number: {number}, name: {name:?}, sql: include_str!({file:?}) }},"
        )
        .map_err(io::Error::other)?;
    }
    list.push_str("]\n");
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("migrations.rs"), list)
}
