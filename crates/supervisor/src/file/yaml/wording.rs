//! What the parser could not read, in the words of somebody who does not know its grammar.

use serde_saphyr::granit_parser::{ErrorKind, ScanError};

use super::build::Refusal;
use super::{DEEPEST, place_of};

/// Words an error of the parser.
pub(super) fn of(error: &ScanError) -> Refusal {
    use ErrorKind as E;
    let refusal = |message: &str| Refusal::new(place_of(error.marker()), message);
    match error.kind() {
        E::TabInIndentation
        | E::TabNotAllowed
        | E::TabInBlockIndentation
        | E::TabInPlainScalar
        | E::TabAtBlockScalarStart => refusal("a tab cannot indent a line").hint("use spaces"),
        E::UnclosedQuotedScalar | E::DocumentIndicatorInQuotedScalar => {
            refusal("the quote that opens here or before is never closed")
        }
        E::UnclosedFlowCollection { open } => refusal(&format!("the `{open}` that opens here is never closed")),
        E::UnexpectedEofFlowSequence => refusal("within `[…]`, a value is missing here"),
        E::UnexpectedEofFlowMapping | E::UnexpectedEofImplicitFlowMapping => {
            refusal("within `{…}`, a key or a value is missing here")
        }
        E::UnexpectedEofBlockMapping | E::UnexpectedEofBlockSequence | E::ExpectedNodeContent => {
            refusal("a value is missing here")
        }
        E::InvalidQuotedScalarIndent => refusal("a quote is never closed before this line")
            .hint("text in quotes that goes on in the next line is indented there"),
        E::MismatchedFlowCollectionEnd { open, close } => refusal(&format!("the `{open}` is closed by `{close}`")),
        E::MisplacedFlowCollectionEnd => refusal("this bracket closes nothing"),
        E::ExpectedFlowMappingSeparator => refusal("within `{…}`, a `,` or `}` is missing here"),
        E::ExpectedFlowSequenceSeparator => refusal("within `[…]`, a `,` or `]` is missing here"),
        E::MappingValueNotAllowed | E::InvalidColonPlacement => refusal("no key can stand here")
            .hint("text that holds `: ` needs quotes; keys of one object start in the same column"),
        E::SimpleKeyExpected | E::InvalidSimpleKey | E::ExpectedBlockMappingKey => refusal("wanted `key: value` here")
            .hint("keys of one object start in the same column, each with a `:` and a space"),
        E::InvalidIndentation
        | E::ExpectedBlockSequenceEntry
        | E::BlockSequenceEntryNotAllowed
        | E::MappingKeyNotAllowed => refusal("the line does not fit to the lines above")
            .hint("keys and `-` of one level start in the same column"),
        E::UnknownAnchor => refusal("this `*` names an anchor that is not there")
            .hint("text that starts with `*` needs quotes, as in `each: \"*/image\"`"),
        E::ExpectedTagBang | E::UndeclaredTagHandle | E::MissingTagUri | E::InvalidTagTerminator => {
            refusal("tags such as `!name` mean nothing here").hint("put text that starts with `!` in quotes")
        }
        E::UnexpectedCharacter { character } => refusal(&format!(
            "the character `{}` cannot start a value",
            character.escape_default()
        ))
        .hint("put the text in quotes"),
        E::InvalidTrailingDoubleQuotedScalar | E::InvalidTrailingSingleQuotedScalar => {
            refusal("something follows the closing quote")
        }
        E::RecursionLimitExceeded => refusal(&format!("lists and objects are nested deeper than {DEEPEST}")),
        other => refusal(&format!("this is not YAML: {other}")),
    }
}
