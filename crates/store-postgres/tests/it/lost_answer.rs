//! The connection is lost when a turn is recorded: before the database has it, or before it says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use kopru_ports::StoreErrorKind;
use kopru_ports::delivery::{DeliveryStore, LeaseAnswer, Outcome, Settlement};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::database::{NOW, fresh_url, open, work};

/// What becomes of the next commit.
const PASSES: u8 = 0;
const IS_LOST: u8 = 1;
const LOSES_ITS_ANSWER: u8 = 2;

/// A way to the database that loses what it is told to; its address.
async fn way_to(url: &str, next_commit: Arc<AtomicU8>) -> String {
    let (head, database) = url.rsplit_once('/').unwrap();
    let (user, server) = head.rsplit_once('@').unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = server.to_owned();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&server).await.unwrap();
            tokio::spawn(carry(client, server, next_commit.clone()));
        }
    });
    format!("{user}@{address}/{database}")
}

async fn carry(mut client: TcpStream, mut server: TcpStream, next_commit: Arc<AtomicU8>) -> std::io::Result<()> {
    let (mut asked, mut said) = ([0; 4096], [0; 4096]);
    loop {
        tokio::select! {
            length = client.read(&mut asked) => {
                let asked = &asked[..length?];
                let commits = asked.windows(6).any(|word| word == b"COMMIT");
                match if commits { next_commit.swap(PASSES, Ordering::SeqCst) } else { PASSES } {
                    IS_LOST => return Ok(()),
                    LOSES_ITS_ANSWER => {
                        server.write_all(asked).await?;
                        return server.read(&mut said).await.map(drop);
                    }
                    _ if asked.is_empty() => return Ok(()),
                    _ => server.write_all(asked).await?,
                }
            }
            length = server.read(&mut said) => {
                let said = &said[..length?];
                if said.is_empty() {
                    return Ok(());
                }
                client.write_all(said).await?;
            }
        }
    }
}

#[tokio::test]
async fn a_turn_is_recorded_when_it_says_so_and_only_then() {
    let Some(url) = fresh_url().await else { return };
    let next_commit = Arc::new(AtomicU8::new(PASSES));
    let store = open(&way_to(&url, next_commit.clone()).await).await;
    store.enqueue(vec![work("a", "k")]).await.unwrap();
    let LeaseAnswer::Granted(lease) = store.lease(NOW, NOW + Duration::from_secs(30)).await.unwrap() else {
        panic!("a lane is due");
    };
    let settlement = Settlement {
        outcomes: vec![("k".into(), 1, Outcome::Done)],
        follow_ups: vec![work("b", "k")],
        ..Settlement::default()
    };
    next_commit.store(IS_LOST, Ordering::SeqCst);
    let error = store.settle(&lease, NOW, settlement.clone()).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unavailable);
    next_commit.store(LOSES_ITS_ANSWER, Ordering::SeqCst);
    store.settle(&lease, NOW, settlement).await.unwrap();
    assert_eq!(next_commit.load(Ordering::SeqCst), PASSES, "the commit went that way");
    let LeaseAnswer::Granted(other) = store.lease(NOW, NOW + Duration::from_secs(30)).await.unwrap() else {
        panic!("the follow-up is due");
    };
    assert_eq!(other.lane, "b");
}
