//! Settings of the robot's node.

use std::fmt;
use std::path::{Path, PathBuf};

use bushbaby_networktables::{Address, AddressError};
use bushbaby_node::NodeError;
use bushbaby_node::settings::{Angle, Problem, Settings as NodeSettings};
use bushbaby_vision::field::FieldLayout;
use schemars::JsonSchema;
use serde::de::value::SeqAccessDeserializer;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::photonvision::TESTED_VERSION;

/// Settings of the robot's node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The NetworkTables server: an address or a name, with a port where it is not 5810. `127.0.0.1` is a simulation on this machine.
    #[serde(default)]
    pub server: Option<String>,
    /// The team's number, instead of `server`: its robot is looked for at 10.TE.AM.2 and wherever else robots are found.
    #[serde(default)]
    pub team: Option<u16>,
    /// What the robot's code understands: `photonvision`, `limelight`, or both.
    #[serde(default = "default_dialect", deserialize_with = "one_or_more")]
    #[schemars(schema_with = "one_or_more_schema")]
    pub dialect: Vec<Dialect>,
    /// The version that photonlib is told; it complains when it is not its own. Only for `photonvision`.
    #[serde(default = "default_version")]
    pub version: String,
    /// Where the tags are on the field: a season such as `2026-rebuilt-welded`, or a file in WPILib's AprilTag field format. Only its size
    /// is read, for places that are told from the middle and from the red corner (`limelight`). Absent: places are told from the blue corner alone.
    #[serde(default)]
    pub field: Option<String>,
    /// The port of the page, whose pictures dashboards are told of below `/CameraPublisher`. Absent: they are told of none.
    #[serde(default)]
    pub streams: Option<u16>,
    /// The folder for pictures that robot code asks for. It is made with the first one.
    #[serde(default = "default_snapshots")]
    pub snapshots: PathBuf,
    /// A command for a shell that switches the LEDs when robot code wants them otherwise. `BUSHBABY_LEDS` is `on`, `off`, `blink` or
    /// `pipeline` (as they were), `BUSHBABY_CAMERA` whose they are: empty for all, as photonlib asks. Absent: such wishes are refused.
    #[serde(default)]
    pub leds: Option<String>,
    /// The entry that has the robot's heading, where its code tells none by Limelight's `robot_orientation_set`:
    /// `{entry: /SmartDashboard/gyro, clockwise: true}`. It becomes the stream `networktables/heading`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<HeadingEntry>,
}

/// An entry that has the robot's heading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeadingEntry {
    /// Its name, from `/` on. A number.
    pub entry: String,
    /// What it counts in.
    #[serde(default)]
    pub unit: TurnUnit,
    /// Whether it grows clockwise as seen from above, as that of many gyroscopes does.
    #[serde(default)]
    pub clockwise: bool,
    /// Where the robot looks when it is 0: counter-clockwise from the field's x, counted from blue's wall.
    #[serde(default)]
    pub zero: Angle,
}

/// What turns are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TurnUnit {
    /// Degrees.
    #[default]
    Deg,
    /// Radians.
    Rad,
}

/// What robot code understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// photonlib.
    Photonvision,
    /// LimelightHelpers.
    Limelight,
}

fn default_dialect() -> Vec<Dialect> {
    vec![Dialect::Photonvision]
}

fn default_version() -> String {
    TESTED_VERSION.to_owned()
}

fn default_snapshots() -> PathBuf {
    "recordings".into()
}

impl NodeSettings for Settings {
    fn check(&self, base_dir: &Path) -> Vec<Problem> {
        let mut problems = Vec::new();
        let example = "for example `team: 1518`, or `server: 127.0.0.1`";
        match (&self.server, self.team) {
            (None, None) => problems.push(Problem::new("", "it says neither `server` nor `team`").with_hint(example)),
            (Some(_), Some(_)) => problems.push(Problem::new(
                "team",
                "`server` and `team` both say where the robot is, wanted one of them",
            )),
            _ => {}
        }
        if let Some(team) = self.team.filter(|team| !(1..=Address::LAST_TEAM).contains(team)) {
            problems.push(Problem::new(
                "team",
                format!("got `{team}`, wanted 1 to {}", Address::LAST_TEAM),
            ));
        }
        if let Some(server) = &self.server
            && let Err(error) = server.parse::<Address>()
        {
            problems.push(Problem::new("server", error.to_string()));
        }
        if self.dialect.is_empty() {
            problems.push(Problem::new(
                "dialect",
                "got an empty list, wanted at least one dialect",
            ));
        }
        if let Some(name) = &self.field
            && let Err(error) = FieldLayout::named(name, base_dir)
        {
            problems.push(Problem::new("field", error.to_string()));
        }
        if let Some(HeadingEntry { entry, .. }) = &self.heading
            && !(entry.starts_with('/') && entry.len() > 1)
        {
            let name = entry.trim_start_matches('/');
            let name = if name.is_empty() { "SmartDashboard/gyro" } else { name };
            problems.push(
                Problem::new(
                    "heading.entry",
                    format!("got `{entry}`, wanted the name of an entry, from `/` on"),
                )
                .with_hint(format!("for example `/{name}`")),
            );
        }
        problems
    }
}

impl Settings {
    /// Whether the robot may tell its heading.
    pub(crate) fn hears_heading(&self) -> bool {
        self.heading.is_some() || self.dialect.contains(&Dialect::Limelight)
    }

    /// Where the robot is.
    ///
    /// # Errors
    /// When it is nowhere; [`NodeSettings::check`] finds that earlier.
    pub(crate) fn address(&self) -> Result<Address, NodeError> {
        match (self.team, &self.server) {
            (Some(team), _) => Ok(Address::Team(team)),
            (None, Some(server)) => server
                .parse()
                .map_err(|error: AddressError| NodeError::new(error.to_string()).for_good()),
            (None, None) => Err(NodeError::new("neither `server` nor `team` is set").for_good()),
        }
    }
}

fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Dialect>, D::Error> {
    struct OneOrMore;
    impl<'de> de::Visitor<'de> for OneOrMore {
        type Value = Vec<Dialect>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("`photonvision`, `limelight`, or both in a list")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            Dialect::deserialize(de::value::StrDeserializer::new(text)).map(|one| vec![one])
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
            let mut all: Vec<Dialect> = Vec::deserialize(SeqAccessDeserializer::new(items))?;
            let mut seen = Vec::new();
            all.retain(|dialect| {
                !seen.contains(dialect) && {
                    seen.push(*dialect);
                    true
                }
            });
            Ok(all)
        }
    }
    deserializer.deserialize_any(OneOrMore)
}

fn one_or_more_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let one = generator.subschema_for::<Dialect>();
    schemars::json_schema!({ "anyOf": [one, { "type": "array", "minItems": 1, "items": one }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let settings: Settings = serde_json::from_str(text).unwrap();
        settings
            .check(Path::new("."))
            .into_iter()
            .map(|problem| format!("{}: {}", problem.path, problem.message))
            .collect()
    }

    #[test]
    fn one_dialect_needs_no_list() {
        let of = |text: &str| serde_json::from_str::<Settings>(text).map(|settings| settings.dialect);
        assert_eq!(of(r#"{"team":1,"dialect":"limelight"}"#).unwrap(), [Dialect::Limelight]);
        assert_eq!(
            of(r#"{"team":1,"dialect":["photonvision","limelight","limelight"]}"#).unwrap(),
            [Dialect::Photonvision, Dialect::Limelight]
        );
        assert_eq!(of(r#"{"team":1}"#).unwrap(), [Dialect::Photonvision]);
        assert!(of(r#"{"team":1,"dialect":"photon"}"#).is_err());
        assert!(of(r#"{"team":1,"dialect":7}"#).is_err());
    }

    #[test]
    fn a_robot_is_one_place() {
        assert_eq!(told(r#"{"team":1518}"#), Vec::<String>::new());
        assert_eq!(told(r#"{}"#), [": it says neither `server` nor `team`"]);
        assert_eq!(
            told(r#"{"team":1518,"server":"10.15.18.2"}"#),
            ["team: `server` and `team` both say where the robot is, wanted one of them"]
        );
        assert_eq!(told(r#"{"team":30000}"#), ["team: got `30000`, wanted 1 to 25599"]);
        assert_eq!(
            told(r#"{"team":1,"dialect":[]}"#),
            ["dialect: got an empty list, wanted at least one dialect"]
        );
        assert_eq!(
            told(r#"{"server":"a b"}"#),
            ["server: got `a b`, wanted a host such as `10.15.18.2` or `localhost:5810`, or the number of a team"]
        );
        assert_eq!(
            told(r#"{"team":1,"heading":{"entry":"gyro"}}"#),
            ["heading.entry: got `gyro`, wanted the name of an entry, from `/` on"]
        );
        assert_eq!(
            told(r#"{"team":1,"heading":{"entry":"/SmartDashboard/gyro"}}"#),
            [""; 0]
        );
        assert!(told(r#"{"team":1,"field":"no-such-field.json"}"#)[0].contains("no-such-field.json"));
    }
}
