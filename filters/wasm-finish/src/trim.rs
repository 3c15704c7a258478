use crate::names;
use anyhow::{Context, bail};
use std::fmt;
use walrus::{Module, ModuleConfig, RawCustomSection};

/// Where `wasm_shell::export_filter!` writes the names of the callbacks that the
/// filter wants, joined by commas.
const WANTED_SECTION: &str = "inference_filter_exports";

/// How the names of callbacks begin.
const CALLBACK: &str = "proxy_on_";

/// The callbacks without which no filter works, whatever it asks for: a host
/// that finds no function for them goes on without having started, configured,
/// made or ended what it thinks it has.
const ESSENTIAL: [&str; 6] = [
    "proxy_on_memory_allocate",
    "proxy_on_vm_start",
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_done",
    "proxy_on_delete",
];

/// What came of it.
#[derive(Debug)]
pub(crate) enum Trimmed {
    /// The module does not say what it wants: it is as it was.
    AsItWas(Vec<u8>),
    /// It now has only what it wants.
    Smaller {
        /// The module.
        module: Vec<u8>,
        /// The callbacks that are gone.
        removed: Vec<String>,
    },
}

/// Removes the callbacks that the module does not ask for.
///
/// # Errors
/// When this is no module, or it asks for a callback that it does not export.
pub(crate) fn trim(linked: &[u8]) -> anyhow::Result<Trimmed> {
    let mut module = ModuleConfig::new().parse(linked).context("not a WebAssembly module")?;
    let Some(section) = module.customs.remove_raw(WANTED_SECTION) else {
        return Ok(Trimmed::AsItWas(linked.to_vec()));
    };
    let wanted = wanted(&module, &section)?;
    let mut removed = Vec::new();
    for export in module.exports.iter() {
        if export.name.starts_with(CALLBACK)
            && !ESSENTIAL.contains(&export.name.as_str())
            && !wanted.contains(&export.name.as_str())
        {
            removed.push((export.id(), export.name.clone()));
        }
    }
    for (id, _) in &removed {
        module.exports.delete(*id);
    }
    walrus::passes::gc::run(&mut module);
    names::shorten(&mut module);
    Ok(Trimmed::Smaller {
        module: module.emit_wasm(),
        removed: removed.into_iter().map(|(_, name)| name).collect(),
    })
}

/// The names in the section. One that is no export would be a callback that the
/// filter waits for in vain.
fn wanted<'a>(module: &Module, section: &'a RawCustomSection) -> anyhow::Result<Vec<&'a str>> {
    let names = str::from_utf8(&section.data)
        .with_context(|| format!("its section {WANTED_SECTION} is not text"))?;
    let names: Vec<&str> = names.split(',').filter(|name| !name.is_empty()).collect();
    for name in &names {
        if !module.exports.iter().any(|export| export.name == *name) {
            bail!("it asks for `{name}`, which it does not export");
        }
    }
    Ok(names)
}

impl Trimmed {
    /// The module.
    pub(crate) fn module(&self) -> &[u8] {
        match self {
            Self::AsItWas(module) | Self::Smaller { module, .. } => module,
        }
    }
}

impl fmt::Display for Trimmed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AsItWas(_) => write!(out, "does not say what it wants, so all of it stays"),
            Self::Smaller { removed, .. } => {
                write!(out, "without {} callbacks that it does not want", removed.len())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// A module with these exports, all of them functions, and with this list of
    /// what it wants.
    fn linked(exports: &[&str], wanted: Option<&str>) -> Vec<u8> {
        let functions: String = exports
            .iter()
            .map(|name| format!("(func ${name} (export \"{name}\") (call $used_by_{name}))"))
            .collect();
        let callees: String =
            exports.iter().map(|name| format!("(func $used_by_{name})")).collect();
        let section = wanted
            .map(|list| format!("(@custom \"{WANTED_SECTION}\" \"{list}\")"))
            .unwrap_or_default();
        let text =
            format!("(module (memory (export \"memory\") 1) {functions} {callees} {section})");
        wat::parse_str(text).unwrap()
    }

    fn trimmed(linked: &[u8]) -> Module {
        Module::from_buffer(trim(linked).unwrap().module()).unwrap()
    }

    fn exports(module: &Module) -> BTreeSet<&str> {
        module.exports.iter().map(|export| export.name.as_str()).collect()
    }

    #[test]
    fn removes_the_callbacks_that_are_not_asked_for() {
        let all = ["proxy_on_request_headers", "proxy_on_response_body", "proxy_on_tick"];
        let module = trimmed(&linked(&all, Some("proxy_on_request_headers")));
        assert_eq!(exports(&module), BTreeSet::from(["memory", "proxy_on_request_headers"]));
    }

    #[test]
    fn removes_all_of_them_when_nothing_is_asked_for() {
        let module = trimmed(&linked(&["proxy_on_request_headers", "proxy_on_log"], Some("")));
        assert_eq!(exports(&module), BTreeSet::from(["memory"]));
    }

    #[test]
    fn keeps_what_no_filter_works_without() {
        let others = ["malloc", "_initialize", "proxy_abi_version_0_2_1"];
        let all = [&ESSENTIAL[..], &others].concat();
        let module = trimmed(&linked(&all, Some("")));
        assert_eq!(exports(&module), all.iter().copied().chain(["memory"]).collect());
    }

    #[test]
    fn removes_the_code_that_only_they_reached() {
        let module = trimmed(&linked(&["proxy_on_log", "proxy_on_done"], Some("")));
        let functions: BTreeSet<_> =
            module.funcs.iter().filter_map(|f| f.name.as_deref()).collect();
        assert_eq!(functions, BTreeSet::from(["proxy_on_done", "used_by_proxy_on_done"]));
    }

    #[test]
    fn keeps_what_is_reached_through_the_table() {
        let text = format!(
            "(module (table (export \"__indirect_function_table\") 1 funcref)
               (elem (i32.const 0) $indirect) (func $indirect)
               (func (export \"proxy_on_log\"))
               (@custom \"{WANTED_SECTION}\" \"\"))"
        );
        let module = trimmed(&wat::parse_str(text).unwrap());
        assert_eq!(exports(&module), BTreeSet::from(["__indirect_function_table"]));
        assert!(module.funcs.by_name("indirect").is_some());
    }

    #[test]
    fn takes_the_list_out() {
        let mut module = trimmed(&linked(&["proxy_on_done"], Some("")));
        assert!(module.customs.remove_raw(WANTED_SECTION).is_none());
    }

    #[test]
    fn leaves_a_module_without_a_list_as_it_is() {
        let linked = linked(&["proxy_on_log"], None);
        let Trimmed::AsItWas(module) = trim(&linked).unwrap() else {
            panic!("it has changed");
        };
        assert_eq!(module, linked);
    }

    #[test]
    fn gives_the_same_bytes_each_time() {
        let linked = linked(&["proxy_on_log", "proxy_on_done", "malloc"], Some("proxy_on_log"));
        assert_eq!(trim(&linked).unwrap().module(), trim(&linked).unwrap().module());
    }

    #[test]
    fn refuses_a_list_with_a_name_that_is_not_exported() {
        let error = trim(&linked(&["proxy_on_log"], Some("proxy_on_lag"))).unwrap_err();
        assert_eq!(error.to_string(), "it asks for `proxy_on_lag`, which it does not export");
    }

    #[test]
    fn refuses_what_is_no_module() {
        let error = trim(b"\0asx").unwrap_err();
        assert_eq!(error.to_string(), "not a WebAssembly module");
    }
}
