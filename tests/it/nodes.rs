//! Two real nodes on one real PostgreSQL: they are one service to everybody who uses them, and one of them is enough.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use weft_tests::binary::Server;
use weft_tests::cluster::{Admin, Cluster, eventually, incident, put_jobs};
use weft_tests::postgres::Postgres;

type Outcome = Result<(), String>;

/// Far more than what anything here takes.
const SOON: Duration = Duration::from_secs(60);
/// Short, so that a takeover does not take long; 15 is what nodes have without being told.
const LEASE: Duration = Duration::from_secs(3);

async fn cluster(postgres: &Postgres) -> Result<Cluster, String> {
    let lease = LEASE.as_secs().to_string();
    Cluster::new(postgres.url(), &[("jobs-lease-seconds", &lease), ("jobs-concurrency", "4")]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn are_one_service_to_everybody() -> Outcome {
    let postgres = Postgres::start()?;
    let cluster = cluster(&postgres).await?;
    let (here, there) = tokio::join!(cluster.node(), cluster.node());
    let mut ana = cluster.client(&here).await?;
    let mut bob = cluster.client(&there).await?;

    let listed: Value = serde_json::from_str(&cluster.command(&["node", "list", "--json"]).await?).unwrap();
    let names: BTreeSet<&str> = listed.as_array().unwrap().iter().filter_map(|node| node["name"].as_str()).collect();
    assert!(names.contains(here.address.as_str()) && names.contains(there.address.as_str()), "{listed}");

    // What is switched on here is on there.
    bob.post("/tickets", &incident("No such kind yet")).await.unwrap_err();
    ana.post("/plugins/incident/enable", &json!({ "grants": "all" })).await?;
    eventually("the plugin is active on the other node", SOON, async || {
        Ok(bob.get("/plugins/incident").await?["state"] == "active")
    })
    .await?;

    // What is changed here is told there.
    let ticket = bob.post("/tickets", &incident("Printer is on fire")).await?;
    let number = ticket["number"].as_str().unwrap().to_owned();
    let mut events = listen(&there, &cluster.token).await?;
    ana.send("PATCH", &format!("/tickets/{number}"), &[], &json!({ "title": "Printer was on fire" })).await?;
    let told = tokio::time::timeout(SOON, async {
        let mut line = String::new();
        while !line.contains("ticket.field-set") && !line.contains(ticket["id"].as_str().unwrap()) {
            line.clear();
            assert!(events.read_line(&mut line).await.unwrap() > 0, "the stream ended");
        }
    });
    told.await.map_err(|_| "the change did not reach the stream of the other node")?;

    // Numbers are given once, whoever asks for them.
    let create = async |admin: &mut Admin| -> Result<Vec<String>, String> {
        let mut numbers = Vec::new();
        for place in 0..40 {
            let ticket = admin.post("/tickets", &incident(&format!("Number {place}"))).await?;
            numbers.push(ticket["number"].as_str().unwrap_or_default().to_owned());
        }
        Ok(numbers)
    };
    let (one, other) = tokio::join!(create(&mut ana), create(&mut bob));
    let all: BTreeSet<String> = [one?, other?].concat().into_iter().collect();
    assert_eq!(all.len(), 80);
    here.stop().await;
    there.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn share_their_jobs_and_take_over_from_each_other() -> Outcome {
    let postgres = Postgres::start()?;
    let cluster = cluster(&postgres).await?;
    let (here, there) = tokio::join!(cluster.node(), cluster.node());
    let left = || postgres.count("SELECT count(*) FROM job");
    let once = |prefix: &str, count: i64| {
        let sql = format!(
            "SELECT count(*) || '/' || count(DISTINCT subject) FROM event WHERE kind = 'message.published' AND subject LIKE '{prefix}-%'"
        );
        assert_eq!(postgres.ask(&sql), Ok(format!("{count}/{count}")), "each job of {prefix} was done once");
    };

    put_jobs(&postgres, "shared", 300, 0)?;
    eventually("all jobs are done", SOON, async || Ok(left()? == 0)).await?;
    once("shared", 300);
    for node in [&here, &there] {
        let done = cluster.client(node).await?.metric("weft_jobs_done_total").await?;
        assert!(done >= 30.0, "{done} of 300 jobs were done on one of two nodes");
    }

    // Everything that is running waits: both nodes hold as many jobs as they have slots.
    let busy = postgres.session("BEGIN; LOCK TABLE subscription IN ACCESS EXCLUSIVE MODE")?;
    put_jobs(&postgres, "taken-over", 60, 0)?;
    let held = |node: &Server| {
        postgres.count(&format!(
            "SELECT count(*) FROM job j JOIN node n ON n.id = j.lease_owner WHERE n.name = '{}'",
            node.address
        ))
    };
    eventually("both nodes hold jobs", SOON, async || Ok(held(&here)? > 0 && held(&there)? > 0)).await?;
    here.kill().await;
    drop(busy);
    let took = eventually("the jobs of the killed node are done", SOON, async || Ok(left()? == 0)).await?;
    once("taken-over", 60);
    assert!(took < Duration::from_secs(20), "{took:?}");

    // A node that stands still loses its jobs to another one, and writes nothing for them when it goes on.
    let third = cluster.node().await;
    let busy = postgres.session("BEGIN; LOCK TABLE subscription IN ACCESS EXCLUSIVE MODE")?;
    put_jobs(&postgres, "stood-still", 30, 0)?;
    eventually("the node holds jobs", SOON, async || Ok(held(&there)? > 0)).await?;
    there.signal("STOP");
    eventually("its claims are over", SOON, async || Ok(held(&there)? == 0)).await?;
    drop(busy);
    there.signal("CONT");
    eventually("all jobs are done", SOON, async || Ok(left()? == 0)).await?;
    once("stood-still", 30);
    there.stop().await;
    third.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn talk_to_their_database_in_secret_where_the_address_says_so() -> Outcome {
    let postgres = Postgres::start()?;
    let secret = |mode: &str| postgres.url().replace("sslmode=disable", mode);
    let cluster = Cluster::new(postgres.url(), &[]).await?.by(secret("sslmode=require"));
    let error = cluster.command(&["node", "list"]).await.unwrap_err();
    assert!(error.contains("TLS"), "{error}");

    let certificate = postgres.speak_tls("127.0.0.1")?;
    let trusted = format!("sslmode=verify-full&sslrootcert={}", certificate.display());
    let cluster = cluster.by(secret(&trusted));
    let node = cluster.node().await;
    let is_secret = "SELECT bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a ON a.pid = s.pid WHERE a.application_name = 'weft'";
    assert_eq!(postgres.ask(is_secret)?, "t");
    node.stop().await;

    // Nobody vouches for it, or it has another name: no connection.
    let cluster = cluster.by(secret("sslmode=verify-full"));
    cluster.command(&["node", "list"]).await.unwrap_err();
    let cluster = cluster.by(secret(&trusted).replace("127.0.0.1", "localhost"));
    cluster.command(&["node", "list"]).await.unwrap_err();
    Ok(())
}

async fn listen(node: &Server, token: &str) -> Result<BufReader<TcpStream>, String> {
    let mut stream = TcpStream::connect(&node.address).await.map_err(|error| error.to_string())?;
    let request = format!("GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await.map_err(|error| error.to_string())?;
    if line.contains("200") { Ok(stream) } else { Err(format!("no stream: {line}")) }
}
