use std::fmt::Write as _;

use crate::{RULES, explain::word};

/// The reference of all findings as Markdown, in the order of [`RULES`].
pub fn reference() -> String {
    let mut text = String::from(
        "# Findings\n\n\
         <!-- Written from the rules themselves by `cargo test -p ringlock-check`; do not edit. -->\n\n\
         What `ringlock check` can find. `ringlock check --explain CODE` prints the same text.\n\n\
         | code | severity | what is wrong |\n|---|---|---|\n",
    );
    for rule in RULES {
        let (code, severity, title) = (rule.code, word(rule.severity), rule.title);
        let _infallible = writeln!(text, "| [`{code}`](#{code}) | {severity} | {title} |");
    }
    for rule in RULES {
        let _infallible = write!(text, "\n## {}\n\n**{}** ", rule.code, rule.title);
        let _infallible = write!(text, "({}", word(rule.severity));
        if !rule.requirement.is_empty() {
            let _infallible = write!(text, "; requirement {}", rule.requirement);
        }
        let _infallible = write!(text, ")\n\n{}\n", rule.explanation);
    }
    text
}
