//! Lets a client in: whose it is, which lease it belongs to, and the server behind that.
//!
//! In goes a startup message, out comes a running session, or why there is none.
//!
//! **Invariant**: a client of another user of this machine never reaches a server, and of the
//! startup message only the database's name is changed (and the role, where the proxy itself has
//! to log in).

use std::rc::Rc;

use proofmark_wire::startup::StartupMessage;
use tokio::io::AsyncWriteExt;

use super::destination::{CONSOLE, Destination, destination, test_setting};
use super::refusal::OwnError;
use super::serve::{Answer, Refused};
use crate::backend::{LoginError, connect, log_in};
use crate::identity::{Peer, PeerUser, peer, recognise};
use crate::leases::{Join, JoinError, LeaseKey, Membership};
use crate::session::{Session, run};
use crate::shared::Shared;
use crate::stream::Stream;
use crate::warm::{Backend, Fit, Greeting, Past, take};
use crate::{Event, Granted, Identity, SessionId, TestName, TurnedAway, Upstream};

/// What a refusal needs: the client, to tell it.
type NotAdmitted = (Box<Stream>, Refused);

/// Where a session goes.
struct Place {
    granted: Granted,
    membership: Option<Membership>,
    /// Whether it is the lease's own database.
    is_leased: bool,
}

/// Lets a client in and runs its session to the end.
pub(super) async fn admit(
    shared: &Rc<Shared>,
    client: Stream,
    mut startup: StartupMessage,
    behind: Vec<u8>,
) -> Result<(), NotAdmitted> {
    let peer = peer(&client, &mut shared.processes.borrow_mut(), shared.root_pid());
    if let Err(refused) = check_user(shared, peer) {
        return Err((Box::new(client), refused));
    }
    let destination = destination(&startup, &shared.source.databases());
    if destination == Destination::Console {
        crate::console::run(shared, client, &startup, peer, behind).await;
        return Ok(());
    }
    let id = shared.next_session();
    let place = match find_place(shared, destination, peer, id).await {
        Ok(place) => place,
        Err(refused) => return Err((Box::new(client), refused)),
    };
    let opened = match open(shared, &mut startup, &place, behind).await {
        Ok(opened) => opened,
        Err(refused) => return Err((Box::new(client), refused)),
    };
    let Opened { server, to_client, to_server, behind_startup, past, greeting } = opened;
    let Place { granted, membership, .. } = place;
    if let Some(membership) = &membership {
        shared.emit(opened_event(id, membership, &startup, peer, greeting.is_some()));
    }
    let upstream = granted.address;
    let session = Session {
        id,
        client,
        server,
        upstream,
        to_client,
        to_server,
        behind_startup,
        membership,
        past,
        greeting,
    };
    run(shared, session).await;
    Ok(())
}

/// A client belongs to this user, to root, or to what the command started.
fn check_user(shared: &Shared, peer: Peer) -> Result<(), Refused> {
    let own = nix::unistd::geteuid().as_raw();
    let uid = match peer.user {
        PeerUser::Known(uid) if uid == own || uid == 0 => return Ok(()),
        PeerUser::Known(uid) => Some(uid),
        // Without /proc there is no way to tell, and the socket is on loopback all the same.
        PeerUser::Unknown if !cfg!(target_os = "linux") => return Ok(()),
        PeerUser::Unknown => None,
    };
    if let (Some(pid), Some(root)) = (peer.pid, shared.root_pid()) {
        let line = shared.processes.borrow_mut().line(pid);
        if line.iter().any(|process| process.pid == root) {
            return Ok(());
        }
    }
    let whose = uid.map_or("an unknown user".to_owned(), |uid| format!("user {uid}"));
    let error = OwnError::fatal(
        "28000",
        format!("this run belongs to user {own}, and the client to {whose}"),
        "start the client from the command that `proofmark run` runs, or as the same user",
    );
    Err(Refused::own(TurnedAway::ForeignUser { uid }, error))
}

async fn find_place(
    shared: &Rc<Shared>,
    destination: Destination,
    peer: Peer,
    id: SessionId,
) -> Result<Place, Refused> {
    let (template, named, identity) = match destination {
        Destination::Console => return Err(unknown(shared, CONSOLE.to_owned())),
        Destination::Numbered(lease) => return numbered(shared, lease, id).await,
        Destination::Other(database) => return other(shared, database, peer, id).await,
        Destination::Named { template, test } => (template, Some(test), Identity::DatabaseName),
        Destination::Optioned { template, test } => (template, Some(test), Identity::Options),
        Destination::Own { template } => (template, None, Identity::Unknown),
    };
    let join = join(shared, template, named, identity, peer);
    let joined = shared.leases.join(shared, &join, id).await;
    joined.map(in_lease).map_err(|error| not_joined(error, &join.key.database))
}

fn join(
    shared: &Rc<Shared>,
    database: String,
    named: Option<TestName>,
    identity: Identity,
    peer: Peer,
) -> Join {
    if let Some(test) = named {
        return Join { key: LeaseKey { database, test, process: None }, identity, holder: None };
    }
    let table = &mut shared.processes.borrow_mut();
    let keys = &shared.options.identity_env;
    let recognised = recognise(peer.pid, table, shared.root_pid(), keys);
    let key = LeaseKey { database, test: recognised.test, process: recognised.holder };
    Join { key, identity: recognised.identity, holder: recognised.holder }
}

fn in_lease((membership, granted): (Membership, Granted)) -> Place {
    Place { granted, membership: Some(membership), is_leased: true }
}

async fn numbered(
    shared: &Rc<Shared>,
    lease: crate::LeaseId,
    id: SessionId,
) -> Result<Place, Refused> {
    let Some(found) = shared.leases.with_id(lease) else {
        return Err(not_joined(JoinError::Ended, ""));
    };
    let joined = shared.leases.join_existing(shared, found, id).await;
    joined.map(in_lease).map_err(|error| not_joined(error, ""))
}

/// A database that is no template: what a lease really stands for, or what the source lets pass.
/// The latter is told as part of the lease that the same test holds; without one nothing is told.
async fn other(
    shared: &Rc<Shared>,
    database: String,
    peer: Peer,
    id: SessionId,
) -> Result<Place, Refused> {
    if let Some(lease) = shared.leases.with_real_database(&database) {
        let joined = shared.leases.join_existing(shared, lease, id).await;
        return joined.map(in_lease).map_err(|error| not_joined(error, &database));
    }
    if let Some(granted) = shared.source.maintenance(&database).await {
        let own = shared.source.databases().into_iter().find_map(|template| {
            let join = join(shared, template, None, Identity::Unknown, peer);
            shared.leases.place_in(&join.key, id)
        });
        return Ok(Place { granted, membership: own, is_leased: false });
    }
    Err(unknown(shared, database))
}

fn unknown(shared: &Shared, database: String) -> Refused {
    let templates = shared.source.databases();
    let first = templates.first().map_or("shop", String::as_str);
    let message = format!("there is no database \"{}\" in this run", database.escape_debug());
    let hint = match database.as_str() {
        "postgres" | "template1" => format!(
            "tests connect to \"{first}\", and Proofmark has made and migrated that database \
             already: leave out the step that creates it"
        ),
        _ => format!(
            "there is {} (a database of its own for every test), \"{first}~name\" (by name) and \
             \"{CONSOLE}\" (the console)",
            templates.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
        ),
    };
    let error = OwnError::fatal("3D000", message, hint);
    Refused::own(TurnedAway::UnknownDatabase { database: bounded(database) }, error)
}

/// Names of databases are at most 63 bytes long (NAMEDATALEN); what a client sends may be longer.
fn bounded(mut name: String) -> String {
    name.truncate(name.floor_char_boundary(128));
    name
}

fn not_joined(error: JoinError, database: &str) -> Refused {
    match error {
        JoinError::Source(error) => {
            let reason = TurnedAway::LeaseFailed {
                database: bounded(database.to_owned()),
                error: error.to_string(),
            };
            let message = format!("no database could be given: {error}");
            Refused::own(reason, OwnError::fatal("58000", message, error.help()))
        }
        JoinError::Ended => {
            Refused::own(TurnedAway::LeaseEnded, OwnError::lease_ended("it was given back"))
        }
        JoinError::ShuttingDown => {
            Refused::own(TurnedAway::ShuttingDown, OwnError::shutting_down())
        }
    }
}

/// A server's connection for a client.
struct Opened {
    server: Stream,
    /// What the client gets first.
    to_client: Vec<u8>,
    /// What the server gets first.
    to_server: Vec<u8>,
    /// The part of it that came behind the startup message.
    behind_startup: Vec<u8>,
    past: Option<Past>,
    greeting: Option<Rc<Greeting>>,
}

/// Takes a backend that is ready, or opens one.
async fn open(
    shared: &Rc<Shared>,
    startup: &mut StartupMessage,
    place: &Place,
    behind: Vec<u8>,
) -> Result<Opened, Refused> {
    let granted = &place.granted;
    startup.set("database", granted.database.as_bytes());
    if let Upstream::Tcp { user, .. } = &granted.address {
        startup.set("user", user.as_bytes());
    }
    if let Some(membership) = &place.membership {
        membership.lease().nobody_leaves().await;
    }
    let fit = reusable(shared, startup, place).filter(|_| behind.is_empty());
    if let Some(fit) = &fit
        && let Some(taken) = take(shared, fit, test_setting(startup).as_deref()).await
    {
        let Backend { server, greeting, past } = taken.backend;
        return Ok(Opened {
            server,
            to_client: taken.greeting,
            to_server: Vec::new(),
            behind_startup: Vec::new(),
            past: Some(past),
            greeting: Some(greeting),
        });
    }
    let past = fit.map(|fit| Past { fit, uses: 1, epoch: shared.warm.epoch() });
    open_anew(startup, granted, behind, past).await
}

/// What a backend of this client could be used for again, if for anything.
fn reusable(shared: &Shared, startup: &StartupMessage, place: &Place) -> Option<Fit> {
    let lease = place.membership.as_ref().filter(|_| place.is_leased)?.lease();
    if !(shared.warm.is_on() && lease.keeps_backends.get()) {
        return None;
    }
    let fit = Fit::new(&place.granted, startup)?;
    shared.warm.remember(&lease.key.database, startup);
    Some(fit)
}

async fn open_anew(
    startup: &StartupMessage,
    granted: &Granted,
    behind: Vec<u8>,
    past: Option<Past>,
) -> Result<Opened, Refused> {
    let unreachable = |error: std::io::Error| {
        let message = format!("the server {:?} cannot be reached: {error}", granted.address);
        let hint = "look into the server's log; `proofmark doctor` says where it is";
        let reason = TurnedAway::ServerUnreachable { error: error.to_string() };
        Refused::own(reason, OwnError::fatal("08006", message, hint))
    };
    let mut server = connect(&granted.address).await.map_err(unreachable)?;
    let mut packet = Vec::with_capacity(256);
    startup.write(&mut packet);
    let (to_client, to_server) = match &granted.address {
        Upstream::Socket { .. } => {
            packet.extend_from_slice(&behind);
            (Vec::new(), packet)
        }
        Upstream::Tcp { user, password, .. } => {
            server.write_all(&packet).await.map_err(unreachable)?;
            let logged_in = log_in(&mut server, user, password.as_deref()).await;
            (logged_in.map_err(not_logged_in)?, behind.clone())
        }
    };
    Ok(Opened { server, to_client, to_server, behind_startup: behind, past, greeting: None })
}

fn not_logged_in(error: LoginError) -> Refused {
    let reason = TurnedAway::LoginFailed { error: error.to_string() };
    match error {
        LoginError::Refused(message) => Refused { reason, answer: Answer::Server(message) },
        error => {
            let message = format!("the proxy could not log in to the server: {error}");
            let hint = "check user and password of the server's URL in proofmark.toml";
            Refused::own(reason, OwnError::fatal("28000", message, hint))
        }
    }
}

fn opened_event(
    session: SessionId,
    membership: &Membership,
    startup: &StartupMessage,
    peer: Peer,
    warm: bool,
) -> Event {
    let text = |value: &[u8]| bounded(String::from_utf8_lossy(value).into_owned());
    Event::SessionOpened {
        session,
        lease: membership.lease().id,
        user: startup.user().map(text).unwrap_or_default(),
        application_name: startup.parameter("application_name").map(text),
        pid: peer.pid,
        warm,
    }
}
