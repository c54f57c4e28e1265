use std::{
    fmt::{self, Display},
    io::{self, IsTerminal, Write},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use ringlock_testkit::load::Meter;
use tokio::time::Instant;

/// How often a step looks around while it waits; the screen is drawn as often.
pub(crate) const TICK: Duration = Duration::from_millis(100);

/// Tells what happens: on a terminal the current step moves and the load's counts run below it;
/// elsewhere there is one line a step.
pub(crate) struct Show {
    started: Instant,
    screen: Option<Screen>,
}

struct Screen {
    bars: MultiProgress,
    step: ProgressBar,
    load: ProgressBar,
}

/// The step that is being taken.
pub(crate) struct Step<'a> {
    show: &'a Show,
    title: String,
    started: Instant,
}

impl Show {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            screen: io::stdout().is_terminal().then(Screen::new),
        }
    }

    /// Shows this load's counts from now on.
    pub(crate) fn watch(&self, meter: Meter) {
        if let Some(screen) = &self.screen {
            screen.watch(meter);
        }
    }

    /// Begins a step.
    pub(crate) fn step(&self, title: impl Into<String>) -> Step<'_> {
        let step = Step {
            show: self,
            title: title.into(),
            started: Instant::now(),
        };
        step.now("");
        step
    }

    /// A line between the steps.
    pub(crate) fn line(&self, text: impl Display) {
        self.print(&text.to_string());
    }

    /// Takes the moving lines away; what was printed stays.
    pub(crate) fn clear(&self) {
        if let Some(screen) = &self.screen {
            screen.step.finish_and_clear();
            screen.load.finish_and_clear();
        }
    }

    fn print(&self, text: &str) {
        match &self.screen {
            Some(screen) => screen.bars.suspend(|| say(text)),
            None => say(text),
        }
    }
}

impl Step<'_> {
    /// What the step is at.
    pub(crate) fn now(&self, detail: impl Display) {
        if let Some(screen) = &self.show.screen {
            screen
                .step
                .set_message(join(&self.title, &detail.to_string()));
        }
    }

    /// The step has been taken, with this result.
    pub(crate) fn done(self, result: impl Display) {
        let total = self.show.started.elapsed().as_secs();
        self.show.print(&format!(
            "✓ {:02}:{:02}  {} ({:.1} s)",
            total / 60,
            total % 60,
            join(&self.title, &result.to_string()),
            self.started.elapsed().as_secs_f64(),
        ));
    }
}

impl Screen {
    fn new() -> Self {
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stdout());
        let step = bars.add(ProgressBar::new_spinner());
        let load = bars.add(ProgressBar::new_spinner());
        set_style(
            &step,
            "{spinner:.cyan} {elapsed_precise}  {wide_msg}",
            |style| style,
        );
        set_style(&load, "", |style| style);
        step.enable_steady_tick(TICK);
        Self { bars, step, load }
    }

    /// The counts are read whenever the line is drawn, whatever the current step waits for.
    fn watch(&self, meter: Meter) {
        let counts = move |_: &ProgressState, line: &mut dyn fmt::Write| {
            let progress = meter.read();
            // A line that cannot be drawn now is drawn again at once.
            let _ = write!(
                line,
                "load: {} requests, {} failed, longest pause {} ms",
                grouped(progress.requests),
                grouped(progress.failed),
                progress.longest_pause.as_millis(),
            );
        };
        set_style(&self.load, "            {counts:.dim}", |style| {
            style.with_key("counts", counts)
        });
        self.load.enable_steady_tick(TICK);
    }
}

/// The templates are our own; a mistake in one would cost its looks, not the demo.
fn set_style(
    bar: &ProgressBar,
    template: &str,
    finish: impl FnOnce(ProgressStyle) -> ProgressStyle,
) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(finish(style));
    }
}

fn join(title: &str, detail: &str) -> String {
    if detail.is_empty() {
        title.to_owned()
    } else {
        format!("{title}: {detail}")
    }
}

/// A number with its thousands set apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Prints a line. A reader that has gone, such as `head`, does not stop the demo.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
