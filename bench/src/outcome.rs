//! How the outcome of a run is told: a table to read, and JSON to keep.

use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;

/// Prints `text`, writes `report` to `file`, and says so.
pub(crate) fn tell(text: &str, report: &impl Serialize, file: &Path) -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{text}")?;
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let json = serde_json::to_vec_pretty(report)?;
    ringlock_files::write_atomic(file, 0o644, &json)?;
    writeln!(out, "\nEvery figure: {}", file.display())?;
    Ok(())
}

/// A table of these rows; the columns of `figures` stand to the right.
pub(crate) fn table<const COLUMNS: usize>(
    header: [&str; COLUMNS],
    figures: std::ops::Range<usize>,
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    for column in figures {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// What became of a target.
pub(crate) fn reached(is_reached: bool) -> &'static str {
    if is_reached { "reached" } else { "missed" }
}
