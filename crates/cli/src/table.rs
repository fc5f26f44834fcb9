//! Tables that a person reads: columns as wide as their widest cell, numbers right, words left.

use bushbaby_node::ages::AgePercentiles;
use bushbaby_node::status::{NodeState, Status};

/// One column.
enum Side {
    Left,
    Right,
}

/// Lays out rows under their headings.
fn layout(columns: &[(&str, Side)], rows: &[Vec<String>]) -> String {
    let width = |index: usize| {
        let cells = rows
            .iter()
            .map(|row| row.get(index).map_or(0, |cell| cell.chars().count()));
        cells.chain([columns[index].0.chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded = cells
            .iter()
            .zip(&widths)
            .zip(columns)
            .map(|((cell, width), (_, side))| match side {
                Side::Left => format!("{cell:<width$}"),
                Side::Right => format!("{cell:>width$}"),
            });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let headings: Vec<String> = columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
    let mut text = line(&headings);
    for row in rows {
        text += &line(row);
    }
    text
}

/// The state's word, as everywhere else.
pub(crate) fn state(state: NodeState) -> &'static str {
    match state {
        NodeState::Starting => "starting",
        NodeState::Ready => "ready",
        NodeState::Running => "running",
        NodeState::Stalled => "stalled",
        NodeState::Stopping => "stopping",
        NodeState::Stopped => "stopped",
        NodeState::Backoff => "backoff",
        NodeState::GivenUp => "given-up",
    }
}

/// Nodes, streams and wires, one table each.
pub(crate) fn status(status: &Status) -> String {
    let mut text = nodes(status);
    if !status.streams.is_empty() {
        text = text + "\n" + &streams(status);
    }
    if !status.edges.is_empty() {
        text = text + "\n" + &edges(status);
    }
    text
}

/// The nodes, each with what is wrong with it.
pub(crate) fn nodes(status: &Status) -> String {
    use Side::{Left, Right};
    let rows: Vec<Vec<String>> = status
        .nodes
        .iter()
        .map(|(name, node)| {
            vec![
                name.clone(),
                node.kind.clone(),
                state(node.state).to_owned(),
                node.restarts.to_string(),
                node.pid.map_or_else(dash, |pid| pid.to_string()),
                node.cpu.map_or_else(dash, |cpu| format!("{:.0} %", cpu * 100.0)),
                node.memory_bytes
                    .map_or_else(dash, |bytes| format!("{:.0} MB", bytes as f64 / 1e6)),
                first_line(node.error.as_deref()),
            ]
        })
        .collect();
    let columns = [
        ("NODE", Left),
        ("KIND", Left),
        ("STATE", Left),
        ("RESTARTS", Right),
        ("PID", Right),
        ("CPU", Right),
        ("MEMORY", Right),
        ("", Left),
    ];
    layout(&columns, &rows)
}

/// What an error of several lines, such as one with a traceback, says first.
fn first_line(error: Option<&str>) -> String {
    let mut lines = error.unwrap_or_default().lines();
    let first = lines.next().unwrap_or_default();
    if lines.next().is_some() {
        format!("{first} …")
    } else {
        first.to_owned()
    }
}

/// The streams with rate and age.
pub(crate) fn streams(status: &Status) -> String {
    use Side::{Left, Right};
    let rows: Vec<Vec<String>> = status
        .streams
        .iter()
        .map(|(name, stream)| {
            let [p50, p95, p99] = ages(stream.age_ms);
            vec![
                name.to_string(),
                stream.frames.to_string(),
                format!("{:.1}", stream.fps),
                p50,
                p95,
                p99,
                stream.readers.to_string(),
                stream.shape.clone(),
            ]
        })
        .collect();
    let columns = [
        ("STREAM", Left),
        ("FRAMES", Right),
        ("FPS", Right),
        ("AGE P50 ms", Right),
        ("P95", Right),
        ("P99", Right),
        ("READERS", Right),
        ("", Left),
    ];
    layout(&columns, &rows)
}

/// The wires with what arrived and what did not.
pub(crate) fn edges(status: &Status) -> String {
    use Side::{Left, Right};
    let rows: Vec<Vec<String>> = status
        .edges
        .iter()
        .map(|edge| {
            let [p50, p95, p99] = ages(edge.age_ms);
            let dropped = edge.dropped;
            let counts = [
                (dropped.superseded, "superseded"),
                (dropped.overflow, "overflow"),
                (dropped.damaged, "damaged"),
                (dropped.skipped, "skipped"),
            ];
            let reasons: Vec<String> = counts
                .iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, why)| format!("{count} {why}"))
                .collect();
            vec![
                format!("{} → {}", edge.from, edge.to),
                edge.delivered.to_string(),
                p50,
                p95,
                p99,
                reasons.join(", "),
            ]
        })
        .collect();
    let columns = [
        ("WIRE", Left),
        ("DELIVERED", Right),
        ("AGE P50 ms", Right),
        ("P95", Right),
        ("P99", Right),
        ("DROPPED", Left),
    ];
    layout(&columns, &rows)
}

fn ages(ages: Option<AgePercentiles>) -> [String; 3] {
    match ages {
        Some(ages) => [ages.p50, ages.p95, ages.p99].map(|ms| format!("{ms:.1}")),
        None => [dash(), dash(), dash()],
    }
}

fn dash() -> String {
    "-".to_owned()
}
