use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use ringlock_finding::{Finding, Severity};

use crate::{Guess, Report, Told};

/// The report for people: what files were taken for where that is not certain, each finding with
/// its line and what to do, and the counts at the end.
pub fn text(report: &Report, color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut text = guesses(report);
    for told in &report.told {
        text.push_str(&renderer.render(&[group(told)]));
        text.push_str("\n\n");
    }
    text + &counts(report)
}

/// One line for all files that were taken for the same on the same evidence.
fn guesses(report: &Report) -> String {
    let mut alike: Vec<(&Guess, usize)> = Vec::new();
    for guess in &report.guesses {
        let same = |(first, _): &&mut (&Guess, usize)| {
            first.dialect == guess.dialect && first.because == guess.because
        };
        match alike.iter_mut().find(same) {
            Some((_, more)) => *more += 1,
            None => alike.push((guess, 0)),
        }
    }
    let mut text = String::new();
    for (guess, more) in alike {
        let file = guess.file.display();
        let others = match more {
            0 => String::new(),
            1 => " and 1 other file".to_owned(),
            more => format!(" and {more} other files"),
        };
        let line = format!(
            "{file}{others}: read as {} ({}); --dialect says it for certain",
            guess.dialect, guess.because
        );
        text.push_str(&one_line(&line));
        text.push('\n');
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

fn group(told: &Told) -> Group<'_> {
    let finding = &told.finding;
    let level = match finding.severity {
        Severity::Note => Level::NOTE,
        Severity::Warning => Level::WARNING,
        Severity::Error => Level::ERROR,
    };
    let title = match finding.key.as_str() {
        "" => one_line(&finding.message),
        key => one_line(&format!("{key}: {}", finding.message)),
    };
    let mut group = Group::with_title(level.primary_title(title).id(finding.code));
    group = match &told.excerpt {
        Some(excerpt) => group.element(
            Snippet::source(excerpt.line.as_str())
                .line_start(finding.at.line)
                .path(one_line(&finding.file.to_string_lossy()))
                .annotation(
                    AnnotationKind::Primary
                        .span(excerpt.span.clone())
                        .label(expected(finding)),
                ),
        ),
        None => group.element(Level::NOTE.message(place(finding))),
    };
    if let Some(hint) = &finding.hint {
        group = group.element(Level::HELP.message(one_line(hint)));
    }
    group
}

/// Where a finding is of which no line can be shown.
fn place(finding: &Finding) -> String {
    let mut place = format!("{}:{}", finding.file.display(), finding.at);
    if let Some(found) = &finding.found {
        place = format!("{place}: found \"{found}\"");
    }
    let expected = expected(finding);
    if !expected.is_empty() {
        place = format!("{place}, {expected}");
    }
    one_line(&place)
}

fn expected(finding: &Finding) -> String {
    match &finding.expected {
        Some(expected) => one_line(&format!("expected {expected}")),
        None => String::new(),
    }
}

/// Without what would start a line of its own or drive a terminal.
fn one_line(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escaped = c.is_control().then(|| c.escape_default());
            let plain = (!c.is_control()).then_some(c);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}

/// `2 errors, 1 warning and 0 notes in 3 files`
fn counts(report: &Report) -> String {
    let count = |severity, one: &str| match report.count(severity) {
        1 => format!("1 {one}"),
        many => format!("{many} {one}s"),
    };
    let files = match report.files {
        1 => "1 file".to_owned(),
        many => format!("{many} files"),
    };
    format!(
        "{}, {} and {} in {files}",
        count(Severity::Error, "error"),
        count(Severity::Warning, "warning"),
        count(Severity::Note, "note"),
    )
}
