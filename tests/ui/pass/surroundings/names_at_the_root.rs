//! Names that programs may use at the root, though their place is `backends` and `admin`.

use secrets_runtime::{
    Env, File, Flyte, Inline, Local, Prefect, ResolverStore, Setting, StoredField, StoredSecret,
    admin, backends,
};

fn one<T>(_: fn(T), _: fn(T)) {}

fn main() {
    one::<Env>(|_| {}, |_: backends::Env| {});
    one::<File>(|_| {}, |_: backends::File| {});
    one::<Flyte>(|_| {}, |_: backends::Flyte| {});
    one::<Inline>(|_| {}, |_: backends::Inline| {});
    one::<Local>(|_| {}, |_: backends::Local| {});
    one::<Prefect>(|_| {}, |_: backends::Prefect| {});
    one::<ResolverStore>(|_| {}, |_: admin::ResolverStore| {});
    one::<Setting>(|_| {}, |_: admin::Setting| {});
    one::<StoredField>(|_| {}, |_: admin::StoredField| {});
    one::<StoredSecret>(|_| {}, |_: admin::StoredSecret| {});
}
