//! The life of a server: started, used, stopped.

use proofmark_postgres::ServerOptions;

use crate::support::{query, start};

#[test]
fn a_server_answers_and_leaves_nothing() {
    let server = start(&ServerOptions::default());
    let run_dir = server.run_dir().to_path_buf();
    let fsync = query(server.address(), "SHOW fsync").expect("the server answers");
    assert_eq!(fsync, ["off"]);
    let pid = server.pid();
    server.stop().expect("the server stops");
    assert!(!run_dir.exists());
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
}
