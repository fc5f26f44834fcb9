//! What one viewer is sent.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::auth::Verdict;
use super::{Conduct, Gives, Length, Shared, Stream, Then};
use crate::http::Request;

pub(super) fn serve(mut connection: TcpStream, shared: &Shared) -> io::Result<()> {
    connection.set_read_timeout(Some(Duration::from_secs(60)))?;
    loop {
        let request = Request::read(&mut connection)?;
        let (conduct, verdict, challenge, number) = {
            let mut state = shared.lock();
            let (conduct, nonce) = (state.conduct.clone(), state.nonce);
            let login = conduct.login.as_ref();
            let verdict = login.map_or(Verdict::Welcome, |login| login.judge(&request, nonce));
            state.requests.push((request.line.clone(), verdict == Verdict::Welcome));
            let challenge = login.map(|login| login.challenge(nonce, verdict)).unwrap_or_default();
            let number = state.asked;
            if verdict == Verdict::Welcome {
                state.asked += 1;
            }
            (conduct, verdict, challenge, number)
        };
        shared.changed.notify_all();
        if verdict != Verdict::Welcome {
            let answer = format!("HTTP/1.1 401 Unauthorized\r\n{challenge}\r\nContent-Length: 2\r\n\r\nno");
            connection.write_all(answer.as_bytes())?;
            continue;
        }
        match &conduct.gives {
            Gives::Picture { has_name, is_kept } => {
                picture(&mut connection, &conduct, &request, number, *has_name, *is_kept)?;
                if *is_kept {
                    continue;
                }
            }
            Gives::Stream(stream) => pictures(&mut connection, &conduct, stream, shared)?,
            Gives::Status(status) => {
                let answer = format!("HTTP/1.1 {status} As told\r\nContent-Length: 0\r\n\r\n");
                connection.write_all(answer.as_bytes())?;
            }
            Gives::Moved(to) => {
                let answer = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
                connection.write_all(answer.as_bytes())?;
            }
            Gives::Bytes { bytes, is_endless } => {
                connection.write_all(bytes)?;
                while *is_endless && !shared.ends.load(Ordering::SeqCst) {
                    connection.write_all(bytes)?;
                }
            }
            Gives::Nothing => wait_for_end(&mut connection),
        }
        return connection.shutdown(Shutdown::Both);
    }
}

/// Waits until the viewer goes, or this camera ends.
fn wait_for_end(connection: &mut TcpStream) {
    let _ = io::copy(connection, &mut io::sink());
}

fn picture(
    connection: &mut impl Write,
    conduct: &Conduct,
    request: &Request,
    number: usize,
    has_name: bool,
    is_kept: bool,
) -> io::Result<()> {
    let number = number % conduct.pictures.len().max(1);
    let picture = conduct.pictures.get(number).cloned().unwrap_or_default();
    // Another picture has another name, whoever's turn it is.
    let mut hasher = DefaultHasher::new();
    picture.hash(&mut hasher);
    let name = format!("\"{:x}\"", hasher.finish());
    let keep = if is_kept { "keep-alive" } else { "close" };
    if has_name && request.header("if-none-match") == Some(&name) {
        let answer = format!("HTTP/1.1 304 Not Modified\r\nETag: {name}\r\nConnection: {keep}\r\n\r\n");
        return connection.write_all(answer.as_bytes());
    }
    let name = if has_name {
        format!("ETag: {name}\r\n")
    } else {
        String::new()
    };
    let length = picture.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n{name}Content-Length: {length}\r\nConnection: {keep}\r\n\r\n"
    );
    connection.write_all(head.as_bytes())?;
    connection.write_all(&picture)
}

fn pictures(connection: &mut TcpStream, conduct: &Conduct, stream: &Stream, shared: &Shared) -> io::Result<()> {
    let coding = if stream.is_chunked {
        "Transfer-Encoding: chunked\r\n"
    } else {
        ""
    };
    let told = &stream.told;
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary={told}\r\n{coding}Cache-Control: no-cache\r\n\r\n"
    );
    connection.write_all(head.as_bytes())?;
    for (number, picture) in (0..).zip(conduct.pictures.iter().cycle()) {
        match stream.then {
            Some((after, Then::Close)) if number == after => return Ok(()),
            Some((after, Then::Freeze)) if number == after => {
                wait_for_end(connection);
                return Ok(());
            }
            _ => {}
        }
        if shared.ends.load(Ordering::SeqCst) {
            return Ok(());
        }
        let length = match stream.length {
            Length::Right => format!("Content-Length: {}\r\n", picture.len()),
            Length::Absent => String::new(),
            Length::Wrong(by) => format!("Content-Length: {}\r\n", (picture.len() as i64 + by).max(0)),
        };
        let mut part = format!("{}\r\nContent-Type: image/jpeg\r\n{length}\r\n", stream.line).into_bytes();
        part.extend_from_slice(picture);
        part.extend_from_slice(b"\r\n");
        if stream.is_chunked {
            let chunk = format!("{:x}\r\n", part.len()).into_bytes();
            part = [chunk, part, b"\r\n".to_vec()].concat();
        }
        connection.write_all(&part)?;
        std::thread::sleep(conduct.frame_time);
    }
    Ok(())
}
