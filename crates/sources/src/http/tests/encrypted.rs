//! A camera whose certificate is of its own making.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

/// Made for this test by `openssl req -x509`; it guards nothing.
const KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgcH18vAXAuPpuRowY6PnuCc0dLv+103FKkAb1JBOjzYGhRANCAAR1
Veti+/QASEsDlAAVN1pk2U3mvaqjHEUhLG3UxeuocYg37mWwaRtIcBkN1HTH8MCx9DOxiF0rgfMqibm/iX9t
-----END PRIVATE KEY-----
";
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBiTCCATCgAwIBAgIUfmAi+nOzSRK2dHPaZ7fIV16d9r0wCgYIKoZIzj0EAwIwETEPMA0GA1UEAwwGY2FtZXJhMCAXDTI2MTEy
ODE3MDcxOFoYDzIxMjYxMTA0MTcwNzE4WjARMQ8wDQYDVQQDDAZjYW1lcmEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAR1Veti
+/QASEsDlAAVN1pk2U3mvaqjHEUhLG3UxeuocYg37mWwaRtIcBkN1HTH8MCx9DOxiF0rgfMqibm/iX9to2QwYjAdBgNVHQ4EFgQU
k4aXDAjt9noNoEaI8FHRCvI9UKIwHwYDVR0jBBgwFoAUk4aXDAjt9noNoEaI8FHRCvI9UKIwDwYDVR0TAQH/BAUwAwEB/zAPBgNV
HREECDAGhwR/AAABMAoGCCqGSM49BAMCA0cAMEQCIEQMQeNFymmLEqDGRLEMkaQ86yuEUI2ttJiVEf0zFCKsAiBOdJNd2R7bxAZJ
VOQK/IEbFx4Z4jtq0Tv2dcrZ7lEHIA==
-----END CERTIFICATE-----
";
/// Its SHA-256.
const FINGERPRINT: &str = "07574b9b8270bddbab481a6542a24b3c9906b9e2ab71721fa53f34378968a774";

/// Gives a single picture; ended when it is dropped.
struct Encrypted {
    address: SocketAddr,
    ends: Arc<AtomicBool>,
}

impl Encrypted {
    fn start() -> Self {
        let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
        let certificate = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let ends = Arc::new(AtomicBool::new(false));
        let (config, ended) = (Arc::new(config), ends.clone());
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if ended.load(Ordering::SeqCst) {
                    break;
                }
                // Who refuses the certificate goes away in the middle.
                let _ = answer(ServerConnection::new(config.clone()).unwrap(), connection);
            }
        });
        Self { address, ends }
    }

    fn url(&self) -> String {
        format!("https://{}/snapshot.jpg", self.address)
    }
}

impl Drop for Encrypted {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

fn answer(tls: ServerConnection, socket: TcpStream) -> std::io::Result<()> {
    socket.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut connection = StreamOwned::new(tls, socket);
    let mut request = Vec::new();
    let mut piece = [0; 1024];
    while !request.ends_with(b"\r\n\r\n") {
        match connection.read(&mut piece)? {
            0 => return Ok(()),
            count => request.extend_from_slice(&piece[..count]),
        }
    }
    let picture = jpeg(3);
    let head = format!(
        "HTTP/1.0 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
        picture.len()
    );
    connection.write_all(&[head.into_bytes(), picture].concat())?;
    connection.flush()
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_told_and_taken_once_it_is_named() {
    let camera = Encrypted::start();
    let mut viewer = Viewer::with(settings(&camera.url()));
    let (reason, hint) = viewer.waits_because("vouched for by nobody");
    assert!(reason.contains(FINGERPRINT), "{reason}");
    assert!(hint.contains(&format!("`certificate: {FINGERPRINT}`")), "{hint}");
    let named = HttpSettings {
        certificate: Some(FINGERPRINT.to_owned()),
        ..settings(&camera.url())
    };
    assert_eq!(Viewer::with(named).next_jpeg(), jpeg(3));
}

#[test]
fn another_certificate_than_the_named_one_is_refused() {
    let camera = Encrypted::start();
    let other = HttpSettings {
        certificate: Some("ab:".repeat(32)),
        ..settings(&camera.url())
    };
    let (reason, hint) = Viewer::with(other).waits_because("is not the one in `certificate`");
    assert!(
        reason.contains(FINGERPRINT) && hint.contains("in between"),
        "{reason} {hint}"
    );
}

#[test]
fn a_setting_that_cannot_be_is_a_problem_of_its_key() {
    let wrong = HttpSettings {
        fps: 0.0,
        certificate: Some("none".into()),
        password: Some("hunter2".into()),
        ..settings("http://10.0.0.7/")
    };
    let problems = wrong.check(std::path::Path::new("."));
    let keys: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(keys, ["password", "fps", "certificate"]);
    assert!(!format!("{problems:?}").contains("hunter2"));
}
