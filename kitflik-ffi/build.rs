//! Folds functions that compile to the same code: an eighth of the library. Only where the compiler brings its own linker,
//! which knows how.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("TARGET").is_ok_and(|target| target == "x86_64-unknown-linux-gnu") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,--icf=all");
    }
}
