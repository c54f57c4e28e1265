//! What a run found out, as tables to read and as JSON to keep.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::contender::{Contender, Kind};
use super::machine::Machine;
use super::proof::Agreed;
use super::results::Results;
use super::scenario::{Better, Line, Metric, Scenario};
use super::setting::Plan;

/// Everything that a run found out.
#[derive(Debug)]
pub(crate) struct Report {
    /// Where.
    pub(crate) machine: Machine,
    /// How long and how often.
    pub(crate) plan: Plan,
    /// Which traffic.
    pub(crate) scenarios: Vec<Scenario>,
    /// Who, in the order of the columns.
    pub(crate) contenders: Vec<Contender>,
    /// What each says of its version, in the same order.
    pub(crate) versions: Vec<String>,
    /// What each pair agreed on, in the same order.
    pub(crate) agreed: Vec<Option<Agreed>>,
    /// The figures.
    pub(crate) results: Results,
}

impl Report {
    /// The tables.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let machine = &self.machine;
        let _ = writeln!(text, "{machine}, TCP {}", machine.congestion_control);
        let _ = writeln!(text, "{}\n", self.contender_table());
        let _ = writeln!(text, "{}\n", self.figure_table());
        let Plan {
            rounds,
            idle_rounds,
            window,
            idle_connections,
            ..
        } = &self.plan;
        let _ = write!(
            text,
            "Medians of {rounds} rounds of {window:?} each, in turns; idle: {idle_connections} connections, {idle_rounds} rounds.
Bulk goes from client to server: the proxy in front encrypts, the one behind decrypts; CPU and memory are of both.
Ratios are to the best rival of the line. Round trips are a closed loop: a slow answer delays the next question."
        );
        text
    }

    fn contender_table(&self) -> Table {
        let mut table = table();
        table.set_header(["", "version", "agreed on", "resumed"]);
        for ((contender, version), agreed) in
            self.contenders.iter().zip(&self.versions).zip(&self.agreed)
        {
            let (suite, resumed) = match agreed {
                Some(agreed) => (
                    format!("{}, {}, {}", agreed.version, agreed.suite, agreed.group),
                    format!("{} of {}", agreed.resumed, agreed.of),
                ),
                None => Default::default(),
            };
            table.add_row([&contender.label, version, &suite, &resumed]);
        }
        table
    }

    fn figure_table(&self) -> Table {
        let mut table = table();
        let subjects = self.subjects();
        let mut header = vec!["traffic".to_owned(), "figure".to_owned()];
        header.extend(self.contenders.iter().map(|c| c.label.clone()));
        header.extend(
            subjects
                .iter()
                .map(|&place| format!("{} ÷ best", self.contenders[place].label)),
        );
        header.extend(["best rival", "target", "reached"].map(str::to_owned));
        let columns = header.len();
        table.set_header(header);
        let mut previous = None;
        for line in Line::all(&self.scenarios) {
            let title = if previous == Some(line.scenario) {
                ""
            } else {
                line.scenario.title()
            };
            previous = Some(line.scenario);
            table.add_row(self.row(line, title, &subjects));
        }
        for column in 2..columns {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table
    }

    fn row(&self, line: Line, title: &str, subjects: &[usize]) -> Vec<String> {
        let mut row = vec![title.to_owned(), line.metric.title().to_owned()];
        for place in 0..self.contenders.len() {
            let summary = self.results.summary(line, place);
            row.push(summary.map_or_else(String::new, |summary| figure(summary.median)));
        }
        let compare = |&place: &usize| self.results.compare(line, place, &self.contenders);
        for subject in subjects {
            let ratio = compare(subject).and_then(|found| found.ratio);
            row.push(ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")));
        }
        let first = subjects.first().and_then(compare);
        row.push(first.map_or_else(String::new, |found| {
            self.contenders[found.best_rival].label.clone()
        }));
        let better = line.metric.better();
        row.push(
            line.target()
                .map_or_else(String::new, |target| match better {
                    Better::Higher => format!("≥ {target}"),
                    Better::Lower => format!("≤ {target}"),
                }),
        );
        let ratio = first.and_then(|found| found.ratio);
        let reached = line
            .target()
            .zip(ratio)
            .map(|(target, ratio)| better.reached(ratio, target));
        row.push(
            reached
                .map_or("", |reached| if reached { "yes" } else { "no" })
                .to_owned(),
        );
        row
    }

    /// The places of Ringlock and its other builds.
    fn subjects(&self) -> Vec<usize> {
        let places = self.contenders.iter().enumerate();
        places
            .filter(|(_, contender)| matches!(contender.kind, Kind::Ringlock(_)))
            .map(|(place, _)| place)
            .collect()
    }

    /// The same and every single figure, as JSON.
    pub(crate) fn json(&self) -> Result<String> {
        let contenders = self.contenders.iter().zip(&self.versions).zip(&self.agreed);
        let document = Document {
            taken: OffsetDateTime::now_utc().format(&Rfc3339)?,
            machine: &self.machine,
            plan: self.plan,
            contenders: contenders
                .map(|((contender, version), tls)| ContenderEntry {
                    label: &contender.label,
                    version,
                    tls: tls.as_ref(),
                })
                .collect(),
            lines: Line::all(&self.scenarios)
                .into_iter()
                .map(|line| self.entry(line))
                .collect(),
        };
        Ok(serde_json::to_string_pretty(&document)? + "\n")
    }

    fn entry(&self, line: Line) -> LineEntry<'_> {
        let mut entry = LineEntry {
            scenario: line.scenario,
            metric: line.metric,
            better: line.metric.better(),
            target: line.target(),
            best_rival: None,
            figures: BTreeMap::new(),
        };
        let subjects = self.subjects();
        for (place, contender) in self.contenders.iter().enumerate() {
            let Some(summary) = self.results.summary(line, place) else {
                continue;
            };
            let is_subject = subjects.contains(&place);
            let found = is_subject
                .then(|| self.results.compare(line, place, &self.contenders))
                .flatten();
            let ratio = found.and_then(|found| found.ratio);
            if let Some(found) = found {
                entry.best_rival = Some(&self.contenders[found.best_rival].label);
            }
            let reached = line
                .target()
                .zip(ratio)
                .map(|(target, ratio)| entry.better.reached(ratio, target));
            entry.figures.insert(
                &contender.label,
                FigureEntry {
                    median: summary.median,
                    rounds: summary.rounds,
                    ratio,
                    reached,
                },
            );
        }
        entry
    }
}

#[derive(Serialize)]
struct Document<'a> {
    taken: String,
    machine: &'a Machine,
    plan: Plan,
    contenders: Vec<ContenderEntry<'a>>,
    lines: Vec<LineEntry<'a>>,
}

#[derive(Serialize)]
struct ContenderEntry<'a> {
    label: &'a str,
    version: &'a str,
    tls: Option<&'a Agreed>,
}

#[derive(Serialize)]
struct LineEntry<'a> {
    scenario: Scenario,
    metric: Metric,
    better: Better,
    target: Option<f64>,
    best_rival: Option<&'a str>,
    figures: BTreeMap<&'a str, FigureEntry>,
}

#[derive(Serialize)]
struct FigureEntry {
    median: f64,
    rounds: Vec<f64>,
    ratio: Option<f64>,
    reached: Option<bool>,
}

fn table() -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table
}

/// Three digits that matter, and no more.
fn figure(figure: f64) -> String {
    match figure {
        100.0.. => format!("{figure:.0}"),
        10.0..100.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}
