//! `web:` is the page's address: a port of this host, or an address with a port.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use bushbaby_node::Role;
use bushbaby_node::settings::{Entry, Place, Problem, Scalar, Tree, Value};

use crate::file::FileProblem;
use crate::file::declare::defaults::Defaults;
use crate::file::declare::names::WEB;
use crate::file::declare::{Declared, Noun, Reading};
use crate::file::node_kind::NodeKind;
use crate::file::problem::Spot;
use crate::file::settings::keys;

/// The page's port when the file does not choose one.
const PORT: &str = "5800";

/// The setting of kind `web` that short forms become.
const LISTEN: &str = "listen";

/// The setting of kind `web` that gives cameras ports of their own, at the same address.
pub(crate) const STREAMS: &str = "streams";

/// Reads what stands under `web:`.
pub(crate) fn read<'a>(
    tree: &Tree,
    file: &Arc<Path>,
    defaults: &Defaults,
    reading: &mut Reading<'a>,
) -> Option<Declared<'a>> {
    let spot = Spot::new(file, tree.place);
    let mut entries = match &tree.value {
        Value::Map(entries) => entries.clone(),
        Value::Scalar(_) => vec![Entry {
            key: LISTEN.to_owned(),
            key_place: tree.place,
            value: tree.clone(),
        }],
        _ => {
            let message = format!("`web:` got {}, wanted a port or an address", tree.describe());
            reading
                .findings
                .push(FileProblem::at(&spot, message).hint(EXAMPLE.to_owned()));
            return None;
        }
    };
    let Some(kind) = reading.kind(WEB).filter(|kind| kind.role == Role::Sink) else {
        reading
            .findings
            .push(FileProblem::at(&spot, "`web:`: there is no page in this build"));
        return None;
    };
    if !entries.iter().any(|entry| entry.key == LISTEN) {
        entries.push(listen(tree.place));
    }
    let declared = Declared::new(Noun::Web, WEB, spot, Some(NodeKind::BuiltIn(kind)));
    Some(declared.with(tree.place, entries, defaults))
}

/// The page of a file that is only a list of cameras.
pub(crate) fn by_default<'a>(file: &Arc<Path>, reading: &mut Reading<'a>) -> Option<Declared<'a>> {
    let place = Place { line: 1, column: 1 };
    read(
        &keys::map(place, vec![listen(place)]),
        file,
        &Defaults::none(file),
        reading,
    )
}

fn listen(place: Place) -> Entry {
    Entry {
        key: LISTEN.to_owned(),
        key_place: place,
        value: Tree::plain(place, PORT),
    }
}

const EXAMPLE: &str = "`5800` is a port of this host only, `0.0.0.0:5800` is open to others";

/// Writes `listen` as address and port, in settings whose variables are filled in. A bare port is one of this host.
///
/// # Errors
/// When it is neither a port nor an address.
pub(crate) fn in_long_form(settings: &Tree) -> Result<Tree, Vec<Problem>> {
    let mut settings = settings.clone();
    if let Value::Map(entries) = &mut settings.value {
        for entry in entries.iter_mut().filter(|entry| entry.key == LISTEN) {
            if let Value::Scalar(Scalar { text, .. }) = &mut entry.value.value {
                *text = address(text).map_err(|problem| vec![problem])?.to_string();
            }
        }
    }
    Ok(settings)
}

fn address(text: &str) -> Result<SocketAddr, Problem> {
    let text = text.trim();
    let with_port = |ip: IpAddr, port: &str| port.parse::<u16>().ok().map(|port| SocketAddr::new(ip, port));
    let (here, everywhere) = (IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv4Addr::UNSPECIFIED));
    let named = |name: &str, ip: IpAddr| {
        let port = text.strip_prefix(name)?;
        with_port(ip, if port.is_empty() { PORT } else { port.strip_prefix(':')? })
    };
    let found = with_port(here, text)
        .filter(|address| address.port() != 0)
        .or_else(|| text.parse().ok())
        .or_else(|| with_port(text.parse().ok()?, PORT))
        .or_else(|| named("localhost", here))
        .or_else(|| named("*", everywhere));
    let message = || format!("`{text}` is neither a port nor an address");
    found.ok_or_else(|| Problem::new(LISTEN, message()).with_hint(EXAMPLE))
}

/// The address as a browser on this host opens it.
pub(crate) fn url(listen: &str) -> Option<String> {
    let mut address: SocketAddr = listen.parse().ok()?;
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    Some(format!("http://{address}"))
}

/// Where the page listens by its settings in long form, and each place at which the file says so.
pub(crate) fn all_addresses(settings: &serde_json::Value, written: &Tree, spot: &Spot) -> Vec<(String, Spot)> {
    let Some(listen) = settings.get(LISTEN).and_then(serde_json::Value::as_str) else {
        return Vec::new();
    };
    let mut all = vec![(listen.to_owned(), spot.clone())];
    let Ok(mut address) = listen.parse::<SocketAddr>() else {
        return all;
    };
    let ports = settings.get(STREAMS).and_then(serde_json::Value::as_object);
    for (name, port) in ports.into_iter().flatten() {
        let Some(port) = port.as_u64().and_then(|port| u16::try_from(port).ok()) else {
            continue;
        };
        address.set_port(port);
        let place = written.get(STREAMS).and_then(|streams| streams.get(name));
        let spot = place.map_or_else(|| spot.clone(), |tree| Spot::new(&spot.file, tree.place));
        all.push((address.to_string(), spot));
    }
    all
}

/// Tries whether the page could listen there now.
pub(crate) fn probe(listen: &str, spot: &Spot) -> Result<(), FileProblem> {
    use std::io::ErrorKind;
    let Err(error) = TcpListener::bind(listen) else {
        return Ok(());
    };
    let (message, hint) = match error.kind() {
        ErrorKind::AddrInUse => (
            format!("`web`: {listen} is in use"),
            "end what listens there, or choose another port; `ss -ltnp` shows who it is".to_owned(),
        ),
        ErrorKind::PermissionDenied => (
            format!("`web`: this user may not listen on {listen}"),
            "choose a port from 1024".to_owned(),
        ),
        ErrorKind::AddrNotAvailable => (
            format!("`web`: {listen} is no address of this machine"),
            "`0.0.0.0:PORT` stands for all its addresses".to_owned(),
        ),
        _ => (
            format!("`web`: nothing can listen on {listen}: {error}"),
            EXAMPLE.to_owned(),
        ),
    };
    Err(FileProblem::at(spot, message).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot() -> Spot {
        Spot {
            file: Path::new("pipeline.yaml").into(),
            place: Place { line: 3, column: 6 },
        }
    }

    #[test]
    fn a_bare_port_is_of_this_host_only() {
        for (text, wanted) in [
            ("5800", "127.0.0.1:5800"),
            ("0.0.0.0:5800", "0.0.0.0:5800"),
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("0.0.0.0", "0.0.0.0:5800"),
            ("localhost:80", "127.0.0.1:80"),
            ("localhost", "127.0.0.1:5800"),
            ("*:5801", "0.0.0.0:5801"),
            ("[::]:5800", "[::]:5800"),
        ] {
            assert_eq!(address(text).unwrap().to_string(), wanted);
        }
        for text in ["", "0", "65536", "example.org:5800", "*5800", ":5800", "true"] {
            assert!(address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_page_is_opened_at_this_host_wherever_it_listens() {
        assert_eq!(url("0.0.0.0:5800").as_deref(), Some("http://127.0.0.1:5800"));
        assert_eq!(url("[::]:5800").as_deref(), Some("http://[::1]:5800"));
        assert_eq!(url("10.0.0.2:80").as_deref(), Some("http://10.0.0.2:80"));
    }

    #[test]
    fn a_port_in_use_is_told_with_its_place() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = taken.local_addr().unwrap().to_string();
        let told = probe(&listen, &spot())
            .unwrap_err()
            .to_string()
            .replace(&listen, "HERE");
        insta::assert_snapshot!(told, @r"
        error: `web`: HERE is in use
          --> pipeline.yaml:3:6
        hint: end what listens there, or choose another port; `ss -ltnp` shows who it is
        ");
    }

    #[test]
    fn an_address_of_another_machine_is_told() {
        insta::assert_snapshot!(probe("192.0.2.1:5800", &spot()).unwrap_err(), @r"
        error: `web`: 192.0.2.1:5800 is no address of this machine
          --> pipeline.yaml:3:6
        hint: `0.0.0.0:PORT` stands for all its addresses
        ");
    }
}
