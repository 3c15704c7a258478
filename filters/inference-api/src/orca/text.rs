use super::{LoadReport, OrcaError};

/// `name=value, name:value`
pub(super) fn read(text: &str) -> Result<LoadReport, OrcaError> {
    let mut report = LoadReport::default();
    let metrics = text.split(',').map(str::trim_ascii).filter(|metric| !metric.is_empty());
    for metric in metrics {
        let (name, value) = metric.split_once(['=', ':']).ok_or(OrcaError::NotANumber)?;
        let value = value.trim_ascii().parse().map_err(|_| OrcaError::NotANumber)?;
        report.add(name.trim_ascii().to_owned(), value)?;
    }
    if report.iter().next().is_none() {
        return Err(OrcaError::Empty);
    }
    Ok(report)
}
