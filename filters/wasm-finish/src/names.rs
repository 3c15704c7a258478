//! The names of functions, which Envoy shows in the backtrace of a trap.
//!
//! As the compiler writes them they are a fifth of a module, and hard to read.

use rustc_demangle::demangle;
use walrus::Module;

/// The longest name, in bytes: enough for the path of a function of ours.
const LONGEST: usize = 80;

/// Gives each function the name that it has in the source, cut where it gets
/// long.
pub(crate) fn shorten(module: &mut Module) {
    for function in module.funcs.iter_mut() {
        function.name = function.name.as_deref().map(short);
    }
}

fn short(mangled: &str) -> String {
    let name = format!("{:#}", demangle(mangled));
    name.get(..name.floor_char_boundary(LONGEST)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_has_the_name_that_it_has_in_the_source() {
        let mangled = "_RNvMs_NtCs5IQ8M1Wy33K_12model_router7routingNtB4_7Routing6refuse";
        assert_eq!(short(mangled), "<model_router::routing::Routing>::refuse");
        assert_eq!(short("_ZN4core9panicking5panic17h0123456789abcdefE"), "core::panicking::panic");
        assert_eq!(short("proxy_on_log"), "proxy_on_log");
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(short(&"x".repeat(100)), "x".repeat(80));
        assert_eq!(short(&format!("{}é", "x".repeat(79))), "x".repeat(79));
    }
}
