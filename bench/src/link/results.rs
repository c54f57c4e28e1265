//! The figures of all rounds, and what follows from them.

use std::collections::BTreeMap;

use super::contender::Contender;
use super::load::Figures;
use super::scenario::{Line, Scenario};

/// All figures of a run.
#[derive(Debug, Default)]
pub(crate) struct Results {
    samples: BTreeMap<(Line, usize), Vec<f64>>,
}

/// A contender's figures on one line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Summary {
    /// The middle one; of an even number the mean of the two in the middle.
    pub(crate) median: f64,
    /// One a round, in their order.
    pub(crate) rounds: Vec<f64>,
}

/// A contender compared with the best of its rivals on one line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Comparison {
    /// Place of the best rival among the contenders.
    pub(crate) best_rival: usize,
    /// Own median through the best rival's; `None` where the rival's is zero.
    pub(crate) ratio: Option<f64>,
}

impl Results {
    /// Adds what one turn yielded.
    pub(crate) fn add(&mut self, scenario: Scenario, contender: usize, figures: &Figures) {
        for &(metric, figure) in figures {
            let line = Line { scenario, metric };
            self.samples
                .entry((line, contender))
                .or_default()
                .push(figure);
        }
    }

    /// What a contender made of a line; `None` if it has no figures there.
    pub(crate) fn summary(&self, line: Line, contender: usize) -> Option<Summary> {
        let rounds = self.samples.get(&(line, contender))?.clone();
        let median = median(&rounds)?;
        Some(Summary { median, rounds })
    }

    /// A contender beside the best rival; `None` if either has no figures.
    pub(crate) fn compare(
        &self,
        line: Line,
        contender: usize,
        contenders: &[Contender],
    ) -> Option<Comparison> {
        let own = self.summary(line, contender)?.median;
        let better = line.metric.better();
        let rivals = contenders
            .iter()
            .enumerate()
            .filter(|(_, c)| c.kind.is_rival());
        let (best_rival, best) = rivals
            .filter_map(|(place, _)| Some((place, self.summary(line, place)?.median)))
            .reduce(|best, next| {
                if better.beats(next.1, best.1) {
                    next
                } else {
                    best
                }
            })?;
        Some(Comparison {
            best_rival,
            ratio: (best != 0.0).then(|| own / best),
        })
    }
}

fn median(figures: &[f64]) -> Option<f64> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(*sorted.get(middle - 1)?, upper))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::contender::Kind;
    use crate::link::scenario::Metric;

    fn contenders() -> Vec<Contender> {
        let kinds = [
            Kind::Direct,
            Kind::Ringlock("x".into()),
            Kind::Haproxy,
            Kind::Nginx,
        ];
        let named = |kind| Contender {
            label: format!("{kind:?}"),
            kind,
        };
        kinds.map(named).to_vec()
    }

    fn compare(scenario: Scenario, metric: Metric, figures: [f64; 4]) -> Option<Comparison> {
        let mut results = Results::default();
        for (place, figure) in figures.into_iter().enumerate() {
            results.add(scenario, place, &vec![(metric, figure)]);
        }
        results.compare(Line { scenario, metric }, 1, &contenders())
    }

    #[test]
    fn the_best_rival_has_the_highest_rate_and_the_lowest_cost() {
        let rate = compare(
            Scenario::Connect,
            Metric::Connections,
            [9e9, 500.0, 100.0, 200.0],
        );
        let expected = Comparison {
            best_rival: 3,
            ratio: Some(2.5),
        };
        assert_eq!(rate, Some(expected));
        let cost = compare(
            Scenario::Idle,
            Metric::MemoryPerPair,
            [0.0, 10.0, 50.0, 80.0],
        );
        let expected = Comparison {
            best_rival: 2,
            ratio: Some(0.2),
        };
        assert_eq!(cost, Some(expected));
    }

    #[test]
    fn the_median_is_the_middle_or_the_mean_of_both_middles() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn there_is_no_ratio_without_a_rival_or_to_nothing() {
        let mut results = Results::default();
        let line = Line {
            scenario: Scenario::Idle,
            metric: Metric::MemoryPerPair,
        };
        results.add(line.scenario, 1, &vec![(line.metric, 1.0)]);
        assert_eq!(results.compare(line, 1, &contenders()), None);
        results.add(line.scenario, 2, &vec![(line.metric, 0.0)]);
        assert_eq!(results.compare(line, 1, &contenders()).unwrap().ratio, None);
    }
}
