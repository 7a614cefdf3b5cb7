//! Leases of Vault, each of which hangs on the token that it was made with.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::Method;

use crate::{
    backend::lease::Lease,
    backends::vault::{client::VaultClient, login::body, server::ApiRequest, token::Token},
    core::{
        error::{Error, ErrorKind},
        escape::escape_name,
        warning::warn_once,
    },
};

impl VaultClient {
    /// Renews a lease, and the token on which it hangs.
    pub(super) async fn renew(self: &Arc<Self>, lease: &Lease) -> Result<Lease, Error> {
        let Some(token) = self.leases.token(lease) else {
            return Err(gone(lease));
        };
        if token.is_due(lease.duration()) {
            self.renew_token(&token).await?;
        }
        // A lease's id is not a secret.
        let body = body(&[("lease_id", lease.id())]);
        let request =
            ApiRequest::new(Method::POST, "sys/leases/renew".to_owned(), Some(body.as_bytes()));
        let asked_at = Instant::now();
        let answer = self.server.send(&request, Some(token.value())).await?;
        match answer.status {
            200 => {
                let seconds = answer.number_at(&["lease_duration"]).unwrap_or_default();
                let time = token.cap(Duration::from_secs(seconds), asked_at);
                let renewed = Lease::new(lease.id(), time);
                self.leases.insert(&renewed, &token, asked_at);
                Ok(match answer.is_true_at(&["renewable"]) {
                    true => renewed.renewable(),
                    false => renewed,
                })
            }
            // It lasts until its end.
            400 if answer.says("past the max TTL") || answer.says("not renewable") => {
                let message = format!("the lease `{}` cannot be renewed", escape_name(lease.id()));
                Err(Error::new(ErrorKind::NotSupported, message)
                    .with_help("its longest time is over: later steps get a new one"))
            }
            400 => {
                self.leases.remove(lease);
                Err(gone(lease))
            }
            403 if answer.is_bare_denial() => {
                self.leases.remove(lease);
                let message = "the token has expired or was revoked, and its leases with it";
                Err(Error::new(ErrorKind::AccessDenied, message).with_help("log in again"))
            }
            403 => {
                let message = "the token may not renew its leases";
                Err(Error::new(ErrorKind::NotSupported, message)
                    .with_help("give its policy the capability update on `sys/leases/renew`"))
            }
            _ => Err(self.server.failed(&answer)),
        }
    }

    /// Renews a token. One that the server does not renew lasts until its end.
    async fn renew_token(&self, token: &Token) -> Result<(), Error> {
        let request = ApiRequest::new(Method::POST, "auth/token/renew-self".to_owned(), None);
        let asked_at = Instant::now();
        let answer = self.server.send(&request, Some(token.value())).await?;
        match answer.status {
            200 => token.renewed(&answer, asked_at),
            400 | 403 => token.cannot_be_renewed(),
            _ => return Err(self.server.failed(&answer)),
        }
        Ok(())
    }

    /// Revokes a lease. Where the policy does not permit it, one of an own login is left to the end of that login's
    /// token.
    pub(super) async fn revoke(self: &Arc<Self>, lease: &Lease) -> Result<(), Error> {
        let Some(token) = self.leases.token(lease) else { return Ok(()) };
        let body = body(&[("lease_id", lease.id())]);
        let request =
            ApiRequest::new(Method::POST, "sys/leases/revoke".to_owned(), Some(body.as_bytes()));
        let answer = self.server.send(&request, Some(token.value())).await?;
        match answer.status {
            200..=204 | 400 => {
                self.leases.remove(lease);
                Ok(())
            }
            // With a bare denial the token has ended, and the lease with it.
            403 if answer.is_bare_denial() => {
                self.leases.remove(lease);
                Ok(())
            }
            403 if token.is_own() => {
                warn_once(&format!(
                    "the policy of the login to {} does not permit `sys/leases/revoke`: leases that are not needed any \
                     more last until their end, or until `Resolver::shutdown` gives the token back",
                    self.server
                ));
                Ok(())
            }
            403 => {
                self.leases.remove(lease);
                let message = "the token may not revoke its leases";
                Err(Error::new(ErrorKind::AccessDenied, message)
                    .with_help("give its policy the capability update on `sys/leases/revoke`"))
            }
            _ => Err(self.server.failed(&answer)),
        }
    }
}

fn gone(lease: &Lease) -> Error {
    let message = format!("the lease `{}` is not there any more", escape_name(lease.id()));
    Error::new(ErrorKind::NotFound, message)
        .with_help("it has expired or was revoked: later steps get a new one")
}
