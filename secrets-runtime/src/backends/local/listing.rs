use std::ops::ControlFlow;

use crate::{
    backends::local::{Local, file_name::FileName, key::StoreKey, stored::StoredFile},
    core::error::Error,
};

/// How many damaged files an error names, each with what is wrong with it.
const MAX_NAMED: usize = 20;

/// How often the folder is read, while files disappear between reading it and opening them.
const MAX_PASSES: usize = 10;

/// A secret of the list.
struct ListedSecret {
    name: String,
    /// Whether it opens with the key; an error means that it names another key. `None` without a key.
    opened: Option<Result<(), Error>>,
}

/// What is wrong with files, of which the first ones are named.
#[derive(Default)]
struct Problems {
    named: Vec<Error>,
    more: usize,
}

impl Problems {
    fn add(&mut self, error: Error) {
        if self.named.len() < MAX_NAMED {
            self.named.push(error);
        } else {
            self.more += 1;
        }
    }

    fn append(&mut self, other: Self) {
        other.named.into_iter().for_each(|error| self.add(error));
        self.more += other.more;
    }

    fn into_result(mut self) -> Result<(), Error> {
        if self.more > 0
            && let Some(last) = self.named.pop()
        {
            let more = format!("; {} more files are damaged or of another key", self.more);
            self.named.push(last.append(&more));
        }
        Error::join(self.named).map_or(Ok(()), Err)
    }
}

/// Listing: without a lock.
impl Local {
    pub(super) fn list_now(&self) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        self.list_each_now(&mut |name| {
            names.push(name);
            ControlFlow::Continue(())
        })?;
        names.sort_unstable();
        Ok(names)
    }

    /// In the order of the files, whose names come from the folder alone: a file is opened when its turn
    /// comes, and nothing is held of those before it. Fails at the end if files are damaged.
    pub(super) fn list_each_now(
        &self,
        each: &mut dyn FnMut(String) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        if !self.folder.check()? {
            return Ok(());
        }
        // Without the key the names are known, and that is what is left of a store whose key is lost.
        let key = self.key_file.load().ok().flatten();
        let (mut damaged, mut foreign) = (Problems::default(), Problems::default());
        let mut is_own_key = false;
        let mut known = Vec::new();
        for pass in 0..MAX_PASSES {
            let (files, mut odd) = self.files_except(&known)?;
            if pass > 0 {
                odd.clear();
            }
            let mut has_gone = false;
            for file in files.iter().map(FileName::current).chain(odd) {
                match self.read_name(&file, key.as_ref()) {
                    // It was deleted meanwhile, or has another name, which may be new in the folder.
                    Ok(None) => has_gone = true,
                    Ok(Some(listed)) => {
                        match listed.opened {
                            Some(Ok(())) => is_own_key = true,
                            Some(Err(error)) => foreign.add(error),
                            None => {}
                        }
                        if each(listed.name).is_break() {
                            return Ok(());
                        }
                    }
                    Err(error) => damaged.add(error),
                }
            }
            if !has_gone {
                break;
            }
            known.extend(files);
            known.sort_unstable();
        }
        // A key that opens nothing is that of another store, and says nothing about the files of this one.
        if is_own_key {
            damaged.append(foreign);
        }
        damaged.into_result()
    }

    /// Reads the name of the secret in a file. Fails if the file is damaged.
    fn read_name(&self, file: &str, key: Option<&StoreKey>) -> Result<Option<ListedSecret>, Error> {
        let Some(stored) = StoredFile::read_any(self.folder.file(file))? else { return Ok(None) };
        let name = stored.name().to_owned();
        let Some(key) = key else { return Ok(Some(ListedSecret { name, opened: None })) };
        let is_foreign = stored.kid().is_some_and(|kid| key.kid() != Some(kid));
        let opened = stored.open(key).map(drop);
        match opened {
            Err(error) if !is_foreign => Err(error),
            opened => Ok(Some(ListedSecret { name, opened: Some(opened) })),
        }
    }

    /// Returns the files of current versions that are not among the `known` ones, in [`FileName`]'s order, and those
    /// whose name is not of a secret.
    fn files_except(&self, known: &[FileName]) -> Result<(Vec<FileName>, Vec<String>), Error> {
        let (mut files, mut odd) = (Vec::new(), Vec::new());
        for file in self.folder.current_files()? {
            let file = file?;
            match FileName::of_current(&file) {
                Some(name) if known.binary_search(&name).is_err() => files.push(name),
                Some(_) => {}
                None => odd.push(file),
            }
        }
        files.sort_unstable();
        // A file that is replaced while the folder is read may be met twice.
        files.dedup();
        Ok((files, odd))
    }
}
