//! The vault against the contract suite of sealers.

#![cfg(test)]

use kopru_vault::Vault;

fn vault(id: &str) -> Vault {
    Vault::from_keys(&Vault::generate_key(id).unwrap()).unwrap()
}

kopru_ports_testkit::sealer_suite!(std::future::ready((vault("a"), vault("b"))));
