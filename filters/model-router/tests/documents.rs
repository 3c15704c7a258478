//! The README and the schema say what the code does.

use filter_kit::documents::{
    check_file, check_section, configuration_schema, configuration_table, metric_table,
};
use model_router::{Config, metrics::METRICS};
use std::path::{Path, PathBuf};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn the_schema_is_that_of_the_configuration() {
    check_file(&file("config.schema.json"), &configuration_schema::<Config>()).unwrap();
}

// One test, because an update writes the file twice.
#[test]
fn the_readme_has_every_key_and_every_metric() {
    let readme = file("README.md");
    check_section(&readme, "configuration", &configuration_table::<Config>()).unwrap();
    check_section(&readme, "metrics", &metric_table(&METRICS)).unwrap();
}
