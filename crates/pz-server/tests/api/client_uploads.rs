//! The client's resumable upload against the real service, over connections that break.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pz_client::{Client, NewUpload, ResumableUpload};
use pz_model::{ErrorCode, FileRole};
use pz_server::auth::token::{self, Scope};

use crate::app::TestApp;

/// A way to the service on which connections break after so many bytes to it, the first, the second, and so
/// on; later ones hold.
struct BreakingProxy {
    address: String,
    /// Bytes that went to the service.
    sent: Arc<AtomicU64>,
}

impl BreakingProxy {
    fn to(app: &TestApp, limits: &'static [u64]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let service = app.root.trim_start_matches("http://").to_owned();
        let sent = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&sent);
        std::thread::spawn(move || {
            for (number, from) in listener.incoming().enumerate() {
                let (from, to) = (from.unwrap(), TcpStream::connect(&service).unwrap());
                let back = (to.try_clone().unwrap(), from.try_clone().unwrap());
                let (limit, counter) = (limits.get(number).copied(), Arc::clone(&counter));
                std::thread::spawn(move || pass(from, to, limit.unwrap_or(u64::MAX), &counter));
                std::thread::spawn(move || pass(back.0, back.1, u64::MAX, &AtomicU64::new(0)));
            }
        });
        Self { address, sent }
    }
}

/// Passes bytes on until there are no more, or too many.
fn pass(mut from: TcpStream, mut to: TcpStream, mut left: u64, counter: &AtomicU64) {
    let mut buffer = vec![0; 1 << 16];
    while left > 0 {
        let want = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let Ok(got @ 1..) = from.read(&mut buffer[..want]) else {
            break;
        };
        if to.write_all(&buffer[..got]).is_err() {
            break;
        }
        counter.fetch_add(got as u64, Ordering::Relaxed);
        left -= got as u64;
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

async fn client(app: &TestApp, address: &str) -> Client {
    let account = app.store().account_by_username("alice").await.unwrap().unwrap();
    let text = token::create(app.store(), account.id, "client", &Scope::ALL)
        .await
        .unwrap();
    Client::with_token(address, &text)
}

async fn upload(
    client: &Client,
    bytes: &[u8],
    product: i64,
) -> pz_client::Result<pz_model::api::ProductFile> {
    let new = NewUpload {
        product,
        role: FileRole::Main,
        name: "numbers ü.bin".to_owned(),
        mime_type: Some("application/octet-stream".to_owned()),
        size_bytes: bytes.len() as u64,
    };
    let mut upload = ResumableUpload::begin(client, &new).await?;
    let read = async |offset: u64, max: usize| {
        let start = usize::try_from(offset).unwrap();
        Ok(bytes[start..bytes.len().min(start + max)].to_vec())
    };
    let wait = async |_| tokio::time::sleep(Duration::from_millis(100)).await;
    upload.run(read, wait).await
}

#[actix_web::test]
async fn an_upload_goes_on_where_connections_broke() {
    let app = TestApp::sqlite().await;
    let product = app.alice().await.draft(7, "Numbers").await;
    let product = product["id"].as_i64().unwrap();
    let proxy = BreakingProxy::to(&app, &[1_000_000, 2_000_000, 100, 3_000_000]);
    let client = client(&app, &proxy.address).await;
    let bytes: Vec<u8> = (0..2_500_000u32).flat_map(u32::to_le_bytes).collect();
    let file = upload(&client, &bytes, product).await.unwrap();
    assert_eq!(
        (file.size, file.name.as_deref()),
        (Some(10_000_000), Some("numbers ü.bin"))
    );
    let kept = client.fetch(&file.file).await.unwrap().bytes().await.unwrap();
    assert!(kept == bytes);
    let sent = proxy.sent.load(Ordering::Relaxed) as f64 / bytes.len() as f64;
    assert!(sent < 1.1, "what had arrived is not sent again: {sent}");
    assert!(client.unfinished_uploads().await.unwrap().is_empty());
}

#[actix_web::test]
async fn what_cannot_be_mended_ends_an_upload() {
    let app = TestApp::start(&["--upload-max-bytes", "1000"]).await;
    let product = app.alice().await.draft(7, "Numbers").await;
    let product = product["id"].as_i64().unwrap();
    let client = client(&app, &app.root).await;
    let refused = upload(&client, &[7; 1001], product).await.unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::FileTooLarge));
    // Given up on one machine, gone on another.
    let new = NewUpload {
        product,
        role: FileRole::Main,
        name: "x.bin".to_owned(),
        mime_type: None,
        size_bytes: 10,
    };
    let begun = client.begin_upload(&new).await.unwrap();
    client.send_upload_bytes(&begun.id, 0, vec![7; 4]).await.unwrap();
    let record = client.upload_record(&begun.id).await.unwrap();
    assert_eq!(
        (record.offset, record.size, record.name.as_str(), record.complete),
        (4, 10, "x.bin", false)
    );
    assert_eq!(client.unfinished_uploads().await.unwrap(), [record]);
    let resumed = ResumableUpload::resume(&client, &begun.id).await.unwrap();
    assert_eq!(resumed.record().offset, 4);
    client.cancel_upload(&begun.id).await.unwrap();
    let gone = ResumableUpload::resume(&client, &begun.id).await.unwrap_err();
    assert_eq!(gone.code(), Some(ErrorCode::NotFound));
}
