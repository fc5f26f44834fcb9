//! `bushbaby top`: the status, live in the terminal.

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::Duration;

use bushbaby_bus::Instance;
use bushbaby_node::status::{AskError, NodeState, Status};
use ratatui::Frame;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyModifiers};
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::Line;
use ratatui::widgets::{Cell, Row, Table};

use crate::{instance, table};

/// Arguments of `top`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print the status as one JSON object twice a second instead.
    #[arg(long)]
    json: bool,
}

/// How often it is drawn anew.
const EVERY: Duration = Duration::from_millis(500);

/// Shows it until q, Esc or Ctrl-C.
pub(crate) fn run(args: Args, instance: &Instance) -> ExitCode {
    if let Err(error) = instance::status(instance) {
        return instance::fail(&error);
    }
    if args.json || !io::stdout().is_terminal() {
        return as_lines(instance);
    }
    let mut terminal = ratatui::init();
    let result = loop {
        let status = instance::status(instance);
        if let Err(error) = terminal.draw(|frame| draw(frame, &status)) {
            break Err(error);
        }
        match wants_to_leave() {
            Ok(false) => {}
            Ok(true) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    ratatui::restore();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: the terminal cannot be drawn on: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One object a line, until the instance or the reader of stdout is gone.
fn as_lines(instance: &Instance) -> ExitCode {
    use io::Write;
    while let Ok(status) = instance::status(instance) {
        let line = serde_json::to_string(&status).unwrap_or_default();
        if writeln!(io::stdout(), "{line}").is_err() {
            break;
        }
        std::thread::sleep(EVERY);
    }
    ExitCode::SUCCESS
}

fn wants_to_leave() -> io::Result<bool> {
    if !event::poll(EVERY)? {
        return Ok(false);
    }
    let Event::Key(key) = event::read()? else {
        return Ok(false);
    };
    let is_ctrl_c = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    Ok(is_ctrl_c || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc))
}

fn draw(frame: &mut Frame<'_>, status: &Result<Status, AskError>) {
    let status = match status {
        Ok(status) => status,
        Err(error) => {
            frame.render_widget(
                Line::from(format!("{error}; waiting for it, q leaves")).red(),
                frame.area(),
            );
            return;
        }
    };
    let rows = |count: usize| Constraint::Length(count as u16 + 2);
    let [top, nodes, streams, edges] = Layout::vertical([
        Constraint::Length(2),
        rows(status.nodes.len()),
        rows(status.streams.len()),
        Constraint::Fill(1),
    ])
    .areas(frame.area());
    let web = status.web.as_deref().unwrap_or("no page");
    let running = status
        .nodes
        .values()
        .filter(|node| node.state == NodeState::Running)
        .count();
    let head = format!(
        "bushbaby {} · {running} of {} nodes running · {:.0} s · {web} · q leaves",
        status.instance,
        status.nodes.len(),
        status.seconds
    );
    frame.render_widget(Line::from(head).bold(), top);
    frame.render_widget(as_table(&table::nodes(status), color_of_state(status)), nodes);
    frame.render_widget(as_table(&table::streams(status), Vec::new()), streams);
    frame.render_widget(as_table(&table::edges(status), Vec::new()), edges);
}

/// One colour a node, in the order of the table; the word beside it says the same.
fn color_of_state(status: &Status) -> Vec<Color> {
    let color = |state| match state {
        NodeState::Running | NodeState::Ready => Color::Green,
        NodeState::Starting | NodeState::Stopping | NodeState::Stopped => Color::Gray,
        NodeState::Stalled | NodeState::Backoff => Color::Yellow,
        NodeState::GivenUp => Color::Red,
    };
    status.nodes.values().map(|node| color(node.state)).collect()
}

fn as_table(text: &str, colors: Vec<Color>) -> Table<'static> {
    let row = |line: &str| Row::new([Cell::from(line.to_owned())]);
    let mut lines = text.lines();
    let heading = row(lines.next().unwrap_or_default()).style(Style::new().add_modifier(Modifier::DIM));
    let rows = lines.enumerate().map(|(index, line)| match colors.get(index) {
        Some(color) => row(line).style(Style::new().fg(*color)),
        None => row(line),
    });
    Table::new(rows.collect::<Vec<_>>(), [Constraint::Fill(1)]).header(heading)
}
