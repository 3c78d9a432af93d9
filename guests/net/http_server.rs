// A small HTTP/1.1 server that serves one connection after the other: http_server_rs [ADDRESS:PORT].
// GET / says hello; POST /echo gives back what it was sent.
mod wasmedge_socket;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddrV4;
use wasmedge_socket::Socket;

fn respond(to: &mut Socket, status: &str, body: &[u8]) -> io::Result<()> {
    let mut response = format!(
        "HTTP/1.1 {}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
        status,
        body.len()
    )
    .into_bytes();
    response.extend_from_slice(body);
    to.write_all(&response)
}

/// Serves one request; false at the end of the connection.
fn serve_one(connection: &mut BufReader<Socket>) -> io::Result<bool> {
    let mut line = String::new();
    if connection.read_line(&mut line)? == 0 {
        return Ok(false);
    }
    let (mut length, mut keep) = (0, !line.contains("HTTP/1.0"));
    loop {
        let mut field = String::new();
        if connection.read_line(&mut field)? == 0 {
            return Ok(false);
        }
        let field = field.trim_end().to_ascii_lowercase();
        if field.is_empty() {
            break;
        }
        if let Some(value) = field.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if let Some(value) = field.strip_prefix("connection:") {
            keep = value.trim() != "close";
        }
    }
    const MOST: usize = 1 << 20;
    if length > MOST {
        respond(connection.get_mut(), "413 Content Too Large", b"")?;
        return Ok(false);
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    match line.split(' ').take(2).collect::<Vec<_>>()[..] {
        ["GET", "/"] => respond(connection.get_mut(), "200 OK", b"Hello from Rust!\n")?,
        ["POST", "/echo"] => respond(connection.get_mut(), "200 OK", &body)?,
        _ => respond(connection.get_mut(), "404 Not Found", b"not here\n")?,
    }
    Ok(keep)
}

fn main() -> io::Result<()> {
    let text = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".into());
    let address: SocketAddrV4 = text.parse().expect("ADDRESS:PORT");
    let listener = Socket::listen(address.ip().octets(), address.port())?;
    println!("listening on {}:{}", address.ip(), listener.port()?);
    loop {
        let mut connection = BufReader::new(listener.accept()?);
        while let Ok(true) = serve_one(&mut connection) {}
    }
}
