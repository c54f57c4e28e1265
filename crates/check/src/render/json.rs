use ringlock_finding::Finding;
use serde::Serialize;

use crate::Report;

/// The report as JSON: `{"findings":[{"code","severity","file","line","column","key","found",
/// "expected","message","hint","requirement"}]}`.
///
/// # Errors
/// None that can be provoked: findings are text and numbers.
pub fn json(report: &Report) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Document<'r> {
        findings: Vec<&'r Finding>,
    }
    serde_json::to_string_pretty(&Document {
        findings: report.told.iter().map(|told| &told.finding).collect(),
    })
}
