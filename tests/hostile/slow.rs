//! Clients that take their time, 200 at once, of nine kinds: each is cut when
//! its time is over, and an honest one never waits for them.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use moustique_tests::{Broker, Caller, Setup};
use socket2::{Domain, Socket, Type};

/// Clients of a kind.
const CLIENTS: usize = 200;

/// Each time that is configured, but for the next.
const TIME: Duration = Duration::from_secs(2);

/// Time between two requests, in which the head of the second is not.
const IDLE: Duration = Duration::from_secs(4);

/// How long after that a connection may be seen to end, on a busy machine.
const TOLERANCE: Duration = Duration::from_secs(2);

/// Between two bytes of those who send some.
const PACE: Duration = Duration::from_millis(50);

/// The longest that 99 of 100 calls of an honest client may take.
const HONEST: Duration = Duration::from_millis(250);

/// How often a file of the page is asked for at once: more than goes out unless
/// it is read, and little work for the broker.
const FILES: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Silent,
    HalfARequestLine,
    HeadByByte,
    NoBody,
    BodyByByte,
    ReadsNothing,
    HalfClosed,
    IdleAfterARequest,
    NextHeadByByte,
}

const KINDS: [Kind; 9] = [
    Kind::Silent,
    Kind::HalfARequestLine,
    Kind::HeadByByte,
    Kind::NoBody,
    Kind::BodyByByte,
    Kind::ReadsNothing,
    Kind::HalfClosed,
    Kind::IdleAfterARequest,
    Kind::NextHeadByByte,
];

impl Kind {
    /// What it sends at once.
    fn first(self, file: &str) -> Vec<u8> {
        let text: &[u8] = match self {
            Self::Silent | Self::HeadByByte => b"",
            Self::HalfARequestLine => b"GET /VERS",
            Self::NoBody | Self::BodyByByte => {
                b"POST /POST HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
            }
            Self::ReadsNothing => {
                let request = format!("GET {file} HTTP/1.1\r\nHost: localhost\r\n\r\n");
                return request.repeat(FILES).into();
            }
            Self::HalfClosed => b"POST /POST HTTP/1.1\r\nHost: loc",
            Self::IdleAfterARequest | Self::NextHeadByByte => {
                b"GET /VERSION HTTP/1.1\r\nHost: localhost\r\n\r\n"
            }
        };
        text.into()
    }

    /// What it goes on with, byte by byte, for longer than it is let.
    fn rest(self) -> &'static [u8] {
        match self {
            Self::HeadByByte | Self::NextHeadByByte => b"GET /VERSION HTTP/1.1\r\nHost: localhost\r\nX: yyyyyyyyyyyyyyyyyyyyyy\
                yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\
                yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
            Self::BodyByByte => &[b'x'; 1_000],
            _ => b"",
        }
    }

    /// When it is to be closed: nothing more can come of one that has closed
    /// its half within a head.
    fn time(self) -> Duration {
        match self {
            Self::HalfClosed => Duration::ZERO,
            Self::IdleAfterARequest => IDLE,
            _ => TIME,
        }
    }
}

struct Client {
    stream: TcpStream,
    begun: Instant,
    sent: usize,
    read: usize,
    ended: Option<Duration>,
}

impl Client {
    fn new(port: u16, kind: Kind, file: &str) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        if kind == Kind::ReadsNothing {
            socket.set_recv_buffer_size(4096).unwrap();
        }
        let begun = Instant::now();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        socket.connect(&address.into()).unwrap();
        let mut stream = TcpStream::from(socket);
        stream.set_nodelay(true).unwrap();
        stream.write_all(&kind.first(file)).unwrap();
        if kind == Kind::HalfClosed {
            stream.shutdown(Shutdown::Write).unwrap();
        }
        stream.set_nonblocking(true).unwrap();
        Self {
            stream,
            begun,
            sent: 0,
            read: 0,
            ended: None,
        }
    }

    /// Sends the next byte, and sees whether the connection has ended.
    fn go_on(&mut self, kind: Kind) {
        if let Some(byte) = kind.rest().get(self.sent)
            && self.stream.write(&[*byte]).is_ok()
        {
            self.sent += 1;
        }
        // Only late enough to know that it has been cut; its time begins with
        // what there is to read.
        if kind == Kind::ReadsNothing {
            if self.read == 0 && self.stream.peek(&mut [0]).is_ok_and(|count| count > 0) {
                self.begun = Instant::now();
                self.read = 1;
            }
            if self.read == 0 || self.begun.elapsed() < TIME + TOLERANCE / 2 {
                return;
            }
        }
        let mut bytes = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => break,
                Ok(count) => self.read += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => break,
            }
        }
        self.ended = Some(self.begun.elapsed());
    }
}

/// A file of the page, and its length.
fn script(caller: &Caller) -> (String, usize) {
    let page = caller.get("/", &[]).body;
    let (_, rest) = page.split_once("src=\".").unwrap();
    let (file, _) = rest.split_once('"').unwrap();
    (file.to_owned(), caller.get(file, &[]).body.len())
}

/// How long each of the clients of a kind was let.
fn ended(broker: &Broker, kind: Kind) -> Vec<Duration> {
    let (file, bytes) = script(&broker.caller());
    let new = |_| Client::new(broker.port(), kind, &file);
    let mut clients: Vec<_> = (0..CLIENTS).map(new).collect();
    while clients.iter().any(|client| client.ended.is_none()) {
        for client in clients.iter_mut().filter(|client| client.ended.is_none()) {
            client.go_on(kind);
            let open = client.begun.elapsed();
            assert!(
                open < 3 * (TIME + TOLERANCE),
                "{kind:?} is open after {open:?}"
            );
        }
        thread::sleep(PACE);
    }
    if kind == Kind::ReadsNothing {
        assert!(
            clients.iter().all(|client| client.read < FILES * bytes),
            "all of it went out"
        );
    }
    clients.iter().filter_map(|client| client.ended).collect()
}

/// How long each call of an honest client took until it was told to end.
fn honest(caller: &Caller, is_over: &AtomicBool) -> Vec<Duration> {
    let mut calls = Vec::new();
    for number in 0.. {
        if is_over.load(Ordering::SeqCst) {
            break;
        }
        let begun = Instant::now();
        let text = number.to_string();
        caller.publish("/honest", &text);
        assert_eq!(caller.value("/honest"), Some(text));
        calls.push(begun.elapsed());
        thread::sleep(Duration::from_millis(1));
    }
    calls
}

/// Sets a flag at its end, also when the test fails before.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn each_is_cut_in_time_and_an_honest_one_does_not_notice() {
    let folder = tempfile::tempdir().unwrap();
    let seconds = TIME.as_secs();
    let setup = Setup {
        more: format!(
            "  timeout: {seconds}s\nlimits:\n  body_timeout: {seconds}s\n  \
             reader_timeout: {seconds}s\n  idle_timeout: {}s\n",
            IDLE.as_secs()
        ),
        ..Setup::default()
    };
    let broker = Broker::start_with(folder.path(), &setup);
    for kind in KINDS {
        let is_over = AtomicBool::new(false);
        let (ended, mut calls) = thread::scope(|scope| {
            let end = SetOnDrop(&is_over);
            let caller = broker.caller();
            let honest = scope.spawn(|| honest(&{ caller }, &is_over));
            let ended = ended(&broker, kind);
            drop(end);
            (ended, honest.join().unwrap())
        });
        assert_eq!(ended.len(), CLIENTS);
        let first = ended.iter().min().unwrap();
        let last = ended.iter().max().unwrap();
        calls.sort_unstable();
        let p99 = calls[calls.len() * 99 / 100];
        println!(
            "{kind:?}: closed after {first:.2?} to {last:.2?}; {} honest calls, 99 of 100 within {p99:.1?}",
            calls.len()
        );
        // The broker's clock begins when it accepts, which is after ours.
        assert!(*first >= kind.time(), "{kind:?}: {first:?}");
        assert!(*last <= kind.time() + TOLERANCE, "{kind:?}: {last:?}");
        assert!(p99 < HONEST, "{kind:?}: {p99:?}");
    }
}
