//! How the library is linked where the compiler brings its own linker: functions that compile to the same code are
//! folded, and relocations are packed (there are 40,000, most of them for time zones). Those alone take a megabyte, and
//! the library then wants glibc 2.36.

#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("TARGET").is_ok_and(|target| target == "x86_64-unknown-linux-gnu") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,--icf=all");
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,pack-relative-relocs");
    }
}
