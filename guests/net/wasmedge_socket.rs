// WasmEdge's socket extension, as Rust declares imports. The crate wasmedge_wasi_socket wraps the same functions for
// programs that use Cargo.
use std::io;

#[link(wasm_import_module = "wasi_snapshot_preview1")]
extern "C" {
    fn sock_open(family: u32, kind: u32, fd: *mut u32) -> u32;
    fn sock_bind(fd: u32, address: *const Address, port: u32) -> u32;
    fn sock_listen(fd: u32, backlog: u32) -> u32;
    fn sock_accept(fd: u32, accepted: *mut u32) -> u32;
    fn sock_recv(fd: u32, to: *const Vector, count: u32, flags: u32, size: *mut u32, flags_out: *mut u16) -> u32;
    fn sock_send(fd: u32, from: *const Vector, count: u32, flags: u32, size: *mut u32) -> u32;
    fn sock_getlocaladdr(fd: u32, address: *mut Address, kind: *mut u32, port: *mut u32) -> u32;
    fn fd_close(fd: u32) -> u32;
}

const INET4: u32 = 1;
const STREAM: u32 = 2;

#[repr(C)]
struct Address {
    buffer: *const u8,
    size: u32,
}

#[repr(C)]
struct Vector {
    buffer: *const u8,
    size: u32,
}

fn check(errno: u32) -> io::Result<()> {
    match errno {
        0 => Ok(()),
        _ => Err(io::Error::from_raw_os_error(errno as i32)),
    }
}

/// Closed when it goes out of scope.
pub struct Socket(u32);

impl Drop for Socket {
    fn drop(&mut self) {
        unsafe { fd_close(self.0) };
    }
}

impl Socket {
    pub fn listen(ip: [u8; 4], port: u16) -> io::Result<Socket> {
        let mut fd = 0;
        check(unsafe { sock_open(INET4, STREAM, &mut fd) })?;
        let socket = Socket(fd);
        let address = Address { buffer: ip.as_ptr(), size: 4 };
        check(unsafe { sock_bind(fd, &address, port.into()) })?;
        check(unsafe { sock_listen(fd, 128) })?;
        Ok(socket)
    }

    pub fn port(&self) -> io::Result<u16> {
        let mut bytes = [0u8; 16];
        let mut address = Address { buffer: bytes.as_mut_ptr(), size: 16 };
        let (mut kind, mut port) = (0, 0);
        check(unsafe { sock_getlocaladdr(self.0, &mut address, &mut kind, &mut port) })?;
        Ok(port as u16)
    }

    pub fn accept(&self) -> io::Result<Socket> {
        let mut fd = 0;
        check(unsafe { sock_accept(self.0, &mut fd) })?;
        Ok(Socket(fd))
    }
}

impl io::Read for Socket {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let vector = Vector { buffer: to.as_mut_ptr(), size: to.len() as u32 };
        let (mut size, mut flags) = (0, 0);
        check(unsafe { sock_recv(self.0, &vector, 1, 0, &mut size, &mut flags) })?;
        Ok(size as usize)
    }
}

impl io::Write for Socket {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        let vector = Vector { buffer: from.as_ptr(), size: from.len() as u32 };
        let mut size = 0;
        check(unsafe { sock_send(self.0, &vector, 1, 0, &mut size) })?;
        Ok(size as usize)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
