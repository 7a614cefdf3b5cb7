//! The embedded store, with few secrets and with many.

use std::cell::RefCell;

use secrets_runtime::{Declaration, Resolver, backends::Local};

use in_memory::declaration;

use crate::{
    local_store::LocalStore,
    measure::{Contender, Failure, each, interleave, median},
    process::{lines, whole},
    row::{Budget, Row, Unit},
    setup::Setup,
};

const FEW: usize = 100;
const MANY: usize = 100_000;
const ROUNDS: usize = 15;
const CALLS: u32 = 200;

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    let few = LocalStore::with(setup, FEW)?;
    let many = LocalStore::with(setup, MANY)?;
    let declared = declaration(&["app".to_owned()])?;
    let (small, large) = (resolver(few.open())?, resolver(many.open())?);
    let [in_small, in_large] =
        interleave(ROUNDS, [reading(&small, &declared), reading(&large, &declared)])?;

    let command = |store: &LocalStore, arguments: &[&str]| {
        let mut command = setup.command(setup.program("secrets")?);
        store.give(&mut command).args(arguments);
        Ok::<_, Failure>(command)
    };
    let get = ["get", "app", "password", "--reveal"];
    let [get_in_small, get_in_large] = interleave(
        ROUNDS,
        [command(&few, &get)?, command(&many, &get)?]
            .map(|mut command| -> Contender<'_> { Box::new(move || whole(&mut command)) }),
    )?;
    let mut listing = command(&many, &["list"])?;
    let firsts = RefCell::new(Vec::new());
    let [listed] = interleave(
        5,
        [Box::new(|| {
            let (first, taken, count) = lines(&mut listing)?;
            firsts.borrow_mut().push(first);
            if count == MANY {
                Ok(taken)
            } else {
                Err(format!("`secrets list` wrote {count} lines").into())
            }
        })],
    )?;
    // Without that of the round that does not count.
    let first = median(firsts.into_inner().split_off(1));
    let hundred = "with 100 secrets";
    Ok(vec![
        Row::ratio(
            "a resolution from the local store of 100,000 secrets, nothing cached",
            in_large,
            hundred,
            in_small,
            Budget::None,
        ),
        Row::ratio(
            "`secrets get NAME KEY`, 100,000 secrets",
            get_in_large,
            hundred,
            get_in_small,
            Budget::None,
        ),
        Row::alone(
            "`secrets list`, 100,000 secrets, to the first line",
            first,
            Unit::Seconds,
            "",
            Budget::None,
        ),
        Row::alone(
            "`secrets list`, 100,000 secrets, whole",
            listed,
            Unit::Seconds,
            "",
            Budget::None,
        ),
    ])
}

fn resolver(store: Local) -> Result<Resolver, Failure> {
    Ok(Resolver::builder().backend(store).default_backend("local").build()?)
}

fn reading<'a>(resolver: &'a Resolver, declared: &'a Declaration) -> Contender<'a> {
    Box::new(move || {
        resolver.resolve_blocking(declared)?;
        Ok(each(CALLS, || drop(resolver.resolve_blocking(declared))))
    })
}
