//! Clients that are slow, or say too much before they say anything.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app::{Answer, Person, TestApp};
use crate::uploads::begin;

/// Times of a second, so that the tests need not wait for long.
const QUICK: [&str; 8] = [
    "--head-timeout-s",
    "1",
    "--keep-alive-s",
    "1",
    "--body-timeout-s",
    "1",
    "--write-timeout-s",
    "1",
];
/// Far more than any of these times, far less than for ever.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn connect(app: &TestApp) -> TcpStream {
    let address = app.root.trim_start_matches("http://");
    TcpStream::connect(address).await.unwrap()
}

/// Sends text in pieces until the server has closed the connection; all that it said.
async fn trickle(connection: TcpStream, text: &[u8], pause: Duration) -> Vec<u8> {
    let (mut read, mut write) = connection.into_split();
    let reading = actix_web::rt::spawn(async move {
        let mut said = Vec::new();
        // A reset ends it as well.
        let _ = read.read_to_end(&mut said).await;
        said
    });
    let until = Instant::now() + PATIENCE;
    for byte in text.iter().cycle() {
        if reading.is_finished() {
            break;
        }
        assert!(Instant::now() < until, "the server went on listening");
        let _ = write.write_all(&[*byte]).await;
        tokio::time::sleep(pause).await;
    }
    reading.await.unwrap()
}

fn status(said: &[u8]) -> &str {
    let line = said.split(|byte| *byte == b'\r').next().unwrap();
    std::str::from_utf8(line).unwrap()
}

async fn lives(app: &TestApp) {
    app.anonymous().get("/health/ready").await.expect(200);
}

const PAUSE: Duration = Duration::from_millis(50);

#[actix_web::test]
async fn a_head_comes_in_time() {
    let app = TestApp::start(&QUICK).await;
    let began = Instant::now();
    let said = trickle(
        connect(&app).await,
        b"GET /api/config/ HTTP/1.1\r\nhost: x\r\nx: ",
        PAUSE,
    )
    .await;
    assert_eq!(status(&said), "HTTP/1.1 408 Request Timeout");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    // The next head on the same connection has no more time than the first.
    let mut connection = connect(&app).await;
    let request = b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n";
    connection.write_all(request).await.unwrap();
    let began = Instant::now();
    let said = trickle(connection, b"GET /api/config/ HTTP/1.1\r\nhost: x\r\nx: ", PAUSE).await;
    assert_eq!(status(&said), "HTTP/1.1 200 OK");
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    lives(&app).await;
}

#[actix_web::test]
async fn idle_connections_are_closed() {
    let app = TestApp::start(&QUICK).await;
    for first in ["", "GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n"] {
        let mut connection = connect(&app).await;
        connection.write_all(first.as_bytes()).await.unwrap();
        let mut said = Vec::new();
        let reading = connection.read_to_end(&mut said);
        tokio::time::timeout(PATIENCE, reading).await.unwrap().unwrap();
    }
}

#[actix_web::test]
async fn a_connection_that_ends_leaves_nothing() {
    let open = || fs_err::read_dir("/proc/self/fd").unwrap().count();
    let app = TestApp::sqlite().await;
    let before = open();
    for _ in 0..300 {
        let mut connection = connect(&app).await;
        let request = b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n";
        connection.write_all(request).await.unwrap();
        connection.read_exact(&mut [0; 12]).await.unwrap();
    }
    // Long before an idle connection would be closed.
    let until = Instant::now() + Duration::from_secs(10);
    while open() > before + 100 {
        assert!(Instant::now() < until, "{} files are open", open());
        tokio::time::sleep(PAUSE).await;
    }
}

#[actix_web::test]
async fn a_body_comes_in_time() {
    let app = TestApp::start(&QUICK).await;
    let alice = app.alice().await;
    let authorization = authorization(&alice);
    for (head, expected) in [
        (
            "POST /api/obtain_token/ HTTP/1.1\r\ncontent-type: application/json\r\n".to_owned(),
            "408",
        ),
        (
            format!("POST /api/tokens/ HTTP/1.1\r\n{authorization}content-type: application/json\r\n"),
            "408",
        ),
        // Refused before it is read: the rest is not waited for.
        (
            "POST /api/products/ HTTP/1.1\r\ncontent-type: application/json\r\n".to_owned(),
            "401",
        ),
        (
            format!("POST /api/logged_user/ HTTP/1.1\r\n{authorization}"),
            "200",
        ),
    ] {
        for framing in ["content-length: 100000\r\n", "transfer-encoding: chunked\r\n"] {
            let chunked = framing.starts_with('t');
            let mut connection = connect(&app).await;
            let text = format!("{head}host: x\r\n{framing}\r\n");
            connection.write_all(text.as_bytes()).await.unwrap();
            let body: &[u8] = if chunked { b"1\r\n{\r\n" } else { b"{" };
            let said = trickle(connection, body, PAUSE).await;
            let status = status(&said);
            assert!(
                status.starts_with(&format!("HTTP/1.1 {expected} ")),
                "{text}: {status}"
            );
            if expected == "408" {
                let text = String::from_utf8_lossy(&said);
                assert!(text.contains("\"code\":\"body_too_slow\""), "{text}");
                assert!(text.contains("x-request-id"), "{text}");
            }
        }
    }
    lives(&app).await;
}

pub(crate) fn authorization(person: &Person) -> String {
    let request = person.request(reqwest::Method::GET, "/").build().unwrap();
    let value = request.headers()["authorization"].to_str().unwrap();
    format!("authorization: {value}\r\n")
}

#[actix_web::test]
async fn an_upload_may_be_slow_but_not_silent() {
    let app = TestApp::start(&QUICK).await;
    let alice = app.alice().await;
    let product = alice.draft(7, "Draft").await;
    let answer = Answer::of(begin(&alice, &product, 2, "slow.bin", 60)).await;
    let path = answer.header("location").to_owned();
    let head = format!(
        "PATCH {path} HTTP/1.1\r\nhost: x\r\n{}tus-resumable: 1.0.0\r\nupload-offset: 0\r\n\
         content-type: application/offset+octet-stream\r\ncontent-length: 60\r\n\r\n",
        authorization(&alice)
    );
    let mut connection = connect(&app).await;
    connection.write_all(head.as_bytes()).await.unwrap();
    // Longer than the time, without a silence as long.
    for _ in 0..30 {
        connection.write_all(b"x").await.unwrap();
        tokio::time::sleep(PAUSE).await;
    }
    let mut said = Vec::new();
    let reading = connection.read_to_end(&mut said);
    tokio::time::timeout(PATIENCE, reading).await.unwrap().unwrap();
    assert_eq!(status(&said), "HTTP/1.1 408 Request Timeout");
    assert!(String::from_utf8_lossy(&said).contains("upload_interrupted"));
    let progress = Answer::of(
        alice
            .request(reqwest::Method::HEAD, &path)
            .header("tus-resumable", "1.0.0"),
    );
    assert_eq!(
        progress.await.header("upload-offset"),
        "30",
        "what arrived is kept"
    );

    // In a form nothing is kept.
    let files = alice.get("/api/product-files/").await.expect(200);
    let text = format!(
        "POST /api/product-files/ HTTP/1.1\r\nhost: x\r\n{}content-type: multipart/form-data; boundary=x\r\n\
         content-length: 100000\r\n\r\n--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nabc",
        authorization(&alice)
    );
    let mut connection = connect(&app).await;
    connection.write_all(text.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    let reading = connection.read_to_end(&mut said);
    tokio::time::timeout(PATIENCE, reading).await.unwrap().unwrap();
    assert_eq!(status(&said), "HTTP/1.1 408 Request Timeout");
    assert!(String::from_utf8_lossy(&said).contains("body_too_slow"));
    assert_eq!(alice.get("/api/product-files/").await.expect(200), files);
}

#[actix_web::test]
async fn an_answer_is_read_in_time() {
    const SIZE: usize = 40_000_000;
    let app = TestApp::start(&QUICK).await;
    let alice = app.alice().await;
    let product = alice.draft(7, "Draft").await;
    let bytes = vec![7; SIZE];
    let file: Value = alice.upload(&product, 0, "large.bin", &bytes).await.expect(201);
    let head = format!(
        "GET /api/product-files/{}/download/ HTTP/1.1\r\nhost: x\r\n{}\r\n",
        file["id"],
        authorization(&alice)
    );
    let mut silent = connect(&app).await;
    silent.write_all(head.as_bytes()).await.unwrap();
    // Slow, but going on: the buffers of the system are read empty now and then.
    let mut slow = connect(&app).await;
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut received = 0;
    let mut buffer = vec![0; 2_000_000];
    let until = Instant::now() + Duration::from_secs(5);
    while Instant::now() < until {
        received += slow.read(&mut buffer).await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let mut rest = Vec::new();
    received += slow_end(&mut slow, &mut rest, SIZE.saturating_sub(received)).await;
    assert!(received > SIZE, "{received} bytes: who goes on reading gets all");
    let mut got = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, silent.read_to_end(&mut got))
        .await
        .unwrap();
    assert!(
        got.len() < SIZE,
        "{} bytes were kept for who read none",
        got.len()
    );
    lives(&app).await;
}

async fn slow_end(connection: &mut TcpStream, rest: &mut Vec<u8>, at_least: usize) -> usize {
    while rest.len() <= at_least {
        if connection.read_buf(rest).await.unwrap() == 0 {
            break;
        }
    }
    rest.len()
}

#[actix_web::test]
async fn heads_have_a_size() {
    let app = TestApp::sqlite().await;
    let many: String = (0..200).map(|n| format!("x-{n}: 1\r\n")).collect();
    let start = "GET /api/config/ HTTP/1.1\r\nhost: x\r\n";
    for (text, expected) in [
        (format!("{start}x: {}\r\n\r\n", "a".repeat(200_000)), "431"),
        (format!("{start}{many}\r\n"), "4"),
        (
            format!(
                "GET /api/config/?{} HTTP/1.1\r\nhost: x\r\n\r\n",
                "a".repeat(200_000)
            ),
            "4",
        ),
        (format!("{start}x: {}\r\n\r\n", "a".repeat(60_000)), "200"),
        (format!("{start}a b: c\r\n\r\n"), "400"),
        (
            format!("{start}content-length: 1\r\ncontent-length: 2\r\n\r\nx"),
            "400",
        ),
        ("\u{0}\u{1}\r\n\r\n".to_owned(), "400"),
    ] {
        let mut connection = connect(&app).await;
        let _ = connection.write_all(text.as_bytes()).await;
        let mut said = vec![0; 64];
        let read = tokio::time::timeout(PATIENCE, connection.read(&mut said))
            .await
            .unwrap();
        // The rest of a head that nobody reads may reset the connection before its answer is seen.
        if let Ok(length @ 1..) = read {
            let status = status(&said[..length]);
            assert!(status.starts_with(&format!("HTTP/1.1 {expected}")), "{status}");
        }
        lives(&app).await;
    }
}

#[actix_web::test]
async fn a_hundred_slow_clients_hold_nobody_up() {
    let app = TestApp::sqlite().await;
    let alice = app.alice().await;
    let product = alice.draft(7, "Draft").await;
    let file: Value = alice
        .upload(&product, 0, "x.bin", &vec![7; 8_000_000])
        .await
        .expect(201);
    let authorization = authorization(&alice);
    let mut slow = Vec::new();
    for number in 0..100 {
        let mut connection = connect(&app).await;
        let text = match number % 4 {
            0 | 1 => "GET /api/products/ HTTP/1.1\r\nhost: x\r\nx-".to_owned(),
            2 => format!(
                "POST /api/products/ HTTP/1.1\r\nhost: x\r\n{authorization}content-type: application/json\r\ncontent-length: 5000\r\n\r\n"
            ),
            _ => format!(
                "GET /api/product-files/{}/download/ HTTP/1.1\r\nhost: x\r\n{authorization}\r\n",
                file["id"]
            ),
        };
        connection.write_all(text.as_bytes()).await.unwrap();
        slow.push(actix_web::rt::spawn(async move {
            let mut byte = [0];
            loop {
                let gone = if number % 4 == 3 {
                    connection.read(&mut byte).await.is_err()
                } else {
                    connection.write_all(b"a").await.is_err()
                };
                if gone {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }));
    }
    let mut waits = Vec::new();
    let until = Instant::now() + Duration::from_secs(9);
    while Instant::now() < until {
        let asked = Instant::now();
        alice.get("/api/products/?page_size=10").await.expect(200);
        waits.push(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for task in slow {
        task.abort();
    }
    waits.sort_unstable();
    let p99 = waits[waits.len() * 99 / 100];
    // Other tests share the processors here; the long run asks for a tenth of it.
    assert!(
        p99 < Duration::from_secs(1),
        "{p99:?} of {} requests",
        waits.len()
    );
}
