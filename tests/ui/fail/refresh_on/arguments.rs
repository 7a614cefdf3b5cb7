//! The arguments of a step with `refresh_on` can be passed to its body twice, and all are there.
use secrets_runtime::{Error, secrets};

fn is_auth_error(_: &Error) -> bool {
    true
}

#[secrets(refresh_on = is_auth_error)]
fn lent(rows: &mut Vec<usize>, text: &str) -> Result<(), Error> {
    rows.push(text.len());
    Ok(())
}

#[secrets(refresh_on = is_auth_error)]
async fn sometimes(rows: usize, #[cfg(unix)] more: usize) -> Result<usize, Error> {
    Ok(rows + more)
}

type Lent<'a> = &'a mut Vec<usize>;

#[secrets(refresh_on = is_auth_error)]
fn lent_by_another_name(rows: Lent<'_>) -> Result<(), Error> {
    rows.push(1);
    Ok(())
}

#[secrets(refresh_on = |_| true)]
fn every_mistake_at_once(self: &Self, rows: &mut usize) -> Result<(), Error> {
    Ok(())
}

fn main() {}
