use ringlock_finding::Severity;
use serde_json::{Value, json};

use crate::{RULES, Report, Rule, Told};

/// The report in SARIF 2.1.0, the format that code hosts and editors show findings from. All
/// rules are described in it, also those of which nothing was found.
///
/// # Errors
/// None that can be provoked: findings are text and numbers.
pub fn sarif(report: &Report) -> Result<String, serde_json::Error> {
    let rules: Vec<Value> = RULES.iter().map(|rule| describe(rule)).collect();
    let results: Vec<Value> = report.told.iter().map(result).collect();
    serde_json::to_string_pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "ringlock",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

fn describe(rule: &Rule) -> Value {
    json!({
        "id": rule.code,
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": rule.explanation },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": { "requirement": rule.requirement },
    })
}

fn result(told: &Told) -> Value {
    let finding = &told.finding;
    let mut result = json!({
        "ruleId": finding.code,
        "level": level(finding.severity),
        "message": { "text": message(told) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&finding.file.to_string_lossy()) },
            "region": { "startLine": finding.at.line, "startColumn": finding.at.column },
        }}],
        "properties": {
            "key": finding.key,
            "found": finding.found,
            "expected": finding.expected,
            "hint": finding.hint,
            "requirement": finding.requirement,
        },
    });
    if let Some(index) = RULES.iter().position(|rule| rule.code == finding.code) {
        result["ruleIndex"] = json!(index);
    }
    result
}

/// The sentence that a viewer shows, which may be all it shows.
fn message(told: &Told) -> String {
    let finding = &told.finding;
    let mut message = match finding.key.as_str() {
        "" => finding.message.clone(),
        key => format!("{key}: {}", finding.message),
    };
    if let Some(expected) = &finding.expected {
        message = format!("{message}; expected {expected}");
    }
    if let Some(hint) = &finding.hint {
        message = format!("{message}; {hint}");
    }
    message
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// A path as a URI reference (RFC 3986): what is neither unreserved nor a slash is escaped.
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
