//! The page in a real browser: headless Chromium, driven through chromedriver.
//!
//! Needs `chromium` and `chromedriver` (Debian: `apt-get install chromium chromium-driver`); where
//! they are missing the test says that it was skipped, and why. With `SHOP_SCREENSHOT=file.png` it
//! leaves a picture.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use reqwest::Client;
use serde_json::{Value, json};

use crate::make::Make;

/// The program of one of these names, on the search path.
fn program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().flat_map(|name| dirs.iter().map(move |dir| dir.join(name))).find(|p| p.is_file())
}

/// A browser window.
struct Browser {
    driver: Child,
    client: Client,
    session: String,
}

impl Browser {
    async fn open(chromium: &PathBuf, driver: &PathBuf) -> Self {
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines
            .find_map(|line| {
                let line = line.ok()?;
                let (_, rest) = line.split_once("started successfully on port ")?;
                Some(rest.trim_end_matches('.').to_owned())
            })
            .expect("chromedriver tells its port");
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let base = format!("http://127.0.0.1:{port}");
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder().no_proxy().build().unwrap();
        let options = json!({
            "binary": chromium,
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--window-size=1120,760", "--force-color-profile=srgb"],
        });
        let wanted =
            json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let mut browser = Self { driver, client, session: base.clone() };
        let made = browser.post("/session", wanted).await;
        browser.session = format!("{base}/session/{}", made["sessionId"].as_str().unwrap());
        browser
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Value {
        let text = request.send().await.unwrap().text().await.unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert!(answer["value"]["error"].is_null(), "{answer}");
        answer["value"].clone()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.session);
        self.send(self.client.post(url).body(body.to_string())).await
    }

    async fn get(&self, path: &str) -> Value {
        self.send(self.client.get(format!("{}{path}", self.session))).await
    }

    async fn element(&self, xpath: &str) -> String {
        let found = self.post("/element", json!({ "using": "xpath", "value": xpath })).await;
        found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
    }

    async fn click(&self, xpath: &str) {
        let element = self.element(xpath).await;
        self.post(&format!("/element/{element}/click"), json!({})).await;
    }

    async fn text(&self, xpath: &str) -> String {
        let element = self.element(xpath).await;
        self.get(&format!("/element/{element}/text")).await.as_str().unwrap().to_owned()
    }

    async fn script(&self, script: &str) -> Value {
        self.post("/execute/sync", json!({ "script": script, "args": [] })).await
    }

    async fn close(mut self) {
        self.send(self.client.delete(&self.session)).await;
        self.driver.kill().unwrap();
        self.driver.wait().unwrap();
    }
}

#[proofmark::test]
async fn a_person_finds_an_order_in_a_real_browser(make: Make) {
    let chromium = program(&["chromium", "chromium-browser", "google-chrome"]);
    let (Some(chromium), Some(driver)) = (chromium, program(&["chromedriver"])) else {
        println!("SKIPPED: there is no chromium with chromedriver on the search path");
        return;
    };
    for _ in 0..3 {
        make.shipped_order().await;
    }
    make.paid_order().with_lines(3).await;
    make.order().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (pool, context) = (make.db.clone(), make.context.clone());
    let serving = tokio::spawn(shop::admin::serve(listener, pool, context, std::future::pending()));

    let browser = Browser::open(&chromium, &driver).await;
    browser.post("/url", json!({ "url": url })).await;
    assert_eq!(browser.get("/title").await, "Overview · shop");
    assert_eq!(browser.text("//nav/a[@aria-current]").await, "Overview");
    // The style sheet was let in, and nothing was asked of anybody else.
    let font = browser.script("return getComputedStyle(document.body).fontSize").await;
    assert_eq!(font, "16px");
    let hosts = browser
        .script(
            "return performance.getEntriesByType('resource').map(r => new URL(r.name).host)
                    .filter(host => host !== location.host)",
        )
        .await;
    assert_eq!(hosts, json!([]));
    if let Some(file) = std::env::var_os("SHOP_SCREENSHOT") {
        let picture = browser.get("/screenshot").await;
        let bytes = base64::engine::general_purpose::STANDARD.decode(picture.as_str().unwrap());
        std::fs::write(file, bytes.unwrap()).unwrap();
    }

    for page in ["Stock", "Orders", "Payments", "Events"] {
        browser.click(&format!("//nav/a[text()='{page}']")).await;
        assert_eq!(browser.text("//h1").await, page);
        assert_eq!(browser.text("//nav/a[@aria-current]").await, page);
        // Every cell of a number has a head, and every control a name.
        let headless = browser.script("return document.querySelectorAll('th:not([scope])').length");
        assert_eq!(headless.await, 0);
    }
    browser.click("//nav/a[text()='Orders']").await;
    browser.click("//tbody/tr[1]/td[1]/a").await;
    assert!(browser.text("//h1").await.starts_with("Order "));
    assert_eq!(browser.text("//h1/span").await, "placed");
    browser.post("/back", json!({})).await;
    browser.click("//tbody/tr[2]/td[1]/a").await;
    assert_eq!(browser.text("//h1/span").await, "confirmed");
    assert_eq!(browser.text("//h2[@id='payments']/following::span[1]").await, "captured");
    browser.close().await;
    serving.abort();
}
