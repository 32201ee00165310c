//! `kitflik-wasm-bindgen INPUT.wasm OUTPUT_DIRECTORY NAME`: writes `NAME.js`, `NAME.d.ts` and `NAME_bg.wasm`, for every
//! runtime that has ES modules.

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(input), Some(output), Some(name), None) =
        (arguments.next(), arguments.next(), arguments.next(), arguments.next())
    else {
        return failed("usage: kitflik-wasm-bindgen INPUT.wasm OUTPUT_DIRECTORY NAME");
    };
    let mut bindgen = Bindgen::new();
    let generated = bindgen.web(true).and_then(|bindgen| {
        bindgen
            .input_path(&input)
            .out_name(&name)
            .typescript(true)
            // After a panic the package takes a fresh instance.
            .reset_state_function(true)
            // Each runtime loads the wasm in its own way.
            .omit_default_module_path(true)
            // Two thirds of the raw size, and of no use without a debugger.
            .remove_name_section(true)
            .remove_producers_section(true)
            .generate(&output)
    });
    match generated {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&format!("{input}: {error:#}")),
    }
}

#[expect(clippy::print_stderr, reason = "a program for the build")]
fn failed(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::FAILURE
}
