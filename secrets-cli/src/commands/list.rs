use crate::{
    args::{Format, List},
    failure::Failure,
    page::{Page, json_string, plainly},
    shelf::Shelf,
};

/// Lists the names of all secrets.
pub fn run(args: &List) -> Result<(), Failure> {
    let names = Shelf::open(args.common.backend.as_deref())?.list()?;
    let mut page = Page::default();
    match args.common.format {
        Format::Text => names.iter().for_each(|name| page.push(format!("{}\n", plainly(name)))),
        Format::Json => {
            let names: Vec<_> = names.iter().map(|name| json_string(name)).collect();
            page.push(format!("[{}]\n", names.join(",")));
        }
    }
    page.print()
}
