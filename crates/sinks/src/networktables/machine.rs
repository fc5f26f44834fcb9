//! Who this machine is, as far as the operating system says it.

use std::path::Path;

use super::photonvision::Machine;

/// What stands for a network card that nobody finds.
const NO_CARD: &str = "00-00-00-00-00-00";

/// Reads this machine's name and the address of its first network card.
pub(crate) fn this() -> Machine {
    let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let hostname = hostname.trim();
    Machine {
        hostname: if hostname.is_empty() { "bushbaby" } else { hostname }.to_owned(),
        mac: card(Path::new("/sys/class/net")).unwrap_or_else(|| NO_CARD.to_owned()),
    }
}

/// The address of the first card by name, with dashes; the machine's way to itself has none.
fn card(folder: &Path) -> Option<String> {
    let mut cards: Vec<_> = std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|card| card.path())
        .collect();
    cards.sort();
    let address = |card: &Path| {
        let text = std::fs::read_to_string(card.join("address")).ok()?;
        let text = text.trim().replace(':', "-");
        (text.len() == NO_CARD.len() && text != NO_CARD).then_some(text)
    };
    cards.iter().find_map(|card| address(card))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_card_with_an_address_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        for (card, address) in [
            ("eth1", "02:00:00:00:00:02\n"),
            ("eth0", "02:00:00:00:00:01\n"),
            ("a-lo", "00:00:00:00:00:00\n"),
        ] {
            std::fs::create_dir(folder.path().join(card)).unwrap();
            std::fs::write(folder.path().join(card).join("address"), address).unwrap();
        }
        assert_eq!(card(folder.path()).as_deref(), Some("02-00-00-00-00-01"));
        assert_eq!(card(&folder.path().join("none")), None);
        assert!(!this().hostname.is_empty());
    }
}
