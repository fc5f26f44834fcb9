//! `bushbaby pipeline STAGE [PIPELINE]`: list the pipelines of a stage, or change to another.

use std::process::ExitCode;

use bushbaby_bus::Instance;
use bushbaby_node::status::{PipelinesStatus, Request, Status, ask};

use super::check::print;
use crate::instance;

/// Arguments of `pipeline`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The stage; of one with `each:` the name before the `@` means all of them.
    stage: String,

    /// The pipeline to change to, by name or number. Absent: they are listed.
    pipeline: Option<String>,

    /// Print the list as one JSON object.
    #[arg(long, conflicts_with = "pipeline")]
    json: bool,
}

/// Asks for it; the stage takes the settings over with its next frame.
pub(crate) fn run(args: Args, instance: &Instance) -> ExitCode {
    let Args { stage, pipeline, json } = args;
    let Some(pipeline) = pipeline else {
        return match instance::status(instance) {
            Ok(status) => list(&status, &stage, json),
            Err(error) => instance::fail(&error),
        };
    };
    let request = Request::Pipeline {
        node: stage.clone(),
        pipeline: pipeline.clone(),
    };
    match ask(instance, &request) {
        Ok(reply) => instance::done(&reply, &format!("`{stage}` takes over pipeline `{pipeline}`")),
        Err(error) => instance::fail(&error),
    }
}

fn list(status: &Status, stage: &str, json: bool) -> ExitCode {
    let is_meant = |name: &str| name == stage || name.split_once('@').is_some_and(|(group, _)| group == stage);
    let of_stage = status.nodes.iter().find(|(name, _)| is_meant(name));
    let Some((_, node)) = of_stage else {
        eprintln!("error: there is no node `{stage}`");
        return ExitCode::FAILURE;
    };
    let none = PipelinesStatus {
        names: Vec::new(),
        active: 0,
    };
    let pipelines = node.pipelines.as_ref().unwrap_or(&none);
    if json {
        print(&format!(
            "{}\n",
            serde_json::json!({ "stage": stage, "pipelines": pipelines })
        ));
    } else if pipelines.names.is_empty() {
        print(&format!(
            "`{stage}` has no pipelines: a stage has those that its `pipelines:` names\n"
        ));
    } else {
        print(&in_words(pipelines));
    }
    ExitCode::SUCCESS
}

fn in_words(pipelines: &PipelinesStatus) -> String {
    let line = |(number, name): (usize, &String)| {
        let mark = if number == pipelines.active { "  in force" } else { "" };
        format!("{number}  {name}{mark}\n")
    };
    pipelines.names.iter().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_in_force_is_marked() {
        let pipelines = PipelinesStatus {
            names: vec!["near".into(), "far".into()],
            active: 1,
        };
        insta::assert_snapshot!(in_words(&pipelines), @r"
        0  near
        1  far  in force
        ");
    }
}
