//! Which cameras have a port of their own: each must be there, and have pictures.

use super::Resolver;
use super::streams::{Nowhere, in_words};
use crate::file::declare::web::STREAMS;
use crate::file::declare::{Declared, Noun};
use crate::file::problem::Spot;

impl Resolver<'_, '_> {
    /// Reports names under the page's `streams:` that are no pictures.
    pub(super) fn page(&mut self, nodes: &[Declared<'_>]) {
        for node in nodes.iter().filter(|node| node.noun == Noun::Web) {
            let streams = node.settings.get(STREAMS).and_then(|streams| streams.as_map());
            for entry in streams.unwrap_or_default() {
                let spot = Spot::new(&node.spot.file, entry.key_place);
                let name = entry.key.as_str();
                match self.streams.find(name) {
                    Ok(found) => {
                        // What is not known, nothing can be said of.
                        if let Some(found) = found.first()
                            && !found.carries.has_picture()
                        {
                            let message =
                                format!("`{STREAMS}`: `{}` carries {}", found.name(), in_words(found.carries));
                            self.tell(
                                node,
                                &spot,
                                &message,
                                Some("a port of its own shows pictures".to_owned()),
                            );
                        }
                    }
                    Err(Nowhere { is_node: true, .. }) if self.lost_cameras => {}
                    Err(nowhere) => {
                        let message = format!("`{STREAMS}`: {}", nowhere.message);
                        self.tell(node, &spot, &message, nowhere.hint);
                    }
                }
            }
        }
    }
}
